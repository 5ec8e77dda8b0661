"""Verdicts' reasons and findings in words for the student whose notebook it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from course.check import Part, State, Verdict

LONGEST = 500  # characters of a reason that are shown
RAN = "When your notebook ran from the top"
MISSING = re.compile(r"NameError: (\w+) is not defined")

NO_FILE = "Something that you handed in is a link or no ordinary file, so it was left out."
FINDINGS = {
    "unreadable notebook": "Your notebook could not be read by the program. Somebody will look at it by hand.",
    "notebook of another unit": "This is the notebook of another unit, so it was not graded. Somebody will look at it.",
    "unreadable folder": "A folder that you handed in could not be read.",
    "unreadable file": "A file that you handed in could not be read, so it was left out.",
    "odd file name": "A file's name holds characters that it should not; the file was left out.",
    "file over the limits": "A file is too large, or there are too many; what was too much was left out.",
    **dict.fromkeys(("symbolic link", "hard link", "folder", "FIFO", "socket", "device"), NO_FILE),
    "renamed notebook": "Your notebook has another name than the one you received. It was found and graded.",
    "another notebook": "You handed in more than one notebook. Only the one that fits this unit was graded.",
    "damaged notebook": "A notebook that you handed in is damaged; another one was graded instead.",
    "repaired JSON": "The notebook's file was damaged. It was repaired as far as that was possible.",
    "not UTF-8": "The notebook was saved in an unusual encoding. It was read all the same.",
    "other notebook format": "The notebook was saved in another format version. It was read all the same.",
    "merge conflict": "The notebook holds the marks of a merge conflict. Resolve conflicts before you hand in.",
    "too many cells": "The notebook has very many cells; those beyond the limit were left out.",
    "long cell": "A cell is very long.",
    "over budget": "A cell is too long, or takes too long to read. It was searched as text, or left out.",
    "broken cell": "A cell was damaged and could not be read.",
    "broken characters": "A cell holds broken characters; they were replaced.",
    "missing cell": "Cells that you received are missing. They were put back; a missing answer counts as not given.",
    "duplicated cell": "A cell stands in the notebook more than once. The one that holds your answer was taken.",
    "split cell": "A cell was split. Its pieces were put together again.",
    "merged cell": "Cells were merged. They were taken apart again.",
    "retyped cell": "A cell's type was changed (code, text). It was changed back.",
    "locked cell changed": "A cell that is not yours to change was changed. It was graded as you received it.",
    "stripped metadata": "Hidden data of some cells was lost. They were recognised by their contents.",
    "changed metadata": "Hidden data of some cells was changed. It was put back.",
    "changed points": "The points of a task were changed. They were put back.",
    "answer found by its definition": "An answer stood in another cell than expected. It was found and graded.",
    "answer written again after its check": "An answer was written again below its check. The one above it was graded.",
    "refused import": "The notebook imports what may hold or find its answers. That is refused while it is graded.",
    "time limit": "Running took longer than is allowed. What was earned before counts.",
    "output limit": "A cell showed more output than is allowed; the rest was left out.",
    "memory limit": "The notebook needed more memory than is allowed. What was earned before counts.",
    "processor limit": "The notebook kept more processors busy than it may. What was earned before counts.",
    "process limit": "The notebook started more processes than are allowed.",
    "disk limit": "The notebook wrote more to files than is allowed. What was earned before counts.",
    "dead kernel": "Your notebook's Python ended while it ran. What was earned before counts.",
    "kernel stopped": "A cell did not stop when its time was over. What was earned before counts.",
    "failed cell": "A cell ended with an error before it defined what an answer uses.",
    "definition not kept": "A cell keeps nothing of what it defines, since its first line begins with %%.",
    "defined too late": "An answer uses what a cell defines only after the check, when the notebook runs from the top.",
    "forged message": "The notebook sent the grader something that no notebook sends. It was ignored.",
}
"""What each finding means for a student, by its name."""


def finding(name: str, detail: str) -> str:
    """A finding in plain words, with its detail where that helps to find the place."""
    said = FINDINGS.get(name, f"{name[:1].upper()}{name[1:]}.")
    return f"{said} ({short(detail)})" if detail else said


def reason(part: Part) -> str:
    """Why a part is wrong: what the verdict says, and before it what kind of thing has happened."""
    said = part.reason
    raised = re.match(r"(\w*(?:Error|Exception|Interrupt|Exit|StopIteration))\b", said)
    if part.state is State.UNANSWERED:
        return "not answered"
    if part.state is State.UNDEFINED:
        return "It was not defined when it was checked."
    if said.startswith("TimeoutError"):
        return f"It ran for too long: {short(said.partition(': ')[2] or 'it was stopped')}."
    return f"Your code stopped with an error. {short(said)}" if raised else short(said)


def missing_answers(verdict: Verdict) -> list[str]:
    """The answers that were not there when their check ran, as far as its parts needed them."""
    found = (MISSING.match(part.reason) for part in verdict.parts if part.state is State.UNDEFINED)
    return list(dict.fromkeys(match[1] for match in found if match))


def not_defined(missing: list[str], errors: Mapping[str, str]) -> list[str]:
    """What became of answers that were not there when their check ran; ``errors`` are those of cells that failed."""
    never = [name for name in missing if name not in errors]
    said = [f"{RAN}, no cell had defined {' and '.join(never)} by the time it was checked."] if never else []
    for name in missing:
        if name in errors:  # without the file that Python names, which is none of theirs
            error = re.sub(r"\([^()]*?,? ?line (\d+)\)", r"(line \1)", errors[name])
            said.append(f"{RAN}, the cell that defines {name} ended with an error. {short(error)}")
    return said


AGAIN = "Choose “Restart Kernel and Run All Cells” and look at the first cell that fails."


def short(text: str) -> str:
    """A text that is not too long, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"
