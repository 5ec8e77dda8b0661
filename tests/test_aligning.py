"""What students do to cells: each accident leaves the right answers right, and is named."""

import json
import random
import textwrap
from copy import deepcopy

import nbformat
import pytest
from handing_in import (
    RELEASE,
    RIGHT,
    UNIT,
    answer,
    answered,
    cell_of,
    code,
    found,
    names,
    place_of,
    require_sound,
    seen_by_checks,
    taken,
    unanswered,
)
from waiting import calls

from autograder.intake import released
from autograder.intake.reading import MAX_CELLS
from course.check import load

ONE, TWO = "forward_difference", "central_difference"
STUB = cell_of(unanswered(), f"answer_{ONE}")["source"]


def test_a_clean_submission_stays_as_it_is(tmp_path):
    submission = taken(tmp_path, RELEASE)
    assert submission.findings == []
    assert [(c.id, c.cell_type, c.source) for c in submission.notebook.cells] == [
        (c.id, c.cell_type, c.source) for c in RELEASE.cells
    ]
    assert names(submission) == [c.metadata.nbgrader.grade_id for c in RELEASE.cells if "nbgrader" in c.metadata]


def edited(notebook):
    cell_of(notebook, f"answer_{ONE}")["source"] += "  # done"


def checks_deleted(notebook):
    notebook["cells"] = [cell for cell in notebook["cells"] if cell.get("id") not in UNIT.tasks]


def setup_deleted(notebook):
    notebook["cells"].remove(cell_of(notebook, "given_setup"))


def everything_doubled(notebook):
    notebook["cells"] += deepcopy(notebook["cells"])


def fresh_copy_appended(notebook):
    notebook["cells"] += unanswered()["cells"]


def fresh_copy_put_before(notebook):
    notebook["cells"] = unanswered()["cells"] + notebook["cells"]


def reversed_order(notebook):
    notebook["cells"].reverse()


def checks_first(notebook):
    notebook["cells"].sort(key=lambda cell: cell.get("id") not in UNIT.tasks)


def one_task_moved_to_the_end(notebook):
    for identity in (f"answer_{ONE}", ONE):
        cell = cell_of(notebook, identity)
        notebook["cells"].remove(cell)
        notebook["cells"].append(cell)


def answers_turned_into_markdown(notebook):
    for name in UNIT.tasks:
        cell_of(notebook, f"answer_{name}")["cell_type"] = "markdown"


def answers_turned_raw_without_ids(notebook):
    for name in UNIT.tasks:
        cell = cell_of(notebook, f"answer_{name}")
        cell["cell_type"] = "raw"
        cell.pop("id", None)


def checks_turned_into_markdown(notebook):
    for name in UNIT.tasks:
        cell_of(notebook, name)["cell_type"] = "markdown"


def old_attempt_turned_into_markdown(notebook):
    """The answer went into a new cell; what was there before is text now."""
    place, cell = place_of(notebook, f"answer_{ONE}"), cell_of(notebook, f"answer_{ONE}")
    notebook["cells"].insert(place, code(cell["source"]))
    cell["cell_type"], cell["source"] = "markdown", answer(ONE, "an old attempt")


def markdown_turned_into_code(notebook):
    for cell in notebook["cells"]:
        if "nbgrader" not in cell["metadata"]:
            cell["cell_type"] = "code"


def split_in_two(notebook):
    place = place_of(notebook, f"answer_{ONE}")
    notebook["cells"][place]["source"] = answer(ONE, "wrong")
    notebook["cells"].insert(place + 1, code(answer(ONE)))


def split_within_the_function(notebook):
    place = place_of(notebook, f"answer_{ONE}")
    notebook["cells"][place]["source"] = f'def {ONE}(*inputs):\n    """What it does."""\n    for i in range(3):'
    notebook["cells"].insert(place + 1, code("        i += 1\n    said = 'right'"))
    notebook["cells"].insert(place + 2, code("    return said"))


