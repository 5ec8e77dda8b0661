"""The process that reads what students wrote, for whoever asks. It parses, and runs nothing of what it is given.

A question is a function of a module and what it is given. The process ends itself where the answer takes too much
processor time or memory; then the next question starts another. It ends when nobody holds its input any more.
"""

from __future__ import annotations

import atexit
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

GROWTH, ROOM = 4, 100_000  # bytes of an answer: so many for each letter that was asked about, and some more
MEMORY = 2_000_000_000  # bytes beyond what the process has when it is asked
GUARD = 600.0  # seconds after which a process is ended that neither answers nor uses any processor time
ATTEMPTS = 2
START = "from autograder.reader import serve; serve()"
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
BY_OTHERS = {-signal.SIGTERM, -getattr(signal, "SIGKILL", signal.SIGTERM)}
serving = False  # whether this process is the one that reads


class Question(NamedTuple):
    """A function, by its module and name, and what it is given."""

    module: str
    function: str
    given: tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """What the function returned, or the error that it raised; ``over`` says that it took too much, ``lost`` that its
    process was ended by something else. ``seconds`` is the processor time that it took."""

    value: Any = None
    error: Exception | None = None
    over: bool = False
    lost: bool = False
    seconds: float = 0.0


class CannotRead(RuntimeError):
    """The process that reads cannot be started."""


class Reader:
    """The process, as seen by the one that asks. Raises CannotRead."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", START], env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the one who asks
            )  # fmt: skip
            pickle.load(self.process.stdout)  # type: ignore[arg-type]
        except (OSError, EOFError) as error:
            why = f"{sys.executable} does not start, or finds no autograder ({error})"
            raise CannotRead(f"the process that reads submissions cannot be started: {why}") from error

    def ask(self, question: Question, seconds: float) -> Answer:
        """The answer to a question; after one that is over, the process is gone."""
        try:
            pickle.dump((question, seconds), self.process.stdin)  # type: ignore[arg-type]
            self.process.stdin.flush()  # type: ignore[union-attr]
            self._wait(GUARD + seconds)
            answer: Answer = pickle.load(self.process.stdout)  # type: ignore[arg-type]
        except (OSError, EOFError, pickle.UnpicklingError):  # it has ended
            return Answer(over=True, lost=self.end() in BY_OTHERS, seconds=seconds)
        except BaseException:  # Ctrl-C: what it answers later would be taken for the next answer
            self.end(at_once=True)
            raise
        if answer.over:
            self.end(at_once=True)
        return answer

    def _wait(self, seconds: float) -> None:
        """Wait for an answer; end a process that gives none for so long, where the system can tell."""
        if hasattr(select, "poll"):
            answered = select.poll()
            answered.register(self.process.stdout, select.POLLIN)  # type: ignore[arg-type]
            if not answered.poll(1000 * seconds):
                self.process.kill()

    def end(self, at_once: bool = False) -> int:
        """End the process, if it has not ended itself; returns its exit code."""
        if not at_once:
            with suppress(subprocess.TimeoutExpired):
                return self.process.wait(1)
        self.process.kill()
        return self.process.wait()


_lock = threading.Lock()
_reader: Reader | None = None


def ask(question: Question, seconds: float) -> Answer:
    """Have a question answered within so many seconds of processor time. Raises CannotRead."""
    global _reader
    answer = Answer(over=True, lost=True)
    with _lock:
        for _ in range(ATTEMPTS):
            if _reader is None or _reader.owner != os.getpid() or _reader.process.returncode is not None:
                _reader = Reader()  # a fork must not use its parent's
            answer = _reader.ask(question, seconds)
            if not answer.lost:
                break
    return answer


@atexit.register
def _end() -> None:
    if _reader is not None and _reader.owner == os.getpid():
        _reader.end(at_once=True)


def serve() -> None:
    """Answer questions until there are no more."""
    global serving
    serving = True
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _send(answers, pickle.dumps("ready"))
    while True:
        try:
            question, seconds = pickle.load(questions)
        except EOFError:
            return
        _send(answers, _answer(question, seconds))


def _send(answers: Any, data: bytes) -> None:
    answers.write(data)
    answers.flush()


def _answer(question: Question, seconds: float) -> bytes:
    try:
        function = getattr(import_module(question.module), question.function)
    except Exception as error:
        return pickle.dumps(Answer(error=error))
    began = time.process_time()
    with suppress(Exception):
        _limit_memory()
    _limit_time(seconds)
    try:
        answer = Answer(function(*question.given), seconds=time.process_time() - began)
    except MemoryError:
        answer = Answer(over=True, seconds=time.process_time() - began)
    except Exception as error:
        answer = Answer(error=error, seconds=time.process_time() - began)
    data = pickle.dumps(answer)
    if len(data) > GROWTH * sum(len(text) for text in question.given if isinstance(text, str | bytes)) + ROOM:
        data = pickle.dumps(Answer(over=True, seconds=answer.seconds))
    _limit_time(0)
    return data


def _limit_time(seconds: float) -> None:
    """End this process after so many seconds of its processor time; 0 takes the limit away."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    """Let allocations fail that go beyond what this process has and may have more; no files of its memory."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
