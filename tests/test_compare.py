"""``lab/compare.py``, notebooks on GPU and CPU: what it says about figures, and what it does without a GPU."""

import sys

import pytest
from faked_nvml import Faked, install

from autograder.interactive.hub import LAB

sys.path.insert(0, str(LAB))
import compare


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("0.73105858", "0.73105858", True),
        ("0.73105858", "0.73105851", True),  # float32
        ("0.73105858", "0.73106858", False),
        ("0.7310585786300049", "0.7310585786300050", True),
        ("0.7310585786300049", "0.7310585796300049", False),  # of a float64 that is too much
        ("-1.5e-17", "0.0", True),
    ],
)
def test_figures_agree_within_what_another_order_of_summing_changes(a, b, same, capsys):
    assert compare.figures_agree("a unit", [("cell", a)], [("cell", b)]) == same
    assert ("cell cell" in capsys.readouterr().out) != same


def test_a_figure_more_is_a_difference(capsys):
    assert not compare.figures_agree("a unit", [("a", "1.0")], [("a", "1.0"), ("b", "2.0")])
    assert "1 figures on the CPU, 2 on the GPU" in capsys.readouterr().out


@pytest.mark.exhaustive
def test_a_notebook_that_saw_no_gpu_proves_nothing(monkeypatch, capsys):
    """It is really run. PyTorch has no CUDA here, whatever cards there seem to be."""
    install([Faked()], setattr_=monkeypatch.setattr)
    monkeypatch.setenv("USE_GPU", "none")  # which the comparing itself sets
    monkeypatch.setattr(sys, "argv", ["compare.py", "torch_autograd"])
    with pytest.raises(SystemExit) as ended:
        compare.main()
    assert ended.value.code == 1
    assert "torch_autograd: ran on the CPU both times" in capsys.readouterr().out
