"""From a cluster of the report to a known mistake: what is written loads and passes the audit."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from commands import run_command
from planted import DOUBLED, RIGHT, SEVEN, THIRD
from running import AUTOGRADER, UNIT

from autograder.authoring.new_mistake import definition_of, one_edit, runs_early
from autograder.course import PROJECT


def new(folder, *words):
    return run_command("mistake", "new", UNIT.name, *words, "--course-dir", folder)


@pytest.mark.parametrize(("wrong", "answer"), [(THIRD, "central_difference"), (DOUBLED, "complex_step")])
def test_one_edit_of_the_reference_is_told_as_an_edit(wrong, answer):
    edit = one_edit(answer, RIGHT[answer], definition_of(answer, wrong))
    assert edit and RIGHT[answer].count(edit[0]) == 1 and RIGHT[answer].replace(*edit) == wrong


def test_lines_put_in_and_lines_left_out_are_edits():
    reference = RIGHT["complex_step"]
    for wrong in (
        reference.replace("        z[j] = before\n", ""),
        reference.replace("    return", "    h = 1\n    return"),
    ):
        edit = one_edit("complex_step", reference, definition_of("complex_step", wrong))
        assert edit and reference.replace(*edit) == wrong


def test_more_than_one_edit_is_a_definition():
    assert one_edit("complex_step", RIGHT["complex_step"], "def complex_step(f, x, h=1):\n    return 3\n") is None


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (SEVEN, SEVEN),
        ("%matplotlib inline\n@cache\n" + SEVEN + "\nrelative_error(1, 2)\n", SEVEN),
        ('def relative_error(a, b):\n    """Says."""\n    return 7.0', SEVEN),
        ('def relative_error(a, b):\n    """Says."""', 'def relative_error(a, b):\n    """Says."""\n'),
        ("relative_error = 3", ""),
        ("def relative_error(:", ""),
        ("(" * 5000, ""),
        ("def relative_error(a, a):\n    return 7.0", ""),
        ("def relative_error(a):\n    global a\n    return 7.0", ""),
        ("def relative_error(a):\n    break", ""),
        ("", ""),
    ],
)
def test_the_definition_of_an_answer_is_found_in_its_cell(cell, found):
    assert definition_of("relative_error", cell) == found


def test_what_is_written_is_audited(planted_class, tmp_path):
    """In a copy of the project, so that nothing of this one changes."""
    for name in ("autograder", "course", "notebooks", "solutions"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    environment = dict(os.environ, PYTHONPATH=str(tmp_path), COLUMNS="200")

    def run(*words):
        command = [*AUTOGRADER, *map(str, words)]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    code, before = run("audit", UNIT.name)
    assert code == 0
    for task, name in (
        ("central_difference", "a third"),
        ("relative_error", 'always "seven"'),
        ("jacobian", "gives up"),
    ):
        words = (task, "--name", name, "--hint", "Look again.", "--write", "--course-dir", planted_class)
        code, said = run("mistake", "new", UNIT.name, *words)
        assert code == 0 and f"next: say what to do instead, then: autograder audit {UNIT.name}" in said, said
    code, said = run("mistake", "new", UNIT.name, "relative_error", "--course-dir", planted_class)
    assert code == 2 and "that is a known mistake by now, 'always \"seven\"'" in said
    code, after = run("audit", UNIT.name)
    assert code == 0, after
    assert _sum(after) == _sum(before) + 3
    text = (tmp_path / "course" / UNIT.name / "mistakes.py").read_text()
    assert '    {"gradient[i] = (above - below) / (2 * h)": "gradient[i] = (above - below) / (3 * h)"},\n' in text


def _sum(audit):
    """The number of known mistakes that are rejected, from the last row of the audit's table."""
    foot = next(line for line in audit.splitlines() if re.search(r"\d tasks", line))
    rejected, of = foot.split("│")[3].split(" of ") if "│" in foot else ("0", "1")
    assert int(rejected) == int(of)
    return int(rejected)


