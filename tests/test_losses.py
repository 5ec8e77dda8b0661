"""How often a lost job is tried again. Jobs run at a made-up place that loses them as told, without any kernel."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from autograder.running.execute import Execution
from autograder.running.runner import LOSSES, VAIN, NothingRuns, Runner
from autograder.running.workers import Here
from autograder.sandbox.channels import NoKernel
from autograder.sandbox.inside.ending import Ending

SLOTS = 16
LOST = {
    "had no kernel": NoKernel("the fork server does not answer"),
    "lost their worker": BrokenProcessPool("a process ended"),
    "were lost": OSError(28, "No space left on device"),
}


class Scripted(Here):
    """Says at once how a job ends: ``fate`` of the student's name and of how often the job was tried."""

    broken = False

    def __init__(self, fate):
        super().__init__("numeric_gradient", "strict", SLOTS)
        self.fate, self.given = fate, []

    def start(self):
        pass

    def submit(self, job):
        self.given.append(job)
        future: Future[Execution] = Future()
        came = self.fate(job, self.given.count(job))
        future.set_exception(came) if isinstance(came, Exception) else future.set_result(came)
        return future


def results(place, students):
    jobs = ((name, lambda name=name: name) for name in students)
    return dict(Runner(place, jobs).results())


CLASS = [f"s{number:03}" for number in range(300)]


@pytest.mark.parametrize(("said", "error"), LOST.items(), ids=LOST)
def test_where_nothing_runs_a_class_is_not_tried_to_its_end(said, error):
    place = Scripted(lambda name, times: error)
    with pytest.raises(NothingRuns, match=f"no notebook can be run here, the last {VAIN} {said}: .*{error.args[-1]}"):
        results(place, CLASS)
    assert len(place.given) <= 2 * SLOTS + VAIN


@pytest.mark.parametrize("error", LOST.values(), ids=LOST)
def test_where_nothing_runs_any_more_the_rest_is_not_tried(error):
    place = Scripted(lambda name, times: error if name >= "s100" else Execution("{}"))
    with pytest.raises(NothingRuns):
        results(place, CLASS)
    assert len(place.given) <= 100 + 4 * SLOTS + VAIN


@pytest.mark.parametrize("error", LOST.values(), ids=LOST)
def test_what_is_lost_together_once_is_run_again(error):
    """So it is when a fork server dies that all jobs share, on a machine with many processors."""
    place = Scripted(lambda name, times: error if times == 1 and name in CLASS[: 2 * SLOTS] else Execution("{}"))
    assert all(isinstance(came, Execution) for came in results(place, CLASS).values())
    assert len(place.given) == len(CLASS) + 2 * SLOTS


def test_a_few_that_always_kill_their_worker_are_given_up_and_all_others_run():
    killers = {"s000", "s001", "s150", "s299"}
    assert len(killers) < VAIN
    place = Scripted(lambda name, times: LOST["lost their worker"] if name in killers else Execution("{}"))
    came = results(place, CLASS)
    assert {name for name, one in came.items() if isinstance(one, Exception)} == killers
    assert all(place.given.count(name) == LOSSES + 1 for name in killers)
    assert len(place.given) == len(CLASS) + LOSSES * len(killers)


@pytest.mark.parametrize("ending", Ending)
def test_a_kernel_that_ended_by_itself_is_not_run_again_and_others_are_after_the_class(ending):
    tries = {Ending.KILLED: 2, Ending.LOST: LOSSES + 1}.get(ending, 1)
    place = Scripted(lambda name, times: Execution("{}", ending=ending if name == "s000" else None))
    came = results(place, CLASS)
    assert place.given.count("s000") == tries and len(place.given) == len(CLASS) + tries - 1
    assert set(place.given[: len(CLASS)]) == set(CLASS), "nobody waits for it"
    assert came["s000"].ending is ending
