"""What forward and reverse mode cost: counted multiplications, and measured seconds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise
from time import perf_counter

import numpy as np

SIZES = (1, 4, 16, 64, 256)  # of inputs and of outputs, where the two modes are compared
HIDDEN = 256
Mode = Callable[[list[np.ndarray]], tuple[np.ndarray, int]]


def chain(inputs: int, outputs: int) -> list[np.ndarray]:
    """The Jacobians of three stages, from inputs through HIDDEN and HIDDEN numbers to outputs; fixed values."""
    rng = np.random.default_rng(4)
    dims = (inputs, HIDDEN, HIDDEN, outputs)
    return [rng.normal(size=(after, before)) for before, after in pairwise(dims)]


def forward_mode(stages: list[np.ndarray]) -> tuple[np.ndarray, int]:
    """The Jacobian of all stages, multiplied from the input's end, and the multiplications that it took."""
    J, count = np.eye(stages[0].shape[1]), 0
    for stage in stages:
        J, count = stage @ J, count + stage.size * J.shape[1]
    return J, count


def reverse_mode(stages: list[np.ndarray]) -> tuple[np.ndarray, int]:
    """The Jacobian of all stages, multiplied from the output's end, and the multiplications that it took."""
    J, count = np.eye(stages[-1].shape[0]), 0
    for stage in reversed(stages):
        J, count = J @ stage, count + stage.size * J.shape[0]
    return J, count


MODES = {"forward": forward_mode, "reverse": reverse_mode}


@cache
def counted() -> dict[str, np.ndarray]:
    """Multiplications of both modes for every number of inputs (rows) and of outputs (columns) in SIZES."""
    return {name: _table(partial(_multiplications, mode)) for name, mode in MODES.items()}


def measured(repeats: int = 5) -> dict[str, np.ndarray]:
    """Seconds of both modes on one core, the shortest of some repeats, in tables like those of ``counted``."""
    return {name: _table(partial(_seconds, repeats, mode)) for name, mode in MODES.items()}


def _table(number: Callable[[list[np.ndarray]], float]) -> np.ndarray:
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    with threadpool_limits(1):
        return np.array([[number(chain(n, m)) for m in SIZES] for n in SIZES], dtype=float)


def _multiplications(mode: Mode, stages: list[np.ndarray]) -> int:
    return mode(stages)[1]


def _seconds(repeats: int, mode: Mode, stages: list[np.ndarray]) -> float:
    times = []
    for _ in range(repeats):
        start = perf_counter()
        mode(stages)
        times.append(perf_counter() - start)
    return min(times)
