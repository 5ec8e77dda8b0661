"""Wrong answers that a program makes, and what an audit says of a check that lets them pass."""

import ast
from pathlib import Path

import numpy as np
import pytest
from sampled import few

from autograder.authoring.audit import NOTHING, TaskAudit, audit_over, audit_task, try_mutants
from autograder.authoring.audit_page import audit_markdown
from autograder.authoring.mutants import form, mutants, pairs
from course import UNITS
from course.check import BrokenCheck, Expected, Unit, load, observe
from course.check.sources import functions_of, split
from course.check.variants import scope_of

SOURCE = """
def loss(scores, labels, rate=0.5):
    \"\"\"A docstring with 1 + 1.\"\"\"
    scores = np.asarray(scores, dtype=float)
    if scores.ndim != 1:
        raise ValueError(f"loss: {1 + scores.ndim}")
    total = np.zeros(2)
    for i, score in enumerate(scores):
        total[i] += score - labels[i]
    return total.sum(axis=0) / 2, rate
"""
MADE = [
    "total[i] -= score - labels[i]", "total[i] = score - labels[i]", "score + labels[i]", "labels[i] - score",
    "np.ones(2)", "np.zeros(3)", "total.mean(axis=0)", "total.sum()", "total.sum(axis=1)", "* 2", "return (rate, ",
    "scores[i]", "break", "labels)",
]  # fmt: skip


def test_small_changes_of_every_kind_are_made():
    made = "\n".join(mutant.source for mutant in mutants("loss", SOURCE.strip()))
    assert [change for change in MADE if change not in made] == []


def test_guards_docstrings_and_messages_stay():
    for mutant in mutants("loss", SOURCE.strip()):
        opening, _ = split(functions_of(ast.parse(mutant.source))[0])
        assert [ast.unparse(one) for one in opening] == [
            "scores = np.asarray(scores, dtype=float)",
            "if scores.ndim != 1:\n    raise ValueError(f'loss: {1 + scores.ndim}')",
        ]


def test_no_mutant_is_made_twice_or_is_the_reference():
    found = mutants("loss", SOURCE.strip())
    forms = [form(mutant.source) for mutant in found]
    assert len(set(forms)) == len(forms) > 30 and form(SOURCE.strip()) not in forms
    two = pairs(SOURCE.strip(), found, 20, np.random.default_rng(1))
    assert len(two) > 15 and not {form(mutant.source) for mutant in two} & {*forms, form(SOURCE.strip())}
    assert all("; then line" in mutant.name for mutant in two)


@pytest.fixture
def unit():
    """A unit with a check that is too kind: it looks at two numbers only."""
    made = Unit("numeric_gradient")

    @made.task(points=1)
    def relative_error(answer, rng):
        return {"two numbers": lambda: answer.relative_error(3.0, 2.0)}

    return made


def audited(unit):
    result = TaskAudit(unit.name, "relative_error", 1)
    try_mutants(Expected(unit, unit.tasks["relative_error"], 20), result, 0)
    assert result.generated == result.killed + result.equivalent + sum("accepted" in fault for fault in result.faults)
    return result


def test_a_hole_is_found(unit):
    faults = audited(unit).faults
    assert any("np.max → np.min" in fault for fault in faults) and not audited(unit).sound
    whole = load("numeric_gradient")
    there = TaskAudit(whole.name, "relative_error", 1)
    try_mutants(Expected(whole, whole.tasks["relative_error"], 20), there, 0)
    assert there.faults == [] and there.killed > audited(unit).killed


def test_an_equivalent_is_declared_with_its_reason(unit):
    before = audited(unit)
    unit.equivalent("relative_error", {"np.max(": "np.min("}, "There is one number only.")
    after = audited(unit)
    assert (after.equivalent, after.killed) == (before.equivalent + 1, before.killed)
    assert len(after.faults) == len(before.faults) - 1


def test_an_equivalent_that_is_rejected_is_a_fault(unit):
    unit.equivalent("relative_error", {"np.abs(a - b)": "np.abs(a + b)"}, "It is not.")
    assert any("declared equivalent, but rejected" in fault for fault in audited(unit).faults)


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        (3, "a part must be a function without arguments, got 3"),
        (lambda: 1 / 0, "the reference itself raised ZeroDivisionError"),
        (lambda: None, "the reference gave nothing to compare with"),
    ],
)
def test_an_audit_refuses_a_part_that_tells_nothing(part, fault):
    made = Unit("numeric_gradient")

    @made.task(points=1)
    def relative_error(answer, rng):
        return {"sound": lambda: answer.relative_error(3.0, 2.0), "broken": part}

    if callable(part):
        assert fault in audit_task(Expected(made, made.tasks["relative_error"], 20)).faults[0]
    else:
        with pytest.raises(BrokenCheck, match=fault):
            observe(made.tasks["relative_error"], scope_of(made, made.tasks["relative_error"]), 20)


def test_an_audit_refuses_points_for_nothing():
    made = Unit("numeric_gradient")

    @made.task(points=1)
    def relative_error(answer, rng):
        return {"sound": lambda: answer.relative_error(3.0, 2.0), "any": lambda: 1.0}

    audit = audit_task(Expected(made, made.tasks["relative_error"], 20))
    assert not audit.idle and not audit.sound
    assert sum("earns 0.5 points" in fault for fault in audit.faults) == len(NOTHING)


LIGHT = ("start_here", "numeric_gradient")
QUICK = [(name, task) for name in UNITS for task in load(name).tasks if task != "keras_fit"]  # it takes two minutes


@pytest.mark.parametrize(("unit_name", "task_name"), few(QUICK, lambda task: task[0] in LIGHT))
def test_every_generated_wrong_answer_is_rejected_or_declared(unit_name, task_name):
    unit = load(unit_name)
    audit = audit_over(unit, unit.tasks[task_name], [20], twice=10)
    assert audit.sound, audit.faults


def test_the_page_of_figures_is_the_one_of_these_tasks():
    page = (Path(__file__).parents[1] / "docs" / "checks.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")
    ]
    written = {(unit, task): (points, known.split(" of ")[1]) for unit, task, points, known, *_ in rows[1:-1]}
    units = [load(name) for name in UNITS]
    there = {(u.name, t.name): (f"{t.points:g}", str(len(u.mistakes(t.name)))) for u in units for t in u.tasks.values()}
    assert written == there, "write it again: autograder audit --markdown docs/checks.md"


def test_the_page_of_figures_says_what_was_found_in_every_task():
    audits = [
        TaskAudit("one", "first", 2, 3, 3, 3, 4, 4, 20, 18, 2),
        TaskAudit("one", "second", 1.5, 5, 5, 4, 1, 1, 10, 10, 0),
    ]
    rows = audit_markdown(audits).splitlines()[-3:]
    assert rows == [
        "| one | first | 2 | 3 of 3 | 4 of 4 | 18 of 20 | 2 |",
        "| one | second | 1.5 | 4 of 5 | 1 of 1 | 10 of 10 | 0 |",
        "| **all** | 2 tasks | 3.5 | 7 of 8 | 5 of 5 | 28 of 30 | 2 |",
    ]
