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
from course.gpu import choice, frameworks, taking

pytestmark = pytest.mark.usefixtures("new_process")


def test_auto_takes_the_one_that_nobody_uses(eight, capsys):
    card = gpu.use("auto")
    assert card and card.index == 3 and card.uuid == os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0003"
    assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID" and os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    said = capsys.readouterr().out
    assert "→ 3: A card, 0.0 of 80.0 GiB used, load 30 %\n" in said and "  0: A card, 9.0 of 80.0 GiB used" in said
    assert "GPU 3 (A card) is yours. Memory is taken as it is needed.\n" in said


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
    with pytest.raises(ValueError, match=rf"the environment variable USE_GPU is '?{wrong}.*there are GPU 0 to 7"):
        gpu.use()


@pytest.mark.parametrize("wrong", [9, -1, 2.5, "fast", True, "", "²", [0], float("nan"), np.int64(1), np.ones(2)])
def test_a_wrong_value_lists_what_there_is(eight, wrong):
    with pytest.raises(ValueError, match=r"there are GPU 0 to 7. Write one of these numbers") as error:
        gpu.use(wrong)
    assert repr(wrong) in str(error.value) and "CUDA_VISIBLE_DEVICES" not in os.environ
    assert len(str(error.value)) <= 2 * 80


@pytest.mark.parametrize("wrong", ["4", " 3 ", "0"])
def test_a_number_in_quotes_is_told_to_drop_them(eight, wrong):
    with pytest.raises(ValueError, match=rf"write the number without quotes, USE_GPU = {wrong.strip()}$"):
        gpu.use(wrong)


def test_what_is_meant_is_told_only_if_it_is_there(eight, machine):
    with pytest.raises(ValueError, match=r"is 4.0, a float: write the whole number, USE_GPU = 4$"):
        gpu.use(4.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"is '9'; there are GPU 0 to 7. Write one of these numbers without quotes, "):
        gpu.use("9")
    machine()
    with pytest.raises(ValueError, match=r"is '4', but this machine has no GPU. Write USE_GPU = \"auto\": then"):
        gpu.use("4")


def test_a_long_value_is_cut(eight):
    with pytest.raises(ValueError, match=r"USE_GPU is 'aaaa") as error:
        gpu.use("a" * 10_000)
    assert len(str(error.value)) <= 2 * 80


def test_the_numbers_that_there_are(machine):
    machine(Faked())
    with pytest.raises(ValueError, match=r"there is GPU 0. Write"):
        gpu.use(1)
    machine(Faked(), Faked(lost=True), Faked())
    with pytest.raises(ValueError, match=r"there are GPU 0, 2; card 1 does not answer"):
        gpu.use(1)


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
    with pytest.raises(ValueError, match=said or 'this machine has no GPU. Write USE_GPU = "auto"'):
        gpu.use(0)


def test_a_driver_without_cards(machine, capsys):
    machine()
    assert gpu.use() is None and capsys.readouterr().out == "CPU: this machine has no GPU that can be used\n"


def test_a_card_that_has_vanished_is_told_and_passed_over(machine, capsys):
    machine(Faked(lost=True), Faked(used=0.5))
    card = gpu.use("auto")
    assert card and card.index == 1 and "card 0 does not answer" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"card 0 does not answer"):
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
    with pytest.raises(ValueError, match=r"nvidia-smi -i 0 -mig 0"):
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
    monkeypatch.setattr(taking, "OF_JOB", given)
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


def installed_as(tmp_path, monkeypatch, files, wheels=()):
    """Let these packages be installed, each with one file of this text, and these wheels of CUDA's libraries."""

    def distribution(name):
        if name not in files:
            raise frameworks.PackageNotFoundError(name)
        path, text = files[name]
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        return SimpleNamespace(version="9.9", locate_file=lambda asked: tmp_path / asked)

    monkeypatch.setattr(frameworks, "distribution", distribution)
    monkeypatch.setattr(frameworks, "wheels", lambda: {f"nvidia-cudnn-cu{one}": one for one in wheels})
    monkeypatch.setattr(frameworks, "find_library", lambda name: None)


TENSORFLOW, TORCH = "tensorflow/python/platform/build_info.py", "torch/version.py"


@pytest.mark.parametrize(
    ("build", "cuda", "wheels", "told"),
    [
        ("('cuda_version', '12.5.1'), ('is_cuda_build', True)", "'12.8'", [12], ["calls it GPU:0", "calls it cuda:0"]),
        ("('cuda_version', '12.5.1'), ('is_cuda_build', True)", "None", [13],
         ["uses the CPU: the libraries of CUDA 12 that it is built for are not installed", "it is built for the CPU"]),
        ("('is_cuda_build', False)", "None", [], ["uses the CPU: it is built for the CPU"] * 2),
    ],
)  # fmt: skip
def test_each_framework_says_whether_it_can_use_the_card(
    eight, tmp_path, monkeypatch, capsys, build, cuda, wheels, told
):
    torch = f"__all__ = ['cuda', 'hip']\ncuda: Optional[str] = {cuda}\nhip: Optional[str] = None"
    installed_as(tmp_path, monkeypatch, {"tensorflow": (TENSORFLOW, build), "torch": (TORCH, torch)}, wheels)
    assert gpu.use("auto")
    said = capsys.readouterr().out
    lines = [line for line in said.splitlines() if line.startswith(("  TensorFlow 9.9", "  PyTorch 9.9"))]
    assert len(lines) == 2 and all(want in line for want, line in zip(told, lines, strict=True)), said
    assert said.count("constraints-gpu.txt") == any("CPU" in line for line in lines)


def test_the_installed_frameworks_are_asked_without_importing_them():
    ask = "import sys; from course.gpu import frameworks; print(*frameworks.installed())"
    code = f"{ask}; print({{*sys.modules}} & {{'torch', 'tensorflow'}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "TensorFlow 2." in done.stdout and "PyTorch 2." in done.stdout and done.stdout.endswith("set()\n")
