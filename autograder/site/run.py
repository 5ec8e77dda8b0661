"""Running the worked notebooks, whose outputs the pages show. Unchanged notebooks are not run again."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

import course
from autograder.course import SOLUTIONS, current
from autograder.errors import UserError
from autograder.intake import NotBuilt
from course.check import Unit

CELL_SECONDS = 600
"""Time limit for each cell."""


class CellFailed(UserError):
    """A cell of a worked notebook failed."""


def run_worked(units: list[Unit], cache: Path, show: Callable[[int, int], None]) -> dict[str, NotebookNode]:
    """The executed worked notebook of each unit, by its name; from ``cache`` if nothing has changed since it ran.

    ``show`` receives the number of code cells that have run and their total. Raises CellFailed, NotBuilt.
    """
    kept = {unit.name: cache / f"{unit.name}-{_digest(unit)}.ipynb" for unit in units}
    fresh = {unit.name: read_worked(unit) for unit in units if not kept[unit.name].exists()}
    total = sum(len(_code_cells(notebook)) for notebook in fresh.values())
    done = 0

    def count(**_: object) -> None:
        nonlocal done
        done += 1
        show(done, total)

    cache.mkdir(parents=True, exist_ok=True)
    for name, notebook in fresh.items():
        _run(name, notebook, count)
        for old in cache.glob(f"{name}-*.ipynb"):
            old.unlink()
        nbformat.write(notebook, kept[name])
    return {name: nbformat.read(path, as_version=4) for name, path in kept.items()}


def read_worked(unit: Unit) -> NotebookNode:
    """The worked notebook of a unit. Raises NotBuilt."""
    path = current().notebook(unit, SOLUTIONS)
    if not path.exists():
        raise NotBuilt(f"there is no {path}; write it with: autograder build {unit.name}")
    return nbformat.read(path, as_version=4)


def _digest(unit: Unit) -> str:
    """A digest of what the outputs depend on: the worked notebook and the modules of the course. Raises NotBuilt."""
    read_worked(unit)
    digest = hashlib.sha256()
    modules = sorted(path for place in course.__path__ for path in Path(place).rglob("*.py"))
    for path in [current().notebook(unit, SOLUTIONS), *modules]:
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def _run(name: str, notebook: NotebookNode, count: Callable[..., None]) -> None:
    """Run a notebook in a folder of its own; the outputs are left in it. Raises CellFailed."""
    where = ""

    def begin(cell: NotebookNode, cell_index: int) -> None:
        nonlocal where
        where = f"cell {cell_index + 1} ({cell.id})"

    with TemporaryDirectory(prefix="site-") as work:
        client = NotebookClient(
            notebook, timeout=CELL_SECONDS, kernel_name="python3", resources={"metadata": {"path": work}},
            coalesce_streams=True, store_widget_state=False, record_timing=False, on_cell_start=begin,
            on_cell_executed=count,
        )  # fmt: skip
        try:
            client.execute(stderr=subprocess.DEVNULL)  # where the kernel prints a greeting
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            what = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)
            raise CellFailed(f"the worked notebook of {name} fails in {where}: {what}") from error
