"""Data that several units share: the breast-cancer set, and the weights of a lecture's network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def breast_cancer() -> tuple[np.ndarray, np.ndarray]:
    """Measurements of 569 tumours and whether each is benign.

    Returns X, float64 (569, 30), in the units of the original (lengths, areas and ratios taken from
    images of cell nuclei), and labels, int64 (569,): 1 benign (357), 0 malignant (212).
    Source: W. Wolberg, O. Mangasarian, N. Street and W. Street, "Breast Cancer Wisconsin (Diagnostic)",
    UCI Machine Learning Repository (1993), as it comes with scikit-learn.
    """
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    return np.asarray(data.data, dtype=np.float64), np.asarray(data.target, dtype=np.int64)


@dataclass(frozen=True)
class LectureNetwork:
    """The weights of a network of two dense layers, and one input. All are float32; kernels are (inputs, outputs).

    The layers have 5 sigmoid units and 5 linear ones; the five outputs are the scores of five classes.
    The values are normal(0, 0.05), drawn by TensorFlow's stateful generator with seed 7 in the order
    kernel 1, bias 1, kernel 2, bias 2; newer generators do not draw them again, so they are kept here.
    """

    x: np.ndarray
    kernel1: np.ndarray
    bias1: np.ndarray
    kernel2: np.ndarray
    bias2: np.ndarray


def lecture_network() -> LectureNetwork:
    """The network of unit ``sgd_steps``, in new arrays each time."""
    rows = {name: np.array(values, dtype=np.float32) for name, values in _LECTURE.items()}
    return LectureNetwork(**rows)


_LECTURE = {
    "x": [[0.834453821182251, 0.23336660861968994]],
    "kernel1": [
        [-0.0023472842, -0.06019512, 0.05834176, 0.058531024, -0.016003512],
        [-0.009517557, -0.0712144, 0.047893398, -0.011438696, -0.03437739],
    ],
    "bias1": [-0.045167, -0.018727342, -0.00010157363, 0.020260697, -0.049934115],
    "kernel2": [
        [-0.03462612, -0.044010457, 0.010605164, -0.024021504, 0.08239209],
        [-0.036723077, 0.056382604, -0.011934212, -0.049902428, -0.024373766],
        [0.0072342395, -0.012226026, 0.019877044, -0.051977992, -0.005307661],
        [0.075280525, 0.008374186, 0.050239336, -0.076987945, -0.06125451],
        [-0.041241243, -0.05876456, -0.051583506, 0.008769455, -0.003952743],
    ],
    "bias2": [0.0051785167, 0.030793974, -0.12885073, 0.10275006, -0.028412065],
}
