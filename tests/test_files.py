"""The files beside a notebook. Regular files are read. Everything else is named and left alone, and never blocks."""

import os
import socket
import stat
from pathlib import Path

import pytest

from autograder.intake import Finding, files
from autograder.intake.files import Refused, collect, read_file

SECRET = b"the gradebook"


@pytest.fixture
def folder(tmp_path):
    """A submission with a notebook and two files; beside it lies what it must not reach."""
    submitted = tmp_path / "submitted"
    (submitted / "data").mkdir(parents=True)
    (submitted / "unit.ipynb").write_bytes(b"{}")
    (submitted / "helper.py").write_bytes(b"x = 1\n")
    (submitted / "data" / "Zahlen für heute.csv").write_bytes(b"1,2\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(SECRET)
    return submitted


EXPECTED = {"helper.py": b"x = 1\n", "data/Zahlen für heute.csv": b"1,2\n"}


def test_regular_files_are_collected_apart_from_the_notebook(folder):
    assert collect(folder, "unit.ipynb") == (EXPECTED, [])
    assert collect(folder)[0] == EXPECTED | {"unit.ipynb": b"{}"}
    assert all("/" in name or (folder / name).exists() for name in collect(folder)[0])


def test_what_programs_leave_behind_is_left_out_silently(folder):
    for name in (".ipynb_checkpoints/unit-checkpoint.ipynb", "data/__pycache__/helper.pyc", ".git/config", ".DS_Store",
                 "data/.DS_Store", "timestamp.txt", "submission_secret.txt"):  # fmt: skip
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    assert collect(folder, "unit.ipynb") == (EXPECTED, [])
    (folder / "data" / "timestamp.txt").write_bytes(b"a student's own")
    assert "data/timestamp.txt" in collect(folder)[0]


def link_to_a_file(folder):
    (folder / "odd").symlink_to(folder.parent / "outside" / "secret")


def link_to_a_folder(folder):
    (folder / "odd").symlink_to(folder.parent / "outside")


def link_that_leads_nowhere(folder):
    (folder / "odd").symlink_to("nowhere")


def link_to_itself(folder):
    (folder / "odd").symlink_to("odd")


def link_upwards(folder):
    (folder / "odd").symlink_to("..")


def link_to_a_device(folder):
    (folder / "odd").symlink_to("/dev/zero")


def hard_link(folder):
    (folder / "odd").hardlink_to(folder.parent / "outside" / "secret")


def fifo(folder):
    os.mkfifo(folder / "odd")


def device(folder):
    try:
        os.mknod(folder / "odd", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except OSError:
        pytest.skip("only the superuser can make a device")


def listening_socket(folder):
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("odd")
    finally:
        os.chdir(here)


@pytest.mark.parametrize(
    ("plant", "name"),
    [(link_to_a_file, "symbolic link"), (link_to_a_folder, "symbolic link"), (link_that_leads_nowhere, "symbolic link"),
     (link_to_itself, "symbolic link"), (link_upwards, "symbolic link"), (link_to_a_device, "symbolic link"),
     (hard_link, "hard link"), (fifo, "FIFO"), (device, "device"), (listening_socket, "socket")],
)  # fmt: skip
@pytest.mark.parametrize("within", ["", "data"])
def test_what_is_no_regular_file_is_named_and_not_read(folder, plant, name, within):
    (folder / "data" / "deeper").mkdir()
    plant(folder / within if plant is not hard_link else folder)
    path = f"{within}/odd" if within and plant is not hard_link else "odd"
    if plant in (link_to_a_file, link_to_a_folder) and within:
        (folder / within / "odd").unlink()
        (folder / within / "odd").symlink_to(folder.parent / "outside")
    assert collect(folder, "unit.ipynb") == (EXPECTED, [Finding(name, path)])
    with pytest.raises(Refused) as refused:
        read_file(folder, path)
    assert refused.value.finding == name


@pytest.mark.parametrize("kind", ["a file", "a folder"])
def test_a_link_put_in_place_after_the_look_is_not_followed(folder, monkeypatch, kind):
    """Looking tells what was there before. So opening a file must check again what it is."""
    target, name = ("outside/secret", "helper.py") if kind == "a file" else ("outside", "data")
    look, looked = files.Folder.status, []

    def exchange(self, entry):
        status = look(self, entry)
        looked.append(entry)
        if looked.count(name) == 2:  # once to see what it is, once before it is opened
            (folder / name).rename(folder.parent / "moved")
            (folder / name).symlink_to(folder.parent / target)
        return status

    monkeypatch.setattr(files.Folder, "status", exchange)
    collected, findings = collect(folder, "unit.ipynb")
    assert SECRET not in collected.values() and not any("secret" in path for path in collected)
    assert [finding.name for finding in findings] == ["unreadable file" if kind == "a file" else "unreadable folder"]


def test_a_fifo_put_in_place_after_the_look_does_not_block(folder, monkeypatch):
    look = files.Folder.status

    def exchange(self, entry):
        status = look(self, entry)
        if entry == "helper.py" and stat.S_ISREG(status.st_mode):
            (folder / entry).unlink()
            os.mkfifo(folder / entry)
        return status

    monkeypatch.setattr(files.Folder, "status", exchange)
    assert collect(folder, "unit.ipynb")[1] == [Finding("FIFO", "helper.py")]


def test_a_folder_that_is_a_link_is_not_entered(folder):
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert collect(link) == ({}, [Finding("unreadable folder", "link")])
    with pytest.raises(Refused, match="a symbolic link"):
        read_file(link, "helper.py")


def test_no_folder_at_all(tmp_path):
    assert collect(tmp_path / "nowhere") == ({}, [Finding("unreadable folder", "nowhere")])
    (tmp_path / "file").write_text("x")
    assert collect(tmp_path / "file") == ({}, [Finding("unreadable folder", "file")])


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\x1b[31mb", "a\u202eb", "a\u2028b", "a\\b", "a\x7fb"])
def test_odd_names_are_left_out_and_shown_in_one_line(folder, name):
    (folder / name).write_bytes(b"x")
    (folder / f"{name}-folder").mkdir()
    (folder / f"{name}-folder" / "inner").write_bytes(b"x")
    collected, (finding,) = collect(folder, "unit.ipynb")
    assert collected == EXPECTED and finding.name == "odd file name"
    assert len(str(finding).splitlines()) == 1 and str(finding).isprintable()


def test_names_that_are_no_utf_8_are_left_out(folder):
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system does not take such a name")
    assert collect(folder, "unit.ipynb") == (EXPECTED, [Finding("odd file name", r"caf\udce9.txt")])


@pytest.mark.parametrize(
    "name", ["Bild (1).png", "Δx.txt", "a\u202fb.png", "…", "ünï", "-rf", ".hidden", "e\u0301", "👩‍🔬.txt"]
)
def test_unusual_names_are_read(folder, name):
    (folder / name).write_bytes(b"x")
    collected, findings = collect(folder, "unit.ipynb")
    assert len(collected) == 3 and findings == []


def test_an_unreadable_file_and_an_unreadable_folder_are_named(folder, monkeypatch):
    (folder / "closed").mkdir()
    opened = os.open

    def refuse(path, *args, **more):
        if Path(path).name in ("helper.py", "closed"):
            raise PermissionError("no")
        return opened(path, *args, **more)

    monkeypatch.setattr(os, "open", refuse)
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) if str(path).endswith("closed") else scan(path))
    collected, findings = collect(folder, "unit.ipynb")
    assert list(collected) == ["data/Zahlen für heute.csv"]
    assert Finding("unreadable file", "helper.py") in findings
    assert Finding("unreadable folder", "closed") in findings


def test_too_many_files_are_counted_in_one_line(folder):
    for number in range(files.MAX_FILES + 50):
        (folder / f"file{number:04}").write_bytes(b"x")
    collected, (finding,) = collect(folder, "unit.ipynb")
    assert len(collected) == files.MAX_FILES and "helper.py" not in str(finding)
    assert finding.name == "file over the limits" and str(finding).endswith("and 47 more")


def test_a_file_over_the_limit_is_left_out(folder):
    with (folder / "large").open("wb") as file:
        file.truncate(files.MAX_FILE_BYTES + 1)
    assert collect(folder, "unit.ipynb") == (EXPECTED, [Finding("file over the limits", "large")])


def test_a_file_that_grows_while_it_is_read_is_left_out(folder, monkeypatch):
    monkeypatch.setattr(files, "_require_file", lambda status, limit: None)
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 3)
    assert Finding("file over the limits", "helper.py, data/Zahlen für heute.csv") in collect(folder, "unit.ipynb")[1]


