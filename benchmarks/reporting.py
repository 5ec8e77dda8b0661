"""Time and size of the report on a large class in every unit: real records, multiplied under other names.

python benchmarks/reporting.py --students 300 --json build/reporting.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import Figures, figure, report

from autograder.authoring.classroom import make_class
from autograder.grading.grade import Grading, grade
from course import UNITS
from course.check import Unit, load

REAL = 10  # students of each unit who are really graded


def grade_class(unit: Unit, root: Path) -> None:
    """A class with submissions of its own, graded as ever."""
    print(f"{unit.name}: grading {REAL} …", flush=True)
    make_class(unit, REAL, 1, root / "submitted" / unit.name)
    ungraded = [
        one.student for _, one in grade(Grading(unit, root / "submitted" / unit.name, root)) if not one.verdicts
    ]
    if ungraded:
        raise SystemExit(f"{unit.name}: not graded: {', '.join(ungraded)}")


def multiply(unit: Unit, students: int, root: Path) -> None:
    """Records and graded notebooks of further students, each a copy of one that is there, with code that differs. Every
    second one's mistakes lose their names, so that there is something to put together."""
    records = root / "records" / unit.name
    real = sorted(records.glob("*.json"))
    for number in range(len(real), students):
        source = real[number % len(real)]
        name = f"copied-{number:04d}"
        record = json.loads(source.read_text()) | {"student": name}
        if number % 2:
            for verdict in record["verdicts"].values():
                verdict["mistake"] = None
        (records / f"{name}.json").write_text(json.dumps(record))
        notebook = Path(unit.assignment) / f"{unit.name}.ipynb"
        text = json.loads((root / "autograded" / source.stem / notebook).read_text())
        for cell in text["cells"]:
            if cell.get("id", "").startswith("answer_"):
                cell["source"] = f"{''.join(cell['source'])}\nown = {number}\n"
        path = root / "autograded" / name / notebook
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(text))


def measure(students: int, root: Path) -> Figures:
    units = [unit for unit in map(load, UNITS) if unit.points]
    for unit in units:
        grade_class(unit, root)
        multiply(unit, students, root)
    command = [sys.executable, "-c", "from autograder.cli import app; app()", "report", "--all", "--course-dir", root]
    before, busy = time.perf_counter(), os.times().children_user
    subprocess.run([str(word) for word in command], check=True)
    seconds = time.perf_counter() - before
    print(f"{seconds:.1f} s, of which {os.times().children_user - busy:.1f} s on a processor")
    pages = sorted((root / "reports").glob("*.html"), key=lambda path: path.stat().st_size)
    for path in pages:
        print(f"  {path.name:<24} {path.stat().st_size / 1e6:.2f} MB")
    return {
        f"report on {students} students in {len(units)} units": figure(seconds, 20, "s", ceiling=True),
        "largest of its pages": figure(pages[-1].stat().st_size / 1e6, 2, "MB", ceiling=True),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=300, help="size of the class")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before any unit imports TensorFlow
    with tempfile.TemporaryDirectory() as folder:
        report(measure(options.students, Path(folder)), options.json)


if __name__ == "__main__":
    main()
