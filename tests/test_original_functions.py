"""An answer that nudges gains nothing by replacing library functions that its check uses, or names in the module.

A nudge finds another slope than a tape or autograd. The replacements here play back what the first call gave, or change
it, or ask for the slope. As in a kernel, the check has bound the originals before (``course.check.originals``).
"""

import ast
import importlib
import inspect
from operator import itemgetter
from typing import Any

import nbformat
import numpy as np
import pytest
from sampled import one_of_each, rest

from autograder.running.execute import execute
from autograder.running.job import Job
from course.check import Expected, judge, load, observe
from course.check.originals import bind

SEED, STEP = 3, 1e-5
KNOWN = ("stop_gradient", "custom_gradient", "detach", "apply", "register_hook", "clone", "convert_to_tensor")
"""What a check might use to tell a nudge from a derivative, beside what it does use."""
asarray, array, zeros, indices = np.asarray, np.array, np.zeros, np.ndindex  # as they are, whatever is replaced


class Replacements:
    """Replacements of a function, and what they saw when it was evaluated first."""

    def __init__(self):
        self.seen, self.number, self.recording = [], 0, True

    def begin(self, recording):
        self.seen, self.number, self.recording = [] if recording else self.seen, 0, recording

    def played_back(self, original):
        def again(*args, **kwargs):
            self.number += 1
            if not self.recording and self.number <= len(self.seen):
                return self.seen[self.number - 1]
            result = original(*args, **kwargs)
            self.seen.append(result)
            return result

        return again

    def asked(self, original):
        """A replacement of ``custom_gradient`` or ``apply`` that asks for the slope, and has it for a nudge too."""

        def straight(first: Any, *rest: Any) -> Any:
            if hasattr(first, "backward"):
                return first.forward(*rest) * first.backward(None, 1.0)
            return lambda x: first(x)[1](first(x)[0])

        return straight

    def changed(self, original):
        return lambda *args, **kwargs: args[-1]


def nudged(value, x, replaced):
    """A function's value, and its derivative with respect to an array."""
    x = array(x, dtype=float)
    slopes = zeros(x.shape)
    replaced.begin(recording=True)
    at = float(asarray(value(x)))
    for i in indices(x.shape):
        seen = []
        for step in (STEP, -STEP):
            moved = x.copy()
            moved[i] += step
            replaced.begin(recording=False)
            seen.append(float(asarray(value(moved))))
        slopes[i] = (seen[0] - seen[1]) / (2 * STEP)
    return at, slopes


def tape_gradient(replaced):
    import tensorflow as tf

    constant = tf.constant

    def answer(f, values):
        inputs = [constant(asarray(value, dtype=float)) for value in values]

        def at(i):
            return lambda x: f(*(constant(x) if j == i else one for j, one in enumerate(inputs)))

        found = [nudged(at(i), one.numpy(), replaced) for i, one in enumerate(inputs)]
        return found[0][0], [slopes for _, slopes in found]

    return answer


def intermediate_gradients(replaced):
    import tensorflow as tf

    constant = tf.constant

    def answer(stages, x):
        def result(first, at):
            at = constant(at)
            for stage in stages[first:]:
                at = stage(at)
            return at

        passed = [constant(asarray(x, dtype=float))]
        for stage in stages:
            passed.append(stage(passed[-1]))
        return [
            nudged(lambda at, first=first: result(first, at), one.numpy(), replaced)[1]
            for first, one in enumerate(passed)
        ]

    return answer


def value_and_gradients(replaced):
    import torch

    tensor = torch.tensor

    def answer(f, *points):
        arrays = [array(point, dtype=float) for point in points]

        def at(i):
            return lambda x: f(*(tensor(x if j == i else one) for j, one in enumerate(arrays)))

        found = [nudged(at(i), one, replaced) for i, one in enumerate(arrays)]
        return found[0][0], [slopes for _, slopes in found]

    return answer


