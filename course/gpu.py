"""Choosing a GPU: ``USE_GPU`` at the top of a notebook.

``use("auto")`` takes the least busy card, ``use(4)`` the one that nvidia-smi calls 4, ``use(None)`` the
CPU. It has to run before TensorFlow or PyTorch first touches a GPU; the chosen card is then the only
one that they see, as ``GPU:0`` and ``cuda:0``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A GPU as the driver reports it. ``memory`` in bytes, ``load`` in percent."""

    index: int
    uuid: str
    name: str
    memory_used: int
    memory_total: int
    load: int

    def __str__(self) -> str:
        used, total = self.memory_used / 2**30, self.memory_total / 2**30
        return f"{self.index}: {self.name}, {used:.1f} of {total:.1f} GiB used, load {self.load} %"


def cards() -> list[Card]:
    """The GPUs of this machine, in nvidia-smi's order; none where there is no driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        return [_card(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    finally:
        pynvml.nvmlShutdown()


def _card(nvml, index: int) -> Card:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    load = nvml.nvmlDeviceGetUtilizationRates(handle).gpu
    return Card(
        index, _text(nvml.nvmlDeviceGetUUID(handle)), _text(nvml.nvmlDeviceGetName(handle)),
        int(memory.used), int(memory.total), int(load),
    )  # fmt: skip


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def use(choice: int | str | None = "auto") -> Card | None:
    """Let TensorFlow and PyTorch see one card only, or none; say which. Returns the card, None for the CPU.

    The environment variable ``USE_GPU`` (a number, ``auto`` or ``none``) stands in for ``"auto"``.
    Raises ValueError for anything that names no card, with a list of what there is.
    """
    if choice == "auto":
        choice = _from_environment(os.environ.get("USE_GPU", "auto"))
    found = cards()
    card = _choose(choice, found)
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # warnings of its C++ part are not for students
    os.environ["CUDA_VISIBLE_DEVICES"] = card.uuid if card else "-1"
    if card:
        print(f"GPU {card}\nTensorFlow calls it GPU:0, PyTorch cuda:0.")
    else:
        print("CPU" if found else "CPU: this machine has no GPU that can be used")
    return card


def _from_environment(value: str) -> int | str | None:
    if value.strip().lower() in ("none", ""):
        return None
    return int(value) if value.strip().isdigit() else value.strip()


def _choose(choice: int | str | None, found: list[Card]) -> Card | None:
    if choice is None:
        return None
    if choice == "auto":
        return min(found, key=lambda card: (card.memory_used, card.load, card.index), default=None)
    for card in found:
        if type(choice) is int and card.index == choice:
            return card
    there = "; ".join(map(str, found)) or "no GPU on this machine"
    raise ValueError(f'USE_GPU must be "auto", None or the number of a card, got {choice!r}. There is: {there}')
