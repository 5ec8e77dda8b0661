"""Notebook files of any format and in any state: what can be read is read, and named where it is odd."""

import codecs
import json
import resource
import sys

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
    require_sound,
    seen_by_checks,
    taken,
    unanswered,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.intake import files, reading

ONE = "forward_difference"
TEXT = json.dumps(answered(), indent=1, ensure_ascii=False)


def with_number(**version):
    notebook = {key: value for key, value in answered().items() if not key.startswith("nbformat")}
    return json.dumps(notebook | version)


def of_format(major):
    """The notebook as older versions of IPython wrote it."""
    cells = []
    for cell in answered()["cells"]:
        if cell["cell_type"] == "code":
            texts = {"code" if major == 1 else "input": "".join(cell["source"])}
            cells.append(
                {"cell_type": "code", "metadata": cell["metadata"], **texts, "outputs": [], "language": "python"}
            )
        else:
            kind, key = ("text", "text") if major == 1 else ("markdown", "source")
            cells.append({"cell_type": kind, "metadata": cell["metadata"], key: "".join(cell["source"])})
    cells.append({"cell_type": "heading" if major > 1 else "text", "level": 2, "source": "The end"})
    held = {"cells": cells} if major == 1 else {"worksheets": [{"cells": cells[:9]}, {"cells": cells[9:]}, None]}
    return json.dumps({"nbformat": major, "metadata": {"name": ""}} | held)


def in_lines(split, *how):
    """The notebook with the text of each cell as a list."""
    notebook = answered()
    for cell in notebook["cells"]:
        cell["source"] = split(cell["source"], *how)
    return json.dumps(notebook)


def lines_of(source):
    return [*source.split("\n")[:-1], source.split("\n")[-1] + "\n"]


def with_conflict(upper, lower, base=""):
    """A merge conflict about one answer, in the text of the file."""
    line = json.dumps(answer(ONE))
    middle = f"||||||| base\n{base}\n" if base else ""
    conflict = f"<<<<<<< HEAD\n{upper}\n{middle}=======\n{lower}\n>>>>>>> mine"
    assert TEXT.count(line) == 1
    return TEXT.replace(line, f"\n{conflict}\n")


RIGHT_LINE, WRONG_LINE = json.dumps(answer(ONE)), json.dumps(answer(ONE, "wrong"))
READABLE = {
    "as Jupyter writes it": (TEXT, set()),
    "on one line": (json.dumps(answered()), set()),
    "with a BOM": (codecs.BOM_UTF8 + TEXT.encode(), set()),
    "CRLF": (TEXT.replace("\n", "\r\n"), set()),
    "CRLF in the cells": (TEXT.replace("\\n", "\\r\\n"), set()),
    "CR in the cells": (TEXT.replace("\\n", "\\r"), set()),
    "UTF-16": (TEXT.encode("utf-16"), {"not UTF-8"}),
    "UTF-16, big-endian without BOM": (TEXT.encode("utf-16-be"), {"not UTF-8"}),
    "UTF-32": (TEXT.encode("utf-32"), {"not UTF-8"}),
    "UTF-16 and half a letter": (TEXT.encode("utf-16") + b" ", {"not UTF-8"}),
    "zeros at the end": (TEXT.encode() + b"\0" * 5000, set()),
    "format 1": (of_format(1), {"other notebook format"}),
    "format 2": (of_format(2), {"other notebook format"}),
    "format 3": (of_format(3), {"other notebook format"}),
    "format 4.0": (with_number(nbformat=4, nbformat_minor=0), set()),
    "format 4.99": (with_number(nbformat=4, nbformat_minor=99), set()),
    "format 5": (with_number(nbformat=5, nbformat_minor=0), {"other notebook format"}),
    "no format": (with_number(), {"other notebook format"}),
    "format of the wrong kind": (with_number(nbformat=["4"], nbformat_minor={}), {"other notebook format"}),
    "NaN and Infinity": (with_number(nbformat=4, metadata={"a": [float("nan"), float("inf")]}), set()),
    "a number of 10,000 digits": (TEXT.replace('"nbformat_minor": 5', '"nbformat_minor": ' + "9" * 10_000), set()),
    "a number like 1e999": (TEXT.replace('"nbformat_minor": 5', '"nbformat_minor": 1e999'), set()),
    "keys given twice": (TEXT.replace('"nbformat": 4', '"nbformat": 3, "nbformat": 4'), set()),
    "a tab within a text": (TEXT.replace("Nudge, look", "Nudge,\tlook"), set()),
    "a comma too many": (TEXT.replace('"nbformat_minor": 5', '"nbformat_minor": 5,'), {"repaired JSON"}),
    "another file's end after it": (TEXT + "\n }\n]}\n", {"repaired JSON"}),
    "lines without their ends": (in_lines(str.split, "\n"), {"repaired JSON"}),
    "lines without their ends, but the last": (in_lines(lines_of), {"repaired JSON"}),
    "lines with their ends": (in_lines(str.splitlines, True), set()),
    "merge conflict, upper side": (with_conflict(RIGHT_LINE, WRONG_LINE), {"merge conflict"}),
    "merge conflict, CRLF": (with_conflict(RIGHT_LINE, WRONG_LINE).replace("\n", "\r\n"), {"merge conflict"}),
    "merge conflict with base": (with_conflict(RIGHT_LINE, WRONG_LINE, WRONG_LINE), {"merge conflict"}),
    "merge conflict, lower side": (with_conflict(RIGHT_LINE + "]", RIGHT_LINE), {"merge conflict"}),
    "a conflict without an end": (TEXT.replace('"metadata"', '\n<<<<<<< HEAD\n"metadata"', 1), {"merge conflict"}),
}