def accumulated_gradient(replaced):
    import torch

    tensor, detach = torch.tensor, torch.Tensor.detach

    def answer(loss, w, batches):
        total = sum(len(batch) for batch in batches)
        shares = [
            len(batch) / total * nudged(lambda x, batch=batch: loss(tensor(x), batch), detach(w).numpy(), replaced)[1]
            for batch in batches
        ]
        return tensor(sum(shares))

    return answer


def descend(replaced):
    import torch

    tensor = torch.tensor

    def answer(loss, start, rate, steps):
        losses: list[float] = []
        w = array(start.tolist())
        for _ in range(steps):
            value, slopes = nudged(lambda x: loss(tensor(x)), w, replaced)
            w, losses = w - rate * slopes, [*losses, value]
        return tensor(w), losses

    return answer


NUDGES = {
    ("tf_tape", "tape_gradient"): tape_gradient,
    ("tf_tape", "intermediate_gradients"): intermediate_gradients,
    ("torch_autograd", "value_and_gradients"): value_and_gradients,
    ("torch_autograd", "accumulated_gradient"): accumulated_gradient,
    ("torch_autograd", "descend"): descend,
}


def owners(unit_name):
    """Where a library holds what answers may replace, and the module of the check."""
    if unit_name == "tf_tape":
        import tensorflow as tf

        libraries = [tf, tf.math, tf.linalg, tf.Tensor]
    else:
        import torch

        libraries = [torch, torch.Tensor, torch.autograd, torch.autograd.Function]
    return [*libraries, np, importlib.import_module(f"course.{unit_name}.check")]


def used(unit_name):
    """(owner, name) of every function or method that has a name which the check's code uses."""
    check = importlib.import_module(f"course.{unit_name}.check")
    nodes = list(ast.walk(ast.parse(inspect.getsource(check))))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)} | set(KNOWN)
    names |= {node.id for node in nodes if isinstance(node, ast.Name)}
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    names |= {text.rpartition(".")[2] for text in texts if text.startswith(("tensorflow.", "torch."))}
    return sorted(
        ((owner, name) for owner in owners(unit_name) for name in names if callable(getattr(owner, name, None))),
        key=lambda pair: pair[1],
    )


@pytest.mark.parametrize(("unit_name", "task_name"), one_of_each(itemgetter(0), NUDGES))
def test_no_replaced_function_helps_who_nudges(unit_name, task_name):
    bind()
    unit = load(unit_name)
    task, expected = unit.tasks[task_name], Expected(unit, unit.tasks[task_name], SEED)
    earned = {
        "nothing": judge(expected, observe(task, {task_name: NUDGES[unit_name, task_name](Replacements())}, SEED))
    }
    for owner, name in used(unit_name):
        for way in ("played_back", "asked", "changed"):
            replaced = Replacements()
            scope = {task_name: NUDGES[unit_name, task_name](replaced)}
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(owner, name, getattr(replaced, way)(getattr(owner, name)))
                try:
                    seen = observe(task, scope, SEED)
                except Exception:
                    continue  # nothing is observed
            earned[f"{owner.__name__}.{name} {way}"] = judge(expected, seen)
    assert len(earned) > 20, "most replacements broke the check"
    usual = earned["nothing"].points
    assert usual < task.points / 2
    assert not {what: str(verdict) for what, verdict in earned.items() if verdict.points > usual}


@pytest.mark.parametrize("unit_name", ["tf_tape", "torch_autograd"])
def test_what_tells_a_nudge_has_no_name_that_could_be_replaced(unit_name):
    check = importlib.import_module(f"course.{unit_name}.check")
    assert not {"sloped", "tf", "torch"} & set(vars(check))


@pytest.mark.parametrize("unit_name", [rest("tf_tape"), "torch_autograd"])
def test_a_kernel_has_bound_them_before_its_first_cell(unit_name):
    cell = (
        "from course.check import originals; print([len(set(one._names) - set(vars(one))) for one in originals._every])"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    done = execute(Job(unit_name, nbformat.writes(notebook), {}, {}))
    assert nbformat.reads(done.notebook, as_version=4).cells[0].outputs[0].text == "[0]\n"
