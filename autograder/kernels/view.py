"""What a submission may see of the course: everything but the answers of its own unit."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbformat

import autograder
import course
from autograder.build import NOTEBOOKS, PROJECT, notebook_path
from course.check import Unit, load

COURSE = Path(course.__file__).parent
INSIDE = Path(autograder.__file__).parent / "inside"
NEVER = ("reference", "mistakes")
SKIPPED = shutil.ignore_patterns("__pycache__", "*.md", ".*")
REFUSAL = """raise ImportError("{module} may not be imported while answers of {unit} are graded")\n"""


def imports_of(source: str) -> Iterator[str]:
    """The modules that Python code imports, with names that may be modules (``from a import b``: a and a.b)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of_notebook(unit: Unit, project: Path = PROJECT) -> list[str]:
    """The modules that the released notebook of a unit imports, in order."""
    notebook = nbformat.read(project / notebook_path(unit, NOTEBOOKS), as_version=4)
    code = (cell.source for cell in notebook.cells if cell.cell_type == "code")
    return list(dict.fromkeys(name for source in code if "%" not in source for name in imports_of(source)))


def closure(names: list[str], package: str) -> dict[str, list[str]]:
    """Every module of a package that these names lead to, directly or through others, with what each imports."""
    found: dict[str, list[str]] = {}
    waiting = list(reversed(names))
    while waiting:
        name = waiting.pop()
        path = COURSE.parent.joinpath(*name.split(".")).with_suffix(".py")
        if name.startswith(f"{package}.") and name not in found and path.exists():
            found[name] = list(imports_of(path.read_text(encoding="utf-8")))
            waiting += reversed(found[name])
    return found


@cache
def allowed_modules(unit: str) -> frozenset[str]:
    """Modules of a unit's own folder that its answers may import: its check, its pictures, what the notebook
    imports, and what those import in turn; never the reference or the mistakes."""
    package = f"course.{unit}"
    names = [f"{package}.check", f"{package}.pictures", *imports_of_notebook(load(unit))]
    allowed = frozenset(closure(names, package))
    for forbidden in NEVER:
        if f"{package}.{forbidden}" in allowed:
            raise ValueError(f"{unit}: the notebook, check or pictures import its {forbidden}, which holds answers")
    return allowed


@cache
def preloads(unit: str) -> list[str]:
    """The names to import before any kernel of a unit is forked: all that its notebook, check and pictures import,
    also within functions. Some name no module but something in one."""
    names = ["numpy", "matplotlib.pyplot", "matplotlib.font_manager", "matplotlib.backends.backend_svg"]
    if unit:
        first = [*imports_of_notebook(load(unit)), *allowed_modules(unit)]
        found = closure(sorted(first), "course")
        names += [*first, *found, *(name for imported in found.values() for name in imported)]
    return list(dict.fromkeys(name for name in names if not name.startswith("__future__")))


def write_view(unit: str, folder: Path) -> None:
    """Copy the course below ``folder``, without the answers of the unit, and what runs inside the sandbox."""
    shutil.copytree(COURSE, folder / "course", ignore=SKIPPED)
    (folder / "autograder").mkdir()
    shutil.copy(INSIDE.parent / "__init__.py", folder / "autograder")
    shutil.copytree(INSIDE, folder / "autograder" / "inside", ignore=SKIPPED)
    if unit:
        for path in (folder / "course" / unit).glob("*.py"):
            module = f"course.{unit}.{path.stem}"
            if path.stem != "__init__" and module not in allowed_modules(unit):
                path.write_text(REFUSAL.format(module=module, unit=unit), encoding="utf-8")
    for path in (folder, *folder.rglob("*")):  # each kernel may be a user of its own
        path.chmod(0o755 if path.is_dir() else 0o644)
