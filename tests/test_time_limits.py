"""An answer that switches off a part's time limit is still stopped. It loses that part and those after it.

In the answer's process, a timer keeps a part's time, and an answer can stop it. The grader outside keeps the time too,
by the parts that a check sends one by one.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from escaping import SEED, SMALL, TASK, TRIED, UNIT, notebook_with, outcome_of
from sampled import asked_for, every

from autograder.grading.grader import SLACK, Grader
from autograder.intake import take_in
from autograder.running.execute import execute
from autograder.running.job import Job, limits_from
from course.check.observing import WALL

EACH, IN_ALL = 4.0, 40.0
LOOP = "\n        while True: pass"
STOPPERS = {
    "the timer is stopped": "signal.setitimer(signal.ITIMER_REAL, 0)" + LOOP,
    "the signal is ignored": "signal.signal(signal.SIGALRM, signal.SIG_IGN)" + LOOP,
    "the signal is blocked": "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])" + LOOP,
    "the clock is replaced": "o._Clock.now = staticmethod(lambda: o.np.zeros(2))" + LOOP,
    "the limit is replaced": "o._Clock.tick = lambda *a: None" + LOOP,
    "it sleeps without a timer": "signal.setitimer(signal.ITIMER_REAL, 0); time.sleep(3600)",
}
DEAF = {
    "it catches every interrupt": "signal.setitimer(signal.ITIMER_REAL, 0)\n"
    "        while True:\n            try: time.sleep(1)\n            except BaseException: pass",
    "it ignores interrupts": "signal.setitimer(signal.ITIMER_REAL, 0)\n"
    "        signal.signal(signal.SIGINT, signal.SIG_IGN)" + LOOP,
}
FORGED = (
    """signal.setitimer(signal.ITIMER_REAL, 0)
        def forge():
            while True: display({OBSERVATIONS: {'a vector': None}}, raw=True); time.sleep(0.1)
        threading.Thread(target=forge, daemon=True).start()"""
    + LOOP
)


def answer(loop):
    """An answer that is right at its first call, and does not return from the second."""
    return f"""
import signal, threading, time
import numpy as np
import course.check.observing as o
from course.check.notebook import OBSERVATIONS
from IPython.display import display
calls = []
def mean_of_squares(x):
    calls.append(1)
    if len(calls) == 2:
        {loop}
    return np.mean(np.square(x))"""


def run(loop, each=EACH, in_all=IN_ALL):
    text = notebook_with(answer=answer(loop), after=["print('after' + 'wards')"])
    seconds, limits = {TASK.name: in_all}, limits_from(SMALL, "this test")
    return outcome_of(
        execute(Job(UNIT.name, text, {TASK.name: SEED}, seconds, {}, limits, "strict", {TASK.name: each}))
    )


@pytest.fixture(scope="module")
def outcomes(request):
    wanted = asked_for(request, "name")
    with ThreadPoolExecutor(3) as pool:
        tried = {name: pool.submit(run, loop) for name, loop in {**STOPPERS, **DEAF}.items() if name in wanted}
        return {name: future.result() for name, future in tried.items()}


@pytest.mark.parametrize("name", every(3, STOPPERS))
def test_a_part_without_its_timer_is_interrupted(name, outcomes):
    outcome = outcomes[name]
    TRIED.append(("time", name, f"{outcome.right} of 3 parts; {', '.join(outcome.findings)}"))
    assert outcome.right == 1  # the part before it
    assert outcome.execution.findings == [("time limit", outcome.execution.findings[0][1])]
    assert f"{EACH:g} s for a part" in outcome.execution.findings[0][1]
    assert "afterwards" in outcome.text


@pytest.mark.parametrize("name", every(2, DEAF))
def test_one_that_will_not_be_interrupted_ends_with_its_kernel(name, outcomes):
    outcome = outcomes[name]
    TRIED.append(("time", name, f"{outcome.right} of 3 parts; {', '.join(outcome.findings)}"))
    assert outcome.right == 1
    assert "kernel stopped" in outcome.findings
    assert f"{EACH:g} s for a part" in outcome.execution.stopped


@pytest.mark.exhaustive
def test_who_forges_that_parts_are_done_has_the_time_of_all():
    outcome = run(FORGED, in_all=3 * EACH)
    assert outcome.right <= 1
    assert "time limit" in outcome.findings


@pytest.mark.exhaustive
def test_a_part_that_keeps_its_limit_costs_no_other():
    outcome = run("while True: pass", each=IN_ALL, in_all=4 * IN_ALL)
    assert outcome.right == 2
    assert "time limit" not in outcome.findings


def test_the_grader_asks_for_a_limit_of_each_part(tmp_path):
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / f"{UNIT.name}.ipynb").write_text(notebook_with())
    grader = Grader(UNIT)
    job = grader.job(take_in(UNIT, "anna", tmp_path / "anna", grader.release))
    assert job.part_seconds == {TASK.name: SLACK + WALL * TASK.seconds}
