"""A lab's gradebooks, exchange and course folders, copied while they are in use by ``lab/backup.sh``, and restored."""

import sqlite3
import subprocess
from contextlib import closing

from autograder.interactive.hub import LAB


def backup(*words):
    return subprocess.run([LAB / "backup.sh", *words], capture_output=True, text=True, check=False)


def test_what_was_copied_while_in_use_can_be_restored(tmp_path):
    course, exchange = tmp_path / "srv" / "gradients", tmp_path / "srv" / "exchange"
    handed_in = exchange / "gradients" / "inbound" / "ann+unit+time" / "answer.ipynb"
    for file in (course / "submitted" / "ann" / "answer.ipynb", handed_in):
        file.parent.mkdir(parents=True)
        file.write_text("an answer")
    handed_in.parent.chmod(0o711)
    gradebook = course / "gradebook.db"
    with closing(sqlite3.connect(gradebook)) as writing:
        writing.executescript("PRAGMA journal_mode=WAL; CREATE TABLE grade (mark); INSERT INTO grade VALUES (7)")
        writing.execute("INSERT INTO grade VALUES (8)")  # not committed, so it is no mark yet
        done = backup(tmp_path / "copies", exchange, course)
    assert done.returncode == 0, done.stderr
    (copies,) = (tmp_path / "copies").iterdir()
    assert copies.stat().st_mode & 0o777 == 0o700

    subprocess.run(["rm", "-r", tmp_path / "srv"], check=True)
    for archive in copies.glob("*.tar"):
        subprocess.run(["tar", "--extract", "--file", archive, "--directory", "/"], check=True)
    (saved,) = copies.glob("*.gradebook.db")
    subprocess.run(["cp", "--preserve=all", saved, gradebook], check=True)
    assert handed_in.read_text() == "an answer" and handed_in.parent.stat().st_mode & 0o777 == 0o711
    assert sorted(path.name for path in course.iterdir()) == ["gradebook.db", "submitted"]
    with closing(sqlite3.connect(gradebook)) as reading:
        assert reading.execute("SELECT mark FROM grade").fetchall() == [(7,)]


def test_a_missing_folder_is_told_before_anything_is_copied(tmp_path):
    done = backup(tmp_path / "copies", tmp_path, tmp_path / "nothing")
    assert done.returncode == 1 and "there is no folder" in done.stderr and not (tmp_path / "copies").exists()
    assert backup().returncode == 2 and "usage:" in backup().stderr
