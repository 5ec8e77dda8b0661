"""What ``course doctor`` says of the sandbox."""

from __future__ import annotations

from autograder.sandbox import forkserver
from autograder.sandbox.bubblewrap import STRICT, NoSandbox, require
from autograder.sandbox.selftest import NOT_HELD, describe_layers
from course.doctor.diagnosis import Diagnosis


def sandbox() -> Diagnosis:
    """Whether submissions can be confined here: tried, not assumed."""
    try:
        require()
        server = forkserver.start("", STRICT)
        server.wait_until_ready()
        layers = server.layers
        server.close()
    except (NoSandbox, forkserver.NoWarmKernels) as error:
        return Diagnosis("sandbox for grading", False, "none", str(error))
    found = describe_layers(layers)
    mend = "a newer kernel, with Landlock among its security modules (at start: lsm=landlock,…), and libseccomp"
    return Diagnosis("sandbox for grading", NOT_HELD not in found, found, mend, minor=True)
