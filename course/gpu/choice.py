"""``use``: one card for this process, before a framework takes them all."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from course.gpu import accounts, leases
from course.gpu.cards import Card, Found, find, least_busy_first

AUTO, CPU = "auto", "none"
VARIABLE, VISIBLE = "USE_GPU", "CUDA_VISIBLE_DEVICES"
CUDA_ERROR_NOT_INITIALIZED = 3
OF_JOB = os.environ.get(VISIBLE, "") if "SLURM_JOB_ID" in os.environ else ""
"""In a Slurm job, the cards that the job was given, by number or UUID. The job may see other cards too."""
FRAMEWORK_NAMES = {"tensorflow": "TensorFlow", "torch": "PyTorch"}
LOOK_AGAIN = 2.0  # seconds
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
        card = _automatic(found, wait) if wanted == AUTO else _named(wanted, found)
        _show_only(card, first=_current is None)
        _current = Current(wanted, card)
        found = find()  # a wait may have been long
    _report(found, _current, chosen=choice != AUTO)
    return _current.card


def _may_look_again(current: Current, found: Found, wait: float) -> bool:
    """Whether every card was taken at the last call, and this call may still take one."""
    return current == Current(AUTO, None) and bool(found.cards) and (wait > 0 or not _started())


def _show_only(card: Card | None, first: bool) -> None:
    """Let the frameworks see this card, and no other."""
    shown = card.uuid if card else "-1"
    before = os.environ.get(VISIBLE)
    if card and first and before not in (None, "", shown, OF_JOB):
        print(f"{VISIBLE} was {before} and is {shown} now, since {VARIABLE} chooses the card.")
    os.environ[VISIBLE] = shown
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # warnings of its C++ part are not for students


def _wanted(choice: int | str | None, found: Found) -> str:
    """The choice as a text: ``auto``, ``none``, a number or a UUID. Raises ValueError for anything else."""
    named = VARIABLE
    given: int | str | None = choice
    if isinstance(choice, str) and choice == AUTO and VARIABLE in os.environ:
        named, given = f"the environment variable {VARIABLE}", os.environ[VARIABLE].strip()
        if given == os.environ.get(leases.LEASED):
            return _of_this_server(given, found)
        if given.lower() in (CPU, "cpu", ""):
            return CPU
        given = AUTO if given.lower() == AUTO else int(given) if given.isdecimal() else given
    if given is None:
        return CPU
    if isinstance(given, str) and given in (AUTO, *(card.uuid for card in found.cards)):
        return given
    if type(given) is int and given in {card.index for card in found.cards}:
        return str(given)
    raise ValueError(f'{named} must be "auto", None or the number of a card, got {given!r}. There is: {found}')


def _of_this_server(uuid: str, found: Found) -> str:
    """The card that a hub leased for this process, or ``auto`` if somebody else has it by now.

    Raises ValueError if the card is gone.
    """
    if uuid not in [card.uuid for card in found.cards]:
        raise ValueError(
            "the card that was leased for this server is gone; stop and start the server (menu File, Hub Control "
            f"Panel), or set {VARIABLE} = None for the CPU. There is: {found}"
        )
    with suppress(OSError):
        who = leases.holder(uuid)
        if who not in ("", leases.YOU):
            print(f"The card of this server has been leased by {who} since; looking for another one.")
            return AUTO
    return uuid


def _named(wanted: str, found: Found) -> Card | None:
    """The card of that number or UUID, leased if nobody else has it; None for the CPU."""
    fitting = least_busy_first(card for card in found.cards if wanted in (str(card.index), card.uuid))
    return next(filter(_lease, fitting), fitting[0] if fitting else None)


def _automatic(found: Found, wait: float) -> Card | None:
    """The least busy card that nobody has. None if there is none within ``wait`` seconds, or until an interrupt."""
    deadline = time.monotonic() + wait
    card = _first_free(found)
    if card or not found.cards or wait <= 0:
        return card
    print(f"Every GPU is taken; waiting up to {wait:g} s for one (menu Kernel, Interrupt ends that).", flush=True)
    try:
        while not card and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN)
            card = _first_free(find())
    except KeyboardInterrupt:
        leases.give_back()  # the interrupt may have come just after a card was taken
        return None
    return card


def _allowed(cards: tuple[Card, ...]) -> tuple[Card, ...]:
    """In a Slurm job, the cards that the job was given; otherwise all."""
    names = OF_JOB.split(",")
    return tuple(card for card in cards if not OF_JOB or str(card.index) in names or card.uuid in names)


def _first_free(found: Found) -> Card | None:
    """The least busy idle card that can be leased; where leases cannot be used, the least busy idle one."""
    failed = []
    for card in least_busy_first(card for card in _allowed(found.cards) if card.idle):
        try:
            if leases.take(card.uuid):
                return card
        except OSError:
            failed.append(card)
    return next(filter(_lease, failed), None)


def _lease(card: Card) -> bool:
    try:
        return leases.take(card.uuid)
    except OSError as error:
        print(f"{card.number}: it cannot be leased ({error}), so others may take it too", file=sys.stderr)
        return True


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


def _report(found: Found, current: Current, chosen: bool) -> None:
    """Print the frameworks' versions, every card with its users, and the card that was taken.

    ``chosen`` says whether the notebook itself named the card.
    """
    for trouble in found.troubles:
        print(trouble)
    card = next((one for one in found.cards if current.card and one.uuid == current.card.uuid), None)
    if current.card and not card:
        print(f"GPU {current.card.number}, which this notebook uses, is gone: {RESTART_KERNEL}")
        return
    if not found.cards:
        print("CPU: this machine has no GPU that can be used")
        return
    print(", ".join(filter(None, map(_version, FRAMEWORK_NAMES))))
    for one in found.cards:
        print(f"{'→' if one == card else ' '} {one}{_leased(one)}")
    if card:
        print(f"GPU {card.number} ({card.name}) is yours; TensorFlow calls it GPU:0, PyTorch cuda:0.")
        if {*card.users} - {accounts.own_account()} or _leased(card):
            advice = f': {VARIABLE} = "auto" takes a free one' if chosen else ""
            print(f"Others use it too, so it may be slow or run out of memory{advice}.")
    elif current.wanted == AUTO:
        print(f"CPU: every GPU is taken. To wait: gpu.use({VARIABLE}, wait=600); to share one, choose its number.")
    else:
        print("CPU, as was asked for")


def _version(package: str) -> str:
    try:
        return f"{FRAMEWORK_NAMES[package]} {version(package)}"
    except PackageNotFoundError:
        return ""


def _leased(card: Card) -> str:
    try:
        who = leases.holder(card.uuid)
    except OSError:
        return ""
    return f", leased by {who}" if who and who != leases.YOU else ""
