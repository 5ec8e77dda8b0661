"""``use``: one card for this process, before a framework takes them all."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass

from course.gpu import accounts, frameworks, history, leases, taking
from course.gpu.cards import Card, Found, find
from course.gpu.taking import VISIBLE

AUTO, CPU = "auto", "none"
VARIABLE = "USE_GPU"
CUDA_ERROR_NOT_INITIALIZED = 3
RESTART_KERNEL = "restart the kernel (menu Kernel, Restart) and run this cell first"


class TooLate(RuntimeError):
    """A framework has taken its devices already, and keeps them as long as the process lives."""


@dataclass
class Current:
    """What this process was given: the choice as a text, and the card, or None for the CPU."""

    wanted: str
    card: Card | None


_current: Current | None = None


def use(choice: int | str | None = AUTO, wait: float = 0.0) -> Card | None:
    """Let TensorFlow and PyTorch see one card only, or none; say which. Returns the card, None for the CPU.

    ``choice`` is one of these:

    - ``"auto"``: the least busy card that nobody has. If all are taken, this waits up to ``wait`` seconds, or until
      it is interrupted, and then takes the CPU. The environment variable ``USE_GPU`` replaces ``"auto"``.
    - a number: the card with this number in nvidia-smi (of a divided card, the least busy part), even if others use it
    - a UUID: that card or part
    - None: the CPU

    The card is leased for the life of the process. TensorFlow calls it ``GPU:0``, PyTorch ``cuda:0``. Running this
    twice is harmless.

    Raises ValueError, with a list of the cards, if ``choice`` names no card, and TooLate if a framework has already
    taken other devices.
    """
    global _current
    found = find()
    wanted = _wanted(choice, found)
    if _current is None or _current.wanted != wanted or _may_look_again(_current, found, wait):
        if found.cards or _current:
            _refuse_if_too_late()
        leases.give_back()
        card = taking.automatic(found, wait) if wanted == AUTO else taking.named(wanted, found)
        _show_only(card, first=_current is None)
        _current = Current(wanted, card)
        found = find()  # a wait may have been long
    _report(found, _current)
    return _current.card


def _may_look_again(current: Current, found: Found, wait: float) -> bool:
    """Whether every card was taken at the last call, and this call may still take one."""
    return current == Current(AUTO, None) and bool(found.cards) and (wait > 0 or not _started())


def _show_only(card: Card | None, first: bool) -> None:
    """Let the frameworks see this card, and no other."""
    shown = card.uuid if card else "-1"
    before = os.environ.get(VISIBLE)
    if card and first and before not in (None, "", shown, taking.OF_JOB):
        print(f"{VISIBLE} was {before} and is {shown} now, since {VARIABLE} chooses the card.")
    os.environ[VISIBLE] = shown
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # warnings of its C++ part are not for students


def _wanted(choice: int | str | None, found: Found) -> str:
    """The choice as a text: ``auto``, ``none``, a number or a UUID. Raises ValueError for anything else."""
    given: int | str | None = choice
    of_environment = isinstance(choice, str) and choice == AUTO and VARIABLE in os.environ
    if of_environment:
        given = os.environ[VARIABLE].strip()
        if given.lower() in (CPU, "cpu", ""):
            return CPU
        given = AUTO if given.lower() == AUTO else int(given) if given.isdecimal() else given
    if given is None:
        return CPU
    if isinstance(given, str) and given in (AUTO, *(card.uuid for card in found.cards)):
        return given
    if type(given) is int and given in {card.index for card in found.cards}:
        return str(given)
    raise ValueError(_wrong(given, found, of_environment))


def _wrong(given: object, found: Found, of_environment: bool) -> str:
    """What is wrong with a choice, what there is, and what to write: a line or two."""
    where = f"the environment variable {VARIABLE}" if of_environment else VARIABLE
    what = f"{where} is {given!r:.60}"
    if not found.cards:
        trouble = "; ".join(map(str, found.troubles)) or "this machine has no GPU"
        return (
            f'{what}, but {trouble}. Write {VARIABLE} = "auto": then it uses the CPU here, and a GPU where there is one'
        )
    numbers = sorted({card.index for card in found.cards})
    meant = _meant(given)
    if meant in numbers:
        why = "a text: write the number without quotes" if isinstance(given, str) else "a float: write the whole number"
        return f"{what}, {why}, {VARIABLE} = {meant}"
    troubles = "".join(f"; {trouble}" for trouble in found.troubles)
    return (
        f"{what}; there {'is' if len(numbers) == 1 else 'are'} {_ranges(numbers)}{troubles}. "
        f'Write one of these numbers{" without quotes" if meant is not None else ""}, "auto" or None (the CPU)'
    )


def _meant(given: object) -> int | None:
    """The number of a card that a text or a float stands for."""
    if isinstance(given, str) and given.strip().isdecimal():
        return int(given.strip()[:9])
    return int(given) if isinstance(given, float) and given.is_integer() else None


def _ranges(numbers: list[int]) -> str:
    """Numbers in few words, such as ``GPU 0 to 7`` or ``GPU 0, 2, 3``."""
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"GPU {numbers[0]} to {numbers[-1]}"
    return f"GPU {', '.join(map(str, numbers))}"


def _refuse_if_too_late() -> None:
    """Raises TooLate if a framework has already taken its devices."""
    started = _started()
    if started:
        raise TooLate(
            f"{' and '.join(started)} took the devices of this kernel before {VARIABLE} was set: {RESTART_KERNEL}"
        )


def _started() -> list[str]:
    """The frameworks that have looked for devices: they keep those that they saw."""
    started = []
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        started.append("PyTorch")
    context = getattr(sys.modules.get("tensorflow.python.eager.context"), "_context", None)
    if context is not None and (context._initialized or context._physical_devices is not None):
        started.append("TensorFlow")
    if not started and _cuda_has_started():
        started.append("a framework")
    return started


def _cuda_has_started() -> bool:
    """Whether CUDA has looked for devices in this process, as after ``torch.cuda.is_available()``."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1", os.RTLD_NOLOAD | os.RTLD_LAZY)
    except (OSError, AttributeError):  # nothing has loaded it, or this is not Linux
        return False
    return cuda.cuDeviceGetCount(ctypes.byref(ctypes.c_int())) != CUDA_ERROR_NOT_INITIALIZED


