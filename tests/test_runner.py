"""A lost job is run again, last, so that nobody waits for it. A notebook that ends its own kernel is not."""

import os
import signal
import threading
from dataclasses import replace

import pytest
from keepers import children, keepers_of
from running import UNIT, class_of, points_in, points_of, with_line
from waiting import wait_until

from autograder.grading.grade import Grading, grade
from autograder.running.runner import VAIN, NothingRuns
from autograder.running.workers import Here
from autograder.sandbox.inside.limits import Limits


class Telling(Here):
    """Remembers what it was given to run."""

    def __init__(self, *words, **more):
        super().__init__(*words, **more)
        self.given = []

    def submit(self, job):
        self.given.append(job.notebook)
        return super().submit(job)


def graded(place, folder):
    results = [result for _, result in grade(Grading(UNIT, folder / "submitted", folder, place=place))]
    return {result.student: result for result in results}


OWN_DEATHS = {
    "its own limit of processor seconds": """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
while True: pass""",
    "a limit that its child reaches, and then itself": """
import os, resource
resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
if os.fork(): os.wait()
while True: pass""",
    "a signal of its own": "import os; os.kill(os.getpid(), 9); os._exit(1)",
    "a signal of its child": """
import os
if os.fork() == 0:
    os.kill(os.getppid(), 9); os._exit(0)
os.wait(); os._exit(1)""",
    "a crash": "import ctypes; ctypes.string_at(0)",
}


@pytest.mark.parametrize("isolation", ["strict", "none"])
def test_a_kernel_that_ended_itself_is_not_run_again(isolation, tmp_path):
    for number, cell in enumerate(OWN_DEATHS.values()):
        with_line(tmp_path, f"s{number}", cell)
    place = Telling(UNIT.name, isolation, workers=3)
    grading = Grading(UNIT, tmp_path / "submitted", tmp_path, place=place, isolation=isolation, every_cell=True)
    results = [result for _, result in grade(grading)]
    assert len(place.given) == len(results)
    for result in results:
        assert result.points == UNIT.points and "dead kernel" in {finding.name for finding in result.findings}


def test_a_kernel_that_was_killed_from_outside_is_run_again_after_the_others(tmp_path):
    """The system may kill a kernel because memory is short, which is nobody's fault."""
    truth = class_of(6, tmp_path)
    with_line(tmp_path, "a-slow", "import time; time.sleep(4) # slow")
    place, killed = Telling(UNIT.name, "strict", workers=1), list[int]()

    def kill_kernel():
        assert wait_until(lambda: place.given, 60)
        before = keepers_of(place.server)  # of the kernel in which the reference is observed
        assert wait_until(lambda: keepers_of(place.server) - before, 60)
        killed.extend(child for keeper in keepers_of(place.server) - before for child in children(keeper))
        os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill_kernel)
    thread.start()
    results = graded(place, tmp_path)
    thread.join()
    slow = [number for number, text in enumerate(place.given) if "# slow" in text]
    assert killed and len(place.given) == 8 and slow == [0, 7]
    assert results["a-slow"].points == UNIT.points and not results["a-slow"].findings
    points = points_of(tmp_path / "gradebook.db")
    assert {key: value for key, value in points.items() if key[0] != "a-slow"} == points_in(truth)


def test_where_no_kernel_can_start_it_is_soon_given_up(tmp_path):
    class Failing(Telling):
        """Its kernels fail as they begin."""

        def submit(self, job):
            return super().submit(replace(job, limits=Limits(memory=-(10**15))))

    class_of(40, tmp_path)
    place = Failing(UNIT.name, "strict", workers=3)
    with pytest.raises(NothingRuns, match=r"no notebook can be run here, .* had no kernel: .*; mend that, then go on"):
        graded(place, tmp_path)
    assert len(place.given) <= VAIN + 2 * place.slots