def test_files_that_are_too_large_together(folder, monkeypatch):
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", 8)
    (folder / "more").write_bytes(b"0123456789")
    collected, findings = collect(folder, "unit.ipynb")
    assert collected == {"helper.py": b"x = 1\n"}
    assert findings == [Finding("file over the limits", "more, data/Zahlen für heute.csv")]


def test_folders_that_are_too_deep_and_paths_that_are_too_long(folder):
    deep = folder / Path(*["d"] * (files.MAX_FOLDERS + 3))
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"x")
    long = folder / ("n" * 200) / ("n" * 60)
    long.mkdir(parents=True)
    collected, (finding,) = collect(folder, "unit.ipynb")
    assert collected == EXPECTED and finding.name == "file over the limits"
    assert len(str(finding)) < 300


def test_a_folder_of_very_many_entries_ends(folder, monkeypatch):
    monkeypatch.setattr(files, "MAX_ENTRIES", 50)
    for number in range(60):
        (folder / f"folder{number}").mkdir()
        (folder / f"folder{number}" / "file").write_bytes(b"x")
    collected, (finding,) = collect(folder, "unit.ipynb")
    assert set(collected) <= {"helper.py"} and finding.name == "file over the limits"  # as the system lists them


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list descriptors")
def test_no_descriptor_stays_open(folder):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for plant in (link_to_a_file, fifo):
        plant(folder)
        collect(folder)
        with pytest.raises(Refused):
            read_file(folder, "odd")
        (folder / "odd").unlink()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
