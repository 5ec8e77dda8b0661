"""Aligning a submission with its release, without running it."""

import json
from copy import deepcopy

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.intake import checks_in, find_submissions, released, take_in
from course.check import load

UNIT = load("numeric_gradient")
RELEASE = released(UNIT)


def taken(tmp_path, notebook):
    folder = tmp_path / "s" / UNIT.assignment
    folder.mkdir(parents=True, exist_ok=True)
    data = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
    (folder / f"{UNIT.name}.ipynb").write_bytes(data)
    return take_in(UNIT, "s", folder, RELEASE)


def names(submission):
    return [cell.metadata.nbgrader.grade_id for cell in submission.notebook.cells if "nbgrader" in cell.metadata]


def test_a_clean_submission_stays_as_it_is(tmp_path):
    submission = taken(tmp_path, RELEASE)
    assert submission.findings == []
    assert [(c.id, c.cell_type, c.source) for c in submission.notebook.cells] == [
        (c.id, c.cell_type, c.source) for c in RELEASE.cells
    ]
    assert names(submission) == [c.metadata.nbgrader.grade_id for c in RELEASE.cells if "nbgrader" in c.metadata]


@pytest.mark.parametrize(
    "forget",
    [
        lambda cell: cell.metadata.clear(),
        lambda cell: cell.update(id="x" + cell.id[:10].replace("_", "-")),
        lambda cell: cell.metadata.update(nbgrader={"grade_id": "unknown", "points": 1000, "grade": True}),
    ],
    ids=["metadata", "ids", "changed metadata"],
)
def test_cells_are_found_by_id_name_or_text(tmp_path, forget):
    notebook = deepcopy(RELEASE)
    for cell in notebook.cells:
        forget(cell)
    submission = taken(tmp_path, notebook)
    assert names(submission) == [c.metadata.nbgrader.grade_id for c in RELEASE.cells if "nbgrader" in c.metadata]
    assert {name: cell.metadata.nbgrader.points for name, cell in checks_in(submission.notebook)} == {
        name: task.points for name, task in UNIT.tasks.items()
    }


def test_a_check_runs_once_and_after_its_answer(tmp_path):
    notebook = deepcopy(RELEASE)
    notebook.cells.reverse()
    notebook.cells += deepcopy(notebook.cells)
    submission = taken(tmp_path, notebook)
    found = names(submission)
    for task in UNIT.tasks:
        assert found.count(task) == 1 and found.index(task) > found.index(f"answer_{task}")


def test_outputs_that_lie_are_dropped(tmp_path):
    notebook = deepcopy(RELEASE)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "3.0"}, execution_count=1)]
    assert all(not cell.outputs for _, cell in checks_in(taken(tmp_path, notebook).notebook))


def test_older_formats_are_read(tmp_path):
    old = nbformat.convert(deepcopy(RELEASE), 3)
    submission = taken(tmp_path, nbformat.v3.writes_json(old).encode())
    assert submission.readable and set(UNIT.tasks) <= set(names(submission))


def test_links_are_not_read(tmp_path):
    outside = tmp_path / "outside.ipynb"
    nbformat.write(RELEASE, outside)
    folder = tmp_path / "s" / UNIT.assignment
    folder.mkdir(parents=True)
    (folder / f"{UNIT.name}.ipynb").symlink_to(outside)
    submission = take_in(UNIT, "s", folder, RELEASE)
    assert not submission.readable and submission.findings[0].name == "unreadable notebook"
    (tmp_path / "linked").symlink_to(tmp_path / "s")
    assert [student for student, _ in find_submissions(UNIT, tmp_path)] == ["s"]


def test_a_broken_cell_leaves_the_others(tmp_path):
    notebook = json.loads(nbformat.writes(RELEASE))
    notebook["cells"][3:3] = [None, {"cell_type": "code", "source": 3}, {"cell_type": "poem", "source": "x"}]
    submission = taken(tmp_path, json.dumps(notebook).encode())
    assert [str(finding) for finding in submission.findings] == [f"broken cell: number {n}" for n in (4, 5, 6)]
    assert len(submission.notebook.cells) == len(RELEASE.cells) + 3


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "source", "metadata", "nbgrader", "grade_id", "cell_type", "id", "outputs"]),
            inner,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(RELEASE.cells) - 1), key=st.sampled_from(["source", "metadata", "id", "cell_type"]),
       value=json_values)  # fmt: skip
def test_no_mutation_of_a_cell_escapes(tmp_path, place, key, value):
    notebook = json.loads(nbformat.writes(RELEASE))
    notebook["cells"][place][key] = value
    submission = taken(tmp_path, json.dumps(notebook).encode())
    assert {name for name, _ in checks_in(submission.notebook)} == set(UNIT.tasks)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | json_values.map(lambda value: str(value).encode()))
def test_no_bytes_escape(tmp_path, data):
    assert not taken(tmp_path, data).readable
