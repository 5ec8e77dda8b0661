"""Looks, each caught by itself: one that raises becomes a finding, and so does one that crashes, hangs or exits.

A look is named by where it is, ``module:function``, or ``module:function argument``, and returns a Diagnosis. Its
module is imported only when it looks. So nothing that is broken keeps the other looks from being made.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from course.doctor.diagnosis import Diagnosis
from course.doctor.places import OTHER_TMPDIR
from course.errors import UserError

LONGEST_LOOK = 300.0  # seconds
END_SECONDS = 5.0
NEWS_SECONDS = 0.5  # how often whoever waits is told so
APART = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from course.doctor.looking import answer
answer(sys.argv[2:])
"""
"""What a process does that looks. It imports from where this one does, and nothing from the current folder."""
CRASHED = "cannot be looked at: Python crashed, it ended"
Waiting = Callable[[str, float], None]
"""Is told, while a look takes time, its name and for how many seconds it has taken."""


def name_of(look: str) -> str:
    """What a look is called where it could not say so itself."""
    function, _, argument = look.partition(":")[2].partition(" ")
    return argument or function.replace("_", " ")


def make(look: str) -> Diagnosis:
    """What a look finds here, in this process, or why it cannot look."""
    where, _, argument = look.partition(" ")
    module, _, function = where.partition(":")
    try:
        return getattr(importlib.import_module(module), function)(*filter(None, [argument]))
    except KeyboardInterrupt:
        raise
    except UserError as error:  # another package's look cannot be made here
        return Diagnosis(name_of(look), False, str(error), minor=True)
    except BaseException as error:  # whatever is broken, SystemExit too
        told = str(error).strip() if isinstance(error, ImportError) else described(error)
        return Diagnosis(name_of(look), False, f"cannot be looked at: {told}", mend_of(error))


def make_apart(looks: Sequence[str], waiting: Waiting | None = None, longest: float = 0) -> Iterator[Diagnosis]:
    """What looks find in a process of their own. If that ends, another one makes those that are left.

    A look may take ``longest`` seconds, by default LONGEST_LOOK.
    """
    left = list(looks)
    while left:
        try:
            process = _start(left)
        except OSError:  # then without
            yield from map(make, left)
            return
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True).start()
        try:
            while left and (line := _next_line(lines, name_of(left[0]), waiting, longest or LONGEST_LOOK)):
                yield Diagnosis.from_json(json.loads(line))
                left.pop(0)
            if left:
                yield _hung(left.pop(0), longest or LONGEST_LOOK) if line is None else _lost(process, left.pop(0))
        finally:
            _end(process)


def answer(looks: Sequence[str]) -> None:
    """Make the looks, and write what each finds in a line of its own. What else is printed meanwhile is dropped."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answers:
        os.dup2(nowhere, 1)
        for look in looks:
            answers.write(json.dumps(make(look).to_json()) + "\n")
            answers.flush()
    os._exit(0)  # without what libraries do at their end


def _start(looks: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-c", APART, json.dumps(sys.path), *looks]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _pass_on(stream: Any, lines: queue.Queue[bytes]) -> None:
    """Read a process's answers; an empty one is the end."""
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(b"")


def _next_line(lines: queue.Queue[bytes], name: str, waiting: Waiting | None, longest: float) -> bytes | None:
    """The next answer; an empty one if the process has ended, None if it takes too long."""
    begun = time.monotonic()
    while (seconds := time.monotonic() - begun) < longest:
        with suppress(queue.Empty):
            return lines.get(timeout=NEWS_SECONDS)
        if waiting:
            waiting(name, seconds)
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and do not wait for one that the system cannot end."""
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)


def _hung(look: str, longest: float) -> Diagnosis:
    mend = "a network drive or a driver may hang: dmesg | tail; else try again when the machine is less busy"
    return Diagnosis(name_of(look), False, f"no answer within {longest:.0f} seconds", mend)


def _lost(process: subprocess.Popen[bytes], look: str) -> Diagnosis:
    """What is said of a look that gave no answer, since its process ended."""
    how = "without a word"
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(END_SECONDS)
        how = f"with status {code}"
        with suppress(ValueError):
            how = f"by {signal.Signals(-code).name}"
    return Diagnosis(name_of(look), False, f"{CRASHED} {how}", _again())


def crashed(one: Diagnosis) -> bool:
    return one.found.startswith(CRASHED)


def described(error: BaseException) -> str:
    """An error in a line. Of a long one, which tells how to ask for help, it is the cause."""
    while "\n" in str(error).strip() and (cause := error.__cause__ or error.__context__):
        error = cause
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}".rstrip(": ")


def mend_of(error: BaseException) -> str:
    """What mends the cause of an error, as far as the error tells."""
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error):
        return OTHER_TMPDIR
    if isinstance(error, SyntaxError) and error.filename and "site-packages" not in error.filename:
        return f"correct line {error.lineno} of {shlex.quote(error.filename)}"
    if isinstance(error, OSError) and error.filename:
        place = shlex.quote(os.fsdecode(error.filename))
        if error.errno in (errno.EACCES, errno.EPERM):
            if "site-packages" in place:
                return f"let every account read it (as its owner, or root): chmod -R o+rX {place}"
            return f"look as root (sudo {sys.executable} -m course doctor), or see who may read it: ls -ld {place}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"make room there: df -h {place}"
    return _again(error)


def _again(error: BaseException | None = None) -> str:
    """What installs again what is broken. The doctor may be broken itself."""
    try:
        from course.doctor.software import again

        return again(error)
    except Exception:
        return 'in the folder of the course: pip install -e ".[test]" -c constraints.txt'