@pytest.mark.parametrize("what", READABLE)
def test_a_file_in_another_state_is_read(tmp_path, what):
    text, named = READABLE[what]
    submission = taken(tmp_path, text)
    require_sound(submission)
    assert submission.readable and seen_by_checks(submission) == RIGHT
    assert found(submission) == named


def test_cp1252_and_damaged_bytes_are_told_apart(tmp_path):
    notebook = answered()
    notebook["cells"].append(code("é = 'ü'", id="names"))
    text = json.dumps(notebook, ensure_ascii=False)
    old = taken(tmp_path, text.encode("cp1252", "replace"))
    assert [str(finding) for finding in old.findings if finding.name == "not UTF-8"] == ["not UTF-8: read as cp1252"]
    assert old.notebook.cells[-1].source == "é = 'ü'"
    damaged = taken(tmp_path, text.encode().replace("ü".encode(), b"\xff"))
    assert "damaged" in damaged.findings[0].detail
    assert damaged.notebook.cells[-1].source == "é = '\ufffd'"
    for submission in (old, damaged):
        require_sound(submission)
        assert seen_by_checks(submission) == RIGHT


def cut(text, part):
    return text[: int(len(text) * part)]


CUT = [at / 97 for at in range(1, 97)]
UNREADABLE = {
    "empty": (b"", "the file is empty"),
    "only white space": (b" \n\t", "the file is empty"),
    "only zeros": (b"\0" * 5000, "the file is empty"),
    "only a BOM": (codecs.BOM_UTF8, "the file is empty"),
    "not JSON": ("{ this is no json", "damaged in line 1, column 3"),
    "a list": ("[1, 2]", "not a notebook"),
    "a number": ("NaN", "not a notebook"),
    "cells that are no list": ('{"cells": {"0": 1}}', "it has no list of cells"),
    "worksheets that are no list": ('{"worksheets": 3}', "it has no list of cells"),
    "Latin-1 without cells": ('{"cells": "é"}'.encode("latin-1"), "it has no list of cells"),
    **{f"cut off at {part}": (cut(TEXT, part), "the file is cut off: hand it in again") for part in CUT},
    "cut off in UTF-16": (TEXT.encode("utf-16")[:4001], "the file is cut off: hand it in again"),
    "nested 100,000 deep": ("[" * 100_000, "data within data"),
    "nested 100,000 deep in a notebook": (
        TEXT.replace("{}", '{"a":' * 100_000 + "1" + "}" * 100_000, 1),
        "data within data",
    ),
    "conflict that neither side survives": (with_conflict("]", "]"), "a merge conflict is left in it: resolve it"),
    "two notebooks in a row": (TEXT + TEXT, "a second notebook stands after the end"),
    "no notebook and a rest": ("[1] ]", "something stands after the end"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "hand in the file that ends in .ipynb"),
    "a zip file": (b"PK\x03\x04" + bytes(range(256)), "a zip file or an office document"),
    "HTML": ("<!DOCTYPE html><html>Sign in</html>", "a web page, not a notebook: download the notebook itself"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_is_no_notebook_is_named(tmp_path, what):
    data, said = UNREADABLE[what]
    submission = taken(tmp_path, data)
    require_sound(submission)
    assert not submission.readable and submission.notebook == RELEASE
    assert submission.findings[-1].name == "unreadable notebook"
    assert said in str(submission.findings[-1]) and "…" not in str(submission.findings[-1])


def test_the_worked_older_formats_of_nbformat_are_read(tmp_path):
    for major, write in ((3, nbformat.v3.writes_json), (2, nbformat.v2.writes_json)):
        old = nbformat.convert(nbformat.from_dict(answered()), 3)
        submission = taken(tmp_path, write(old))
        assert submission.readable and set(UNIT.tasks) <= set(names(submission)), major


def test_broken_cells_leave_the_others(tmp_path):
    notebook = answered()
    notebook["cells"][3:3] = [None, code(3), {"cell_type": "poem", "source": "x"}, code(["x", 3]), {"cell_type": []}]
    submission = taken(tmp_path, notebook)
    require_sound(submission)
    assert [str(finding) for finding in submission.findings] == [
        "broken cell: number 4, number 5, number 6, number 7, number 8"
    ]
    assert len(submission.notebook.cells) == len(RELEASE.cells) + 5
    assert seen_by_checks(submission) == RIGHT


def test_findings_of_many_cells_are_one_line(tmp_path):
    notebook = answered()
    notebook["cells"] += [None] * 1000
    (finding,) = taken(tmp_path, notebook).findings
    assert str(finding).endswith("and 995 more") and len(str(finding)) < 120


def test_half_letters_and_zeros_are_taken_out_of_the_text(tmp_path):
    notebook = answered()
    source = "x = '\ud83d'\0"
    notebook["cells"].append(code(source, id="odd"))
    cell_of(notebook, f"answer_{ONE}")["source"] += "  # \udfff\0"
    submission = taken(tmp_path, json.dumps(notebook))
    require_sound(submission)
    assert submission.findings[0].name == "broken characters" and seen_by_checks(submission) == RIGHT
    assert submission.notebook.cells[-1].source == "x = '\ufffd'"


def test_control_characters_in_the_text_stay(tmp_path):
    notebook = answered()
    notebook["cells"].append(code("print('\x1b[31mred\x07')", id="odd"))
    submission = taken(tmp_path, json.dumps(notebook))
    require_sound(submission)
    assert submission.findings == [] and submission.notebook.cells[-1].source == "print('\x1b[31mred\x07')"


def test_a_cell_of_many_megabytes_stays_and_is_named(tmp_path):
    notebook = answered()
    notebook["cells"].insert(1, code("x = '" + "y" * 8_000_000 + "'"))
    submission = taken(tmp_path, notebook)
    assert [str(finding) for finding in submission.findings] == ["long cell: number 2, 8,000,006 letters"]
    require_sound(submission)
    assert seen_by_checks(submission) == RIGHT


def test_a_file_over_the_limit_is_not_read(tmp_path):
    submission = taken(tmp_path, TEXT + " " * files.MAX_FILE_BYTES)
    assert not submission.readable and "at most 50,000,000 are read" in str(submission.findings[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux does")
def test_a_file_that_would_fill_the_memory_is_not_parsed(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    submission = taken(tmp_path, '{"cells": [' + "[]," * 16_000_000 + "[]]}")
    assert not submission.readable and "more than 5,000,000 values" in str(submission.findings[-1])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kilobytes


def test_of_too_many_cells_the_first_are_read(tmp_path):
    notebook = answered()
    notebook["cells"] += [code("x = 1")] * 100_000
    submission = taken(tmp_path, notebook)
    assert len(submission.notebook.cells) == reading.MAX_CELLS and seen_by_checks(submission) == RIGHT
    assert [str(finding) for finding in submission.findings] == [
        f"too many cells: {len(notebook['cells']):,}; the first 2,000 are read"
    ]


def test_what_would_take_long_to_parse_is_not_read(tmp_path):
    notebook = answered()
    notebook["cells"] += [code("x\n" * 20_000)] * 500
    submission = taken(tmp_path, notebook)
    assert found(submission) == {"too many cells"} and seen_by_checks(submission) == RIGHT


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
    notebook = unanswered()
    notebook["cells"][place][key] = value
    require_sound(taken(tmp_path, notebook))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | json_values.map(lambda value: str(value).encode()))
def test_no_bytes_escape(tmp_path, data):
    submission = taken(tmp_path, data)
    require_sound(submission)
    assert not submission.readable