def split_with_metadata_copied(notebook):
    place = place_of(notebook, f"answer_{ONE}")
    cell = notebook["cells"][place]
    notebook["cells"].insert(place + 1, cell | {"id": "second-half", "source": "    return 'right'"})
    cell["source"] = f'def {ONE}(*inputs):\n    """What it does."""'


def answer_merged_with_its_check(notebook):
    cell = cell_of(notebook, f"answer_{ONE}")
    cell["source"] += f'\n\ncheck("{ONE}")'
    notebook["cells"].remove(cell_of(notebook, ONE))


def check_merged_with_its_answer(notebook):
    """The lower of the two cells was chosen, so that its name and id stayed."""
    merged = cell_of(notebook, ONE)
    merged["source"] = answer(ONE) + "\n\n" + merged["source"] + "\n\nx = 1"
    notebook["cells"].remove(cell_of(notebook, f"answer_{ONE}"))


def two_answers_merged(notebook):
    lower = cell_of(notebook, f"answer_{TWO}")
    cell_of(notebook, f"answer_{ONE}")["source"] += "\n\n\n" + lower["source"]
    notebook["cells"].remove(lower)


def two_answers_merged_into_the_lower(notebook):
    upper = cell_of(notebook, f"answer_{ONE}")
    cell_of(notebook, f"answer_{TWO}")["source"] += "\n\n\n" + upper["source"]
    notebook["cells"].remove(upper)


def all_answers_in_one_new_cell(notebook):
    sources = []
    for name in UNIT.tasks:
        sources.append(cell_of(notebook, f"answer_{name}")["source"])
        notebook["cells"].remove(cell_of(notebook, f"answer_{name}"))
    notebook["cells"].append(code("\n\n\n".join(sources)))


def answer_copied_and_the_copy_mended(notebook):
    original = cell_of(notebook, f"answer_{ONE}")
    notebook["cells"].append(original | {"id": "copy"})
    original["source"] = answer(ONE, "wrong")


def stub_copied_after_the_answer(notebook):
    place = place_of(notebook, f"answer_{ONE}")
    notebook["cells"].insert(place + 1, notebook["cells"][place] | {"id": "copy", "source": STUB})


def stub_pasted_after_the_answer(notebook):
    notebook["cells"].insert(place_of(notebook, f"answer_{ONE}") + 1, code(STUB))


def answer_in_a_new_cell_below_the_check(notebook):
    cell_of(notebook, f"answer_{ONE}")["source"] = STUB
    notebook["cells"].insert(place_of(notebook, ONE) + 1, code(answer(ONE)))


def answer_in_a_new_cell_above_the_stub(notebook):
    place = place_of(notebook, f"answer_{ONE}")
    notebook["cells"][place]["source"] = STUB
    notebook["cells"].insert(place, code(answer(ONE)))


def helper_below_the_answer(notebook):
    place = place_of(notebook, f"answer_{ONE}")
    notebook["cells"][place]["source"] = answer(ONE, more="    _helper()\n")
    notebook["cells"][place + 1 : place + 1] = [code("x = 1"), code(answer("_helper"))]


def helper_below_the_answer_whose_check_is_gone(notebook):
    helper_below_the_answer(notebook)
    notebook["cells"].remove(cell_of(notebook, ONE))


def helper_below_the_last_answer_and_no_checks(notebook):
    checks_deleted(notebook)
    cell_of(notebook, "answer_jacobian")["source"] = answer("jacobian", more="    _helper()\n")
    notebook["cells"].append(code(answer("_helper")))


def helper_below_the_answer_whose_check_was_moved_up(notebook):
    helper_below_the_answer(notebook)
    checks_first(notebook)


def experiment_after_an_answer_whose_check_is_gone(notebook):
    notebook["cells"].remove(cell_of(notebook, ONE))
    notebook["cells"].insert(place_of(notebook, f"answer_{ONE}") + 1, code(f"{ONE} = {ONE}()[:2]"))


def experiment_after_the_answer(notebook):
    notebook["cells"].append(code(answer(ONE, "an experiment")))


