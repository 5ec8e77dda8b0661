"""Running an answer part by part: what it returned, or what it raised and where, as plain data."""

from __future__ import annotations

import contextlib
import io
import linecache
import logging
import signal
import threading
import traceback
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

import numpy as np

from course.check.plain import Raised, encode
from course.check.unit import Task

Observations = dict[str, Any]
"""What was observed of one answer: for each part, a value as ``plain.encode`` writes it."""


RUN_FIRST = "run the cell that defines it first"  # how the reason ends where an answer is not there


class TimeIsUp(BaseException):
    """A part ran longer than its task allows. No ``except Exception`` of an answer stops it."""


class Answer:
    """The names that a notebook defined, as attributes."""

    def __init__(self, scope: Mapping[str, Any]):
        self._scope = scope

    def __getattr__(self, name: str) -> Any:
        if name not in self._scope:
            raise NameError(f"{name} is not defined; {RUN_FIRST}")
        return self._scope[name]


class Observing(Mapping[str, Any]):
    """What an answer does, part by part: each part is run when it is first asked for.

    A part is one JSON value. What an answer prints is dropped, its warnings too; an exception or a
    time-out is that part's observation.
    """

    def __init__(self, task: Task, scope: Mapping[str, Any], seed: int):
        rng = np.random.default_rng([seed, zlib.crc32(f"{task.unit}/{task.name}".encode())])
        self._task, self._scope = task, scope
        self._parts = task.observe(Answer(scope), rng)
        self._seen: Observations = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._seen:
            self._seen[name] = _run(self._parts[name], self._task, self._scope)
        return self._seen[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def observe(task: Task, scope: Mapping[str, Any], seed: int) -> Observations:
    """Call the answer found in ``scope`` on inputs drawn from ``seed``; returns one JSON value for each part."""
    return dict(Observing(task, scope, seed))


def _run(part: Callable[[], Any], task: Task, scope: Mapping[str, Any]) -> Any:
    try:
        with _silence(), _time_limit(task.seconds):
            return encode(part())
    except TimeIsUp:
        return encode(Raised("TimeoutError", f"not finished after {task.seconds:g} s"))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        line, code = _line_of_answer(error.__traceback__, scope)
        return encode(Raised(type(error).__name__, _message(error), line, code))


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its message could not be read)"


def _line_of_answer(tb: TracebackType | None, scope: Mapping[str, Any]) -> tuple[int | None, str]:
    """The innermost line of a traceback that stands in the answer's own code."""
    found: tuple[int | None, str] = (None, "")
    for frame, line in traceback.walk_tb(tb):
        if frame.f_globals is scope:
            found = line, linecache.getline(frame.f_code.co_filename, line).strip()
    return found


class _Nowhere(io.TextIOBase):
    """A text stream that forgets what is written to it."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Drop what is printed, warned and logged within the block."""
    nowhere, logged = _Nowhere(), logging.root.manager.disable
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(logged)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeIsUp in the block after so many seconds, where the system has interval timers."""
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(signum: int, frame: Any) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
