"""Running an answer part by part: what it returned, or what it raised and where, as plain data."""

from __future__ import annotations

import contextlib
import importlib
import io
import linecache
import logging
import signal
import threading
import time
import traceback
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from course.check.failed_cells import error_of
from course.check.plain import STUB, UNANSWERED, Raised, caught, encode
from course.check.sampling import inputs_of, sampled
from course.check.task import BrokenCheck, Task

Observations = dict[str, Any]
"""What was observed of one answer: for each part, a value as ``plain.encode`` writes it."""


WALL = 4.0  # times its limit of processor time: a part's limit of wall time, in case it sleeps
TICK = 0.2  # seconds between two looks at a part's time
IMPORTING = {
    function.__code__
    for module in (importlib._bootstrap, importlib._bootstrap_external)
    for thing in vars(module).values()
    for function in (vars(thing).values() if isinstance(thing, type) else [thing])
    if hasattr(function, "__code__")
}
"""The code objects of Python's own import. Other code does not count, even if it bears the same file name."""


class NotDefined(NameError):
    """The notebook does not have the answer: its cell was not run, or it failed."""


def not_defined(name: str) -> str:
    """How the message about an answer begins that is not defined."""
    return f"{name} is not defined: "


def why_not_defined(name: str) -> str:
    error = error_of(name)
    return f"its cell ended with {error}" if error else "run the cell that defines it"


class TimeIsUp(BaseException):
    """A part ran longer than its task allows. No ``except Exception`` of an answer stops it."""


class Answer:
    """The names that a notebook defined, as attributes. Others raise NotDefined."""

    def __init__(self, scope: Mapping[str, Any]):
        self._scope = scope

    def __getattr__(self, name: str) -> Any:
        if name not in self._scope:
            raise NotDefined(not_defined(name) + why_not_defined(name))
        return self._scope[name]


class Observing(Mapping[str, Any]):
    """What an answer does, part by part: each part is run when it is first asked for.

    The observation of a part is one JSON value. What an answer prints or warns is dropped; if it raises an
    exception or runs out of time, that is observed. Raises BrokenCheck where the task has no parts.
    """

    def __init__(self, task: Task, scope: Mapping[str, Any], seed: int):
        rng = np.random.default_rng([inputs_of(seed), zlib.crc32(f"{task.unit}/{task.name}".encode())])
        self._task, self._scope, self._seed = task, scope, seed
        self._parts = _parts_of(task, scope, rng)
        self._seen: Observations = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._seen:
            self._seen[name] = self._finished(_run(self._parts[name], self._task, self._scope))
        return self._seen[name]

    def _finished(self, observation: Any) -> Any:
        """The observation as it is kept: of large arrays, some entries."""
        return sampled(observation, self._seed)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


class Whole(Observing):
    """The same with large arrays kept whole: some of their entries are drawn later, outside the answer's process."""

    def _finished(self, observation: Any) -> Any:
        return observation


def observe(task: Task, scope: Mapping[str, Any], seed: int) -> Observations:
    """Call the answer found in ``scope`` on inputs drawn from ``seed``; returns one JSON value for each part."""
    return dict(Observing(task, scope, seed))


def _parts_of(task: Task, scope: Mapping[str, Any], rng: np.random.Generator) -> Mapping[str, Callable[[], Any]]:
    try:
        parts = task.observe(Answer(scope), rng)
    except Exception as error:
        raise BrokenCheck(task, f"its check failed before its parts ran ({type(error).__name__}: {error})") from error
    if not isinstance(parts, Mapping) or not parts:
        raise BrokenCheck(task, "its check must return a dict of parts, at least one")
    for name, part in parts.items():
        if not callable(part):
            raise BrokenCheck(task, f"{name}: a part must be a function without arguments, got {part!r:.80}")
    return parts


def _run(part: Callable[[], Any], task: Task, scope: Mapping[str, Any]) -> Any:
    try:
        with _silence(), _time_limit(task.seconds):
            return _value_of(part)
    except TimeIsUp:
        return encode(Raised("TimeoutError", f"not finished after {task.seconds:g} s"))
    except KeyboardInterrupt:
        raise
    except NotDefined as error:
        return encode(Raised("NameError", str(error)))
    except BaseException as error:
        return encode(_without_others_stub(caught(error, *_line_of_answer(error.__traceback__, scope)), error, task))


def _value_of(part: Callable[[], Any]) -> Any:
    return encode(part())


def _line_of_answer(tb: TracebackType | None, scope: Mapping[str, Any]) -> tuple[int | None, str]:
    """The innermost line of a traceback within the answer's own code: its number and its text."""
    found: tuple[int | None, str] = (None, "")
    for frame, line in traceback.walk_tb(tb):
        if frame.f_globals is scope:
            found = line, linecache.getline(frame.f_code.co_filename, line).strip()
    return found


def _without_others_stub(raised: Raised, error: BaseException, task: Task) -> Raised:
    """What was raised; if it came from another answer's stub, in other words, since this answer is not unanswered."""
    if raised.kind != STUB or UNANSWERED not in raised.message:
        return raised
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    name = frames[-1].f_code.co_qualname.partition(".")[0]
    if name in task.answers:
        return raised
    return replace(raised, message="it calls an answer that is not written yet")


class _Nowhere(io.TextIOBase):
    """A text stream that forgets what is written to it."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


_silent_blocks: list[object] = []
_before_silence = contextlib.ExitStack()  # restores what the first of them found


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Drop what is printed, warned and logged within the block.

    Blocks may end in any order, as those of threads do, and generators that are collected late: the first that begins
    drops everything, and the last that ends restores it.
    """
    block = object()
    if not _silent_blocks:
        _drop_everything(_before_silence)
    _silent_blocks.append(block)
    try:
        with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):  # NumPy's defaults, not a cell's
            yield
    finally:
        _silent_blocks.remove(block)
        if not _silent_blocks:
            _before_silence.close()


def _drop_everything(undo: contextlib.ExitStack) -> None:
    nowhere = _Nowhere()
    undo.enter_context(contextlib.redirect_stdout(nowhere))
    undo.enter_context(contextlib.redirect_stderr(nowhere))
    undo.enter_context(warnings.catch_warnings())
    undo.callback(logging.disable, logging.root.manager.disable)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeIsUp in the block once the part's time is over. Needs the main thread and interval timers."""
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _Clock(seconds).tick)
    signal.siginterrupt(signal.SIGALRM, False)  # system calls of the part go on after a tick
    tick = min(TICK, seconds / 5)
    signal.setitimer(signal.ITIMER_REAL, tick, tick)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Clock:
    """The time that a part has left: processor time of this thread and, in case it sleeps, wall time.

    Time spent importing does not count. An import is never interrupted, since a half-loaded module would stay for
    all that follows.
    """

    def __init__(self, seconds: float):
        self.left = np.array([seconds, WALL * seconds])
        self.last = self.now()

    @staticmethod
    def now() -> np.ndarray:
        return np.array([time.thread_time(), time.monotonic()])

    def tick(self, signum: int, frame: FrameType | None) -> None:
        before, self.last = self.last, self.now()
        within, imports = _where(frame)
        if not imports:
            self.left -= self.last - before
        if within and not imports and (self.left < 0).any():
            raise TimeIsUp


def _where(frame: FrameType | None) -> tuple[bool, bool]:
    """Whether a frame lies within a part, and whether the part is importing something."""
    imports = False
    while frame is not None and frame.f_code is not _value_of.__code__:
        imports = imports or frame.f_code in IMPORTING
        frame = frame.f_back
    return frame is not None, frame is not None and imports
