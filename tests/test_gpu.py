"""USE_GPU, with the driver's library replaced at its boundary by one that has eight cards."""

import os
from types import SimpleNamespace

import pynvml
import pytest

from course import gpu


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("USE_GPU", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "TF_FORCE_GPU_ALLOW_GROWTH"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def eight_cards(monkeypatch):
    used = [9, 8, 7, 0, 5, 4, 3, 2]
    fakes = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: 8,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetUUID": lambda index: f"GPU-{index:04}",
        "nvmlDeviceGetName": lambda index: b"A card",
        "nvmlDeviceGetMemoryInfo": lambda index: SimpleNamespace(used=used[index] * 2**30, total=80 * 2**30),
        "nvmlDeviceGetUtilizationRates": lambda index: SimpleNamespace(gpu=10 * index),
    }
    for name, fake in fakes.items():
        monkeypatch.setattr(pynvml, name, fake)


def test_auto_takes_the_least_busy_card(eight_cards, capsys):
    card = gpu.use("auto")
    assert card and card.index == 3
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0003"
    assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert "3: A card, 0.0 of 80.0 GiB used, load 30 %" in capsys.readouterr().out


def test_a_number_is_nvidia_smis(eight_cards):
    card = gpu.use(4)
    assert card and card.uuid == os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0004"


@pytest.mark.parametrize(("value", "index"), [("5", 5), ("auto", 3), ("none", None)])
def test_the_environment_gives_the_default(eight_cards, monkeypatch, value, index):
    monkeypatch.setenv("USE_GPU", value)
    card = gpu.use()
    assert (card.index if card else None) == index


def test_none_hides_every_card(eight_cards):
    assert gpu.use(None) is None and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


@pytest.mark.parametrize("choice", [9, "4", -1, 2.5, "fast", True])
def test_a_wrong_value_lists_what_there_is(eight_cards, choice):
    with pytest.raises(ValueError, match="There is: 0: A card") as error:
        gpu.use(choice)
    assert repr(choice) in str(error.value)


def test_without_a_driver_there_is_the_cpu(monkeypatch, capsys):
    def fail():
        raise pynvml.NVMLError_LibraryNotFound

    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    assert gpu.use("auto") is None and "CPU: this machine has no GPU" in capsys.readouterr().out
    with pytest.raises(ValueError, match="no GPU on this machine"):
        gpu.use(0)
