"""``course doctor``: every fault that it knows is found, and it says how to mend it."""

import io
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pynvml
import pytest
from faked_nvml import Faked, install
from typer.testing import CliRunner

from autograder.authoring import diagnosis
from autograder.course import PROJECT
from autograder.sandbox import selftest
from course.cli import app
from course.doctor import PLUGINS, QUICK, Diagnosis, examine, gpus, looking, software, telling
from course.gpu import frameworks
from course.start_here import machine

SANDBOX = "autograder.sandbox.diagnosis:sandbox"


def doctor(*words, **environment):
    return CliRunner().invoke(app, ["doctor", *words], env={"COLUMNS": "200", **environment})


@pytest.fixture(autouse=True)
def no_card_without_a_driver(monkeypatch):
    """Whatever is in the machine that the tests run on."""
    monkeypatch.setattr(gpus, "PCI", Path("/nowhere"))


@pytest.fixture
def installed(monkeypatch):
    """Let further packages seem to be installed, given as name=version."""

    def add(**packages):
        more = [SimpleNamespace(metadata={"Name": name.replace("_", "-")}, version=number)
                for name, number in packages.items()]  # fmt: skip
        monkeypatch.setattr(frameworks, "distributions", lambda: [*metadata.distributions(), *more])

    return add


def test_a_whole_installation_is_well():
    done = doctor("--json")
    assert done.exit_code == 0, done.output
    found = {one["name"]: one for one in json.loads(done.output)}
    assert all(set(one) == {"name", "state", "found", "mend"} for one in found.values())
    assert {one["state"] for one in found.values()} == {"well"} and "seccomp" in found["sandbox for grading"]["found"]
    assert "Landlock ABI" in found["sandbox for grading"]["found"] and "12 units" in found["notebooks"]["found"]
    assert "tensorflow 2." in found["packages"]["found"] and "libraries" in found["imports"]["found"]


def test_a_sandbox_without_landlock_is_told_and_will_do(monkeypatch):
    verified = selftest.verify
    monkeypatch.setattr(selftest, "verify", lambda *a: [held for held in verified(*a) if "Landlock" not in held])
    found = looking.make(SANDBOX)
    assert found.state == "minor" and "missing here: Landlock" in found.found and "lsm=landlock" in found.mend
    assert telling.status_of([found]) == 0


@pytest.mark.parametrize(
    ("version", "state", "told"),
    [
        ((3, 14, 0, "final"), "wrong", "needed is 3.11, 3.12 or 3.13"),
        ((3, 11, 0, "final"), "minor", "the earliest that has is 3.11.2"),
        ((3, 13, 0, "candidate"), "minor", "is a preview (candidate)"),
        ((3, 12, 4, "final"), "well", "3.12.4"),
    ],
)
def test_the_version_of_python(monkeypatch, version, state, told):
    monkeypatch.setattr(software.sys, "version_info", version)
    found = software.python()
    assert found.state == state and told in found.found and (found.well or "make setup PYTHON=" in found.mend)


def test_packages_that_are_missing_or_too_old(monkeypatch):
    def version(name):
        if name == "torch":
            raise metadata.PackageNotFoundError(name)
        return "1.0" if name == "numpy" else metadata.version(name)

    monkeypatch.setattr(software, "version", version)
    found = software.packages()
    assert not found.well and "torch is missing" in found.found and "numpy is 1.0, needed is >=2.0" in found.found
    assert found.mend == f'cd {PROJECT} && {sys.executable} -m pip install -e ".[test]" -c constraints.txt'


def test_a_lab_with_cuda_is_mended_with_the_lab_s_set(installed):
    installed(nvidia_cudnn_cu12="9.10")
    assert software.install().endswith('-e ".[gpu,lab]" -c constraints-gpu.txt')
    installed(nvidia_cudnn_cu13="9.15")  # which PyTorch alone brings
    assert software.install().endswith('-e ".[test]" -c constraints.txt')


def test_extensions_that_jupyterlab_does_not_find(monkeypatch, tmp_path):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *words: [str(tmp_path)])
    found = software.extensions()
    assert not found.well and "@jupyter/nbgrader" in found.found
    assert "pip install --force-reinstall --no-deps jupyterlab_widgets==" in found.mend and " nbgrader==" in found.mend


def test_extensions_that_are_switched_off(monkeypatch, tmp_path):
    (tmp_path / "labconfig").mkdir()
    (tmp_path / "labconfig" / "page_config.json").write_text('{"disabledExtensions": {"@jupyter/nbgrader": true}}')
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    found = software.extensions()
    assert not found.well and found.found == "switched off: @jupyter/nbgrader"
    assert found.mend == "jupyter labextension enable @jupyter/nbgrader"


