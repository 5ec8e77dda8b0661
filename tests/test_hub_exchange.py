"""Where a hub's course lies: the exchange and the folder that ``make_course.sh`` makes, and who may read them."""

import os
import pwd
import stat
import subprocess
import sys
from getpass import getuser
from pathlib import Path

import pytest
from traitlets.config.loader import PyFileConfigLoader

from autograder.interactive.hub import LAB

ME = getuser()


def made(*words):
    return subprocess.run([LAB / "make_course.sh", *words], capture_output=True, text=True, check=False)


def test_the_exchange_has_the_modes_that_nbgrader_wants_and_what_was_there_stays(tmp_path):
    exchange, folder = tmp_path / "exchange", tmp_path / "vision"
    assert made(exchange, folder, ME).returncode == 0
    (folder / "nbgrader_config.py").write_text("changed")
    (exchange / "vision" / "inbound").chmod(0o777)
    assert made(exchange, folder, ME).returncode == 0
    modes = {
        str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode)
        for path in (exchange, folder, *exchange.rglob("*"))
    }
    assert modes == {
        "exchange": 0o1777,
        "exchange/vision": 0o755,
        "exchange/vision/outbound": 0o755,
        "exchange/vision/inbound": 0o3733,
        "exchange/vision/feedback": 0o711,
        "vision": 0o700,
    }
    assert (folder / "nbgrader_config.py").read_text() == "changed" and (folder / "solutions").is_dir()


def test_a_course_is_not_made_for_nobody(tmp_path):
    done = made(tmp_path / "exchange", tmp_path / "vision", "no-such-account")
    assert done.returncode == 1 and "useradd --create-home no-such-account" in done.stderr
    assert made().returncode == 2 and not list(tmp_path.iterdir())


def test_graders_use_the_course_s_settings_and_the_name_of_their_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIENTS_EXCHANGE", "/exchange")
    assert made(tmp_path / "exchange", tmp_path / "vision", ME).returncode == 0
    config = PyFileConfigLoader("nbgrader_config.py", str(tmp_path / "vision")).load_config()
    assert config.CourseDirectory == {
        "course_id": "vision",
        "root": str(tmp_path / "vision"),
        "source_directory": "solutions",
        "release_directory": "notebooks",
    }
    assert config.Exchange.root == "/exchange" and "autograder.in_nbgrader.exporters" in str(config.Autograde)


@pytest.mark.parametrize("planted", ["", "/outbound", "/inbound", "/feedback"])
def test_a_link_that_somebody_put_into_the_exchange_is_refused(tmp_path, planted):
    exchange, target = tmp_path / "exchange", tmp_path / "etc"
    link = Path(f"{exchange}/vision{planted}")
    link.parent.mkdir(parents=True)
    target.mkdir(mode=0o700)
    link.symlink_to(target)
    done = made(exchange, tmp_path / "vision", ME)
    assert done.returncode == 1 and f"{link} is a link: somebody else may have put it there" in done.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o700 and not list(target.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
@pytest.mark.parametrize("planted", ["", "/inbound"])
def test_a_folder_of_somebody_else_s_in_the_exchange_is_refused(tmp_path, planted):
    folder = Path(f"{tmp_path}/exchange/vision{planted}")
    folder.mkdir(parents=True)
    os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    done = made(tmp_path / "exchange", tmp_path / "vision", ME)
    assert done.returncode == 1 and f"{folder} belongs to nobody, neither to root (" in done.stderr
    assert folder.owner() == "nobody"


def test_what_is_handed_in_can_be_collected_though_a_server_s_files_are_its_user_s_alone(tmp_path):
    """systemd.py starts servers with the umask 077; ``nbgrader submit`` sets the modes of the exchange itself."""
    exchange, work = tmp_path / "exchange", tmp_path / "home"
    assert made(exchange, tmp_path / "gradients", ME).returncode == 0
    for folder in (exchange / "gradients" / "outbound" / "unit", work / "unit"):
        folder.mkdir(parents=True, mode=0o700)
        (folder / "unit.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    command = [str(Path(sys.executable).with_name("nbgrader")), "submit", "unit", "--course=gradients"]
    home = {f"JUPYTER_{name}_DIR": str(work / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    more = [f"--Exchange.root={exchange}", f"--Exchange.cache={work / 'cache'}"]
    subprocess.run([*command, *more], cwd=work, env=os.environ | home, umask=0o077, check=True, capture_output=True)
    (handed_in,) = (exchange / "gradients" / "inbound").iterdir()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (handed_in, *handed_in.iterdir())}
    files = dict.fromkeys(["unit.ipynb", "timestamp.txt", "submission_secret.txt"], 0o644)
    assert modes == {handed_in.name: 0o777} | files
    (secret,) = work.glob("cache/gradients/*/submission_secret.txt")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
