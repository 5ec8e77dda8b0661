"""Reading a notebook file of any format and in any state: bytes -> cells.

Of a cell only its type, text, id and nbgrader's metadata are read, which is what grading needs. Outputs are not read,
since they may lie.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass, field
from typing import Any

from autograder.bounded import bounded
from autograder.code import LONGEST_CODE
from autograder.findings import Findings, Odd
from autograder.intake.damage import damage
from autograder.outputs import size_in_file

FILE_SECONDS = 4.0  # of processor time for one file
MAX_JSON_VALUES = 5_000_000  # numbers, texts, lists and objects in the file; they need far more memory than their text
MAX_CELLS = 2_000  # twenty times what a lesson has
MAX_LETTERS = 1_000_000  # a longer cell gets a finding
MAX_WRITTEN = 20_000_000  # bytes that the texts of all cells take in a file, where each line has an overhead
MAX_CODE = 2_000_000  # letters of code that are parsed in all
EMPTY = "the file is empty: hand in the notebook again"
UNRESOLVED = "a merge conflict is left in it: resolve it, and hand in the notebook again"
CELL_TYPES = ("code", "markdown", "raw")
OLD_KINDS = {"heading": "markdown", "html": "markdown", "text": "markdown", "rst": "raw"}
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
SURROGATES = re.compile("[\ud800-\udfff]")
CONFLICT = re.compile(r"^(<{7}|>{7})(?= |\r?$)", re.MULTILINE)
TRAILING_COMMA = re.compile(r",(?=[ \t\r]*\n\s*[\]}])")  # no text within JSON holds a line end, so this matches none


@dataclass(eq=False)
class Cell:
    """A student's cell. Aligning finds ``name``, nbgrader's name for it, ``answers``, what it answers, and ``lent``,
    the answers that it borrows."""

    kind: str
    source: str
    number: int = 0
    id: str = ""
    marks: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    answers: set[str] = field(default_factory=set)
    lent: set[str] = field(default_factory=set)

    @property
    def grade_id(self) -> str:
        """The name by nbgrader's metadata in the file."""
        name = self.marks.get("grade_id")
        return name if isinstance(name, str) else ""

    def __str__(self) -> str:
        return self.name or f"number {self.number}"


@bounded(seconds=FILE_SECONDS, remember=False)
def read_cells(data: bytes) -> tuple[list[Cell], Findings]:
    """The cells of a notebook file, and findings. Raises ValueError if the file holds no notebook."""
    findings = Findings()
    notebook = _parse(_decode(data, findings), findings)
    found = _list_of_cells(notebook, findings)
    cells: list[Cell] = []
    code, written = 0, 0
    for number, cell in enumerate(found, start=1):
        if number > MAX_CELLS or code > MAX_CODE:
            findings.add(Odd.TOO_MANY_CELLS, f"{len(found):,}; the first {len(cells):,} are read")
            break
        read = _sound(cell, number, findings)
        written += (size := size_in_file(read.source))
        if written > MAX_WRITTEN:
            written -= size
            findings.add(Odd.OVER_BUDGET, f"number {number}, left out: a file would need {size / 1e6:.0f} MB for it")
            continue
        cells.append(read)
        if cells[-1].kind == "code" or cells[-1].marks:
            code += min(len(cells[-1].source), LONGEST_CODE)
    return cells, findings


def _decode(data: bytes, findings: Findings) -> str:
    """The text of a file, read as UTF-8, or as the encoding that it seems to have."""
    encoding: str = json.detect_encoding(data)  # of the UTFs
    if encoding in ("utf-8", "utf-8-sig"):
        encoding, text = _decode_bytes(data.removeprefix(codecs.BOM_UTF8))
    else:
        text = data.decode(encoding, "replace")
    if encoding != "utf-8":
        findings.add(Odd.NOT_UTF_8, f"read as {encoding}")
    text = text.strip("\ufeff\ufffd\0\r\n\t ")
    if not text:
        raise ValueError(EMPTY)
    return text


def _decode_bytes(data: bytes) -> tuple[str, str]:
    """The encoding and the text: UTF-8, even with a few damaged bytes, or cp1252, the old encoding of Windows.

    It is cp1252 if most letters beyond ASCII are damaged when they are read as UTF-8.
    """
    try:
        return "utf-8", data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    damaged, beyond_ascii = text.count("\ufffd"), len(text) - len(text.encode("ascii", "ignore"))
    if damaged <= beyond_ascii / 2:
        return "UTF-8 with damaged bytes", text
    return "cp1252", data.decode("cp1252", "replace")


