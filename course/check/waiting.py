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

from course.check.borrowing import is_stub
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
    """The cells of a notebook that wait: for each cell's source, the answer that it needs.

    ``names`` are those that these cells would define, each with the answer for which it waits.
    """

    shell: Any
    units: dict[str, Unit]
    cells: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    _now: tuple[BaseException, str] | None = None

    def handle(self, shell: Any, kind: type, error: BaseException, tb: TracebackType, tb_offset: Any = None) -> None:
        """Show a note for an error that waits, and IPython's traceback for any other."""
        if answer := self._stub_in(error):
            note = f"This cell waits for your answer to {answer}: write it, then run the cell again."
        elif type(error) is NameError and (answer := self.names.get(error.name or "", "")):
            note = f"This cell waits for a cell above it that defines {error.name}, which waits for {answer}."
        else:
            shell.showtraceback((kind, error, tb), tb_offset=tb_offset, running_compiled_code=True)
            return
        self._now = error, answer
        show(note, framed(OPEN_GREY, escape(note)))

    def settle(self, result: Any) -> None:
        """After a cell: let one that waits count as run, and remember what it would have defined."""
        now, self._now = self._now, None
        source = str(result.info.raw_cell)
        self.cells.pop(source, None)
        if now is None or now[0] is not result.error_in_exec:
            return
        result.error_in_exec = None  # so the kernel says that the cell ran
        self.cells[source] = now[1]
        self.names |= dict.fromkeys(self._defined_in(source), now[1])

    def _stub_in(self, error: BaseException) -> str:
        """The answer of a unit whose stub raised this error; an empty text if none did."""
        if not isinstance(error, NotImplementedError) or UNANSWERED not in caught(error).message:
            return ""
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        stubs = [frame.f_code.co_qualname.partition(".")[0] for frame in reversed(frames) if is_stub(frame.f_code)]
        answers = {name for unit in self.units.values() for task in unit.tasks.values() for name in task.answers}
        return next((name for name in stubs if name in answers), "")

    def _defined_in(self, source: str) -> set[str]:
        """The names that a cell's code defines in the notebook."""
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as IPython compiles cells
        code = compile(self.shell.transform_cell(source), "", "exec", flags, dont_inherit=True)
        return {one.argval for one in dis.get_instructions(code) if one.opname in ("STORE_NAME", "STORE_GLOBAL")}
