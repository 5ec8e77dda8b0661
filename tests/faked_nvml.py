"""NVIDIA's management library, replaced at its boundary by machines that are not here."""

import os
from dataclasses import dataclass, field
from types import SimpleNamespace

import pynvml
import pytest

from course.gpu import choice, leases

GIB = 2**30
NAMES = ("USE_GPU", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_CPP_MIN_LOG_LEVEL")


@dataclass
class Faked:
    """A card of a made-up machine.

    ``parts`` are the UUIDs of its MIG devices (an empty list: it is divided but has none). A ``lost`` card is gone.
    ``used`` is None if the driver does not report memory.
    """

    used: float | None = 0.0
    load: int = 0
    pids: list = field(default_factory=list)
    parts: list | None = None
    lost: bool = False
    name: str = "A card"


def install(cards, *, init=None, old=False, setattr_=setattr):
    """Let pynvml report these cards. ``init`` is raised when it is started; an ``old`` one lacks newer functions."""

    def start():
        if init:
            raise init

    def handle(index):
        if cards[index].lost:
            raise pynvml.NVMLError_GpuIsLost
        return index, None

    def part(handle, number):
        if number >= len(cards[handle[0]].parts or ()):
            raise pynvml.NVMLError_NotFound
        return handle[0], number

    def newer(function):
        def call(*words):
            if old:
                raise pynvml.NVMLError_FunctionNotFound
            return function(*words)

        return call

    def memory(handle, version=None):
        if version and old:
            raise pynvml.NVMLError_FunctionNotFound
        if cards[handle[0]].used is None:
            raise pynvml.NVMLError_NotSupported
        return SimpleNamespace(used=int(cards[handle[0]].used * GIB), total=80 * GIB)

    def load(handle):
        if handle[1] is not None:
            raise pynvml.NVMLError_NotSupported
        return SimpleNamespace(gpu=cards[handle[0]].load)

    fakes = {
        "nvmlInit": start,
        "nvmlShutdown": lambda: None,
        "nvmlSystemGetDriverVersion": lambda: "580.65.06",
        "nvmlSystemGetCudaDriverVersion": newer(lambda: 13_000),
        "nvmlDeviceGetCount": lambda: len(cards),
        "nvmlDeviceGetHandleByIndex": handle,
        "nvmlDeviceGetUUID": lambda h: f"GPU-{h[0]:04}" if h[1] is None else cards[h[0]].parts[h[1]],
        "nvmlDeviceGetName": lambda h: cards[h[0]].name.encode(),
        "nvmlDeviceGetMemoryInfo": memory,
        "nvmlDeviceGetUtilizationRates": load,
        "nvmlDeviceGetComputeRunningProcesses": lambda h: [SimpleNamespace(pid=pid) for pid in cards[h[0]].pids],
        "nvmlDeviceGetMigMode": newer(lambda h: (int(cards[h[0]].parts is not None), 0)),
        "nvmlDeviceGetMaxMigDeviceCount": newer(lambda h: 7),
        "nvmlDeviceGetMigDeviceHandleByIndex": newer(part),
    }
    for name, fake in fakes.items():
        setattr_(pynvml, name, fake)


def parent():
    """A process that is not this one, and is there."""
    return os.getppid()


@pytest.fixture
def new_process(monkeypatch, tmp_path):
    """Forget everything, as in a process that has just started, with leases of its own."""
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv(leases.LEASES_VARIABLE, str(tmp_path / "leases"))
    monkeypatch.setattr(choice, "_current", None)
    monkeypatch.setattr(choice, "_started", list)  # other tests use the frameworks
    yield
    leases.give_back()


@pytest.fixture
def machine(monkeypatch):
    return lambda *cards, **options: install(list(cards), setattr_=monkeypatch.setattr, **options)


@pytest.fixture
def eight(machine):
    machine(*[Faked(used=used, load=10 * index) for index, used in enumerate((9, 8, 7, 0, 5, 4, 3, 2))])
