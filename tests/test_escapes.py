"""Real attacks from within a real kernel: each is refused by the operating system, and grading goes on."""

import os
import textwrap
from pathlib import Path

import psutil
import pytest
from attacks import ANSWERS, FILES, NETWORK, PREAMBLE
from attacks_on_processes import LINUX, PROCESSES
from escaping import TRIED, Outside, run

from autograder.build import PROJECT
from autograder.kernels import forkserver, sandbox

pytestmark = pytest.mark.alone

GROUPS = {"network": NETWORK, "files": FILES, "answers": ANSWERS, "processes": PROCESSES, "Linux": LINUX}


def cell(name, attack):
    return f"with attempt({name!r}):\n" + textwrap.indent(textwrap.dedent(attack).strip(), "    ")


def results_of(attacks, outside, **more):
    """What each attack got, and the outcome of the notebook in which all of them stand before the check."""
    folder = outside.folder
    targets = {
        "secret": str(folder / "secret.txt"), "folder": str(folder), "gradebook": str(PROJECT / "gradebook.db"),
        "submissions": str(folder.parent), "home": str(Path.home()), "project": str(PROJECT), "grader": os.getpid(),
        "victim": outside.victim.pid, "tcp": outside.tcp.getsockname()[1], "tcp6": outside.tcp6.getsockname()[1],
        "udp": outside.udp.getsockname()[1], "unix": outside.unix.getsockname(),
        "datagrams": outside.datagrams.getsockname(), "permitted": [*forkserver.ENVIRONMENT, *sandbox.KEPT, "PWD"],
    }  # fmt: skip
    cells = [f"T = {targets!r}", PREAMBLE, *(cell(name, attack) for name, attack in attacks.items())]
    outcome = run(*cells, cell_seconds=120.0, **more)
    lines = [line.split("\t") for line in outcome.text.splitlines() if line.count("\t") == 2]
    return {name: (got, why) for name, got, why in lines}, outcome


@pytest.fixture
def outside(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    with Outside(tmp_path) as outside:
        yield outside


@pytest.mark.parametrize("group", GROUPS)
def test_what_lies_outside_is_out_of_reach(group, outside):
    got, outcome = results_of(GROUPS[group], outside)
    TRIED.extend((group, name, " ".join(got.get(name, ("nothing",)))) for name in GROUPS[group])
    assert {name for name in GROUPS[group] if got.get(name, "?")[0] != "refused"} == set()
    assert outside.reached() == [] and outside.victim.poll() is None
    assert sorted(path.name for path in outside.folder.iterdir()) == ["datagrams", "secret.txt", "stream"]
    assert outcome.full and outcome.execution.stopped == "" and psutil.pid_exists(os.getpid())


WITHOUT = (
    "TCP", "UDP", "TCP over IPv6", "Unix socket by path", "abstract Unix socket", "datagram by path",
    "abstract datagram", "a file of the owner", "the project", "the folder of the owner", "write to the owner's folder",
    "accounts", "a symlink to it", "other processes", "the server's settings", "memory files",
    "shared memory of System V", "the grader's process",
)  # fmt: skip


def test_the_attacks_are_real(outside):
    """Unconfined, they succeed."""
    attacks = {name: attack for group in GROUPS.values() for name, attack in group.items() if name in WITHOUT}
    got, _ = results_of(attacks, outside, isolation="none")
    assert {name for name in attacks if got[name][0] == "refused"} <= {"TCP over IPv6", "a symlink to it"}
    assert {"tcp", "udp", "unix", "datagrams", "abstract"} <= set(outside.reached())