def test_notebooks_that_are_not_those_of_the_lessons(monkeypatch):
    lines = ["solutions/01_numeric_gradient/numeric_gradient.ipynb: cell x differs", "notebooks/x.ipynb: differs"]
    monkeypatch.setattr(diagnosis, "stale", lambda units: iter(lines))
    found = diagnosis.notebooks()
    assert not found.well and "solutions/01_numeric_gradient" in found.found and "notebooks/x" in found.found
    assert found.mend.startswith("autograder build")


def test_cards_that_the_installed_frameworks_cannot_use(monkeypatch):
    assert gpus.frameworks_on_gpus().found == "no GPU, so the CPU"
    install([Faked()], setattr_=monkeypatch.setattr)
    frameworks_here = [
        frameworks.Framework("TensorFlow", "2.20.0", "GPU:0"),
        frameworks.Framework("PyTorch", "2.13.0+cpu", "cuda:0", "it is built for the CPU"),
    ]
    monkeypatch.setattr(frameworks, "installed", lambda: frameworks_here)
    found = gpus.frameworks_on_gpus()
    assert found.state == "minor" and "constraints-gpu.txt" in found.mend
    assert found.found == "PyTorch 2.13.0+cpu cannot use one, since it is built for the CPU"
    del frameworks_here[1]
    assert gpus.frameworks_on_gpus().found == "TensorFlow 2.20.0"


def test_libraries_of_two_cudas(installed):
    installed(
        nvidia_cudnn_cu12="9.10", nvidia_cudnn_cu13="9.15", nvidia_cuda_runtime="13.0.88", nvidia_nvtx_cu12="12.8"
    )
    found = gpus.cuda_wheels()
    assert not found.well and found.found == "for CUDA 12 and 13 at once: nvidia-cudnn-cu12, nvidia-cudnn-cu13"
    assert "constraints-gpu.txt" in found.mend


def test_libraries_of_one_cuda(installed):
    installed(nvidia_cudnn_cu12="9.10", nvidia_nccl_cu12="2.27")
    assert gpus.cuda_wheels().well and gpus.cuda_wheels().found == "2 libraries of CUDA 12"


@pytest.mark.parametrize(("supported", "well"), [(12_080, False), (13_000, True)])
def test_a_driver_that_is_too_old_for_the_libraries(installed, monkeypatch, supported, well):
    install([Faked()], setattr_=monkeypatch.setattr)
    monkeypatch.setattr(pynvml, "nvmlSystemGetCudaDriverVersion", lambda: supported)
    installed(nvidia_cuda_runtime="13.0.88")
    found = gpus.cuda_version()
    assert found.well == well and f"up to CUDA {supported // 1000}" in found.found
    assert "driver 580.65 or newer" in found.mend or well


def test_a_driver_that_does_not_work(monkeypatch):
    install([], init=pynvml.NVMLError_LibRmVersionMismatch(), setattr_=monkeypatch.setattr)
    found = gpus.driver()
    assert not found.well and "the GPU driver does not work" in found.found and "restart the machine" in found.mend


def test_a_card_that_is_lost(monkeypatch):
    install([Faked(), Faked(lost=True)], setattr_=monkeypatch.setattr)
    found = gpus.driver()
    assert not found.well and found.minor and "card 1 does not answer" in found.found
    assert telling.status_of([found]) == 0
    install([Faked(lost=True)], setattr_=monkeypatch.setattr)
    assert telling.status_of([gpus.driver()]) == 1


def test_what_mends_a_card_is_told_for_each(monkeypatch):
    install([Faked(), Faked(parts=[])], setattr_=monkeypatch.setattr)
    found = gpus.driver()
    assert found.found == "card 1 is divided (MIG) but has no parts, so that nothing can use it" and found.minor
    assert "nvidia-smi -i 1 -mig 0" in found.mend and "restart" not in found.mend
    install([Faked(lost=True), Faked(parts=[]), Faked(lost=True)], setattr_=monkeypatch.setattr)
    found = gpus.driver()
    assert found.found.count("does not answer") == 2 and "nvidia-smi -i 1 -mig 0" in found.mend
    assert found.mend.count("restart the machine") == 1


