"""Trying attacks: all of a kind in one notebook, and what each got."""

import os
import textwrap
from pathlib import Path

from attacks import ANSWERS, FILES, NETWORK, PREAMBLE
from attacks_on_processes import LINUX, PROCESSES
from escaping import ABSTRACT, run

from autograder.course import PROJECT
from autograder.sandbox import bubblewrap, forkserver

GROUPS = {"network": NETWORK, "files": FILES, "answers": ANSWERS, "processes": PROCESSES, "Linux": LINUX}


def cell(name, attack):
    return f"with attempt({name!r}):\n" + textwrap.indent(textwrap.dedent(attack).strip() or "pass", "    ")


def targets_of(outside, **other):
    """What attacks aim at, by the names that they know."""
    folder = outside.folder
    return {
        "secret": str(folder / "secret.txt"), "folder": str(folder), "gradebook": str(PROJECT / "gradebook.db"),
        "submissions": str(folder.parent), "home": str(Path.home()), "project": str(PROJECT), "grader": os.getpid(),
        "victim": outside.victim.pid, "tcp": outside.tcp.getsockname()[1], "tcp6": outside.tcp6.getsockname()[1],
        "udp": outside.udp.getsockname()[1], "unix": outside.unix.getsockname(),
        "datagrams": outside.datagrams.getsockname(), "abstract": ABSTRACT,
        "permitted": [*forkserver.ENVIRONMENT, *bubblewrap.KEPT_VARIABLES, "PWD"], **other,
    }  # fmt: skip


def cells_of(attacks, targets):
    """The cells that try the attacks, one after the other."""
    return [f"T = {targets!r}", PREAMBLE, *(cell(name, attack) for name, attack in attacks.items())]


def got_in(text):
    """What each attack got, by what it printed."""
    lines = [line.split("\t") for line in text.splitlines() if line.count("\t") == 2]
    return {name: (got, why) for name, got, why in lines}


def results_of(attacks, outside, **more):
    """What each attack got, and the outcome of the notebook in which all of them stand before the check."""
    outcome = run(*cells_of(attacks, targets_of(outside)), cell_seconds=120.0, **more)
    return got_in(outcome.text), outcome
