"""What students wrote is read within bounds, however it is made: each bomb is tried wherever code is read.

Without bounds, each of the worst takes hours. So a limit of one minute of processor time for all of them shows on any
machine whether there are bounds.
"""

import json
import os
import resource
import signal

import nbformat
import pytest
from bombs import LONG, OUTPUTS, PARSER, SEARCHED
from escaping import run
from handing_in import RELEASE, RIGHT, UNIT, answered, code, seen_by_checks, taken
from sampled import every

from autograder import bounded
from autograder import code as said
from autograder.authoring.new_mistake import definition_of, runs_early
from autograder.bounded import Budget, reader
from autograder.bounded.reader import ReadQuestion
from autograder.code import names_of
from autograder.findings import Findings
from autograder.grading.missing_names import explain_missing_names
from autograder.intake.reading import read_cells
from autograder.intake.relevance import unneeded
from autograder.report.answers import compiles, form
from autograder.sandbox.inside.limits import MB
from course.check import Part, State, Verdict

MINUTE = 60.0  # of processor time, of this process and of those that it has waited for
ONE = "forward_difference"
PLACES = {
    "definitions": lambda text: said.definitions(f"def {ONE}(): pass\n{text}"),
    "binds": lambda text: said.binds(ONE, f"{ONE} = 1\n{text}"),
    "adds": lambda text: said.adds(text, "import numpy"),
    "continues": lambda text: said.continues("def f(x):\n    y = x", f"    return y\n{text}"),
    "refused imports": lambda text: said.imports_in(f"import course.{UNIT.name}.check\n{text}"),
    "what a cell uses": names_of,
    "the form of an answer": form,
    "whether it compiles": compiles,
    "the answer in a cell": lambda text: definition_of(ONE, f"{text}\ndef {ONE}(x): return 1"),
    "what a mistake runs": lambda text: runs_early(f"def f(x={ONE}): pass\n{text}"),
}


def used():
    """Seconds of processor time so far, also of processes that have ended."""
    mine, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + others.ru_utime + others.ru_stime


@pytest.fixture(autouse=True)
def within_a_minute():
    """Fail where a test takes more than a minute of processor time, and stop it where it takes ten."""
    began = used()
    signal.signal(signal.SIGPROF, lambda *_: pytest.fail("it took ten minutes of processor time"))
    signal.setitimer(signal.ITIMER_PROF, 10 * MINUTE)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    assert used() - began < MINUTE


@pytest.mark.parametrize("place", PLACES)
def test_no_text_takes_more_than_its_budget(place):
    budgets = {}
    for name, text in PARSER.items():
        with Budget() as budgets[name]:
            PLACES[place](text)
    assert min(budget.left for budget in budgets.values()) >= bounded.SUBMISSION_SECONDS - 3 * bounded.TEXT_SECONDS


def test_what_takes_too_much_is_told_from_what_does_not():
    with Budget() as budget:
        assert names_of(LONG) is None and bound("x = y") == {"x"}
        assert form(PARSER["finally in finally"]).text.startswith("try: pass") and form("x = 1").text.startswith("(b")
    assert budget.over == {LONG, PARSER["finally in finally"]}


def test_when_the_budget_is_used_up_nothing_more_is_read_but_what_is_known():
    names_of("known = 1")
    with Budget(0.0) as budget:
        assert bound("known = 1") == {"known"} and names_of("unknown = 1") is None
    assert budget.over == {"unknown = 1"}
    assert bound("unknown = 1") == {"unknown"}  # another submission has a budget of its own


def test_memory_is_bounded_and_the_next_question_answered():
    assert reader.read_bounded(ReadQuestion("builtins", "bytearray", (4 * reader.READ_MEMORY,)), 1.0).over
    assert reader.read_bounded(ReadQuestion("builtins", "len", ("abc",)), 1.0).value == 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_reader_that_somebody_ends_is_started_again(number):
    names_of("x = 1")
    assert reader._reader is not None
    os.kill(reader._reader.process.pid, number)
    assert names_of(f"x = {number + 1000}") is not None


def test_a_reader_that_crashes_is_the_texts_fault():
    assert reader.read_bounded(ReadQuestion("os", "abort", ()), 1.0).over
    assert names_of("after = 'a crash'") is not None


