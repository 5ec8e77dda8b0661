"""The lab's configuration of its hub."""

import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from traitlets.config import Config

from autograder.interactive.hub import LAB, HubCourse, configure, share_cards
from course.gpu import leases, rules

STUDENT = SimpleNamespace(name="student-1", id=1)


@pytest.fixture(autouse=True)
def leases_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr(leases, "SHARED", tmp_path / "leases")
    monkeypatch.setenv(leases.LEASES_VARIABLE, "")


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
    assert spawner.unit_extra_properties["UMask"] == "0077", "what it writes is its user's alone"
    assert app.cleanup_servers is False, "a hub can be started again in the middle of the term"
    assert spawner.mem_limit == 16 * 2**30
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
    assert app.config.SlurmSpawner.req_gres == "gpu:1"


def test_cards_are_shared_by_the_rules_of_the_configuration(configured, tmp_path):
    app = configured()
    spawner = app.spawner_class(config=app.config, user=STUDENT)
    assert spawner.environment[leases.LEASES_VARIABLE] == str(tmp_path / "leases")
    assert rules.read(tmp_path / "leases") == rules.Rules(cards_each=1, graders=("grader-gradients",))
    service = next(service for service in app.services if service["name"] == "gpu-keeper")
    assert "user" not in service, "it is the hub's own account, root, that may take cards back"
    assert json.loads((tmp_path / "leases" / rules.FILE).read_text())["longest_hours"] == 12
    assert (tmp_path / "leases").stat().st_mode & 0o7777 == 0o1777


def test_cards_that_cannot_be_shared_are_told_in_a_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match=r"GPUs cannot be shared: .*leases"):
        share_cards(Config(), rules.Rules(), tmp_path / "file" / "leases")


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
