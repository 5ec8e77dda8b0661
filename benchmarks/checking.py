"""How long ``check("…")`` takes in a kernel that is warm: for right answers, and beyond a wrong answer's own time.

Wrong answers are known mistakes, and generated ones. Most of the generated ones have no name, so all is tried: every
known mistake, each two of them, and all symptoms.
"""

from __future__ import annotations

import time

import numpy as np
from measuring import Figures, figure

from autograder.authoring.mutants import mutants
from course import UNITS
from course.check import Alternative, Task, Unit, judge, load, observe
from course.check.practice import PRACTICE_SEED, practised
from course.check.variants import scope_of

TRIED = 6  # wrong answers of each kind for a task
SLOW = "keras_fit"


def wrong_answers(unit: Unit, task: Task) -> list[Alternative]:
    rng = np.random.default_rng(1)
    answer = task.answers[0]
    found = mutants(answer, unit.reference_source(answer))
    made = [Alternative(task.name, answer, one.name, one.source) for one in found]
    return [kind[i] for kind in (made, unit.mistakes(task.name)) for i in rng.permutation(len(kind))[:TRIED]]


def seconds_of_checks(unit: Unit, task: Task) -> tuple[float, float]:
    """Seconds of the second check of the reference, and the longest that judging a wrong answer takes."""
    expected, right = practised(unit, task), scope_of(unit, task)
    judge(expected, observe(task, right, PRACTICE_SEED))
    begun = time.perf_counter()
    judge(expected, observe(task, right, PRACTICE_SEED))
    whole, longest = time.perf_counter() - begun, 0.0
    for wrong in wrong_answers(unit, task):
        try:
            observed = observe(task, scope_of(unit, task, wrong), PRACTICE_SEED)
        except Exception:  # its definition fails
            continue
        begun = time.perf_counter()
        judge(expected, observed)
        longest = max(longest, time.perf_counter() - begun)
    return whole, longest


def measure_checks() -> Figures:
    """The slowest check of a right answer, and the slowest judging of a wrong one, of all units."""
    whole, judging = {}, {}
    for name in UNITS:
        unit = load(name)
        for task in unit.tasks.values():
            key = f"{task.name} of {name}"
            whole[key], judging[key] = seconds_of_checks(unit, task)
    own = next(whole.pop(key) for key in list(whole) if key.startswith(SLOW))
    right, wrong = max(whole, key=lambda key: whole[key]), max(judging, key=lambda key: judging[key])
    print(f"the slowest check of a right answer: {right}; median {np.median(list(whole.values())):.3f} s")
    print(f"the slowest judging of a wrong answer: {wrong}; median {np.median(list(judging.values())):.4f} s")
    return {
        "the slowest check of a right answer, in a warm kernel": figure(whole[right], 0.3, "s", ceiling=True),
        "the longest that naming what is wrong adds to an answer's own time": figure(
            judging[wrong], 0.3, "s", ceiling=True
        ),
        f"the check of {SLOW}, which trains with Keras": figure(own, 1, "s", ceiling=True),
    }
