"""Running the worked notebooks, whose outputs the pages show. What has not changed since is not run again."""

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
from autograder.build import PROJECT, SOLUTIONS, notebook_path
from autograder.intake import NotBuilt
from course.check import Unit

SECONDS = 600
"""How long one cell may take."""


class CellFailed(RuntimeError):
    """A cell of a worked notebook that did not run."""


def run_worked(
    units: list[Unit], cache: Path, show: Callable[[int, int], None], project: Path = PROJECT
) -> dict[str, NotebookNode]:
    """The executed worked notebook of each unit, from ``cache`` where nothing has changed since it ran.

    ``show`` is told how many code cells have run, and of how many. Raises CellFailed, NotBuilt.
    """
    kept = {unit.name: cache / f"{unit.name}-{_digest(unit, project)}.ipynb" for unit in units}
    fresh = {unit.name: read_worked(unit, project) for unit in units if not kept[unit.name].exists()}
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


def read_worked(unit: Unit, project: Path = PROJECT) -> NotebookNode:
    """The worked notebook of a unit. Raises NotBuilt."""
    path = project / notebook_path(unit, SOLUTIONS)
    if not path.exists():
        raise NotBuilt(f"there is no {path}; write it with: autograder build {unit.name}")
    return nbformat.read(path, as_version=4)


def _digest(unit: Unit, project: Path) -> str:
    """Of all that the outputs come from: the worked notebook and the modules of the course."""
    read_worked(unit, project)
    digest = hashlib.sha256()
    for path in [project / notebook_path(unit, SOLUTIONS), *sorted(Path(course.__file__).parent.rglob("*.py"))]:
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
            notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": work}},
            coalesce_streams=True, store_widget_state=False, record_timing=False, on_cell_start=begin,
            on_cell_executed=count,
        )  # fmt: skip
        try:
            client.execute(stderr=subprocess.DEVNULL)  # where a kernel greets whoever started it
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            what = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)
            raise CellFailed(f"the worked notebook of {name} fails in {where}: {what}") from error
