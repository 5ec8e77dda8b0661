"""Cards that are taken: sharing one, waiting for one, and looking again."""

import os
import signal
import subprocess
import sys

import pytest
from faked_nvml import Faked, parent
from typer.testing import CliRunner

from course import cli, gpu
from course.gpu import accounts, choice, leases, taking

pytestmark = pytest.mark.usefixtures("new_process")


def test_a_busy_card_can_be_shared_by_its_number(machine, capsys):
    machine(Faked(used=60, pids=[parent()]))
    assert gpu.use("auto") is None
    assert "every GPU is taken" in capsys.readouterr().out and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert CliRunner().invoke(cli.app, ["gpus"]).output.startswith(f"{gpu.find().cards[0]}\n"), "which is not free"
    assert gpu.use(0)
    said = capsys.readouterr().out
    assert f"used by {accounts.own_account()}\n" in said and "Others use it too" not in said, "it is one's own process"


@pytest.mark.parametrize("of_environment", [False, True])
def test_who_shares_a_card_with_others_is_told_and_which_one_is_free(machine, monkeypatch, capsys, of_environment):
    monkeypatch.setattr(accounts, "of", lambda pid: "colleague")
    machine(Faked(used=60, pids=[1]), Faked())
    if of_environment:
        monkeypatch.setenv("USE_GPU", "0")
    assert gpu.use("auto" if of_environment else 0)
    said = capsys.readouterr().out
    advice = ': USE_GPU = 1 is free, and "auto" finds it'
    assert "used by colleague\n" in said
    assert f"Others use it too, so it may be slow or run out of memory{advice}.\n" in said


def test_nobody_is_told_of_a_free_card_if_there_is_none(machine, monkeypatch, capsys):
    monkeypatch.setattr(accounts, "of", lambda pid: "colleague")
    machine(Faked(used=60, pids=[1]), Faked(used=60, pids=[1]))
    assert gpu.use(0)
    assert "Others use it too, so it may be slow or run out of memory.\n" in capsys.readouterr().out


def test_who_shares_a_card_that_another_process_of_theirs_has_is_told(machine, capsys):
    machine(Faked())
    code = "from course.gpu import leases\nprint(leases.take('GPU-0000'), flush=True)\ninput()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout
    other.stdout.readline()
    try:
        assert gpu.use(0)
        said = capsys.readouterr().out
        assert f"leased by you (process {other.pid}) since" in said and "Others use it too" not in said, (
            "it is one's own"
        )
    finally:
        other.communicate(b"\n")


def test_running_it_twice_is_harmless(eight, machine):
    first = gpu.use("auto")
    machine(*[Faked() for _ in range(8)])  # now others would be less busy
    assert gpu.use("auto") == first
    other = gpu.use(6)
    assert other and other.index == 6 and leases.holder("GPU-0003") is None, "the old lease has ended"


def test_it_waits_for_a_card(machine, monkeypatch, capsys):
    """It waits too if no card was free at the first call, as that call's message advises."""
    machine(Faked(used=60))
    assert gpu.use("auto") is None
    monkeypatch.setattr(taking.time, "sleep", lambda seconds: machine(Faked()))  # and then its user is gone
    card = gpu.use("auto", wait=5)
    assert card and card.index == 0 and os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0000"
    said = capsys.readouterr().out
    assert said.count("Every GPU is taken; waiting up to 5 s") == 1
    assert "→ 0: A card, 0.0 of 80.0 GiB used" in said, "as it is now"


def interrupted(*_):
    signal.raise_signal(signal.SIGINT)


def test_a_wait_that_is_interrupted_ends_with_the_cpu(machine, monkeypatch, capsys):
    machine(Faked(used=60), Faked(used=60))
    monkeypatch.setattr(taking.time, "sleep", interrupted)
    assert gpu.use("auto", wait=5) is None and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "CPU: every GPU is taken" in capsys.readouterr().out
    assert gpu.use(1) and str(leases.holder("GPU-0001")) == "you"
    assert gpu.use("auto", wait=5) is None and leases.holder("GPU-0001") is None
    assert gpu.use(1) and str(leases.holder("GPU-0001")) == "you"


def test_a_wait_that_is_interrupted_as_it_ends_keeps_no_card(machine, monkeypatch):
    machine(Faked(used=60))
    take = leases.take
    monkeypatch.setattr(taking.time, "sleep", lambda seconds: machine(Faked()))
    monkeypatch.setattr(leases, "take", lambda uuid: take(uuid) and interrupted())
    assert gpu.use("auto", wait=5) is None and leases.holder("GPU-0000") is None


def test_run_again_it_tells_who_has_come_since(machine, monkeypatch, capsys):
    monkeypatch.setattr(accounts, "of", lambda pid: "colleague")
    machine(Faked())
    for pids, said in (([], False), ([1], True), ([], False)):
        machine(Faked(pids=pids))
        assert gpu.use("auto") and ("Others use it too" in capsys.readouterr().out) == said


def test_it_looks_again_when_it_is_run_again_but_not_once_a_framework_has_started(machine, monkeypatch):
    machine(Faked(used=60))
    assert gpu.use("auto") is None
    machine(Faked())
    monkeypatch.setattr(choice, "_started", lambda: ["PyTorch"])
    assert gpu.use("auto") is None
    with pytest.raises(gpu.TooLate, match="PyTorch took the devices"):
        gpu.use("auto", wait=5)
    monkeypatch.setattr(choice, "_started", list)
    assert gpu.use("auto")
