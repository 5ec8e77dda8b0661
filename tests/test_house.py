"""The house: imports lead from later steps to earlier ones, and never back; the course knows nothing of its grader."""

import ast
import re

import pytest

from autograder.course import PROJECT
from course import UNITS

MODULES = {
    ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("autograder", "course")
    for path in (PROJECT / package).rglob("*.py")
}


def imports(module):
    """The modules of this project that a module imports, also within functions."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            found = name if name in MODULES else name.rpartition(".")[0]
            if found in MODULES and found != module and not module.startswith(f"{found}."):
                yield found


def room(module):
    """The folder or file of ``autograder/`` in which a module lies; the course as a whole."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "autograder" else parts[0]


def circle(arrows):
    """The names along a circle of arrows, in order; none if there is no circle."""
    done: set[str] = set()

    def follow(one, way):
        if one in way:
            return [*way[way.index(one) :], one]
        if one in done:
            return []
        found: list[str] = next(filter(None, (follow(other, [*way, one]) for other in sorted(arrows.get(one, ())))), [])
        done.add(one)
        return found

    return next(filter(None, (follow(one, []) for one in sorted(arrows))), [])


ARROWS = {module: set(imports(module)) for module in MODULES}
ROOMS: dict[str, set[str]] = {}
for module, others in ARROWS.items():
    ROOMS.setdefault(room(module), set()).update({room(other) for other in others} - {room(module)})


def test_circles_are_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []


def test_no_imports_run_in_a_circle():
    assert circle(ARROWS) == []


def test_no_room_leads_back_to_itself():
    assert circle(ROOMS) == []
    assert len(ROOMS) <= 31  # a new room is a decision, not an accident


def test_the_course_knows_nothing_of_the_autograder():
    assert "autograder" not in {room(other).partition(".")[0] for other in ROOMS["course"]}


def test_what_runs_in_the_sandbox_imports_nothing_of_what_runs_it():
    inside = {other for module in MODULES if module.startswith("autograder.sandbox.inside") for other in ARROWS[module]}
    assert {other for other in inside if other.startswith("autograder")} <= {
        module for module in MODULES if module.startswith("autograder.sandbox.inside")
    }


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("autograder")])
def test_the_autograder_names_no_unit_and_no_place_of_the_checkout(module):
    source = MODULES[module].read_text(encoding="utf-8")
    tree = ast.parse(source)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    documented = {ast.get_docstring(node, clean=False) for node in ast.walk(tree)
                  if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)}  # fmt: skip
    spelled = re.compile(rf"course[./]({'|'.join(UNITS)})\b")
    assert not [text for text in texts - documented if spelled.search(text)]
    assert not [other for other in ARROWS[module] if other.split(".")[:1] == ["course"] and other.split(".")[1:2] and
                other.split(".")[1] in UNITS]  # fmt: skip
    if module != "autograder.course":
        assert "parents[" not in source and "course.__file__" not in source
