"""Cells that wait: a cell that needs an answer which is not written yet shows a note, and the cells after it run on.

Without this "Run All" would stop at the first such cell. Only the stub's own error waits, and a NameError for a name
that a waiting cell would have defined. Every other error is shown as ever. Where notebooks are graded, cells fail.
"""

from __future__ import annotations

import ast
import dis
import os
import traceback
from dataclasses import dataclass, field
from html import escape
from types import TracebackType
from typing import Any

from course.check.borrowing import is_stub, is_unwritten
from course.check.plain import UNANSWERED, caught
from course.check.showing import shell_here, show
from course.check.unit import Unit
from course.check.verdict import OPEN_GREY, framed
from course.settings import GRADING

WAIT_FOR = (NotImplementedError, NameError)


def let_cells_wait(unit: Unit) -> None:
    """From now on cells of this process's notebook wait for answers of a unit, unless the notebook is being graded."""
    shell = shell_here()
    if shell is None or os.environ.get(GRADING):
        return
    for callback in shell.events.callbacks["post_run_cell"]:
        if isinstance(owner := getattr(callback, "__self__", None), Waiting):
            owner.units[unit.name] = unit
            return
    if not shell.custom_exceptions:  # else the student has taken errors into his own hands
        waiting = Waiting(shell, {unit.name: unit})
        shell.set_custom_exc(WAIT_FOR, waiting.handle)
        shell.events.register("post_run_cell", waiting.settle)


@dataclass
class Waiting:
    """What waits in a notebook, for answers of some units.

    ``names`` are those that waiting cells would define, each with the answer that it needs.
    """

    shell: Any
    units: dict[str, Unit]
    names: dict[str, str] = field(default_factory=dict)
    _now: tuple[BaseException, str] | None = None

    def handle(self, shell: Any, kind: type, error: BaseException, tb: TracebackType, tb_offset: Any = None) -> None:
        """Show a note for an error that waits, and IPython's traceback for any other."""
        if answer := self._stub_in(error):
            note = f"This cell waits for your answer to {answer}: write it, then run the cell again."
        elif type(error) is NameError and (answer := self._needed_by(error.name or "")):
            note = f"This cell waits for a cell above it that defines {error.name}, which waits for {answer}."
        else:
            shell.showtraceback((kind, error, tb), tb_offset=tb_offset, running_compiled_code=True)
            return
        self._now = error, answer
        show(note, framed(OPEN_GREY, escape(note)))

    def settle(self, result: Any) -> None:
        """After a cell: let one that waits count as run, and remember what it would have defined."""
        now, self._now = self._now, None
        if now is not None and now[0] is result.error_in_exec:
            result.error_in_exec = None  # so the kernel says that the cell ran
            self.names |= dict.fromkeys(self._defined_in(result.info.raw_cell), now[1])

    def _stub_in(self, error: BaseException) -> str:
        """The answer of a unit whose stub raised this error; an empty text if none did."""
        if not isinstance(error, NotImplementedError) or UNANSWERED not in caught(error).message:
            return ""
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        stubs = [frame.f_code.co_qualname.partition(".")[0] for frame in reversed(frames) if is_stub(frame.f_code)]
        answers = {name for unit in self.units.values() for task in unit.tasks.values() for name in task.answers}
        return next((name for name in stubs if name in answers), "")

    def _needed_by(self, name: str) -> str:
        """The answer for which a name waits, as long as it is not written; an empty text if it waits for none."""
        answer = self.names.get(name, "")
        return answer if answer and is_unwritten(self.shell.user_ns.get(answer)) else ""

    def _defined_in(self, source: str) -> set[str]:
        """The names that a cell's code defines in the notebook."""
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as IPython compiles cells
        code = compile(self.shell.transform_cell(source), "", "exec", flags, dont_inherit=True)
        return {one.argval for one in dis.get_instructions(code) if one.opname in ("STORE_NAME", "STORE_GLOBAL")}
