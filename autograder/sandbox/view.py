"""What a submission may see and import.

Of the course, it is what the unit's notebook leads to. Of the libraries that differentiate, it is those that the unit
allows.
"""

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
from autograder.code import imports_of
from autograder.course import PACKAGE, current
from autograder.sandbox.inside.refusal import refusal
from course import UNITS
from course.check import Unit
from course.check.libraries import refused_libraries, refused_parts

SANDBOX = Path(autograder.__file__).parent / "sandbox"
NEVER = ("reference", "mistakes", "equivalents")
SKIPPED = shutil.ignore_patterns("__pycache__", "*.md", ".*")


PICTURES = '''"""Pictures are not drawn where answers are graded, and what they are drawn by may hold answers."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *args, **kwargs: None
'''


def imports_of_notebook(unit: Unit) -> list[str]:
    """The modules that the released notebook of a unit imports, in order."""
    notebook = nbformat.read(current().notebook(unit), as_version=4)
    code = (cell.source for cell in notebook.cells if cell.cell_type == "code")
    return list(dict.fromkeys(name for source in code if "%" not in source for name in imports_of(ast.parse(source))))


def imports_of_file(path: Path) -> Iterator[str]:
    """The modules that a file of the course imports."""
    return imports_of(ast.parse(path.read_text(encoding="utf-8")))


def closure(names: list[str]) -> dict[str, list[str]]:
    """Every module of the course that these names lead to, directly or through others, with what each imports."""
    found: dict[str, list[str]] = {}
    waiting = list(reversed(names))
    while waiting:
        name = waiting.pop()
        path = None if name in found else file_of(name)
        if path:
            found[name] = [] if is_pictures(name) else list(imports_of_file(path))
            waiting += reversed(found[name])
    return found


def file_of(module: str) -> Path | None:
    """The file of a module of the course or of one of its units; None for any other module."""
    package, *rest = module.split(".")
    if package != course.__name__ or not rest:
        return None
    files = (Path(place, *rest).with_suffix(".py") for place in course.__path__)
    return next((file for file in files if file.is_file()), None)


def all_units() -> set[str]:
    """The names of all units that can be imported here: the built-in ones and those of the current course."""
    return {*UNITS, *current().names}


def is_pictures(module: str) -> bool:
    """Whether a module draws a unit's pictures. A kernel sees only its name."""
    return module.endswith(".pictures")


@cache
def allowed_modules(unit: str) -> frozenset[str]:
    """The modules of units that answers of a unit may import.

    These are its check, its pictures, what the notebook imports, and what those import in turn. Any other module may
    hold answers; the unit's reference and mistakes certainly do.
    """
    found = current().unit(unit)
    names = [*own_modules(found), *imports_of_notebook(found)]
    allowed = frozenset(name for name in closure(names) if name.split(".")[1] in all_units())
    for forbidden in NEVER:
        if found.module_name(forbidden) in allowed:
            raise ValueError(f"{unit}: the notebook, check or pictures import its {forbidden}, which holds answers")
    return allowed


def refused(unit: str, name: str) -> str:
    """The module or library that importing a name loads, if answers of the unit may not; else an empty text."""
    first, *rest = name.split(".")
    if first in refused_libraries(current().unit(unit)):
        return first
    for part in refused_parts(current().unit(unit)):
        if f"{name}.".startswith(f"{part}."):
            return part
    module = ".".join([first, *rest[:2]])
    of_a_unit = first == course.__name__ and len(rest) > 1 and rest[0] in all_units() and rest[1].isidentifier()
    return module if of_a_unit and module not in allowed_modules(unit) else ""


def own_modules(unit: Unit) -> list[str]:
    """The modules of a unit that its kernels see."""
    return [unit.module_name(name) for name in ("check", "pictures")]


@cache
def preloads(unit: str) -> list[str]:
    """The names to import before any kernel of a unit is forked.

    These are all that its notebook, check and pictures import, also within functions. Some are not modules but
    something in a module.
    """
    names = ["numpy", "matplotlib.pyplot", "matplotlib.font_manager", "matplotlib.backends.backend_svg"]
    if unit:
        unit_itself = current().unit(unit)
        first = [*imports_of_notebook(unit_itself), *own_modules(unit_itself)]
        found = closure(sorted(first))
        names += [*first, *found, *(name for imported in found.values() for name in imported)]
    return list(dict.fromkeys(name for name in names if not name.startswith("__future__")))


def write_view(unit: str, folder: Path) -> None:
    """Copy below ``folder`` the course, without what answers of the unit may not import, and what runs in the sandbox.

    In the place of each module and library that is left out stands a file that raises an error.
    """
    shown_course = folder / course.__name__
    shutil.copytree(PACKAGE, shown_course, ignore=SKIPPED)
    for own in current().own_units():
        shutil.copytree(own, shown_course / own.name, ignore=SKIPPED)
    shown = folder / "autograder" / "sandbox"
    shutil.copytree(SANDBOX / "inside", shown / "inside", ignore=SKIPPED)
    shutil.copy(SANDBOX / "__init__.py", shown)
    shutil.copy(SANDBOX.parent / "__init__.py", shown.parent)
    if unit:
        for path in (path for one in all_units() for path in (shown_course / one).glob("*.py")):
            module = f"{course.__name__}.{path.parent.name}.{path.stem}"
            if path.stem != "__init__" and module not in allowed_modules(unit):
                path.write_text(refusal(module, unit), encoding="utf-8")
            elif is_pictures(module):
                path.write_text(PICTURES, encoding="utf-8")
        for library in refused_libraries(current().unit(unit)):
            (folder / f"{library}.py").write_text(refusal(library, unit), encoding="utf-8")
    for path in (folder, *folder.rglob("*")):  # since each kernel may be another user
        path.chmod(0o755 if path.is_dir() else 0o644)


def hidden_libraries(unit: str) -> list[Path]:
    """The folders and files, on this machine, of the libraries that answers of a unit may not import."""
    if not unit:
        return []
    places = {Path(place) for place in sys.path if place}
    for system in ("/usr", "/usr/local", sys.base_prefix):
        for pattern in ("lib/python3*/*-packages", "pkgs/*/lib/python3*/site-packages"):
            places |= set(Path(system).glob(pattern))
    found_unit = current().unit(unit)
    whole, parts = refused_libraries(found_unit), [part.replace(".", "/") for part in refused_parts(found_unit)]
    names = [*whole, *(f"{library}.py" for library in whole), *parts]
    found = (place / name for place in places for name in names)
    return sorted(path for path in found if path.exists())