def _report(found: Found, current: Current) -> None:
    """Print every card with its users, the one that was taken, and what each framework can do with it."""
    for trouble in found.troubles:
        print(trouble)
    card = next((one for one in found.cards if current.card and one.uuid == current.card.uuid), None)
    if current.card and not card:
        print(f"GPU {current.card.number}, which this notebook uses, is gone: {RESTART_KERNEL}")
        return
    if not found.cards:
        print("CPU: this machine has no GPU that can be used")
        return
    for one in found.cards:
        print(f"{'→' if one == card else ' '} {one}{_leased(one)}")
    taken = history.told()
    if taken:
        print(taken)
    if card:
        print(f"GPU {card.number} ({card.name}) is yours. Memory is taken as it is needed.")
        there = frameworks.installed()
        for framework in there:
            does = f"uses the CPU: {framework.trouble}" if framework.trouble else f"calls it {framework.card}"
            print(f"  {framework} {does}")
        if any(framework.trouble for framework in there):
            print(f"  To let them use it, {frameworks.ONE_SET}")
        _warn_of_others(card, found)
    elif current.wanted == AUTO:
        print("CPU: every GPU is taken or waited for.")
        print(f"  To wait: gpu.use({VARIABLE}, wait=600). To share one: choose its number.")
    else:
        print("CPU, as was asked for")


def _warn_of_others(card: Card, found: Found) -> None:
    """Say so if others compute on the card too, or had it first, and which card is free."""
    try:
        others = [lease for lease in leases.of(card.uuid) if not lease.mine]
        free = [one for one in taking.allowed(found.cards) if one.idle and one != card and not leases.holder(one.uuid)]
    except OSError:
        others, free = [], []
    if others or {*card.users} - {accounts.own_account()}:
        advice = f': {VARIABLE} = {free[0].index} is free, and "auto" finds it' if free else ""
        print(f"Others use it too, so it may be slow or run out of memory{advice}.")


def _leased(card: Card) -> str:
    try:
        there = [lease for lease in leases.of(card.uuid) if not lease.yours]
    except OSError:
        return ""
    return f", leased by {there[0]}" if there else ""