def test_an_interrupted_question_does_not_answer_the_next(monkeypatch):
    names_of("x = 1")
    monkeypatch.setattr(reader.Reader, "_wait", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        names_of("interrupted = 1")
    monkeypatch.undo()
    assert bound("next_one = 1") == {"next_one"}


def test_errors_of_what_is_asked_are_raised():
    with pytest.raises(ValueError, match="the file is empty"):
        read_cells(b"")


def bound(text):
    """The names that code binds; to find them, it is read."""
    names = names_of(text)
    assert names is not None
    return names.bound


def executed(text, name):
    """An executed notebook whose answer says that a name is missing, and the verdict on it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text.replace("NAME", name))])
    parts = tuple(Part(f"part {number}", State.UNDEFINED, f"NameError: {said} is not defined")
                  for number, said in enumerate([name, f"name '{name}'"]))  # fmt: skip
    return notebook, {"task": Verdict("task", 0.0, 1.0, parts)}


@pytest.mark.parametrize("bomb", every(16, SEARCHED, PARSER))
def test_looking_for_a_missing_name_is_linear(bomb):
    text = {**SEARCHED, **PARSER}[bomb]
    with Budget():
        for more in ("", " gone", "\ngone = ", "\n("):
            notebook, verdicts = executed(text + more, "gone")
            explain_missing_names(notebook, verdicts, Findings())


@pytest.mark.parametrize("bomb", every(16, SEARCHED))
def test_intake_is_linear(bomb, tmp_path):
    text = SEARCHED[bomb].replace("NAME", ONE)[:500_000]
    notebook = answered()
    notebook["cells"].insert(2, code(f"{text}\ndef {ONE}(): ("))
    notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})
    submission = taken(tmp_path, notebook)
    assert submission.readable
    assert unneeded(submission.notebook, RELEASE) == set()


BAD_FILES = {
    "no UTF-8": b"\xff" * 40_000_000,
    "commas": b"{" + b",\n" * 4_000_000,
    "conflicts": b"<<<<<<< \n=======\n>>>>>>> \n" * 1_500_000,
    "one conflict": b"<<<<<<< \n" + b"x,\n" * 4_000_000,
    "half letters": b'{"cells": [{"cell_type": "markdown", "source": "' + b"\\ud800" * 8_000_000 + b'"}]}',
    "small dicts": b'{"cells": [{"metadata": [' + b'{"": 0},' * 2_400_000 + b"0]}]}",
    "numbers": b'{"cells": [{"metadata": [' + b"1.5e3," * 4_900_000 + b"0]}]}",
    "lines": b'{"cells": [{"cell_type": "code", "source": ["' + b'a\\n","' * 4_900_000 + b'"]}]}',
    "brackets": b"[" * 4_000_000,
    "strings": b'{"cells": "' + b'\\"' * 20_000_000,
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_file_takes_no_memory_of_the_grader(what, tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken(tmp_path, BAD_FILES[what])
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # kilobytes
    assert more < 300_000


def answers_in(notebook):
    return {cell.id: cell.source for cell in notebook.cells if cell.id.startswith("answer_")}


def test_the_answers_stay_beside_bombs_and_the_cells_are_named(tmp_path):
    notebook = answered()
    notebook["cells"][1:1] = [code(f"{LONG}# {number}") for number in range(2)]
    notebook["cells"].insert(5, code("\n" * 8_000_000))
    submission = taken(tmp_path, notebook)
    assert answers_in(submission.notebook) == answers_in(nbformat.from_dict(answered()))
    assert [str(finding) for finding in submission.findings if finding.name == "over budget"] == [
        "over budget: number 6, left out: a file would need 104 MB for it, the code of cell 2, the code of cell 3"
    ]
    with submission.budget:
        assert unneeded(submission.notebook, RELEASE) == set()


def test_bombs_do_not_add_up():
    with Budget() as budget:
        assert [names_of(f"{LONG}# {number}") for number in range(8)] == [None] * 8
    assert budget.left <= 0 and len(budget.over) == 8


def test_honest_large_work_is_read_in_full(tmp_path):
    notebook = answered()
    image = {"output_type": "display_data", "data": {"image/png": "A" * 300_000}, "metadata": {}}
    for number in range(10):
        lines = [f"value_{number}_{line} = [{line}, {line} + 1]  # a line of work" for line in range(200)]
        notebook["cells"].insert(3, code("\n".join(lines), outputs=[image]))
    submission = taken(tmp_path, notebook)
    assert len(json.dumps(notebook)) > 3_000_000
    assert submission.findings == [] and seen_by_checks(submission) == RIGHT
    assert submission.budget.left > 0
    assert len(submission.notebook.cells) == len(RELEASE.cells) + 10


@pytest.mark.parametrize("bomb", OUTPUTS)
def test_an_output_takes_no_more_in_the_file_than_it_may(bomb):
    done = run(OUTPUTS[bomb], cell_seconds=30.0, output=8 * MB)
    assert "output limit" in done.findings and done.full
    assert len(done.execution.notebook.encode()) < 9 * MB


def test_honest_outputs_stay():
    table = "print('a line of an honest table\\n' * 60_000)"
    figure = "data = {'data': [{'x': [i / 7 for i in range(50_000)]}]}\n"
    figure += "display({'application/vnd.plotly.v1+json': data}, raw=True)"
    done = run(table, figure, cell_seconds=30.0, output=8 * MB)
    assert done.findings == [] and done.full
    assert done.execution.notebook.count("a line of an honest table") > 60_000 and "plotly" in done.execution.notebook