@pytest.fixture
def plugged_in(monkeypatch, tmp_path):
    """A machine with these devices, each a vendor and a class, as Linux tells them, and without NVIDIA's library."""

    def plug(*devices):
        install([], init=pynvml.NVMLError_LibraryNotFound(), setattr_=monkeypatch.setattr)
        monkeypatch.setattr(gpus, "PCI", tmp_path)
        for number, (vendor, kind) in enumerate(devices):
            (tmp_path / f"0000:0{number}:00.0").mkdir()
            (tmp_path / f"0000:0{number}:00.0" / "vendor").write_text(f"{vendor}\n")
            (tmp_path / f"0000:0{number}:00.0" / "class").write_text(f"{kind}\n")
        (tmp_path / "0000:ff:00.0").mkdir()  # one that has just gone

    return plug


def test_a_card_whose_driver_is_missing(plugged_in):
    plugged_in(("0x8086", "0x030000"), ("0x10de", "0x030200"), ("0x10de", "0x030000"), ("0x10de", "0x040300"))
    found = gpus.driver()
    assert not found.well and found.minor and found.found == "2 GPUs of NVIDIA's, but no driver, so the CPU"
    assert "install NVIDIA's driver" in found.mend and "--gpus all" in found.mend


def test_a_machine_without_a_card_needs_no_driver(plugged_in):
    plugged_in(("0x8086", "0x030000"), ("0x10de", "0x040300"))  # the latter is for sound
    assert gpus.driver().well and gpus.driver().found == "no GPU, so the CPU"


def test_the_driver_s_version_is_told(monkeypatch):
    install([Faked(), Faked()], setattr_=monkeypatch.setattr)
    assert gpus.driver().found == "2 GPUs, driver 580.65.06"
    assert gpus.cuda_version().found == "up to CUDA 13.0; the frameworks bring none"
    install([Faked()], old=True, setattr_=monkeypatch.setattr)
    assert not gpus.cuda_version().well and "the driver does not say" in gpus.cuda_version().found


def test_a_library_path_that_hides_the_wheels(installed, monkeypatch, tmp_path):
    (tmp_path / "libcudnn.so.9").write_bytes(b"")
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/nowhere:{tmp_path}")
    assert gpus.library_path().well, "there are no wheels that it could hide"
    installed(nvidia_cudnn_cu12="9.10")
    found = gpus.library_path()
    assert not found.well and str(tmp_path) in found.found and "unset LD_LIBRARY_PATH" in found.mend
    own = tmp_path / "nvidia" / "cudnn" / "lib"
    own.mkdir(parents=True)
    (own / "libcudnn.so.9").write_bytes(b"")
    monkeypatch.setattr(gpus.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(own))
    assert gpus.library_path().well, "they are the installed ones"


def test_the_first_notebook_tells_it_too(installed, capsys, monkeypatch, tmp_path):
    machine.report()
    assert "Everything is there." in capsys.readouterr().out
    installed(nvidia_cudnn_cu12="9.10", nvidia_cudnn_cu13="9.15")
    machine.report()
    said = capsys.readouterr().out
    assert "CUDA's libraries: for CUDA 12 and 13 at once" in said and "to mend it: in a new environment" in said
    assert len(examine(QUICK)) == len(QUICK)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_what_takes_long_is_told_in_a_terminal_and_cleared(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    progress = telling.Progress(7)
    progress.show("imports", 0.5)
    assert terminal.getvalue() == ""
    monkeypatch.setattr(telling, "QUIET_SECONDS", -1)
    progress.show("imports", 3.2)
    progress.clear()
    assert terminal.getvalue() == f"{telling.CLEAR}0 of 7; looking at: imports (3 s){telling.CLEAR}"


def test_names_that_others_chose_cannot_act_on_a_terminal(capsys):
    telling.tell_one(Diagnosis("exchange", False, "\33[2Jcourse\nis not there", "ls\33]0;", minor=True))
    said = capsys.readouterr().out
    assert "\33" not in said and "?[2Jcourse is not there" in said and "ls?]0;" in said


def test_the_command_has_help_with_an_example():
    command = Path(sys.executable).with_name("course")
    shown = subprocess.run([command, "doctor", "--help"], capture_output=True, text=True, check=True).stdout
    assert "Example: course doctor" in shown


def test_on_windows_the_sandbox_is_said_to_be_missing(monkeypatch):
    """Nothing that grades can be imported there, and this is told in a line."""
    for name in [name for name in sys.modules if name.startswith("autograder.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "platform", "win32")
    other = next(point for point in metadata.entry_points(group=PLUGINS) if point.name == "sandbox")
    (found,) = examine([other.value])
    assert not found.well and found.minor and "graded on Linux; on Windows, install WSL" in found.found
