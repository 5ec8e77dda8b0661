"""What a submission may see and import: of the course what its unit's notebook leads to, and no other library that
differentiates than the unit's own."""

from __future__ import annotations

import ast
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbformat

import autograder
import course
from autograder.build import NOTEBOOKS, PROJECT, notebook_path
from course import UNITS
from course.check import Unit, load
from course.check.libraries import refused_libraries, refused_parts

COURSE = Path(course.__file__).parent
INSIDE = Path(autograder.__file__).parent / "inside"
NEVER = ("reference", "mistakes")
SKIPPED = shutil.ignore_patterns("__pycache__", "*.md", ".*")
REFUSAL = """raise ImportError("{module} may not be imported while answers of {unit} are graded")\n"""


PICTURES = '''"""Pictures are not drawn where answers are graded, and what they are drawn by may hold answers."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *args, **kwargs: None
'''


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
            found[name] = [] if is_pictures(name) else list(imports_of(path.read_text(encoding="utf-8")))
            waiting += reversed(found[name])
    return found


def is_pictures(module: str) -> bool:
    """Whether a module draws a unit's pictures: a kernel sees none of it but its name."""
    return module.endswith(".pictures")


@cache
def allowed_modules(unit: str) -> frozenset[str]:
    """The modules of units that answers of a unit may import: its check, its pictures, what the notebook imports,
    and what those import in turn. Every other one may hold answers, its own reference and mistakes certainly do."""
    names = [f"course.{unit}.check", f"course.{unit}.pictures", *imports_of_notebook(load(unit))]
    allowed = frozenset(name for name in closure(names, "course") if name.split(".")[1] in UNITS)
    for forbidden in NEVER:
        if f"course.{unit}.{forbidden}" in allowed:
            raise ValueError(f"{unit}: the notebook, check or pictures import its {forbidden}, which holds answers")
    return allowed


def refused(unit: str, name: str) -> str:
    """The module or library that a name leads to, if answers of the unit may not import it; else an empty text."""
    first, *rest = name.split(".")
    if first in refused_libraries(load(unit)):
        return first
    for part in refused_parts(load(unit)):
        if f"{name}.".startswith(f"{part}."):
            return part
    module = ".".join([first, *rest[:2]])
    of_a_unit = first == "course" and len(rest) > 1 and rest[0] in UNITS and rest[1].isidentifier()
    return module if of_a_unit and module not in allowed_modules(unit) else ""


@cache
def preloads(unit: str) -> list[str]:
    """The names to import before any kernel of a unit is forked: all that its notebook, check and pictures import,
    also within functions. Some name no module but something in one."""
    names = ["numpy", "matplotlib.pyplot", "matplotlib.font_manager", "matplotlib.backends.backend_svg"]
    if unit:
        own = [f"course.{unit}.check", f"course.{unit}.pictures"]
        first = [*imports_of_notebook(load(unit)), *own]
        found = closure(sorted(first), "course")
        names += [*first, *found, *(name for imported in found.values() for name in imported)]
    return list(dict.fromkeys(name for name in names if not name.startswith("__future__")))


def write_view(unit: str, folder: Path) -> None:
    """Copy the course below ``folder``, without what answers of the unit may not import, and what runs inside the
    sandbox. A file that refuses stands in the place of each module and library that is left out."""
    shutil.copytree(COURSE, folder / "course", ignore=SKIPPED)
    (folder / "autograder").mkdir()
    shutil.copy(INSIDE.parent / "__init__.py", folder / "autograder")
    shutil.copytree(INSIDE, folder / "autograder" / "inside", ignore=SKIPPED)
    if unit:
        for path in (path for one in UNITS for path in (folder / "course" / one).glob("*.py")):
            module = f"course.{path.parent.name}.{path.stem}"
            if path.stem != "__init__" and module not in allowed_modules(unit):
                path.write_text(REFUSAL.format(module=module, unit=unit), encoding="utf-8")
            elif is_pictures(module):
                path.write_text(PICTURES, encoding="utf-8")
        for library in refused_libraries(load(unit)):
            refusal = REFUSAL.format(module=library, unit=unit)
            (folder / f"{library}.py").write_text(refusal, encoding="utf-8")
    for path in (folder, *folder.rglob("*")):  # each kernel may be a user of its own
        path.chmod(0o755 if path.is_dir() else 0o644)


def hidden_libraries(unit: str) -> list[Path]:
    """The folders and files of the libraries that answers of a unit may not import, wherever this machine has them."""
    if not unit:
        return []
    places = {Path(place) for place in sys.path if place}
    for system in ("/usr", "/usr/local", sys.base_prefix):
        for pattern in ("lib/python3*/*-packages", "pkgs/*/lib/python3*/site-packages"):
            places |= set(Path(system).glob(pattern))
    whole, parts = refused_libraries(load(unit)), [part.replace(".", "/") for part in refused_parts(load(unit))]
    names = [*whole, *(f"{library}.py" for library in whole), *parts]
    found = (place / name for place in places for name in names)
    return sorted(path for path in found if path.exists())
