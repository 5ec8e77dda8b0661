"""What a check observes of a neuron's loss that is built as a graph."""

import math
from types import SimpleNamespace

import numpy as np

from course.check.comparing import EQUAL, describe, differs
from course.check.parts import judged
from course.check.plain import Opaque
from course.custom_graph import operations as given
from course.custom_graph.graphs import nodes_of, slope, value_of
from course.custom_graph.operations import ConstantOperation, Node, Operation


def score_is_there(of, found):
    """Whether a node holds the score, or else the loss is right, in whatever way it was found."""
    if not isinstance(found, dict):
        return differs(f"expected a node, got {describe(found)}")
    values, loss = np.ravel(found["values"]), np.ravel(found["loss"])
    there = np.isclose(np.abs(values), np.abs(of["score"]), rtol=1e-6).any() or np.allclose(loss, of["loss"], rtol=1e-6)
    return (
        EQUAL if there else differs(f"no node has the value x₀w₀ + x₁w₁ + w₂, which is {float(of['score']):.6g} here")
    )


OFFERED = [
    getattr(given, name) for name in ("Add", "Subtract", "Power", "Sigmoid", "Tanh", "ReLU", "WeightedSum")
]  # fmt: skip


def neuron_loss(answer, rng):
    # For these values and for the others, no two terms of the score are alike, and the score is not near 0.
    x = (rng.choice([-1, 1]) * rng.uniform([0.4, 1.1], [0.6, 1.4])).tolist()
    w = (rng.choice([-1, 1]) * rng.uniform([0.7, 0.4, 0.25], [0.9, 0.6, 0.35])).tolist()
    whole_w = (rng.permutation([2, 3]) * rng.choice([-1, 1], size=2)).tolist()
    whole_x = (rng.permutation([4, 1]) * rng.choice([-1, 1], size=2)).tolist()
    # The score is 1 or -1.
    whole_w.append(int(rng.choice([-1, 1])) - whole_w[0] * whole_x[0] - whole_w[1] * whole_x[1])
    other_x, other_w = [-number / 2 for number in x], [w[1], w[0], -0.3 * w[2]]

    def kind(name, compute, base=Operation, arity=1):
        """A class of operations in place of a student's answer."""
        return type(name, (base,), {"compute": lambda self, x: compute(self, *x), "arity": arity, "__slots__": ()})

    ours = [
        kind("Multiply", lambda self, a, b: a * b, arity=2),
        kind("Exp", lambda self, a: math.exp(a)),
        kind("Inverse", lambda self, a: 1 / a),
        kind("Log", lambda self, a: math.log(a)),
        kind("Scale", lambda self, a: self.constant * a, ConstantOperation),
        kind("AddConstant", lambda self, a: self.constant + a, ConstantOperation),
    ]
    offered = SimpleNamespace(**{one.__name__: one for one in [*ours, *OFFERED]})

    def build(w, x):
        """The node that the answer returns, or what it returns instead, and the nodes of w and x."""
        nodes = [Node(number) for number in w], [Node(number) for number in x]
        made = answer.neuron_loss(nodes[0], nodes[1], offered)
        made = getattr(made, "output", made)
        return made if made is None or hasattr(made, "inputs") else Opaque(
            f"no node but a {type(made).__name__}"
        ), *nodes

    def run(loss, w, x):
        """The loss and its gradients with respect to w and x."""
        if not hasattr(loss, "inputs"):
            return dict.fromkeys(("loss", "by w", "by x"), loss)
        by_w, by_x = ({f"{v}{i}": slope(loss, n) for i, n in enumerate(nodes)} for v, nodes in (("w", w), ("x", x)))
        return {"loss": value_of(loss), "by w": by_w, "by x": by_x}

    def again():
        loss, w_nodes, x_nodes = build(w, x)
        run(loss, w_nodes, x_nodes)
        for node, number in zip([*w_nodes, *x_nodes], [*other_w, *other_x], strict=True):
            node.value = number
        return run(loss, w_nodes, x_nodes)

    def with_score():
        loss, *_ = build(w, x)
        if not hasattr(loss, "inputs"):
            return loss
        value, score = value_of(loss), w[0] * x[0] + w[1] * x[1] + w[2]
        found = {"values": [node.value for node in nodes_of(loss)], "loss": value}
        return judged(score_is_there, {"score": score, "loss": math.log1p(math.exp(-score))}, found)

    def with_op():
        """The loss, and which of its operations bear the names of the student's answers and are not those of op."""
        loss, *_ = build(w, x)
        if not hasattr(loss, "inputs"):
            return loss
        others = {type(node.operation) for node in nodes_of(loss)} - set(ours)
        foreign = {other.__name__ for other in others} & {one.__name__ for one in ours}
        return {"loss": value_of(loss), "operations that are not from op": ", ".join(sorted(foreign)) or "none"}

    return {
        "the score": with_score,
        "loss": lambda: {
            "loss": run(*build(w, x))["loss"],
            "loss where all weights are 0": run(*build([0.0, 0.0, 0.0], x))["loss"],
        },
        "gradient with respect to w": lambda: run(*build(w, x))["by w"],
        "gradient with respect to x": lambda: run(*build(w, x))["by x"],
        "whole numbers": lambda: run(*build(whole_w, whole_x)),
        "the same graph with other values": again,
        "the operations of op": with_op,
    }
