"""Speed of the course's engines against micrograd, hand-written NumPy, HIPS autograd and PyTorch, in one run.

    python benchmarks/engines.py --json build/engines.json

Every step is one forward pass, one backward pass and one update, with Python's garbage collector on. Ratios
compare the shortest times of steps that took turns, on one thread each. The scalar engine keeps its graph from step
to step and adds up a neuron in one node; micrograd builds a new graph each time, a node for every + and ×.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measuring import Figures, best_times, figure, report
from threadpoolctl import threadpool_limits

from course.data import breast_cancer

Step = Callable[[], object]
CASES = (
    [((30, 16, 2), n) for n in (32, 128, 569)] + [((30, 50, 1), n) for n in (32, 128, 569)] + [((784, 128, 10), 128)]
)
LEARNING_RATE = 1e-6  # the parameters hardly move, so that every step does the same work
FORWARD_MODE_LIMIT = 10_000  # parameters; each number carries a derivative by each of them


# --- the scalar engine --------------------------------------------------------------------------------


def moons_with_nodes(points: list, labels: list) -> tuple[Step, int]:
    """A training step of the two-moons network in unit 3's engine, and the number of its nodes."""
    from course.custom_graph.moons import descend, moon_network
    from course.custom_graph.reference import Graph

    network = moon_network(points, labels)
    graph = Graph(network.loss)

    def step() -> None:
        graph.forward_pass()
        graph.backprop()
        descend(network.parameters, LEARNING_RATE)

    return step, len(graph.order)


def moons_with_micrograd(points: list, labels: list) -> Step:
    """The same step as in micrograd's demo."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    model = MLP(2, [16, 16, 1])

    def step() -> None:
        scores = [model([Value(x), Value(y)]) for x, y in points]
        losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= LEARNING_RATE * p.grad

    return step


def chain_seconds(length: int) -> float:
    """Shortest of three times of forward and backward through nodes in a row, the order being found once before."""
    from course.custom_graph.reference import AddConstant, Graph, Node

    plus = AddConstant(1e-6)
    node = Node(1.0)
    for _ in range(length - 1):
        node = plus(node)
    graph, times = Graph(node), []
    for _ in range(3):
        before = time.perf_counter()
        graph.forward_pass()
        graph.backprop()
        times.append(time.perf_counter() - before)
    return min(times)


def scalar_figures() -> Figures:
    from course.custom_graph.moons import two_moons

    points, labels = two_moons(100)
    step, nodes = moons_with_nodes(points, labels)
    times = best_times({"nodes": step, "micrograd": moons_with_micrograd(points, labels)}, seconds=5)
    return {
        "scalar engine: two moons, times micrograd": figure(times["micrograd"] / times["nodes"], 5, "×"),
        "scalar engine: two moons, nodes a second": figure(nodes / times["nodes"], 100_000, "nodes/s"),
        "scalar engine: 100,000 in a row, nodes a second": figure(100_000 / chain_seconds(100_000), 100_000, "nodes/s"),
    }


# --- the engines for arrays -----------------------------------------------------------------------------


def batch(sizes: tuple[int, ...], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Breast-cancer examples, or random ones of another width, with labels as the network needs them."""
    rng = np.random.default_rng(0)
    if sizes[0] == 30:
        X, labels = breast_cancer()
        X, labels = (X / X.max(axis=0))[:n], labels[:n]
    else:
        X, labels = rng.uniform(size=(n, sizes[0])), rng.integers(sizes[-1], size=n)
    return X, labels if sizes[-1] > 1 else labels[:, None].astype(float)


def steps_of(sizes: tuple[int, ...], n: int) -> dict[str, Step]:
    """One training step of the same network for each engine."""
    from course.tensor_engine import by_hand

    X, labels = batch(sizes, n)
    parameters = by_hand.start(sizes, np.random.default_rng(1))
    makers = {
        "NumPy": with_numpy,
        "tensor engine": with_tensor_engine,
        "HIPS autograd": with_autograd,
        "PyTorch": with_torch,
    }
    if sum(p.size for p in parameters) <= FORWARD_MODE_LIMIT:
        makers["forward mode"] = with_forward_mode
    return {name: make([p.copy() for p in parameters], X, labels) for name, make in makers.items()}


