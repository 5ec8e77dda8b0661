"""USE_GPU and leases, on machines with 0, 1 and 8 cards that NVIDIA's library is made to report."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pynvml
import pytest
from faked_nvml import NAMES, Faked, install, parent
from typer.testing import CliRunner

from course import cli, gpu
from course.gpu import choice

pytestmark = pytest.mark.usefixtures("new_process")


def test_auto_takes_the_one_that_nobody_uses(eight, capsys):
    card = gpu.use("auto")
    assert card and card.index == 3 and card.uuid == os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0003"
    assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID" and os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    said = capsys.readouterr().out
    assert "→ 3: A card, 0.0 of 80.0 GiB used, load 30 %\n" in said and "  0: A card, 9.0 of 80.0 GiB used" in said
    assert "TensorFlow 2." in said and "PyTorch 2." in said and "cuda:0" in said


def test_of_several_idle_ones_auto_takes_the_least_loaded(machine):
    machine(Faked(load=50), Faked(load=7), Faked(load=7))
    card = gpu.use("auto")
    assert card and card.index == 1


def test_a_number_is_nvidia_smis(eight, capsys):
    card = gpu.use(4)
    assert card and card.uuid == os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0004"
    assert "Others use it too" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "index"),
    [("5", 5), ("auto", 3), ("AUTO", 3), ("none", None), ("", None), ("GPU-0006", 6), (" 2 ", 2)],
)
def test_the_environment_says_what_auto_means(eight, monkeypatch, value, index):
    monkeypatch.setenv("USE_GPU", value)
    card = gpu.use()
    assert (card.index if card else None) == index


@pytest.mark.parametrize("wrong", ["fast", "9", "-1", "2.5", "True", "²", "GPU-0009"])
def test_a_wrong_environment_is_named(eight, monkeypatch, wrong):
    monkeypatch.setenv("USE_GPU", wrong)
    with pytest.raises(ValueError, match=rf"the environment variable USE_GPU must be .* got '?{wrong}.*There is: 0: A"):
        gpu.use()


@pytest.mark.parametrize("wrong", [9, "4", -1, 2.5, "fast", True, "", "²", [0], float("nan"), np.int64(1), np.ones(2)])
def test_a_wrong_value_lists_what_there_is(eight, wrong):
    with pytest.raises(ValueError, match="There is: 0: A card") as error:
        gpu.use(wrong)
    assert repr(wrong) in str(error.value) and "CUDA_VISIBLE_DEVICES" not in os.environ


def test_none_hides_every_card(eight, capsys):
    assert gpu.use(None) is None and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "CPU, as was asked for" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (pynvml.NVMLError_LibraryNotFound(), ""),
        (pynvml.NVMLError_LibRmVersionMismatch(), "the GPU driver does not work"),
        (pynvml.NVMLError_DriverNotLoaded(), "the GPU driver does not work"),
    ],
)
def test_without_a_driver_that_works_there_is_the_cpu(machine, capsys, error, said):
    machine(init=error)
    assert gpu.use("auto") is None
    told = capsys.readouterr().out
    assert told.endswith("CPU: this machine has no GPU that can be used\n") and said in told
    assert len(told.splitlines()) == (2 if said else 1)
    with pytest.raises(ValueError, match=said or "no GPU on this machine"):
        gpu.use(0)


def test_a_driver_without_cards(machine, capsys):
    machine()
    assert gpu.use() is None and capsys.readouterr().out == "CPU: this machine has no GPU that can be used\n"


def test_a_card_that_has_vanished_is_told_and_passed_over(machine, capsys):
    machine(Faked(lost=True), Faked(used=0.5))
    card = gpu.use("auto")
    assert card and card.index == 1 and "card 0 does not answer" in capsys.readouterr().out
    with pytest.raises(ValueError, match="card 0 does not answer"):
        gpu.use(0)
    machine(Faked(lost=True), Faked(lost=True))
    gpu.use("auto")
    said = capsys.readouterr().out
    assert "GPU 1, which this notebook uses, is gone: restart the kernel" in said and "is yours" not in said


def test_an_old_driver_knows_neither_parts_nor_the_newer_memory(machine):
    machine(Faked(used=0.5), old=True)
    card = gpu.use("auto")
    assert card and card.memory_used == 2**29


def test_of_a_divided_card_one_part_is_taken(machine, capsys):
    machine(Faked(used=30, pids=[parent()]), Faked(parts=["MIG-a", "MIG-b"]))
    card = gpu.use(1)
    assert card and card.uuid == os.environ["CUDA_VISIBLE_DEVICES"] == "MIG-a" and card.load is None
    assert "→ 1, part 0: A card" in capsys.readouterr().out
    assert [one.uuid for one in gpu.find().cards] == ["GPU-0000", "MIG-a", "MIG-b"]
    assert gpu.use("MIG-b") and os.environ["CUDA_VISIBLE_DEVICES"] == "MIG-b"


def test_a_divided_card_without_parts_is_passed_over(machine, capsys):
    machine(Faked(parts=[]), Faked(load=90))
    card = gpu.use("auto")
    assert card and card.index == 1
    assert "card 0 is divided (MIG) but has no parts" in capsys.readouterr().out
    with pytest.raises(ValueError, match="nvidia-smi -i 0 -mig 0"):
        gpu.use(0)


def test_a_driver_that_does_not_tell_of_memory(machine, capsys):
    machine(Faked(used=None, pids=[parent()]), Faked(used=None))
    card = gpu.use("auto")
    assert card and card.index == 1 and "→ 1: A card, memory unknown, load 0 %" in capsys.readouterr().out


def test_what_was_chosen_before_is_replaced_and_said(eight, monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert gpu.use("auto")
    said = "CUDA_VISIBLE_DEVICES was 1 and is GPU-0003 now"
    assert said in capsys.readouterr().out
    assert gpu.use(5) and said not in capsys.readouterr().out


@pytest.mark.parametrize("given", ["1,5", "GPU-0001,GPU-0005"])
def test_in_a_job_auto_stays_with_what_the_job_was_given(eight, monkeypatch, capsys, given):
    monkeypatch.setattr(choice, "OF_JOB", given)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert gpu.use("auto") is None and "every GPU is taken" in capsys.readouterr().out
    install([Faked() for _ in range(8)], setattr_=monkeypatch.setattr)
    card = gpu.use("auto")
    assert card and card.index == 1 and "CUDA_VISIBLE_DEVICES was" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("TensorFlow", "import tensorflow as tf; tf.constant(1.0)"),
        ("TensorFlow", "import tensorflow as tf; tf.config.list_physical_devices()"),
        ("PyTorch", "import torch; torch.cuda.is_initialized = lambda: True"),
        ("a framework", "from course.gpu import choice; choice._cuda_has_started = lambda: True"),
    ],
)
def test_it_is_too_late_once_a_framework_has_its_devices(name, code):
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from faked_nvml import Faked, install
install([Faked(), Faked()])
from course import gpu
gpu.use(0)
{code}
gpu.use(0)
try:
    gpu.use(1)
except gpu.TooLate as error:
    print("TOO LATE", error)
"""
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert f"TOO LATE {name} took the devices of this kernel" in done.stdout, done.stderr
    assert "restart the kernel" in done.stdout


@pytest.mark.parametrize(("code", "started"), [(0, True), (3, False), (100, True)])
def test_cuda_tells_whether_it_has_started(monkeypatch, code, started):
    """CUDA's answer 100 means that it has started, and found no card."""
    driver = SimpleNamespace(cuDeviceGetCount=lambda count: code)
    monkeypatch.setattr(choice.ctypes, "CDLL", lambda name, mode: driver)
    assert choice._cuda_has_started() == started


def test_cuda_that_nobody_has_loaded_has_not_started():
    assert not choice._cuda_has_started()


def test_course_gpus_lists_them(eight):
    assert gpu.use(2)
    done = CliRunner().invoke(cli.app, ["gpus"])
    assert done.exit_code == 0 and "2: A card" in done.output and "leased by you" in done.output
    assert "GPU-0002" in done.output and "3: A card, 0.0 of 80.0 GiB used, load 30 %, free" in done.output


def test_course_gpus_without_any(machine):
    machine(init=pynvml.NVMLError_LibraryNotFound())
    done = CliRunner().invoke(cli.app, ["gpus"])
    assert done.exit_code == 1 and "no GPU on this machine" in done.output