def experiment_and_its_check_below(notebook):
    notebook["cells"].insert(place_of(notebook, ONE) + 1, code(f'{answer(ONE, "an experiment")}\n\ncheck("{ONE}")'))


def experiment_and_later_its_check(notebook):
    notebook["cells"] += [code(f"{ONE} = {ONE}()[:2]"), code("x = 1"), code(f"check('{ONE}')")]


def experiment_and_another_check(notebook):
    notebook["cells"] += [code(f'check("{ONE}")'), code(answer(ONE, "an experiment")), code(f'check("{TWO}")')]


def unnamed_answer_and_later_an_experiment(notebook):
    notebook["cells"].remove(cell_of(notebook, f"answer_{ONE}"))
    notebook["cells"].insert(place_of(notebook, ONE), code(answer(ONE)))
    notebook["cells"].append(code(answer(ONE, "an experiment")))


def answered_otherwise(*sources):
    """The answer's cell is gone. Other cells make the answer, but not by a definition at the left margin."""

    def by_other_cells(notebook):
        place = place_of(notebook, f"answer_{ONE}")
        notebook["cells"][place : place + 1] = [code(source) for source in sources]

    return by_other_cells


HELPER = answer("_helper")
assigned = answered_otherwise(HELPER, f"{ONE} = _helper")
assigned_before_its_helper = answered_otherwise(f"{ONE} = lambda *inputs: _helper()", HELPER)
imported = answered_otherwise(
    f"import sys; sys.modules['my'] = type(sys)('my'); sys.modules['my'].{ONE} = lambda *i: 'right'",
    f"from my import {ONE}",
)
set_by_hand = answered_otherwise(HELPER, f"globals()['{ONE}'] = _helper")
indented = answered_otherwise(textwrap.indent(answer(ONE), "    "))
tried = answered_otherwise("try:\n    import no_such\nexcept ImportError:\n" + textwrap.indent(answer(ONE), "    "))
timed_and_assigned = answered_otherwise(f"%matplotlib inline\n{HELPER}\n{ONE} = _helper")


def assigned_above_the_stub(notebook):
    place = place_of(notebook, f"answer_{ONE}")
    notebook["cells"][place]["source"] = STUB
    notebook["cells"].insert(place, code(f"{ONE} = lambda *inputs: 'right'"))


def assigned_and_used_later(notebook):
    assigned(notebook)
    notebook["cells"].append(code(f"{ONE} = {ONE}()"))


def answer_written_into_the_check(notebook):
    cell_of(notebook, f"answer_{ONE}")["source"] = STUB
    cell_of(notebook, ONE)["source"] = answer(ONE)


def answers_exchanged(notebook):
    """Each of two answers was written into the other's cell."""
    one, two = cell_of(notebook, f"answer_{ONE}"), cell_of(notebook, f"answer_{TWO}")
    one["source"], two["source"] = two["source"], one["source"]


def names_exchanged(notebook):
    one, two = cell_of(notebook, f"answer_{ONE}"), cell_of(notebook, f"answer_{TWO}")
    one["metadata"], two["metadata"] = two["metadata"], one["metadata"]


def ids_exchanged(notebook):
    one, two = cell_of(notebook, f"answer_{ONE}"), cell_of(notebook, f"answer_{TWO}")
    one["id"], two["id"] = two["id"], one["id"]


def ids_exchanged_with_the_setup(notebook):
    one, two = cell_of(notebook, f"answer_{ONE}"), cell_of(notebook, "given_setup")
    one["id"], two["id"] = two["id"], one["id"]


def points_changed(notebook):
    cell_of(notebook, ONE)["metadata"]["nbgrader"]["points"] = 1000


def points_of_every_kind(notebook):
    for name, points in zip(UNIT.tasks, (float("nan"), "3", None, [3], -1, 1e9), strict=True):
        cell_of(notebook, name)["metadata"]["nbgrader"]["points"] = points


def flags_changed(notebook):
    cell_of(notebook, ONE)["metadata"]["nbgrader"] |= {"grade": False, "locked": False, "schema_version": 99}
    cell_of(notebook, f"answer_{ONE}")["metadata"]["nbgrader"] |= {"grade": True, "locked": True, "solution": False}


