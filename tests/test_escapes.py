"""Real attacks from within a real kernel: each is refused by the operating system, and grading goes on."""

import os

import psutil
import pytest
from escaping import TRIED, Outside
from trying import GROUPS, results_of


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
    """Without the sandbox they succeed."""
    attacks = {name: attack for group in GROUPS.values() for name, attack in group.items() if name in WITHOUT}
    got, _ = results_of(attacks, outside, isolation="none")
    assert {name for name in attacks if got[name][0] == "refused"} <= {"TCP over IPv6", "a symlink to it"}
    assert {"tcp", "udp", "unix", "datagrams", "abstract"} <= set(outside.reached())
