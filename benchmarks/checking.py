"""How long ``check("…")`` takes for wrong answers, in a kernel that is warm: known mistakes, and generated ones.

Most of the generated ones have no name, so all is tried: every known mistake, each two of them, and all symptoms. The
time of an answer itself counts too, but not that of one that never ends.
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

TRIED = 6  # answers of each kind for a task
LONGEST = 1.0  # seconds of an answer itself, beyond which the check is not what takes long
SLOW = "keras_fit"


def wrong_answers(unit: Unit, task: Task) -> list[Alternative]:
    rng = np.random.default_rng(1)
    answer = task.answers[0]
    found = mutants(answer, unit.reference_source(answer))
    made = [Alternative(task.name, answer, one.name, one.source) for one in found]
    return [kind[i] for kind in (made, unit.mistakes(task.name)) for i in rng.permutation(len(kind))[:TRIED]]


def seconds_of_checks(unit: Unit, task: Task) -> float:
    """The longest that a check of a wrong answer takes, after the answer's first run and a first check."""
    expected, longest = practised(unit, task), 0.0
    judge(expected, observe(task, scope_of(unit, task, unit.mistakes(task.name)[0]), PRACTICE_SEED))
    for wrong in wrong_answers(unit, task):
        try:
            scope = scope_of(unit, task, wrong)
        except Exception:  # its definition fails
            continue
        begun = time.perf_counter()
        observed = observe(task, scope, PRACTICE_SEED)
        answered = time.perf_counter()
        judge(expected, observed)
        if answered - begun < LONGEST:
            longest = max(longest, time.perf_counter() - begun)
    return longest


def measure_checks() -> Figures:
    """The slowest check of all units; the one that trains with Keras by itself."""
    found = {}
    for name in UNITS:
        unit = load(name)
        for task in unit.tasks.values():
            found[task.name, name] = seconds_of_checks(unit, task)
    (slowest, where), *_ = sorted((key for key in found if key[0] != SLOW), key=lambda key: -found[key])
    print(f"the slowest check of a wrong answer: {slowest} of {where}; median {np.median(list(found.values())):.3f} s")
    own = next(seconds for (task, _), seconds in found.items() if task == SLOW)
    return {
        "the slowest check of a wrong answer, in a warm kernel": figure(found[slowest, where], 0.3, "s", ceiling=True),
        f"the same of {SLOW}": figure(own, 1, "s", ceiling=True),
    }