def metadata_stripped(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def ids_changed(notebook):
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"new-{number}"


def ids_all_the_same(notebook):
    for cell in notebook["cells"]:
        cell["id"] = f"answer_{ONE}"


def ids_missing(notebook):
    for cell in notebook["cells"]:
        cell.pop("id", None)


def unknown_names(notebook):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"] = {"nbgrader": {"grade_id": "unknown", "points": 1000, "grade": True}}


def text_pasted_into_a_new_notebook(notebook):
    """No id and no metadata is left; the locked cells are known by their text, the answers by what they define."""
    metadata_stripped(notebook)
    ids_changed(notebook)


def setup_changed(notebook):
    cell_of(notebook, "given_setup")["source"] = "np = check = None"


def line_added_to_the_setup(notebook):
    cell_of(notebook, "given_setup")["source"] += "\nimport math"
    cell_of(notebook, f"answer_{ONE}")["source"] = answer(ONE, more="    math.pi\n")


def line_put_into_the_setup(notebook):
    setup = cell_of(notebook, "given_setup")
    setup["source"] = setup["source"].replace("\n", "\nimport math\nprint(1)\n", 1)
    cell_of(notebook, f"answer_{ONE}")["source"] = answer(ONE, more="    math.pi\n")


def helper_written_into_a_check(notebook):
    cell_of(notebook, ONE)["source"] = f'def _helper():\n    return 1\n\n\ncheck("{ONE}")  # mine'
    cell_of(notebook, f"answer_{ONE}")["source"] = answer(ONE, more="    _helper()\n")


def check_replaced_by_points(notebook):
    cell_of(notebook, ONE)["source"] = "1000.0"


def conflict_in_an_example(notebook):
    notebook["cells"].insert(5, code("<<<<<<< local\nx = 1\n=======\nx = 2\n>>>>>>> remote", id="conflict"))


def magics_and_unfinished_cells(notebook):
    notebook["cells"][2:2] = [
        code("%matplotlib inline\n!ls"),
        code("def unfinished("),
        code("?"),
        code("%%time\nx = 1"),
    ]


ACCIDENTS = [
    (edited, set()),
    (checks_deleted, {"missing cell"}),
    (setup_deleted, {"missing cell"}),
    (everything_doubled, {"duplicated cell"}),
    (fresh_copy_appended, {"duplicated cell"}),
    (fresh_copy_put_before, {"duplicated cell"}),
    (reversed_order, set()),
    (checks_first, set()),
    (one_task_moved_to_the_end, set()),
    (answers_turned_into_markdown, {"retyped cell"}),
    (answers_turned_raw_without_ids, {"retyped cell"}),
    (checks_turned_into_markdown, {"retyped cell"}),
    (old_attempt_turned_into_markdown, {"retyped cell", "answer found by its definition"}),
    (markdown_turned_into_code, set()),
    (split_in_two, set()),
    (split_within_the_function, {"split cell"}),
    (split_with_metadata_copied, {"split cell"}),
    (answer_merged_with_its_check, {"missing cell"}),
    (check_merged_with_its_answer, {"merged cell", "answer found by its definition"}),
    (two_answers_merged, {"answer found by its definition"}),
    (two_answers_merged_into_the_lower, {"answer found by its definition"}),
    (all_answers_in_one_new_cell, {"answer found by its definition"}),
    (answer_copied_and_the_copy_mended, {"duplicated cell"}),
    (stub_copied_after_the_answer, {"duplicated cell"}),
    (stub_pasted_after_the_answer, {"stripped metadata", "duplicated cell"}),
    (answer_in_a_new_cell_below_the_check, {"answer found by its definition"}),
    (answer_in_a_new_cell_above_the_stub, {"answer found by its definition"}),
    (helper_below_the_answer, set()),
    (helper_below_the_answer_whose_check_is_gone, {"missing cell"}),
    (helper_below_the_last_answer_and_no_checks, {"missing cell"}),
    (helper_below_the_answer_whose_check_was_moved_up, set()),
    (experiment_after_an_answer_whose_check_is_gone, {"missing cell"}),
    (experiment_after_the_answer, set()),
    (experiment_and_its_check_below, {"answer written again after its check"}),
    (experiment_and_later_its_check, {"answer written again after its check"}),
    (experiment_and_another_check, set()),
    (unnamed_answer_and_later_an_experiment, {"answer found by its definition"}),
    (assigned, {"answer found by its definition"}),
    (assigned_before_its_helper, {"answer found by its definition"}),
    (imported, {"answer found by its definition"}),
    (indented, {"answer found by its definition"}),
    (tried, {"answer found by its definition"}),
    (timed_and_assigned, {"answer found by its definition"}),
    (set_by_hand, {"missing cell"}),
    (assigned_above_the_stub, {"answer found by its definition"}),
    (assigned_and_used_later, {"answer found by its definition"}),
    (answer_written_into_the_check, {"locked cell changed", "answer found by its definition"}),
    (answers_exchanged, {"answer found by its definition"}),
    (names_exchanged, {"changed metadata"}),
    (ids_exchanged, set()),
    (ids_exchanged_with_the_setup, set()),
    (points_changed, {"changed points"}),
    (points_of_every_kind, {"changed points"}),
    (flags_changed, {"changed metadata"}),
    (metadata_stripped, {"stripped metadata"}),
    (ids_changed, set()),
    (ids_all_the_same, set()),
    (ids_missing, set()),
    (unknown_names, {"changed points"}),
    (text_pasted_into_a_new_notebook, {"stripped metadata", "answer found by its definition"}),
    (setup_changed, {"locked cell changed"}),
    (line_added_to_the_setup, {"merged cell"}),
    (line_put_into_the_setup, {"locked cell changed"}),
    (helper_written_into_a_check, {"locked cell changed"}),
    (check_replaced_by_points, {"locked cell changed"}),
    (conflict_in_an_example, {"merge conflict"}),
    (magics_and_unfinished_cells, set()),
]


@pytest.mark.parametrize(("accident", "named"), ACCIDENTS, ids=lambda value: getattr(value, "__name__", ""))
def test_an_accident_loses_no_mark_and_is_named(tmp_path, accident, named):
    notebook = answered()
    accident(notebook)
    submission = taken(tmp_path, notebook)
    require_sound(submission)
    assert seen_by_checks(submission) == RIGHT
    assert found(submission) == named


def test_no_accident_gains_a_mark(tmp_path):
    for accident, _ in ACCIDENTS:
        notebook = answered(says="wrong")
        accident(notebook)
        submission = taken(tmp_path, json.loads(json.dumps(notebook).replace("'right'", "'wrong'")))
        assert set(seen_by_checks(submission).values()) == {"wrong"}, accident


def test_two_accidents_at_once(tmp_path):
    rng, tried = random.Random(1), 0
    for _ in range(300):
        notebook, two = answered(), rng.sample([accident for accident, _ in ACCIDENTS], 2)
        try:
            for accident in two:
                accident(notebook)
        except (StopIteration, KeyError, ValueError):  # the first took away what the second needs
            continue
        tried += 1
        require_sound(taken(tmp_path, notebook))
    assert tried > 200


def test_what_was_added_within_a_locked_cell_runs_before_it_and_what_only_shows_is_undone(tmp_path):
    notebook = answered()
    line_put_into_the_setup(notebook)
    cell_of(notebook, ONE)["source"] = f'check("{ONE}");  # again'
    cell_of(notebook, TWO)["source"] = f'print(check("{TWO}"))\n%time'
    changed = cell_of(notebook, "given_setup")["source"]
    cells = [cell.source for cell in taken(tmp_path, notebook).notebook.cells]
    assert len(cells) == len(RELEASE.cells) + 1
    assert cells[cells.index(changed) + 1] == cell_of(unanswered(), "given_setup")["source"]


def test_an_answer_that_was_deleted_is_the_stub_again(tmp_path):
    notebook = answered()
    notebook["cells"].remove(cell_of(notebook, f"answer_{ONE}"))
    submission = taken(tmp_path, notebook)
    require_sound(submission)
    assert str(submission.findings[0]) == f"missing cell: answer_{ONE}"
    assert seen_by_checks(submission) == RIGHT | {ONE: "nothing"}


def test_a_stub_that_was_left_stays_as_it_is(tmp_path):
    submission = taken(tmp_path, RELEASE)
    assert all(said == "nothing" for said in seen_by_checks(submission).values())
    assert next(cell for cell in submission.notebook.cells if cell.id == f"answer_{ONE}").source == STUB


def test_an_emptied_answer_stays_empty(tmp_path):
    notebook = answered()
    cell_of(notebook, f"answer_{ONE}")["source"] = ""
    submission = taken(tmp_path, notebook)
    assert submission.findings == [] and seen_by_checks(submission) == RIGHT | {ONE: "nothing"}


def test_the_name_stays_with_the_answer_that_was_written_first(tmp_path):
    notebook = answered()
    answer_copied_and_the_copy_mended(notebook)
    cells = taken(tmp_path, notebook).notebook.cells
    first, second = (cell for cell in cells if cell.source.startswith(f"def {ONE}"))
    assert first.id == f"answer_{ONE}" and second.metadata == {}


def test_a_merge_conflict_in_an_answer_is_named_and_left(tmp_path):
    notebook = answered()
    source = f"def {ONE}(f, x):\n<<<<<<< HEAD\n    return 1\n=======\n    return 2\n>>>>>>> mine"
    cell_of(notebook, f"answer_{ONE}")["source"] = source
    submission = taken(tmp_path, notebook)
    assert [str(finding) for finding in submission.findings] == [f"merge conflict: answer_{ONE}"]
    assert source in [cell.source for cell in submission.notebook.cells]


def test_outputs_that_lie_are_dropped(tmp_path):
    notebook = deepcopy(RELEASE)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "3.0"}, execution_count=1)]
            cell.execution_count = 7
    require_sound(taken(tmp_path, notebook))