def _parse(text: str, findings: Findings) -> Any:
    """The data in a JSON text, after repairs that leave no doubt about what was meant. Raises ValueError."""
    try:
        return _loads(text)
    except (ValueError, RecursionError) as error:
        fault: ValueError | RecursionError = error
    sides = {"": text}
    if CONFLICT.search(text):
        sides = {f"the {side} side was taken": _one_side(text, side) for side in ("upper", "lower")}
    for taken, side in sides.items():
        for mended, repair in ((side, ""), (TRAILING_COMMA.sub("", side), "comma before a bracket")):
            try:
                notebook = _loads(mended)
            except (ValueError, RecursionError):
                continue
            if taken:
                findings.add(Odd.MERGE_CONFLICT, taken)
            if repair:
                findings.add(Odd.REPAIRED_JSON, repair)
            return notebook
    if notebook := _before_a_rest(text, fault):
        findings.add(Odd.REPAIRED_JSON, "text after the notebook")
        return notebook
    raise ValueError(UNRESOLVED if len(sides) > 1 else damage(text, fault)) from fault


def _before_a_rest(text: str, fault: ValueError | RecursionError) -> Any:
    """The notebook before the rest of a longer file that it has overwritten. None if another notebook follows it."""
    if not isinstance(fault, json.JSONDecodeError) or fault.msg != "Extra data" or text[fault.pos] == "{":
        return None
    notebook = _loads(text[: fault.pos])
    return notebook if isinstance(notebook, dict) and "cells" in notebook else None


def _loads(text: str) -> Any:
    """Parse JSON. Control characters within texts are accepted."""
    if text.count(",") + text.count("[") + text.count("{") > MAX_JSON_VALUES:
        raise ValueError(f"more than {MAX_JSON_VALUES:,} values")
    return json.loads(text, strict=False, parse_int=_number, parse_float=_number)


def _number(digits: str) -> float:
    """A number. One of hundreds of digits is read as 0, since no notebook needs it."""
    return float(digits) if len(digits) < 300 else 0.0


def _one_side(text: str, side: str) -> str:
    """The text with one side of each merge conflict, without the markers."""
    kept, now = [], "both"
    for line in text.split("\n"):
        mark = line.rstrip("\r")[:8].rstrip()
        if mark == "<" * 7:
            now = "upper"
        elif mark == "|" * 7 and now == "upper":
            now = "base"
        elif mark == "=" * 7 and now in ("upper", "base"):
            now = "lower"
        elif mark == ">" * 7:
            now = "both"
        elif now in ("both", side):
            kept.append(line)
    return "\n".join(kept)


def _list_of_cells(notebook: Any, findings: Findings) -> list[Any]:
    """The cells of a notebook of format 4, or of an older one, which has them in worksheets."""
    if not isinstance(notebook, dict):
        raise ValueError("JSON, but not a notebook")
    if (major := notebook.get("nbformat")) != 4:
        findings.add(Odd.OTHER_NOTEBOOK_FORMAT, f"{major:g}" if isinstance(major, float) else "no number is given")
    if isinstance(notebook.get("cells"), list):
        return notebook["cells"]
    if isinstance(sheets := notebook.get("worksheets"), list):
        lists = [sheet["cells"] for sheet in sheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)]
        return [cell for cells in lists for cell in cells]
    raise ValueError("JSON, but not a notebook: it has no list of cells")


def _sound(cell: Any, number: int, findings: Findings) -> Cell:
    """A cell whose parts have the right types, whatever the file holds there."""
    cell = cell if isinstance(cell, dict) else {}
    kind, identity, marks = cell.get("cell_type"), cell.get("id"), cell.get("metadata")
    source = next((cell[key] for key in ("source", "input", "code", "text") if key in cell), None)
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = _joined(source, findings)
    kind = OLD_KINDS.get(kind, kind) if isinstance(kind, str) else kind
    if kind not in CELL_TYPES or not isinstance(source, str):
        findings.add(Odd.BROKEN_CELL, f"number {number}")
        kind, source = kind if kind in CELL_TYPES else "raw", source if isinstance(source, str) else ""
    marks = marks.get("nbgrader") if isinstance(marks, dict) else None
    return Cell(
        kind=kind,
        source=_clean(source, number, findings),
        number=number,
        id=identity if isinstance(identity, str) and CELL_ID.fullmatch(identity) else "",
        marks=marks if isinstance(marks, dict) else {},
    )


def _joined(lines: list[str], findings: Findings) -> str:
    """The text of a list of lines. Some programs write the lines without their ends; then they get ends again."""
    if len(lines) > 1 and not any(line.endswith(("\n", "\r")) for line in lines[:-1]):
        findings.add(Odd.REPAIRED_JSON, "lines without line ends")
        return "\n".join(lines)
    return "".join(lines)


def _clean(source: str, number: int, findings: Findings) -> str:
    """The text with plain line ends, without what Python cannot compile and UTF-8 cannot encode."""
    clean = SURROGATES.sub("\ufffd", source.replace("\0", ""))
    if clean != source:
        findings.add(Odd.BROKEN_CHARACTERS, f"number {number}")
    if len(clean) > MAX_LETTERS:
        findings.add(Odd.LONG_CELL, f"number {number}, {len(clean):,} letters")
    return clean.replace("\r\n", "\n").replace("\r", "\n")
