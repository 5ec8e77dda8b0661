"""Only some entries of large arrays are compared. Nothing in a kernel tells which, so an answer needs them all."""

import inspect

import nbformat
import numpy as np
import pytest
from escaping import SMALL, TASK, UNIT, notebook_with
from sampled import every

from autograder.grading.grader import Grader
from autograder.running.execute import execute
from autograder.running.job import Job, limits_from
from course import UNITS
from course.check import Expected, judge, load, observe
from course.check.expected import decoded
from course.check.observing import Whole
from course.check.plain import Opaque, Sample, decode, encode
from course.check.sampling import BITS, DRAWN, LARGE, sampled
from course.check.variants import scope_of

SEED = (7 << BITS) + 5
ARRAY = np.arange(2.0 * LARGE).reshape(2, LARGE)


def samples_in(value):
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, Sample) or any(map(samples_in, items))


def sampled_parts(unit, task):
    reference = Expected(unit, task, SEED).reference
    return {part for part in reference if samples_in(decoded(reference, part))}


LARGE_ONES = {
    "manual_backprop": ["hinge_gradient", "cross_entropy_gradient"],
    "tensor_engine": ["unbroadcast", "matmul_rule", "sum_and_mean_rule", "softmax_cross_entropy", "two_hidden_layers"],
    "tf_tape": ["vectorised_loss", "repaired_gradient"],
    "softmax_network": ["backward"],
}
TASKS = [(name, task) for name, tasks in LARGE_ONES.items() for task in tasks]


@pytest.mark.parametrize("name", UNITS)
def test_these_tasks_and_no_others_have_large_arrays(name):
    unit = load(name)
    assert [task for task in unit.tasks if sampled_parts(unit, unit.tasks[task])] == LARGE_ONES.get(name, [])


def places_in_frames():
    """All lists of whole numbers that stand in the frames of a check."""
    frame, found = inspect.currentframe(), []
    while frame is not None:
        things = [] if frame.f_code.co_filename == __file__ else [*frame.f_locals.values()]
        things += [each for thing in things if inspect.isfunction(thing)
                   for each in inspect.getclosurevars(thing).nonlocals.values()]  # fmt: skip
        found += [thing for thing in things if isinstance(thing, np.ndarray) and thing.dtype.kind == "i"]
        frame = frame.f_back
    return [one.ravel() for one in found if 10 <= one.size <= 1000]


def looked_at(answer):
    """An answer whose large arrays are right only at places that some frame holds."""

    def only(result, places):
        if isinstance(result, tuple | list):
            return type(result)(only(item, places) for item in result)
        if np.size(result) <= LARGE:
            return result
        flat = np.zeros(np.size(result))
        for one in places:
            flat[one % flat.size] = np.ravel(result)[one % flat.size]
        return flat.reshape(np.shape(result))

    return lambda *args, **kwargs: only(answer(*args, **kwargs), places_in_frames())


@pytest.mark.parametrize(("unit_name", "task_name"), every(3, TASKS))
def test_no_frame_tells_where_one_will_look(unit_name, task_name):
    unit = load(unit_name)
    task = unit.tasks[task_name]
    scope = {name: looked_at(thing) if inspect.isfunction(thing) else thing
             for name, thing in scope_of(unit, task).items()}  # fmt: skip
    verdict = judge(Expected(unit, task, SEED), observe(task, scope, SEED))
    assert not {part.name for part in verdict.parts if part.right} & sampled_parts(unit, task)


@pytest.mark.parametrize(("unit_name", "task_name"), TASKS)
def test_a_check_hands_over_all_that_may_be_looked_at(unit_name, task_name):
    """All of it fits into what a check may send."""
    from autograder.running.client import MAX_OBSERVED

    unit = load(unit_name)
    task = unit.tasks[task_name]
    whole = dict(Whole(task, scope_of(unit, task), SEED))
    assert len(str(whole)) < 0.8 * MAX_OBSERVED
    assert {part: sampled(value, SEED) for part, value in whole.items()} == Expected(unit, task, SEED).reference


def test_the_upper_bits_of_a_seed_draw_the_entries():
    one, same, other = (sampled(encode(ARRAY), seed) for seed in (SEED, SEED + 1, SEED + (1 << BITS)))
    assert one == same != other
    sample = decode(one)
    assert sample.shape == ARRAY.shape
    assert len(sample.values) == DRAWN
    assert set(sample.values) <= set(ARRAY.ravel())


@pytest.mark.parametrize("dtype", ["bool", "float32", "complex128"])
def test_a_sample_holds_what_stands_at_the_places_drawn(dtype):
    array = np.random.default_rng(0).integers(2 if dtype == "bool" else 999, size=2 * LARGE).astype(dtype)
    places = np.random.default_rng([SEED >> BITS, array.size]).integers(array.size, size=DRAWN)
    assert (decode(sampled(encode(array), SEED)).values == array[places]).all()


def test_small_arrays_stay_whole():
    small = encode([np.arange(3.0), {"a": "text"}, None])
    assert sampled(small, SEED) == small


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"dict": [["a", [x]]]},
                                  lambda x: {"judged": "j", "given": x, "did": x}])  # fmt: skip
def test_a_sample_that_an_answer_sends_is_refused(wrap):
    forged = sampled(encode(ARRAY), SEED)
    assert "'sample'" not in str(sampled(wrap(forged), SEED))
    assert isinstance(decode(sampled(forged, SEED)), Opaque)


@pytest.mark.parametrize("data", [{"dtype": "float64", "shape": [2, LARGE], "data": "AAAA"}, {"sample": 1}, [[[]] * 99],
                                  {"dtype": [], "shape": {}, "data": 5}])  # fmt: skip
def test_anything_may_be_sampled(data):
    sampled(data, SEED)


def test_nothing_is_sampled_without_end():
    deep: list = []
    for _ in range(900):
        deep = [deep]
    sampled(deep, SEED)


def test_a_kernel_is_told_the_lower_bits_alone():
    text = notebook_with(after=["print([source for source in In if 'publ' + 'ish(' in source][-1])"])
    done = execute(Job(UNIT.name, text, {TASK.name: SEED}, {TASK.name: 60.0}, limits=limits_from(SMALL, "this test")))
    outputs = [out for cell in nbformat.reads(done.notebook, as_version=4).cells for out in cell.get("outputs", [])]
    told = next(out.text for out in outputs if "publish" in out.get("text", ""))
    assert f"{SEED % 2**BITS})" in told
    assert str(SEED) not in told
    assert judge(Expected(UNIT, TASK, SEED), done.observations[TASK.name]).right


def test_a_grader_draws_both():
    assert all(seed >> BITS for seed in Grader(UNIT).seeds.values())