@pytest.mark.parametrize("name", ["tensor_engine", "custom_graph", "forward_mode"])
def test_cells_in_any_order_define_all_that_was_released(tmp_path, name):
    """Classes that answers inherit from, and tables that hold answers, come when they are needed."""
    unit, rng = load(name), random.Random(1)
    release = released(unit)
    notebook = unanswered(unit)
    for cell in notebook["cells"]:
        if cell["id"].startswith("answer_"):
            cell["source"] = unit.reference_source(cell["id"].removeprefix("answer_"))
    for _ in range(15):
        rng.shuffle(notebook["cells"])
        submission = taken(tmp_path, notebook, unit, release)
        require_sound(submission, unit, release)
        assert not submission.findings
        scope: dict = {}
        for cell in submission.notebook.cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade") is False:
                exec(cell.source, scope)


@pytest.mark.parametrize("accident", ["more", "copies", "unnamed", "whole"])
def test_what_aligning_costs_grows_with_the_cells_not_their_square(tmp_path, accident):
    def grown(count):
        """That notebook with so many cells."""
        notebook = answered()
        cells, one = notebook["cells"], cell_of(notebook, f"answer_{ONE}")
        room = count - len(cells)
        notebook["cells"] = {
            "more": cells + [code("x = 1")] * room,
            "copies": cells + [one] * room,
            "unnamed": [code(answer(ONE), id=f"n{number}") for number in range(room)] + cells,
            "whole": cells * (count // len(cells)),
        }[accident]
        return notebook

    few, many = (calls(lambda n=n: taken(tmp_path / str(n), grown(n))) for n in (MAX_CELLS // 4, MAX_CELLS))
    assert many < 5 * few
    submission = taken(tmp_path, grown(MAX_CELLS))
    assert seen_by_checks(submission) == RIGHT and len(submission.findings) <= 2
