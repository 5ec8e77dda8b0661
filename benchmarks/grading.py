"""Speed of grading against stock nbgrader: the same class, the same machine, one run.

python benchmarks/grading.py --unit numeric_gradient --submissions 10 --json build/grading.json
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import Figures, figure, report

from autograder.build import PROJECT
from autograder.classroom import make_class
from course.check import load

BIN = Path(sys.executable).parent


def timed(root: Path, *command: str) -> float:
    """Seconds that a command takes in a course folder, its start included."""
    before = time.perf_counter()
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])  # nbgrader starts alembic by name
    environment = dict(os.environ, JUPYTER_CONFIG_PATH=str(PROJECT / "autograder"), PATH=path)
    subprocess.run([str(BIN / command[0]), *command[1:]], cwd=root, env=environment, check=True, capture_output=True)
    return time.perf_counter() - before


def measure(unit_name: str, submissions: int) -> Figures:
    """Grade one class twice, with nbgrader and with the autograder."""
    unit = load(unit_name)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "solutions").symlink_to(PROJECT / "solutions")
        make_class(unit, submissions, 1, root / "submitted")
        timed(root, "nbgrader", "generate_assignment", unit.assignment)
        print(f"{submissions} submissions of {unit_name}: stock nbgrader autograde …", flush=True)
        stock = timed(root, "nbgrader", "autograde", unit.assignment)
        print(f"  {stock:.1f} s; autograder grade …", flush=True)
        ours = timed(root, "autograder", "grade", unit_name, "--course-dir", "ours")
        print(f"  {ours:.1f} s: {stock / ours:.1f} times faster")
    return {
        f"{unit_name}: times faster than nbgrader": figure(stock / ours, 10, "×"),
        f"{unit_name}: per submission, start-up included": figure(ours / submissions, 0.25, "s", ceiling=True),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unit", default="numeric_gradient", help="unit to grade (default: %(default)s)")
    parser.add_argument("--submissions", type=int, default=10, help="size of the class (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    report(measure(options.unit, options.submissions), options.json)


if __name__ == "__main__":
    main()
