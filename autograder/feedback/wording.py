"""Verdicts' reasons and findings in words for the student whose notebook it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from autograder.findings import Odd
from course.check import Part, State, Verdict
from course.check.verdict import rounded

LONGEST_REASON = 500  # characters of a reason that are shown
RAN = "When your notebook ran from the top"
NAME_ERROR = re.compile(r"NameError: (\w+) is not defined")

NO_FILE = "Something that you handed in is a link or no ordinary file, so it was left out."
NO_FILES = (Odd.SYMBOLIC_LINK, Odd.HARD_LINK, Odd.FOLDER, Odd.FIFO, Odd.SOCKET, Odd.DEVICE)
FINDINGS: dict[str, str] = {
    Odd.UNREADABLE_NOTEBOOK: "Your notebook could not be read by the program. Somebody will look at it by hand.",
    Odd.OTHER_UNIT: "This is the notebook of another unit, so it was not graded. Somebody will look at it.",
    Odd.UNREADABLE_FOLDER: "A folder that you handed in could not be read.",
    Odd.UNREADABLE_FILE: "A file that you handed in could not be read, so it was left out.",
    Odd.ODD_FILE_NAME: "A file's name holds characters that it should not; the file was left out.",
    Odd.FILE_OVER_THE_LIMITS: "A file is too large, or there are too many; what was too much was left out.",
    **dict.fromkeys(NO_FILES, NO_FILE),
    Odd.RENAMED_NOTEBOOK: "Your notebook has another name than the one you received. It was found and graded.",
    Odd.ANOTHER_NOTEBOOK: "You handed in more than one notebook. Only the one that fits this unit was graded.",
    Odd.DAMAGED_NOTEBOOK: "A notebook that you handed in is damaged; another one was graded instead.",
    Odd.REPAIRED_JSON: "The notebook's file was damaged. It was repaired as far as that was possible.",
    Odd.NOT_UTF_8: "The notebook was saved in an unusual encoding. It was read all the same.",
    Odd.OTHER_NOTEBOOK_FORMAT: "The notebook was saved in another format version. It was read all the same.",
    Odd.MERGE_CONFLICT: "The notebook holds the marks of a merge conflict. Resolve conflicts before you hand in.",
    Odd.TOO_MANY_CELLS: "The notebook has very many cells; those beyond the limit were left out.",
    Odd.LONG_CELL: "A cell is far longer than an answer needs to be.",
    Odd.OVER_BUDGET: "A cell is too long, or takes too long to read. It was searched as text, or left out.",
    Odd.BROKEN_CELL: "A cell was damaged and could not be read.",
    Odd.BROKEN_CHARACTERS: "A cell holds broken characters; they were replaced.",
    Odd.MISSING_CELL: "Cells that you received are missing. They were put back; a missing answer counts as not given.",
    Odd.DUPLICATED_CELL: "A cell stands in the notebook more than once. The one that holds your answer was taken.",
    Odd.SPLIT_CELL: "A cell was split. Its pieces were put together again.",
    Odd.MERGED_CELL: "Cells were merged. They were taken apart again.",
    Odd.RETYPED_CELL: "A cell's type was changed (code, text). It was changed back.",
    Odd.LOCKED_CELL_CHANGED: "A cell that is not yours to change was changed. It was graded as you received it.",
    Odd.STRIPPED_METADATA: "Hidden data of some cells was lost. They were recognised by their contents.",
    Odd.CHANGED_METADATA: "Hidden data of some cells was changed. It was put back.",
    Odd.CHANGED_POINTS: "The points of a task were changed. They were put back.",
    Odd.FOUND_BY_DEFINITION: "An answer stood in another cell than expected. It was found and graded.",
    Odd.WRITTEN_AGAIN: "An answer was written again below its check. The one above it was graded.",
    Odd.REFUSED_IMPORT: "The notebook imports what may hold or find its answers. That is refused while it is graded.",
    Odd.BORROWING_NOT_READ: "A call of borrow could not be read, so it lent nothing. Write the task's name in quotes.",
    Odd.TIME_LIMIT: "Running took longer than is allowed. What was earned before counts.",
    Odd.OUTPUT_LIMIT: "A cell showed more output than is allowed; the rest was left out.",
    Odd.MEMORY_LIMIT: "The notebook needed more memory than is allowed. What was earned before counts.",
    Odd.PROCESSOR_LIMIT: "The notebook kept more processors busy than it may. What was earned before counts.",
    Odd.PROCESS_LIMIT: "The notebook started more processes than are allowed.",
    Odd.DISK_LIMIT: "The notebook wrote more to files than is allowed. What was earned before counts.",
    Odd.DEAD_KERNEL: "Your notebook's Python ended while it ran. What was earned before counts.",
    Odd.KERNEL_STOPPED: "A cell did not stop when its time was over. What was earned before counts.",
    Odd.FAILED_CELL: "A cell ended with an error before it defined what an answer uses.",
    Odd.DEFINITION_NOT_KEPT: "A cell keeps nothing of what it defines, since its first line begins with %%.",
    Odd.DEFINED_TOO_LATE: "An answer uses what a cell defines only after its check, if the notebook runs from the top.",
    Odd.FILES_NOT_KEPT: "Files that the notebook wrote could not be kept for the notebooks after it.",
    Odd.CLAIMED_TIME: "Your submission claims another time than the one at which it came. When it came is what counts.",
    Odd.UNREADABLE_TIME: "The file with the time at which you handed in holds no time, so that time is not known.",
    Odd.NOT_GRADED: "Something went wrong on our side. Somebody will grade it again.",
    Odd.FORGED_MESSAGE: "The notebook sent the grader something that no notebook sends. It was ignored.",
}
"""What each finding means for a student, by its name."""


def kind(verdict: Verdict) -> str:
    """How far an answer is right, as a CSS class: full, part or none."""
    if verdict.right:
        return "full"
    return "none" if verdict.unanswered or verdict.undefined or verdict.points == 0 else "part"


def state_in_words(verdict: Verdict) -> str:
    """How far an answer is right, in words."""
    if verdict.unanswered:
        return "not answered"
    if verdict.undefined:
        return "not defined"
    return {"full": "right", "part": "partly right", "none": "not right yet"}[kind(verdict)]


def loan(verdict: Verdict) -> str:
    """That an answer was borrowed, and what that costs; an empty text if it was not borrowed."""
    if not verdict.borrowed:
        return ""
    return f"You borrowed this answer, so it earns at most {rounded(verdict.share * verdict.max_points)} points."


def finding(name: str, detail: str) -> str:
    """A finding in plain words, with its detail where that helps to find the place."""
    said = FINDINGS.get(name, f"{name[:1].upper()}{name[1:]}.")
    return f"{said} ({one_line(detail)})" if detail else said


def part_reason(part: Part) -> str:
    """Why a part is wrong: the verdict's reason, introduced by what kind of thing has happened."""
    said = part.reason
    raised = re.match(r"(\w*(?:Error|Exception|Interrupt|Exit|StopIteration))\b", said)
    if part.state is State.UNANSWERED:
        return "not answered"
    if part.state is State.UNDEFINED:
        return "It was not defined when it was checked."
    if said.startswith("TimeoutError"):
        return f"It ran for too long: {one_line(said.partition(': ')[2] or 'it was stopped')}."
    return f"Your code stopped with an error. {one_line(said)}" if raised else one_line(said)


def missing_answers(verdict: Verdict) -> list[str]:
    """The names of the answers that a task's parts needed but that were not defined when the check ran."""
    found = (NAME_ERROR.match(part.reason) for part in verdict.parts if part.state is State.UNDEFINED)
    return list(dict.fromkeys(match[1] for match in found if match))


def reasons_undefined(missing: list[str], errors: Mapping[str, str]) -> list[str]:
    """Why answers were not defined when their check ran; ``errors`` maps an answer to the error that ended its cell."""
    never = [name for name in missing if name not in errors]
    said = [f"{RAN}, no cell had defined {' and '.join(never)} by the time it was checked."] if never else []
    for name in missing:
        if name in errors:  # without the file that Python names, which is not the student's
            error = re.sub(r"\([^()]*?,? ?line (\d+)\)", r"(line \1)", errors[name])
            said.append(f"{RAN}, the cell that defines {name} ended with an error. {one_line(error)}")
    return said


AGAIN = "Choose “Restart Kernel and Run All Cells” and look at the first cell that fails."


def one_line(text: str) -> str:
    """A text in one line, cut to ``LONGEST_REASON`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]} …"
