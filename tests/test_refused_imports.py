"""What answers may import: enforced by the sandbox, named by the intake, and told in practice."""

import pytest
from escaping import run

from autograder.intake import refused_imports
from autograder.sandbox.view import (
    allowed_modules,
    file_of,
    hidden_libraries,
    imports_of_file,
    imports_of_notebook,
    write_view,
)
from course import UNITS
from course.check import Check, load
from course.check.libraries import FRAMEWORKS, refused_libraries

ANYWHERE = """
import glob, importlib, sys
sys.path[:] = [place for place in sys.path if 'view' not in place] + glob.glob('/usr/lib/python3*/dist-packages')
sys.meta_path[:] = [one for one in sys.meta_path if 'editable' not in repr(one)]
importlib.invalidate_caches()
for name in ('torch', 'tensorflow', 'keras', 'jax'):
    try:
        module = importlib.import_module(name)
    except ImportError:
        module = None
    print(name, 'works' if hasattr(module, '__version__') else 'is not there')
"""


def test_a_library_that_differentiates_is_refused_in_words_and_not_there():
    outcome = run("import torch", ANYWHERE)
    assert outcome.full and "refused import" in outcome.findings
    assert "torch may not be imported while answers of start_here are graded" in outcome.text
    assert "works" not in outcome.text and outcome.text.count("is not there") == 4


@pytest.mark.parametrize("library", ["torch", "tensorflow"])
def test_an_answer_that_uses_it_earns_nothing(library):
    answer = "def mean_of_squares(x):\n    import {0}\n    return float(sum(v * v for v in x.ravel()) / x.size)"
    outcome = run(answer=answer.format(library))
    assert outcome.right == 0 and "refused import" in outcome.findings
    assert run(answer=answer.format("math")).full


def test_without_isolation_it_is_refused_in_words():
    outcome = run("import torch", isolation="none")
    assert outcome.full and "refused import" in outcome.findings


def test_another_units_answers_are_refused():
    outcome = run("from course.softmax_network.reference import backward", "import course.tensor_engine.rules")
    assert outcome.full and "course.tensor_engine.rules may not be imported" in outcome.text
    assert "course.softmax_network.reference may not be imported" in outcome.text


@pytest.mark.parametrize("name", UNITS)
def test_the_view_has_what_the_intake_allows(tmp_path, name):
    """The view has nothing else of any unit: both ask the same function."""
    write_view(name, tmp_path / "view")
    for one in UNITS:
        paths = [*(tmp_path / "view" / "course" / one).glob("*.py")]
        assert len(paths) > 2
        for path in paths:
            module = f"course.{one}.{path.stem}"
            there = "may not be imported while" not in path.read_text()
            if path.stem != "__init__":
                assert (
                    there
                    == (refused_imports(load(name), f"import {module}") == [])
                    == (module in allowed_modules(name))
                )
    for library in refused_libraries(load(name)):
        assert "may not be imported" in (tmp_path / "view" / f"{library}.py").read_text()
        assert refused_imports(load(name), f"from {library} import nn") == [library]


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_declares_the_libraries_that_its_notebook_uses(name):
    needed = {imported.partition(".")[0] for imported in imports_of_notebook(load(name))}
    assert not needed & refused_libraries(load(name))
    for framework in (load(name).frameworks or ()) if name != "start_here" else ():  # on which odd answers are tried
        mentioned = needed | {part for module in allowed_modules(name) for part in _imported_by(module)}
        assert {framework, *FRAMEWORKS[framework]} & mentioned


def _imported_by(module):
    path = file_of(module)
    assert path is not None
    return {name.partition(".")[0] for name in imports_of_file(path)}


@pytest.mark.parametrize(
    ("unit_name", "source", "refused"),
    [
        ("custom_graph", "from course.custom_graph.operations import Node", []),
        ("custom_graph", "from course.custom_graph import operations as op", []),
        ("custom_graph", "from course.custom_graph.reference import Multiply", ["course.custom_graph.reference"]),
        ("manual_backprop", "from course.softmax_network import reference", ["course.softmax_network.reference"]),
        ("manual_backprop", "from course.numeric_gradient.reference import jacobian", []),
        ("manual_backprop", "import sympy, scipy, torch.nn as nn", ["torch"]),
        ("tf_tape", "import tensorflow as tf, keras", []),
        ("torch_autograd", "%time import tensorflow", []),
        ("tensor_engine", "%time import tensorflow", ["tensorflow"]),
        ("forward_mode", "x = = 1\nfrom jax import grad", ["jax"]),
        ("forward_mode", "x = = 1\nthis differs from torch, and we import jax", []),
        ("forward_mode", "# import torch\nprint('import of torch')", []),
    ],
)
def test_honest_imports_are_not_accused(unit_name, source, refused):
    assert refused_imports(load(unit_name), source) == refused


def test_nothing_is_hidden_that_a_unit_needs():
    hidden = {name: {path.stem for path in hidden_libraries(name)} for name in UNITS}
    assert not hidden["manual_backprop"] & {"sympy", "numpy", "scipy", "sklearn"}
    assert "torch" in hidden["manual_backprop"] and "torch" not in hidden["torch_autograd"]


def test_practice_says_what_grading_refuses(monkeypatch, capsys):
    source = "import torch as t\ndef helper(x):\n    return t.sqrt(x)\ndef mean_of_squares(x):\n    return helper(x)"
    scope: dict[str, object] = {}
    exec(source, scope)
    monkeypatch.setattr("course.check.notebook.notebook_scope", lambda: scope)
    Check("start_here")("mean_of_squares")
    assert "mean_of_squares uses torch, which cannot be imported where this unit is graded" in capsys.readouterr().out
    exec("import numpy as np\ndef mean_of_squares(x):\n    return np.mean(x**2)", scope)
    Check("start_here")("mean_of_squares")
    assert "cannot be imported" not in capsys.readouterr().out
