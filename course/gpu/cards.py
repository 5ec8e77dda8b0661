"""The GPUs of this machine, as NVIDIA's driver reports them through its management library, NVML."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from course.gpu import accounts

GIB = 2**30
RESTART_MACHINE = (
    "restart the machine; if that does not help, install the driver again (nvidia-smi must list every card)"
)
IDLE_MEMORY = GIB  # bytes: a card without processes is idle if it uses no more, since a screen may take some


@dataclass(frozen=True)
class Card:
    """A GPU, or a part of one that is divided (MIG). ``index`` is nvidia-smi's number, ``uuid`` what CUDA calls it.

    ``memory_used`` and ``memory_total`` are in bytes, ``load`` in percent (each None where the driver does not
    say). ``users`` are the accounts whose processes compute on it, without this process. ``part`` is the number of
    a part, None for a whole card.
    """

    index: int
    uuid: str
    name: str
    memory_used: int | None = None
    memory_total: int | None = None
    load: int | None = None
    users: tuple[str, ...] = ()
    part: int | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody else computes on it."""
        return not self.users and (self.memory_used or 0) <= IDLE_MEMORY

    @property
    def number(self) -> str:
        return str(self.index) if self.part is None else f"{self.index}, part {self.part}"

    def __str__(self) -> str:
        load = "" if self.load is None else f", load {self.load} %"
        users = f", used by {', '.join(self.users)}" if self.users else ""
        memory = "memory unknown"
        if self.memory_used is not None and self.memory_total is not None:
            memory = f"{self.memory_used / GIB:.1f} of {self.memory_total / GIB:.1f} GiB used"
        return f"{self.number}: {self.name}, {memory}{load}{users}"


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a card, or with the driver as a whole, and how the machine's administrator mends it."""

    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.what}; ask whoever looks after it to {self.mend}"


@dataclass(frozen=True)
class Found:
    """The cards that can be used, and what is wrong with the others, or with the driver as a whole."""

    cards: tuple[Card, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    def __str__(self) -> str:
        return "; ".join(map(str, (*self.cards, *self.troubles))) or "no GPU on this machine"


class NoParts(Exception):
    """A divided card without parts."""


def least_busy_first(cards: Iterable[Card]) -> list[Card]:
    """Cards that nobody else computes on come first, then those with less to do."""

    def business(card: Card) -> tuple[float, ...]:
        return not card.idle, card.load or 0, card.memory_used or 0, card.index, card.part or 0

    return sorted(cards, key=business)


def find() -> Found:
    """The GPUs of this machine, in nvidia-smi's order. Never raises: what cannot be read is told in ``troubles``."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError_LibraryNotFound:
        return Found()  # there is no driver, so there is no GPU that could be used
    except pynvml.NVMLError as error:
        return Found(troubles=(_broken(error),))
    cards: list[Card] = []
    troubles: list[Trouble] = []
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            try:
                cards += _cards_at(pynvml, index)
            except pynvml.NVMLError as error:
                troubles.append(Trouble(f"card {index} does not answer ({error})", RESTART_MACHINE))
            except NoParts:
                troubles.append(_without_parts(index))
    except pynvml.NVMLError as error:
        troubles.append(_broken(error))
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    return Found(tuple(cards), tuple(troubles))


def _broken(error: Exception) -> Trouble:
    return Trouble(f"the GPU driver does not work ({error})", RESTART_MACHINE)


def _without_parts(index: int) -> Trouble:
    what = f"card {index} is divided (MIG) but has no parts, so that nothing can use it"
    make_parts, make_whole = f"nvidia-smi mig -i {index} -cgi … -C", f"nvidia-smi -i {index} -mig 0"
    return Trouble(what, f"make parts of it (as root: {make_parts}), or make it whole again ({make_whole})")


def _cards_at(nvml: Any, index: int) -> list[Card]:
    """The card of that number, or its parts where it is divided. Raises NoParts, NVMLError."""
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    if not _divided(nvml, handle):
        return [_card(nvml, handle, index)]
    parts = list(_parts(nvml, handle))
    if not parts:
        raise NoParts
    return [replace(_card(nvml, part, index), part=number) for number, part in parts]


def _divided(nvml: Any, handle: Any) -> bool:
    """Whether a card is divided into MIG devices. False where the driver does not know of MIG."""
    try:
        return nvml.nvmlDeviceGetMigMode(handle)[0] == nvml.NVML_DEVICE_MIG_ENABLE
    except nvml.NVMLError:
        return False


def _parts(nvml: Any, handle: Any) -> Iterator[tuple[int, Any]]:
    """The MIG devices of a divided card, with their numbers."""
    for number in range(nvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
        with suppress(nvml.NVMLError):  # a number may have no device
            yield number, nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, number)


def _card(nvml: Any, handle: Any, index: int) -> Card:
    used, total = _memory(nvml, handle)
    load = None
    with suppress(nvml.NVMLError):  # parts of a card report no load
        load = int(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    uuid, name = _text(nvml.nvmlDeviceGetUUID(handle)), _text(nvml.nvmlDeviceGetName(handle))
    return Card(index, uuid, name, used, total, load, _users(nvml, handle))


def _memory(nvml: Any, handle: Any) -> tuple[int | None, int | None]:
    """Memory used and in total, in bytes. What the driver keeps for itself is left out where it says how much."""
    for more in ({"version": nvml.nvmlMemory_v2}, {}):
        with suppress(nvml.NVMLError):
            memory = nvml.nvmlDeviceGetMemoryInfo(handle, **more)
            return int(memory.used), int(memory.total)
    return None, None


def _users(nvml: Any, handle: Any) -> tuple[str, ...]:
    try:
        running = nvml.nvmlDeviceGetComputeRunningProcesses(handle)
    except nvml.NVMLError:
        return ()
    return tuple(sorted({accounts.of(process.pid) for process in running if process.pid != os.getpid()}))


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