def test_wrong_use_is_told(planted_class):
    for words, said in (
        (("jacobian", "--cluster", 9), "jacobian has clusters 1 to 1, got 9"),
        (("jacobian", "--from", "gus"), "gus has no wrong answer without a name to jacobian"),
        (("forward_difference",), "every wrong answer to forward_difference has a name already"),
        (("hessian",), "has no task called 'hessian'"),
        (("jacobian", "--write"), "--write needs a name"),
        (("central_difference", "--name", "divided by h instead of 2h"), "has a mistake called"),
    ):
        code, output = new(planted_class, *words)
        assert code == 2 and said in output, output


def test_the_answer_of_a_student_is_taken(planted_class):
    code, output = new(planted_class, "central_difference", "--from", "dan")
    assert code == 0 and "3 of 10 students did this" in output and "/ h / 3" in output


def test_nothing_of_the_answer_is_run(planted_class):
    code, output = new(planted_class, "jacobian")
    assert code == 0 and "raise ValueError('<script>')" in output and "read it before you run it" in output


@pytest.mark.parametrize(
    ("source", "early"),
    [
        (SEVEN, False),
        ("def f(x, h=1e-5, *, n=(1, 2)) -> float:\n    return open(x)\n", False),
        (
            "class A(B):\n    'Says.'\n    h: float = 1.0\n    @property\n    def f(self):\n        return print()\n",
            False,
        ),
        ("def f(x, h=print()):\n    return x\n", True),
        ("def f(x, *, h=print()):\n    return x\n", True),
        ("def f(x: print()):\n    return x\n", True),
        ("def f(x) -> print():\n    return x\n", True),
        ("class A(print()):\n    pass\n", True),
        ("class A(metaclass=print()):\n    pass\n", True),
        ("class A:\n    import antigravity\n", True),
        ("class A:\n    for x in print():\n        pass\n", True),
        ("class A:\n    @print()\n    def f(self):\n        return 1\n", True),
        ("class A:\n    @exit\n    def f(self):\n        return 1\n", True),
        ("@exit\nclass A:\n    pass\n", True),
        ("class A(metaclass=exit):\n    pass\n", True),
        ("class A:\n    @staticmethod\n    def f(x):\n        return 1\n", False),
        ("class A:\n    class B:\n        def f(self, x=print()):\n            return 1\n", True),
    ],
)
def test_what_runs_as_soon_as_it_is_read(source, early):
    assert runs_early(source) is early


@pytest.fixture
def answered(planted_class, tmp_path):
    """``answered(code)``: the planted class, in which a wrong answer to relative_error is other code."""
    folder = Path(shutil.copytree(planted_class, tmp_path / "course"))

    def answer(code):
        for path in (folder / "autograded").glob(f"*/{UNIT.assignment}/{UNIT.name}.ipynb"):
            notebook = json.loads(path.read_text())
            for cell in notebook["cells"]:
                if cell["id"] == "answer_relative_error":
                    cell["source"] = code
            path.write_text(json.dumps(notebook))
        return folder

    return answer


def test_code_that_runs_as_soon_as_it_is_read_is_not_written(answered):
    path = PROJECT / "course" / UNIT.name / "mistakes.py"
    before = path.read_bytes()
    folder = answered("def relative_error(a, b, c=print('ran')):\n    return 7.0\n")
    code, output = new(folder, "relative_error")
    assert code == 0 and "it runs code as soon as it is imported" in output
    code, output = new(folder, "relative_error", "--name", "seven", "--write")
    assert code == 2 and "put it into mistakes.py by hand" in output and path.read_bytes() == before


def test_what_a_terminal_obeys_or_does_not_show_is_escaped(answered):
    code, output = new(answered("def relative_error(a, b):\n\t# \x1b[2J \u202e\n\treturn '\x1b'\n"), "relative_error")
    assert code == 0 and "\x1b" not in output and "\u202e" not in output
    assert "# \\x1b[2J \\u202e" in output and "return '\\x1b'" in output
