"""The lab's hub: cards for its users, by the hooks of its configuration, on a machine with eight that is not here."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from faked_nvml import Faked, install, parent

from course.gpu import hub, leases

NOTEBOOK = """
import sys
sys.path.insert(0, {tests!r})
from faked_nvml import Faked, install
install([Faked() for _ in range(8)])
from course import gpu
gpu.use("auto")
"""


@pytest.fixture(autouse=True)
def leases_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv(leases.FOLDER, str(tmp_path / "leases"))
    yield
    leases.give_back()


def machine(monkeypatch, *cards):
    install(list(cards), setattr_=monkeypatch.setattr)


def spawner(name):
    """What the hooks see of a user's spawner."""
    return SimpleNamespace(user=SimpleNamespace(name=name), environment={"COURSE": "1"}, log=logging.getLogger("hub"))


def started(name):
    one = spawner(name)
    hub.lease(one)
    return one


def in_a_notebook(server):
    """What ``gpu.use("auto")`` prints in a notebook on this server."""
    code = NOTEBOOK.format(tests=str(Path(__file__).parent))
    kept = {name: value for name, value in os.environ.items() if name not in ("USE_GPU", leases.LEASED, leases.FOLDER)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | server.environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_eight_of_nine_users_get_a_card_each_and_a_server_that_stops_makes_room(monkeypatch, caplog):
    machine(monkeypatch, *[Faked() for _ in range(8)])
    servers = [started(f"student-{number}") for number in range(1, 10)]
    assert [server.environment.get("USE_GPU") for server in servers] == [f"GPU-{n:04}" for n in range(8)] + [None]
    assert "every GPU is taken: student-9 starts without one" in caplog.text
    assert leases.holder("GPU-0004") == leases.YOU, "the hub holds it"
    last = in_a_notebook(servers[8])
    assert "CPU: every GPU is taken. To wait: gpu.use(USE_GPU, wait=600)" in last
    assert "4: A card, 0.0 of 80.0 GiB used, load 0 %, leased by student-5\n" in last

    hub.give_back(servers[4])
    assert servers[4].environment == {"COURSE": "1", leases.FOLDER: str(leases.folder())}
    assert "→ 4: A card" in in_a_notebook(servers[8]), "the notebook looks again"
    assert started("student-10").environment["USE_GPU"] == "GPU-0004"


def test_a_notebook_takes_the_card_that_was_leased_for_it(monkeypatch):
    machine(monkeypatch, *[Faked() for _ in range(8)])
    first, second = started("student-1"), started("student-2")
    for server, number in ((first, 0), (second, 1), (second, 1)):  # and so does another notebook on the same server
        said = in_a_notebook(server)
        assert f"GPU {number} (A card) is yours" in said and "Others use it too" not in said
        assert f"→ {number}: A card, 0.0 of 80.0 GiB used, load 0 %\n" in said


def test_a_server_that_starts_again_keeps_no_card_of_before(monkeypatch):
    machine(monkeypatch, Faked(load=5), Faked())
    server = started("student-1")
    assert server.environment["USE_GPU"] == "GPU-0001"
    hub.lease(server)
    assert server.environment["USE_GPU"] == "GPU-0001" and leases.holder("GPU-0000") == ""
    machine(monkeypatch, Faked(used=60, pids=[parent()]))
    hub.lease(server)
    assert "USE_GPU" not in server.environment and leases.LEASED not in server.environment
    assert leases.holder("GPU-0001") == ""


def test_when_the_hub_has_died_the_notebook_leases_its_card_itself(monkeypatch):
    machine(monkeypatch, *[Faked() for _ in range(8)])
    server = started("student-1")
    leases.give_back()  # as the system does, when a process ends
    assert "GPU 0 (A card) is yours" in in_a_notebook(server)


def test_servers_start_where_nothing_can_be_leased(monkeypatch, tmp_path, caplog):
    machine(monkeypatch, Faked(), Faked(lost=True))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(leases.FOLDER, str(tmp_path / "file" / "leases"))
    assert "USE_GPU" not in started("student-1").environment
    assert "GPUs cannot be leased" in caplog.text and "card 1 does not answer" in caplog.text
