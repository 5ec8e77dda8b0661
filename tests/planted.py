"""A small class with what a report has to find: mistakes that have no name yet, and two answers that are alike."""

from commands import run_command, submission
from running import UNIT

RIGHT = {answer: UNIT.reference_source(answer) for task in UNIT.tasks.values() for answer in task.answers}
CENTRAL, COMPLEX = RIGHT["central_difference"], RIGHT["complex_step"]
THIRD = CENTRAL.replace("/ (2 * h)", "/ (3 * h)")
THIRD_TOO = CENTRAL.replace("/ (2 * h)", "/ h / 3  # a third, in other words")
NAMED = CENTRAL.replace("/ (2 * h)", "/ h")
SEVEN = "def relative_error(a, b):\n    return 7.0\n"
DOUBLED = COMPLEX.replace("np.imag(f(z)) / h", "2 * np.imag(f(z)) / h")
OWN = '''
def jacobian(f, x, h=1e-5):
    """My own."""
    base = np.array(x, dtype=float)
    found = None
    for k in range(len(base)):
        up = base.copy()
        down = base.copy()
        up[k] = up[k] + h
        down[k] = down[k] - h
        slope = (np.asarray(f(up)) - np.asarray(f(down))) / h / 2
        if found is None:
            found = np.zeros((slope.size, base.size))
        for row, entry in enumerate(slope):
            found[row, k] = entry
    return found
'''
RENAMED = OWN.replace("base", "start").replace("slope", "change").replace("    found = None", "    found = None  # yet")
HOSTILE, LONG = '=cmd & <b>"x"', "l" * 180
CLASS = {
    "ann": RIGHT | {"jacobian": OWN, "complex_step": DOUBLED},
    "ben": RIGHT | {"jacobian": RENAMED, "complex_step": DOUBLED},
    "cleo": RIGHT | {"central_difference": THIRD},
    "dan": RIGHT | {"central_difference": THIRD_TOO, "relative_error": SEVEN},
    "eve": RIGHT | {"central_difference": NAMED},
    "fay": RIGHT
    | {"central_difference": NAMED, "jacobian": "def jacobian(f, x, h):\n    raise ValueError('<script>')"},
    "gus": RIGHT,
    "hal": {},
    HOSTILE: RIGHT | {"central_difference": THIRD},
    LONG: {name: RIGHT[name] for name in ("forward_difference", "central_difference")},
}


def plant(folder):
    """The class, submitted and graded in a course folder."""
    for student, answers in CLASS.items():
        submission(folder / "submitted", student, answers)
    words = ("--submissions", folder / "submitted", "--course-dir", folder)
    code, output = run_command("grade", UNIT.name, *words)
    assert code == 0, output
