"""NVIDIA's management library, replaced at its boundary by machines that are not here."""

import os
from dataclasses import dataclass, field
from types import SimpleNamespace

import pynvml

GIB = 2**30


@dataclass
class Faked:
    """A card of a machine that is not here: ``parts`` are the UUIDs of its MIG devices; a ``lost`` one is gone."""

    used: float = 0.0
    load: int = 0
    pids: list = field(default_factory=list)
    parts: list = field(default_factory=list)
    lost: bool = False
    name: str = "A card"


def install(cards, *, init=None, old=False, setattr_=setattr):
    """Let pynvml report these cards; ``init`` is raised when it is started, ``old`` knows no newer functions."""

    def start():
        if init:
            raise init

    def handle(index):
        if cards[index].lost:
            raise pynvml.NVMLError_GpuIsLost
        return index, None

    def part(handle, number):
        if number >= len(cards[handle[0]].parts):
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
        return SimpleNamespace(used=int(cards[handle[0]].used * GIB), total=80 * GIB)

    def load(handle):
        if handle[1] is not None:
            raise pynvml.NVMLError_NotSupported
        return SimpleNamespace(gpu=cards[handle[0]].load)

    fakes = {
        "nvmlInit": start,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: len(cards),
        "nvmlDeviceGetHandleByIndex": handle,
        "nvmlDeviceGetUUID": lambda h: f"GPU-{h[0]:04}" if h[1] is None else cards[h[0]].parts[h[1]],
        "nvmlDeviceGetName": lambda h: cards[h[0]].name.encode(),
        "nvmlDeviceGetMemoryInfo": memory,
        "nvmlDeviceGetUtilizationRates": load,
        "nvmlDeviceGetComputeRunningProcesses": lambda h: [SimpleNamespace(pid=pid) for pid in cards[h[0]].pids],
        "nvmlDeviceGetMigMode": newer(lambda h: (bool(cards[h[0]].parts), 0)),
        "nvmlDeviceGetMaxMigDeviceCount": newer(lambda h: 7),
        "nvmlDeviceGetMigDeviceHandleByIndex": newer(part),
    }
    for name, fake in fakes.items():
        setattr_(pynvml, name, fake)


def parent():
    """A process that is not this one, and is there."""
    return os.getppid()
