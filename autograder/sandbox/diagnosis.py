"""What ``course doctor`` says of the sandbox."""

from __future__ import annotations

from autograder.sandbox import forkserver
from autograder.sandbox.bubblewrap import STRICT, NoSandbox, require
from autograder.sandbox.selftest import NOT_HELD, describe_layers
from course.doctor.diagnosis import Diagnosis

OTHERWISE = "see what is wrong besides, or grade unconfined: autograder grade UNIT --isolation none"


def sandbox() -> Diagnosis:
    """Whether submissions can be confined here: tried, not assumed."""
    try:
        require()
        server = forkserver.start("", STRICT)
        server.wait_until_ready()
        layers = server.layers
        server.close()
    except NoSandbox as error:
        return Diagnosis("sandbox for grading", False, f"none: {error.why}", error.mend or OTHERWISE)
    except forkserver.NoWarmKernels as error:
        return Diagnosis("sandbox for grading", False, f"none: {error}", OTHERWISE)
    found = describe_layers(layers)
    mend = "a newer kernel, with Landlock among its security modules (at start: lsm=landlock,…), and libseccomp"
    return Diagnosis("sandbox for grading", NOT_HELD not in found, found, mend, minor=True)
