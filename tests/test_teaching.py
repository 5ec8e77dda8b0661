"""The teaching pack: its pages are those that the lessons give, routes can be walked, and exam questions are right."""

import ast
import re

import nbformat
import pytest
from commands import run_command

from autograder.authoring.lesson import lesson_path
from autograder.authoring.outline import outline_of
from autograder.course import PROJECT, SOLUTIONS, notebook_path
from autograder.teaching.pack import MOST_MISTAKES, Pack
from autograder.teaching.pages import EXAM, GLOSSARY, HOME, page_name, pages_of, plain, stale_pages, write_pages
from autograder.teaching.sources import FOLDER, Sources, WrongSource, read_sources
from course import UNITS
from course.check import load

SOURCES = read_sources(PROJECT / FOLDER)
QUESTIONS = {f"{question.part}: {question.title}": question for question in SOURCES.exam}
CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def outline(name):
    return outline_of(lesson_path(load(name)).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pack():
    return Pack([load(name) for name in ("start_here", "numeric_gradient")])


def test_the_pages_are_up_to_date():
    code, output = run_command("teaching", "--check")
    assert code == 0, output


def test_the_command_writes_pages_and_removes_old_ones(tmp_path):
    (tmp_path / "gone.md").write_text("of a unit that is gone")
    assert run_command("teaching", "--into", tmp_path)[0] == 0
    assert {path.stem for path in tmp_path.glob("*.md")} == {"README", "glossary", "exam", *UNITS}
    (tmp_path / HOME).write_text("other words")
    (tmp_path / EXAM).unlink()
    (tmp_path / "mine.md").write_text("mine")
    code, output = run_command("teaching", "--into", tmp_path, "--check")
    assert code == 1 and output.split("\n")[:3] == [
        "README.md: differs",
        "exam.md: missing",
        "mine.md: written by nobody",
    ]


def test_without_answers_no_page_holds_one(pack):
    with_answers, without = pages_of(pack), pages_of(pack, answers=False)
    assert with_answers.keys() == without.keys() == {HOME, GLOSSARY, EXAM, *map(page_name, pack.chapters)}
    everything = "\n".join(without.values())
    for question in pack.exam:
        assert question.answer in with_answers[EXAM] and question.answer not in everything
        assert question.text in without[EXAM] and question.proof not in with_answers[EXAM]
    assert "**Answer**" not in everything and "**Model answer**" not in everything


def test_a_pack_of_some_units_speaks_of_no_others(pack):
    assert {question.unit for question in pack.exam} == {"numeric_gradient"} and pack.routes == []
    assert "manual_backprop" not in "\n".join(pages_of(pack).values())


def test_a_course_without_sources_has_a_pack_too():
    pages = pages_of(Pack([load("start_here")], read_sources(PROJECT / "tests")))
    assert pages.keys() == {HOME, GLOSSARY, "start_here.md"} and "read what a check says" in pages["start_here.md"]


def test_mistakes_have_different_hints_and_are_few(pack):
    for chapter in pack.chapters:
        for task in chapter.unit.tasks:
            told = chapter.mistakes(task)
            assert 0 < len(told) <= MOST_MISTAKES and len({mistake.hint for mistake in told}) == len(told)
            assert told[0] == chapter.unit.mistakes(task)[0]


def test_texts_of_the_checks_are_no_marks():
    assert plain("a * b, x_0 and `a * b`") == r"a \* b, x\_0 and `a * b`"


@pytest.mark.parametrize("name", UNITS)
def test_every_objective_has_its_aim_and_every_task_serves_one(name):
    aims = [aim for aim in SOURCES.aims if aim.unit == name]
    for text in outline(name).objectives:
        assert [aim.name for aim in aims if aim.says.lower() in text.lower()], f"no aim of {name} says: {text}"
    assert {task for aim in aims for task in aim.tasks} == set(load(name).tasks)


@pytest.mark.parametrize("name", UNITS)
def test_plans_fill_their_time_and_name_tasks_that_exist(name):
    plans = [plan for plan in SOURCES.plans if plan.unit == name]
    assert {plan.minutes for plan in plans} == {45, 90}
    names = {*load(name).tasks, *(answer for task in load(name).tasks.values() for answer in task.answers)}
    for plan in plans:
        assert sum(minutes for minutes, _ in plan.steps) == plan.minutes
        for _, what in plan.steps:
            assert set(re.findall(r"`([a-z_]+_[a-z_]+)`", what)) <= names | {"no_grad"}


@pytest.mark.parametrize("route", SOURCES.routes, ids=lambda route: route.name)
def test_a_route_has_each_unit_after_those_that_it_needs(route):
    passed: set[int] = set()
    for name in route.units:
        unit = load(name)
        assert set(outline(name).needs) <= passed, f"{name} comes too early"
        assert unit.number not in passed
        passed.add(unit.number)


@pytest.mark.parametrize("route", SOURCES.routes, ids=lambda route: route.name)
def test_a_route_needs_no_library_that_it_does_without(route):
    for name in route.units:
        cells = nbformat.read(PROJECT / notebook_path(load(name), SOLUTIONS), as_version=4).cells
        code = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
        imported = {alias.name.partition(".")[0] for tree in code for node in ast.walk(tree)
                    if isinstance(node, ast.Import) for alias in node.names}  # fmt: skip
        assert not imported & set(route.without), name


def test_routes_have_the_weeks_that_they_are_called_by():
    weeks = {route.name: len(route.weeks) for route in SOURCES.routes}
    assert weeks == {"4 weeks": 4, "8 weeks": 8, "12 weeks": 12, "Without TensorFlow": 6}
    assert next(route for route in SOURCES.routes if route.name == "12 weeks").units == [*UNITS]


def test_each_third_of_the_course_has_ten_exam_questions():
    parts = {part: [q for q in SOURCES.exam if q.part == part] for part in dict.fromkeys(q.part for q in SOURCES.exam)}
    assert {part: len(questions) for part, questions in parts.items()} == {
        "Units 1 to 4": 10, "Units 5 to 8": 10, "Units 9 to 11": 10,
    }  # fmt: skip
    for part, questions in parts.items():
        first, last = map(int, re.findall(r"\d+", part))
        assert {load(question.unit).number for question in questions} == set(range(first, last + 1))


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_an_exam_question_claims_is_so(name):
    """The code of question and answer is run, and then the proof."""
    question = QUESTIONS[name]
    scope: dict[str, object] = {}
    asked, answered = CODE.findall(question.text), CODE.findall(question.answer)
    assert question.proof or "passes" in question.text
    try:
        run(asked, scope)
    except Exception as error:
        assert type(error).__name__ == question.fails
    else:
        assert not question.fails
    run([*answered, question.proof], scope)


def run(pieces, scope):
    for piece in pieces:
        exec(compile(piece, "<exam>", "exec"), scope)


def test_wrong_sources_are_told_with_their_file(tmp_path):
    (tmp_path / "objectives.toml").write_text("[start_here]\nrun = { say = 'x' }\n")
    with pytest.raises(WrongSource, match=r"objectives\.toml: run: .*say"):
        read_sources(tmp_path)
    (tmp_path / "objectives.toml").write_text("[start_here\n")
    with pytest.raises(WrongSource, match=r"objectives\.toml: Expected"):
        read_sources(tmp_path)


@pytest.mark.parametrize(("says", "found"), [("cook a dish", "none"), ("a", "another one too")])
def test_an_aim_must_fit_one_objective(says, found, tmp_path):
    (tmp_path / "objectives.toml").write_text(f"[start_here]\nrun = {{ says = '{says}', tasks = [] }}\n")
    pack = Pack([load("start_here")], read_sources(tmp_path))
    with pytest.raises(WrongSource, match=f"must say one objective of start_here, and says {found}"):
        pages_of(pack)


def test_an_exam_question_must_test_an_objective(pack):
    with pytest.raises(WrongSource, match="numeric_gradient has no objective 'differences'"):
        Pack([load("numeric_gradient")], Sources((), (), (), SOURCES.exam))


def test_each_word_of_the_glossary_occurs_in_its_lesson():
    for name in UNITS:
        text = lesson_path(load(name)).read_text(encoding="utf-8").partition("\n## The words")[0].lower()
        text = " ".join(text.split())
        for row in outline(name).words:
            assert len(row) == 5, f"{name}: {row}"
            for word in re.split(r", ", re.sub(r"[*`]", "", row[0])):
                assert word.lower() in text, f"{name} does not say {word}"


def test_pages_are_written_as_they_are(pack, tmp_path):
    pages = pages_of(pack)
    write_pages(pages, tmp_path)
    assert stale_pages(pages, tmp_path) == []
