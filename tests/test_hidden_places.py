"""Nothing in its kernel tells an answer what a check looks at or expects: no order in memory or of names, no stack
frame, no constant of a check."""

import gc
import importlib
import inspect
import re
from typing import Any

import numpy as np
import pytest
from sampled import every

from course.check import Expected, judge, load, observe
from course.check.expected import decoded
from course.custom_graph.graphs import nodes_of

SEEDS = range(20)


def frames():
    """All that stands in the frames of a check, also in the closures of functions there, by name."""
    frame = inspect.currentframe()
    while frame is not None:
        ours = frame.f_code.co_filename == __file__
        for name, thing in [] if ours else list(frame.f_locals.items()):
            yield name, thing
            if inspect.isfunction(thing):
                yield from inspect.getclosurevars(thing).nonlocals.items()
        frame = frame.f_back


def in_the_order_of_frames(output):
    """The nodes as some list or dict of a frame has them, or the variables that hold their names."""
    nodes = nodes_of(output)
    by_name = {node.name: node for node in nodes}
    variables = sorted({(name, thing) for name, thing in frames() if isinstance(thing, str) and len(name) == 1})
    told = [
        [thing for _, thing in variables],
        *(list(thing) for _, thing in frames() if isinstance(thing, list | dict)),
    ]
    for one in told:
        order = [by_name[name] for name in one if isinstance(name, str) and name in by_name]
        if len(order) == len(nodes):
            return order
    return nodes


def in_the_order_of_gc(output):
    place = {id(thing): i for i, thing in enumerate(gc.get_objects())}
    return sorted(nodes_of(output), key=lambda node: place[id(node)])


ORDERS = {
    "memory": lambda output: sorted(nodes_of(output), key=id),
    "memory, turned round": lambda output: sorted(nodes_of(output), key=id)[::-1],
    "memory of the inputs": lambda output: sorted(nodes_of(output), key=lambda node: id(node.inputs)),
    "the garbage collector": in_the_order_of_gc,
    "names": lambda output: sorted(nodes_of(output), key=lambda node: node.name),
    "frames": in_the_order_of_frames,
}


def right_parts(unit, task, scope, seeds):
    """How often each part was right."""
    counts: dict[str, int] = {}
    for seed in seeds:
        verdict = judge(
            Expected(load(unit), load(unit).tasks[task], seed), observe(load(unit).tasks[task], scope, seed)
        )
        for part in verdict.parts:
            counts[part.name] = counts.get(part.name, 0) + part.right
    return counts


@pytest.mark.parametrize("order", every(4, ORDERS))
def test_no_order_that_is_there_is_topological(order):
    gc.freeze()  # the garbage collector then lists what is made from now on only, and not all that tests have loaded
    try:
        counts = right_parts("custom_graph", "topological_order", {"topological_order": ORDERS[order]}, SEEDS)
    finally:
        gc.unfreeze()
    del counts["each node once, in any order"]
    # By chance it is one in six for the least of the graphs: a node without inputs shows that it may come first.
    assert max(counts.values()) <= len(SEEDS) / 2, counts


def told_before():
    """An answer that names the entries which were wrong with another seed."""
    unit = load("softmax_network")
    before = Expected(unit, unit.tasks["gradient_check"], 100).reference
    places = re.findall(r"\[([\d, ]+)\]", str([decoded(before, part) for part in before]))
    left = iter(places * 10)

    def gradient_check(loss, parameters, gradients, *args, **kwargs):
        raise ValueError(f"{' '.join(parameters)}[{next(left)}]")

    return gradient_check


def compared():
    """An answer that looks which entries differ from those of an earlier call."""
    seen: list = []

    def gradient_check(loss, parameters, gradients, *args, **kwargs):
        alike = [one for one in seen if all(np.array_equal(one[0].get(k), v) for k, v in parameters.items())]
        seen.append(({k: v.copy() for k, v in parameters.items()}, {k: v.copy() for k, v in gradients.items()}))
        for _, before in alike[:1]:
            name, far = max(
                ((k, np.abs(v / before[k] - 1)) for k, v in gradients.items()), key=lambda item: np.nanmax(item[1])
            )
            place = np.unravel_index(np.nanargmax(far), far.shape)
            raise ValueError(f"{name}[{', '.join(map(str, place))}]")
        raise ValueError(f"{next(iter(parameters))}")

    return gradient_check


def in_frames():
    """An answer that names an entry which some frame holds."""

    def gradient_check(loss, parameters, gradients, *args, **kwargs):
        for _, thing in frames():
            entry: Any = thing.get("entry") if isinstance(thing, dict) else thing
            inside = isinstance(entry, tuple | list) and 1 <= len(entry) <= 2 and all(type(i) is int for i in entry)
            for name, values in parameters.items():
                if inside and len(entry) == values.ndim:
                    raise ValueError(f"{name}[{', '.join(map(str, entry))}]")
        raise ValueError(f"{next(iter(parameters))}")

    return gradient_check


@pytest.mark.parametrize("make", [told_before, compared, in_frames])
def test_no_wrong_entry_is_told(make):
    counts = right_parts("softmax_network", "gradient_check", {"gradient_check": make()}, SEEDS)
    named = {part: n for part, n in counts.items() if part != "NaN in a gradient"}  # which is seen without a place
    assert max(named.values()) <= len(SEEDS) / 2, counts


def test_what_draws_the_entries_has_no_name_that_could_be_replaced():
    assert not {"places", "exponentials"} & set(vars(importlib.import_module("course.softmax_network.check")))
