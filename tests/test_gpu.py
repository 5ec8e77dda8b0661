"""USE_GPU and leases, on machines with 0, 1 and 8 cards that NVIDIA's library is made to report."""

import os
import subprocess
import sys
from pathlib import Path

import pynvml
import pytest
from faked_nvml import Faked, install, parent
from typer.testing import CliRunner

from course import cli, gpu
from course.gpu import choice, leases

NAMES = ("USE_GPU", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_CPP_MIN_LOG_LEVEL")
STUDENT = """
import sys
sys.path.insert(0, {tests!r})
from faked_nvml import Faked, install
install([Faked() for _ in range(8)])
from course import gpu
card = gpu.use("auto")
print("GOT", card.index if card else None, flush=True)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def new_process(monkeypatch, tmp_path):
    """As in a process that has just started, with leases of its own."""
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv(leases.FOLDER, str(tmp_path / "leases"))
    monkeypatch.setattr(choice, "_current", None)
    monkeypatch.setattr(choice, "_refuse_if_too_late", lambda: None)  # other tests use the frameworks
    yield
    leases.give_back()


@pytest.fixture
def machine(monkeypatch):
    return lambda *cards, **options: install(list(cards), setattr_=monkeypatch.setattr, **options)


@pytest.fixture
def eight(machine):
    machine(*[Faked(used=used, load=10 * index) for index, used in enumerate((9, 8, 7, 0, 5, 4, 3, 2))])


def test_auto_takes_the_one_that_nobody_uses(eight, capsys):
    card = gpu.use("auto")
    assert card and card.index == 3 and card.uuid == os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0003"
    assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID" and os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    said = capsys.readouterr().out
    assert "→ 3: A card, 0.0 of 80.0 GiB used, load 30 %\n" in said and "  0: A card, 9.0 of 80.0 GiB used" in said
    assert "TensorFlow 2." in said and "PyTorch 2." in said and "cuda:0" in said


def test_of_several_idle_ones_auto_takes_the_least_loaded(machine):
    machine(Faked(load=50), Faked(load=7), Faked(load=7))
    card = gpu.use("auto")
    assert card and card.index == 1


def test_a_number_is_nvidia_smis(eight, capsys):
    card = gpu.use(4)
    assert card and card.uuid == os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-0004"
    assert "Others use it too" not in capsys.readouterr().out


def test_a_busy_card_can_be_shared_by_its_number(machine, capsys):
    machine(Faked(used=60, pids=[parent()]))
    assert gpu.use("auto") is None
    assert "every GPU is taken" in capsys.readouterr().out and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert gpu.use(0)
    said = capsys.readouterr().out
    assert f"used by {Path(f'/proc/{parent()}').owner()}" in said and "Others use it too" in said


@pytest.mark.parametrize(
    ("value", "index"), [("5", 5), ("auto", 3), ("none", None), ("", None), ("GPU-0006", 6), (" 2 ", 2)]
)
def test_the_environment_says_what_auto_means(eight, monkeypatch, value, index):
    monkeypatch.setenv("USE_GPU", value)
    card = gpu.use()
    assert (card.index if card else None) == index


def test_a_wrong_environment_is_named(eight, monkeypatch):
    monkeypatch.setenv("USE_GPU", "fast")
    with pytest.raises(ValueError, match=r"the environment variable USE_GPU must be .* got 'fast'"):
        gpu.use()


@pytest.mark.parametrize("wrong", [9, "4", -1, 2.5, "fast", True, "", [0]])
def test_a_wrong_value_lists_what_there_is(eight, wrong):
    with pytest.raises(ValueError, match="There is: 0: A card") as error:
        gpu.use(wrong)
    assert repr(wrong) in str(error.value) and "CUDA_VISIBLE_DEVICES" not in os.environ


def test_none_hides_every_card(eight, capsys):
    assert gpu.use(None) is None and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "CPU, as was asked for" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (pynvml.NVMLError_LibraryNotFound(), ""),
        (pynvml.NVMLError_LibRmVersionMismatch(), "the GPU driver does not work"),
        (pynvml.NVMLError_DriverNotLoaded(), "the GPU driver does not work"),
    ],
)
def test_without_a_driver_that_works_there_is_the_cpu(machine, capsys, error, said):
    machine(init=error)
    assert gpu.use("auto") is None
    told = capsys.readouterr().out
    assert told.endswith("CPU: this machine has no GPU that can be used\n") and said in told
    assert len(told.splitlines()) == (2 if said else 1)
    with pytest.raises(ValueError, match=said or "no GPU on this machine"):
        gpu.use(0)


def test_a_driver_without_cards(machine, capsys):
    machine()
    assert gpu.use() is None and capsys.readouterr().out == "CPU: this machine has no GPU that can be used\n"


def test_a_card_that_has_vanished_is_told_and_passed_over(machine, capsys):
    machine(Faked(lost=True), Faked(used=0.5))
    card = gpu.use("auto")
    assert card and card.index == 1 and "card 0 does not answer" in capsys.readouterr().out
    with pytest.raises(ValueError, match="card 0 does not answer"):
        gpu.use(0)


def test_an_old_driver_knows_neither_parts_nor_the_newer_memory(machine):
    machine(Faked(used=0.5), old=True)
    card = gpu.use("auto")
    assert card and card.memory_used == 2**29


def test_of_a_divided_card_one_part_is_taken(machine, capsys):
    machine(Faked(used=30, pids=[parent()]), Faked(parts=["MIG-a", "MIG-b"]))
    card = gpu.use(1)
    assert card and card.uuid == os.environ["CUDA_VISIBLE_DEVICES"] == "MIG-a" and card.load is None
    assert "→ 1, part 0: A card" in capsys.readouterr().out
    assert [one.uuid for one in gpu.find().cards] == ["GPU-0000", "MIG-a", "MIG-b"]
    assert gpu.use("MIG-b") and os.environ["CUDA_VISIBLE_DEVICES"] == "MIG-b"


def test_running_it_twice_is_harmless(eight, machine):
    first = gpu.use("auto")
    machine(*[Faked() for _ in range(8)])  # now others would be less busy
    assert gpu.use("auto") == first
    other = gpu.use(6)
    assert other and other.index == 6 and leases.holder("GPU-0003") == "", "the old lease has ended"


def test_nine_students_at_once_get_eight_cards_and_one_that_is_killed_is_free_again(tmp_path):
    code = STUDENT.format(tests=str(Path(__file__).parent))
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}

    def student():
        return subprocess.Popen([sys.executable, "-c", code], env=environment, text=True, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)  # fmt: skip

    def got(process):
        lines = iter(process.stdout.readline, "")
        return next(line.split()[1] for line in lines if line.startswith("GOT"))

    students = [student() for _ in range(9)]
    try:
        taken = [got(process) for process in students]
        assert sorted(taken) == [*map(str, range(8)), "None"]
        killed = students[taken.index("5")]
        killed.kill()
        killed.wait()
        students.append(student())
        assert got(students[-1]) == "5"
    finally:
        for process in students:
            process.kill()
            process.communicate()


def test_it_waits_for_a_card(machine, monkeypatch):
    machine(Faked(used=60))
    monkeypatch.setattr(choice, "LOOK_AGAIN", 0.01)
    monkeypatch.setattr(choice.time, "sleep", lambda seconds: machine(Faked()))  # and then its user is gone
    card = gpu.use("auto", wait=5)
    assert card and card.index == 0


def test_leases_where_nothing_can_be_written(eight, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(leases.FOLDER, str(tmp_path / "file" / "leases"))
    card = gpu.use("auto")
    assert card and card.index == 3 and "cannot be leased" in capsys.readouterr().err


def test_a_link_among_the_leases_is_not_followed(eight, tmp_path):
    place = leases.folder()
    (place / "GPU-0003").symlink_to(tmp_path / "elsewhere")
    assert gpu.use("auto")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("framework", ["torch.cuda.init()", "tf.constant(1.0)"])
def test_it_is_too_late_once_a_framework_has_its_devices(framework):
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from faked_nvml import Faked, install
install([Faked(), Faked()])
from course import gpu
gpu.use(0)
{"import tensorflow as tf" if "tf" in framework else "import torch; torch.cuda.is_initialized = lambda: True"}
{framework if "tf" in framework else ""}
gpu.use(0)
try:
    gpu.use(1)
except gpu.TooLate as error:
    print("TOO LATE", error)
"""
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    name = "TensorFlow" if "tf" in framework else "PyTorch"
    assert f"TOO LATE {name} took the devices of this kernel" in done.stdout, done.stderr
    assert "restart the kernel" in done.stdout


def test_course_gpus_lists_them(eight):
    assert gpu.use(2)
    done = CliRunner().invoke(cli.app, ["gpus"])
    assert done.exit_code == 0 and "2: A card" in done.output and "leased by you" in done.output
    assert "GPU-0002" in done.output and "3: A card, 0.0 of 80.0 GiB used, load 30 %, free" in done.output


def test_course_gpus_without_any(machine):
    machine(init=pynvml.NVMLError_LibraryNotFound())
    done = CliRunner().invoke(cli.app, ["gpus"])
    assert done.exit_code == 1 and "no GPU on this machine" in done.output
