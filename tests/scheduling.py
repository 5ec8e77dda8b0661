"""Which process of several runs which tests, and in what order.

A process gets all tests of a file, so that what they share is made once. It gets all tests that are repeated for the
units of one framework, so that the framework is imported once. What takes longest comes first, so that no process is
still busy with it when the others have ended.
"""

import re
from functools import cache

from xdist.scheduler import LoadScopeScheduling

from autograder.sandbox.view import preloads
from course import UNITS

SLOWEST = ("test_units.py", "test_plain_assignments.py", "test_resume.py", "test_pythons.py", "test_classes.py")


def place(file):
    """Where the tests of a file come."""
    return SLOWEST.index(file) if file in SLOWEST else len(SLOWEST)


class ByFileAndFramework(LoadScopeScheduling):
    """Tests that belong together have the same scope."""

    def _split_scope(self, nodeid):
        file, _, test = nodeid.partition("::")
        units = (word for word in re.findall(r"\w+", test.partition("[")[2]) if word in UNITS)
        return next(filter(None, map(imported_by, units)), file)


@cache
def imported_by(unit_name):
    """The framework that a unit imports, if it does."""
    return next((name for name in ("tensorflow", "torch") if name in preloads(unit_name)), None)
