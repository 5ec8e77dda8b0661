"""The process that reads what students wrote. It parses their code and never runs it.

A question is a module's function and its arguments. If an answer takes too much processor time or memory, the process
ends, and the next question starts another. It also ends when its input is closed.
"""

from __future__ import annotations

import atexit
import os
import pickle
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import psutil

from autograder.errors import UserError

GROWTH, ROOM = 4, 100_000  # an answer may have ROOM bytes, and GROWTH more for each letter of the question
READ_MEMORY = 2_000_000_000  # bytes that a question may take beyond those that the process has already
GUARD = 600.0  # seconds, beyond a question's own, after which a process that does not answer is ended
READ_ATTEMPTS = 2
READER_CODE = "from autograder.bounded.reader import serve_requests; serve_requests()"
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
BY_OTHERS = {-signal.SIGTERM, -signal.SIGKILL}
serving = False  # whether this process is the one that reads


class ReadQuestion(NamedTuple):
    """A function, by its module and name, and its arguments."""

    module: str
    function: str
    given: tuple[Any, ...]


@dataclass(frozen=True)
class ReadAnswer:
    """What the function returned, or the error that it raised.

    ``over``: it took too much. ``lost``: something else ended its process. ``seconds``: its processor time.
    """

    value: Any = None
    error: Exception | None = None
    over: bool = False
    lost: bool = False
    seconds: float = 0.0


class CannotRead(UserError):
    """The process that reads cannot be started."""


class Reader:
    """The reading process, as the asking process sees it. Raises CannotRead."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", READER_CODE], env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the asking process
            )  # fmt: skip
            pickle.load(self.process.stdout)  # type: ignore[arg-type]
        except (OSError, EOFError) as error:
            why = f"{sys.executable} does not start, or finds no autograder ({error})"
            raise CannotRead(f"the process that reads submissions cannot be started: {why}") from error

    def ask(self, question: ReadQuestion, seconds: float) -> ReadAnswer:
        """The answer to a question. If the answer is ``over``, the process is ended."""
        try:
            pickle.dump((question, seconds), self.process.stdin)  # type: ignore[arg-type]
            self.process.stdin.flush()  # type: ignore[union-attr]
            self._wait(GUARD + seconds)
            answer: ReadAnswer = pickle.load(self.process.stdout)  # type: ignore[arg-type]
        except (OSError, EOFError, pickle.UnpicklingError):  # it has ended
            return ReadAnswer(over=True, lost=self.end() in BY_OTHERS, seconds=seconds)
        except BaseException:  # Ctrl-C: a late answer would be taken for the answer to the next question
            self.end(at_once=True)
            raise
        if answer.over:
            self.end(at_once=True)
        return answer

    def _wait(self, seconds: float) -> None:
        """Wait for an answer; kill the process if there is none within so many seconds."""
        answered = select.poll()
        answered.register(self.process.stdout, select.POLLIN)  # type: ignore[arg-type]
        if not answered.poll(1000 * seconds):
            self.process.kill()

    def end(self, at_once: bool = False) -> int:
        """End the process, after a second in which it may end itself unless ``at_once``; returns its exit code."""
        if not at_once:
            with suppress(subprocess.TimeoutExpired):
                return self.process.wait(1)
        self.process.kill()
        return self.process.wait()


_lock = threading.Lock()
_reader: Reader | None = None


def read_bounded(question: ReadQuestion, seconds: float) -> ReadAnswer:
    """The answer to a question, within so many seconds of processor time. Raises CannotRead."""
    global _reader
    answer = ReadAnswer(over=True, lost=True)
    with _lock:
        for _ in range(READ_ATTEMPTS):
            if _reader is None or _reader.owner != os.getpid() or _reader.process.returncode is not None:
                _reader = Reader()  # a forked process must not use its parent's reader
            answer = _reader.ask(question, seconds)
            if not answer.lost:
                break
    return answer


@atexit.register
def _end() -> None:
    if _reader is not None and _reader.owner == os.getpid():
        _reader.end(at_once=True)


def serve_requests() -> None:
    """In the reading process: answer questions until the input is closed."""
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


def _answer(question: ReadQuestion, seconds: float) -> bytes:
    try:
        function = getattr(import_module(question.module), question.function)
    except Exception as error:
        return pickle.dumps(ReadAnswer(error=error))
    began = time.process_time()
    with suppress(Exception):
        _limit_memory()
    _limit_time(seconds)
    try:
        answer = ReadAnswer(function(*question.given), seconds=time.process_time() - began)
    except MemoryError:
        answer = ReadAnswer(over=True, seconds=time.process_time() - began)
    except Exception as error:
        answer = ReadAnswer(error=error, seconds=time.process_time() - began)
    data = pickle.dumps(answer)
    if len(data) > GROWTH * sum(len(text) for text in question.given if isinstance(text, str | bytes)) + ROOM:
        data = pickle.dumps(ReadAnswer(over=True, seconds=answer.seconds))
    _limit_time(0)
    return data


def _limit_time(seconds: float) -> None:
    """Let this process be ended after so many seconds of processor time; 0 removes the limit."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    """Let allocations beyond ``READ_MEMORY`` more bytes fail, and write no core file."""
    most = psutil.Process().memory_info().vms + READ_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
