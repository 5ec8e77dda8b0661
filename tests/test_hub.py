"""The lab's hub: cards for its users, on a made-up machine with eight cards; its configuration."""

import logging
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from faked_nvml import Faked, install, parent
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from traitlets.config import Config

from autograder.interactive.hub import LAB, HubCourse, configure
from course.gpu import hub, leases

STUDENT = SimpleNamespace(name="student-1", id=1)
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
    monkeypatch.setenv(leases.LEASES_VARIABLE, str(tmp_path / "leases"))
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
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("USE_GPU", leases.LEASED, leases.LEASES_VARIABLE)
    }
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

    hub.give_back_card(servers[4])
    assert servers[4].environment == {"COURSE": "1", leases.LEASES_VARIABLE: str(leases.folder())}
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


def test_after_the_hub_was_started_anew_nobody_shares_a_card_unawares(monkeypatch):
    machine(monkeypatch, *[Faked() for _ in range(8)])
    first = started("student-1")
    leases.give_back()  # the hub has ended, the server has not
    second = started("student-2")
    assert first.environment["USE_GPU"] == second.environment["USE_GPU"] == "GPU-0000"
    said = in_a_notebook(first)
    assert "The card of this server has been leased by student-2 since" in said and "GPU 1 (A card) is yours" in said
    assert "GPU 0 (A card) is yours" in in_a_notebook(second)


def test_a_leased_card_that_has_vanished_is_told_with_what_to_do(monkeypatch):
    machine(monkeypatch, *[Faked() for _ in range(8)])
    server = started("student-1")
    server.environment |= {"USE_GPU": "GPU-0009", leases.LEASED: "GPU-0009"}
    with pytest.raises(subprocess.CalledProcessError) as error:
        in_a_notebook(server)
    assert "the card that was leased for this server is gone; stop and start the server" in error.value.stderr


def test_what_somebody_plants_among_the_leases_costs_only_that_card(monkeypatch, caplog):
    machine(monkeypatch, *[Faked() for _ in range(3)])
    os.mkfifo(leases.folder() / "GPU-0000")
    (leases.folder() / "GPU-0001").symlink_to("/etc/passwd")
    server = started("student-1")
    assert server.environment["USE_GPU"] == "GPU-0002"
    assert "GPU 0 cannot be leased" in caplog.text and "GPU 1 cannot be leased" in caplog.text


def test_servers_start_where_nothing_can_be_leased(monkeypatch, tmp_path, caplog):
    machine(monkeypatch, Faked(), Faked(lost=True))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(leases.LEASES_VARIABLE, str(tmp_path / "file" / "leases"))
    assert "USE_GPU" not in started("student-1").environment
    assert "GPUs cannot be leased" in caplog.text and "card 1 does not answer" in caplog.text


@pytest.fixture
def configured(tmp_path):
    """``configured(*parts)``: JupyterHub with the lab's configuration, copied to where an admin keeps it, and parts."""
    (tmp_path / "gradients-students.txt").write_text("student-1  # of last year too\n\nstudent-2\n")

    def load(*parts):
        text = (LAB / "jupyterhub_config.py").read_text()
        more = "".join(f'load_subconfig(str(hub.LAB / "{part}"))\n' for part in parts)
        (tmp_path / "jupyterhub_config.py").write_text(text + more)
        app = JupyterHub()
        app.load_config_file(str(tmp_path / "jupyterhub_config.py"))
        return app

    return load


def test_the_configuration_of_one_course(configured):
    app = configured()
    assert app.spawner_class.__name__ == "SystemdSpawner" and app.config.SystemdSpawner.isolate_devices is False
    assert app.load_groups == {
        "formgrade-gradients": {"users": ["ADA"]},
        "nbgrader-gradients": {"users": ["ADA", "student-1", "student-2"]},
    }
    spawner = app.spawner_class(config=app.config, user=STUDENT)
    assert spawner.unit_extra_properties == {"UMask": "0077"}, "what it writes is its user's alone"
    assert spawner.mem_limit == 16 * 2**30 and spawner.pre_spawn_hook is hub.lease
    assert (Path(spawner.environment["JUPYTER_PATH"]) / "kernels" / "python3" / "kernel.json").is_file()
    formgrader = app.services[0]
    assert (Path(formgrader["environment"]["JUPYTER_PATH"]) / "nbconvert").is_dir()
    assert formgrader["user"] == "grader-gradients" and formgrader["cwd"] == "/srv/courses/gradients"


def test_who_is_no_longer_listed_cannot_log_in(configured):
    app = configured()
    authenticator = app.authenticator_class(config=app.config)
    Authenticator.add_user(authenticator, SimpleNamespace(name="former"))  # as the hub does with those it knows
    allowed = {name: authenticator.check_allowed(name) for name in ("student-1", "ADA", "former")}
    assert allowed == {"student-1": True, "ADA": True, "former": False}


def test_slurm_hands_out_its_cards_itself(configured):
    app = configured("slurm.py")
    spawner = app.spawner_class(config=app.config, user=STUDENT)
    assert spawner.pre_spawn_hook is None and spawner.post_stop_hook is None
    assert app.config.SlurmSpawner.req_gres == "gpu:1"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("systemdspawner", "systemdspawner is missing: install it with .* 'jupyterhub-systemdspawner==1.0.2'"),
        ("batchspawner", "batchspawner is missing: install it with .* 'batchspawner==1.3.0'"),
        ("gradients-students.txt", "gradients-students.txt is missing: write the students' account names into it"),
    ],
)
def test_what_is_missing_is_told_in_a_line(configured, monkeypatch, tmp_path, missing, said):
    found = "autograder.interactive.hub.find_spec"
    monkeypatch.setattr(found, lambda name: None if name == missing else find_spec(name))
    (tmp_path / missing).unlink(missing_ok=True)
    with pytest.raises(SystemExit, match=said):
        configured("slurm.py")


def test_two_courses_do_not_open_each_others_formgrader(tmp_path):
    c = Config()
    courses = [HubCourse(name, [f"{name}-teacher"], ["student"], tmp_path / name, None, 1) for name in ("one", "two")]
    configure(c, *courses, exchange=tmp_path)
    app = JupyterHub(config=c)
    opens = {role["name"]: role["scopes"] for role in app.load_roles}
    assert opens["formgrade-one"] == ["access:services!service=one"]
    assert app.load_groups["formgrade-one"] == {"users": ["one-teacher"]}
    assert app.load_groups["nbgrader-two"] == {"users": ["two-teacher", "student"]}
    assert [service["name"] for service in app.services] == ["one", "two"]