def with_numpy(parameters: list, X: np.ndarray, labels: np.ndarray) -> Step:
    from course.tensor_engine import by_hand

    return lambda: by_hand.step(parameters, X, labels, LEARNING_RATE)


def with_tensor_engine(parameters: list, X: np.ndarray, labels: np.ndarray) -> Step:
    from course.tensor_engine.reference import (
        Tensor,
        linear,
        relu,
        sgd_step,
        sigmoid_cross_entropy,
        softmax_cross_entropy,
    )

    W1, b1, W2, b2 = tensors = [Tensor(p) for p in parameters]
    loss_of = softmax_cross_entropy if len(b2.value) > 1 else sigmoid_cross_entropy

    def step() -> None:
        loss_of(linear(relu(linear(X, W1, b1)), W2, b2), labels).backward()
        sgd_step(tensors, LEARNING_RATE)

    return step


def with_autograd(parameters: list, X: np.ndarray, labels: np.ndarray) -> Step:
    import autograd.numpy as anp
    from autograd import value_and_grad

    rows = np.arange(len(X))

    def loss(parameters: list) -> float:
        W1, b1, W2, b2 = parameters
        logits = anp.dot(anp.maximum(anp.dot(X, W1) + b1, 0), W2) + b2
        if W2.shape[1] == 1:
            return anp.mean(anp.maximum(logits, 0) - logits * labels + anp.log1p(anp.exp(-anp.abs(logits))))
        shifted = logits - anp.max(logits, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - shifted[rows, labels])

    gradient = value_and_grad(loss)

    def step() -> None:
        for p, g in zip(parameters, gradient(parameters)[1], strict=True):
            p -= LEARNING_RATE * g

    return step


def with_torch(parameters: list, X: np.ndarray, labels: np.ndarray) -> Step:
    import torch
    from torch.nn import functional

    W1, b1, W2, b2 = tensors = [torch.tensor(p, requires_grad=True) for p in parameters]
    inputs, targets = torch.tensor(X), torch.tensor(labels)
    loss_of = functional.cross_entropy if len(b2) > 1 else functional.binary_cross_entropy_with_logits

    def step() -> None:
        loss_of(torch.relu(inputs @ W1 + b1) @ W2 + b2, targets).backward()
        with torch.no_grad():
            for p in tensors:
                p.sub_(p.grad, alpha=LEARNING_RATE)  # type: ignore[arg-type]
                p.grad = None

    return step


def with_forward_mode(parameters: list, X: np.ndarray, labels: np.ndarray) -> Step:
    from course.forward_mode.network import FeedForward, LogLoss, Optimizer

    inputs, hidden = parameters[0].shape
    network = FeedForward(inputs, hidden, parameters[2].shape[1], 1, np.random.default_rng(0))
    network.set_parameters(parameters)
    optimizer, classes = Optimizer(network.parameters, LEARNING_RATE), labels.ravel().astype(int)
    return lambda: optimizer.step(LogLoss()(network(X), classes))


def array_figures() -> Figures:
    figures: Figures = {}
    for sizes, n in CASES:
        times = best_times(steps_of(sizes, n))
        case = f"{'-'.join(map(str, sizes))}, batch {n}"
        others = "  ".join(f"{name} {1e6 * seconds:,.0f} µs" for name, seconds in times.items())
        print(f"{case}: {others}", flush=True)
        figures[f"tensor engine: {case}, time of NumPy's"] = figure(
            times["tensor engine"] / times["NumPy"], 1.5, "×", True
        )
        figures[f"tensor engine: {case}, times HIPS autograd"] = figure(
            times["HIPS autograd"] / times["tensor engine"], 1, "×"
        )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    with threadpool_limits(1):
        report(scalar_figures() | array_figures(), options.json)


if __name__ == "__main__":
    main()
