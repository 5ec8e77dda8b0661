"""Answers to questions in what students hand in: found, whatever was done to their cells, and never run as code."""

import json
from copy import deepcopy

import nbformat
import pytest
from handing_in import (
    RIGHT,
    UNIT,
    answer,
    cell_of,
    code,
    found,
    names,
    place_of,
    require_sound,
    seen_by_checks,
    taken,
)

from autograder.authoring.build import build
from autograder.authoring.lesson import lesson_path
from autograder.authoring.question_points import QuestionPoints
from autograder.cells import questions_in

QUESTIONS = """
+++ {"question": "asked_first"}

### Predict: asked first

Which is smaller?

**Model answer**

The first.

+++

Text between the questions.

+++ {"question": "asked_last"}

### Explain: asked last

Why?

**Model answer**

Because.

+++

"""
STUB = "YOUR ANSWER HERE"
WRITTEN = "I think that it is the *second*."


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The released notebook of a unit with two more questions, before its first answer."""
    folder = tmp_path_factory.mktemp("asked")
    text = lesson_path(UNIT).read_text(encoding="utf-8")
    place = text.index("```{code-cell}", text.index(":given: setup"))
    (folder / "lesson.md").write_text(text[:place] + QUESTIONS + text[place:], encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QuestionPoints, "of", lambda points, unit, name: int(name.startswith("asked")))
        _, released = build(UNIT, folder, folder / "lesson.md")
    return nbformat.read(released, as_version=4)


@pytest.fixture
def handed_in(release):
    """A notebook with every task answered, and no question."""
    notebook = json.loads(json.dumps(release))
    for cell in notebook["cells"]:
        if cell["id"].startswith("answer_"):
            cell["source"] = answer(cell["id"].removeprefix("answer_"))
    return notebook


@pytest.fixture
def answers(tmp_path, release):
    """``answers(notebook)``: the answers to the two questions, and what is odd; all tasks are right."""

    def take(notebook):
        submission = taken(tmp_path, notebook, release=release)
        require_sound(submission, release=release)
        assert seen_by_checks(submission) == RIGHT
        order = names(submission)
        assert all(order.index(f"question_{name}") < order.index(name) for name in ("asked_first", "asked_last"))
        texts = {name: cell.source for name, cell in questions_in(submission.notebook)}
        return texts["asked_first"], texts["asked_last"], found(submission)

    return take


def markdown(source, **more):
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def write(notebook, source=WRITTEN, name="asked_first", **more):
    cell_of(notebook, name).update(source=source, **more)


def as_code(notebook, source, **more):
    cell_of(notebook, "asked_first").update(
        code(source, **more) | {"metadata": cell_of(notebook, "asked_first")["metadata"]}
    )


def test_an_answer_is_kept_as_it_was_written(handed_in, answers):
    assert answers(handed_in) == (STUB, STUB, set())
    write(handed_in)
    write(handed_in, "$x^2$\n\n<b>so</b>", "asked_last")
    assert answers(handed_in) == (WRITTEN, "$x^2$\n\n<b>so</b>", set())


@pytest.mark.parametrize("blank", ["", "  \n", f"\n{STUB}  "])
def test_a_blank_answer_is_none(blank, handed_in, answers):
    write(handed_in, blank)
    assert answers(handed_in) == (STUB, STUB, set())


def test_prose_in_a_code_or_raw_cell_is_text_again(handed_in, answers):
    as_code(handed_in, WRITTEN)
    write(handed_in, WRITTEN, "asked_last", cell_type="raw")
    assert answers(handed_in) == (WRITTEN, WRITTEN, {"retyped cell"})


def test_code_in_the_place_of_an_answer_still_runs(handed_in, answers):
    """Another answer uses it; a person sees it as the answer."""
    as_code(handed_in, "helper = 'right'")
    name = next(iter(UNIT.tasks))
    cell_of(handed_in, f"answer_{name}")["source"] = f"def {name}(*inputs):\n    return helper"
    assert answers(handed_in)[::2] == ("helper = 'right'", {"retyped cell"})


def test_a_deleted_answer_is_none(handed_in, answers):
    handed_in["cells"].remove(cell_of(handed_in, "asked_first"))
    assert answers(handed_in) == (STUB, STUB, {"missing cell"})


@pytest.mark.parametrize("deleted", [False, True])
def test_text_below_the_question_counts_if_the_answer_was_left(deleted, handed_in, answers):
    place = place_of(handed_in, "asked_first")
    handed_in["cells"][place : place + deleted] = [markdown(WRITTEN)]
    assert answers(handed_in) == (WRITTEN, STUB, set())


def test_the_lessons_own_text_below_a_question_is_no_answer(handed_in, answers):
    for name in ("asked_first", "asked_last"):
        handed_in["cells"].remove(cell_of(handed_in, name))
    assert answers(handed_in)[:2] == (STUB, STUB)


def test_an_answer_within_the_question_is_found(handed_in, answers):
    asked = cell_of(handed_in, "question_asked_first")
    asked["source"] += f"\n\n{WRITTEN}"
    assert answers(handed_in) == (WRITTEN, STUB, {"merged cell"})
    asked["source"] = "Which is smaller? The second!"
    assert answers(handed_in) == (asked["source"], STUB, {"locked cell changed"})


def test_a_question_wrapped_in_another_way_is_the_same(handed_in, answers):
    asked = cell_of(handed_in, "question_asked_first")
    asked["source"] = asked["source"].replace("Which is", "Which  \nis") + "\n"
    assert answers(handed_in) == (STUB, STUB, set())


def test_a_split_answer_is_one(handed_in, answers):
    write(handed_in, "First half.")
    place = place_of(handed_in, "asked_first")
    rest = deepcopy(handed_in["cells"][place]) | {"id": "another", "source": "Second half."}
    handed_in["cells"].insert(place + 1, rest)
    assert answers(handed_in) == ("First half.\n\nSecond half.", STUB, {"duplicated cell"})


def test_a_doubled_notebook_has_each_answer_once(handed_in, answers):
    write(handed_in)
    handed_in["cells"] += deepcopy(handed_in["cells"])
    assert answers(handed_in)[:2] == (WRITTEN, STUB)


def test_without_ids_and_metadata_the_answer_is_what_stands_below_the_question(handed_in, answers):
    write(handed_in)
    for cell in handed_in["cells"]:
        cell["metadata"] = {}
        cell.pop("id")
    first, last, odd = answers(handed_in)
    assert (first, last) == (WRITTEN, STUB) and "missing cell" not in odd


def test_a_moved_question_is_asked_before_its_answer(handed_in, answers):
    write(handed_in)
    cells = handed_in["cells"]
    cells.append(cells.pop(place_of(handed_in, "question_asked_first")))
    assert answers(handed_in) == (WRITTEN, STUB, set())


def test_a_notebook_without_questions_is_graded(handed_in, answers):
    handed_in["cells"] = [cell for cell in handed_in["cells"] if "asked" not in cell["id"]]
    assert answers(handed_in) == (STUB, STUB, {"missing cell"})


def test_other_points_are_the_teachers_and_no_oddity(handed_in, answers):
    cell_of(handed_in, "asked_first")["metadata"]["nbgrader"]["points"] = 7
    assert answers(handed_in) == (STUB, STUB, set())
