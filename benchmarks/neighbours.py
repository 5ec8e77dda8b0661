"""What an attacker costs the others: nine honest submissions beside one that misbehaves, and beside a tenth honest one.

Measured is the time until the last of the nine is graded, and whether they keep their marks: the attacker comes first.

python benchmarks/neighbours.py --json build/neighbours.json
"""

from __future__ import annotations

import argparse
import tempfile
import textwrap
import time
from pathlib import Path

import nbformat
from measuring import Figures, figure, report

from autograder.grading.grade import Grading, grade
from autograder.intake import released
from course.check import load

UNIT = load("numeric_gradient")
HONEST = 9
GOAL = 2.0  # times the time beside an honest neighbour
ATTACKERS = {
    "95 busy sessions": """
        import os
        for _ in range(95):
            if os.fork() == 0:
                os.setsid()
                while True: pass""",
    "chains of processes": """
        import os, signal
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for _ in range(60):
            if os.fork() == 0:
                while True:
                    os.setsid()
                    for _ in range(20_000): pass
                    if os.fork(): os._exit(0)
        while True: signal.pause()""",
    "busy threads": """
        import threading
        def spin():
            while True: sum(range(1000))
        for _ in range(60): threading.Thread(target=spin, daemon=True).start()""",
    "an endless loop": "while True: pass",
    "sleeping": "import time\ntime.sleep(10_000)",
    "a fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "all memory": "held = []\nwhile True: held.append(bytearray(50_000_000))",
    "killing itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "memory until it is killed": """
        import mmap
        held = [mmap.mmap(-1, 100_000_000) for _ in range(100)]
        for one in held:
            for page in range(0, len(one), 4096): one[page] = 1""",
    "filling pipes": """
        import os, fcntl
        held = []
        while True:
            held.append(os.pipe())
            os.set_blocking(held[-1][1], False)
            try: os.write(held[-1][1], bytes(1_000_000))
            except BlockingIOError: pass""",
    "filling the disk": "file = open('x', 'wb')\nwhile True: file.write(bytes(1_000_000))",
    "printing without end": "while True: print('x' * 1000)",
    "line ends": "print('\\n' * 4_100_000)",
    "nested JSON as output": """
        from IPython.display import display
        nested = 0
        for _ in range(40): nested = [nested] * 2 if _ < 15 else [nested]
        display({'application/json': nested}, raw=True)""",
    "changing the root's mode": "import os\nos.chmod('/', 0)",
    "messages without end": """
        import IPython
        session, socket = get_ipython().kernel.session, get_ipython().kernel.iopub_socket
        while True: session.send(socket, 'stream', {'name': 'stdout', 'text': 'x' * 100_000})""",
}
SLOW_TO_READ = {
    "blank lines": "print(missing_name)" + "\n" * 160_000,
    "nested finally": "".join(f"{' ' * n}try: 1\n{' ' * n}finally:\n" for n in range(18)) + " " * 18 + "1",
    "slow to parse": "x = " + "-" * 200_000 + "1",
}
"""Cells that nobody need run: it is reading them that takes long."""


def submit(folder: Path, student: str, cell: str = "") -> None:
    """A submission with every answer right, and a cell of its own before them."""
    notebook = released(UNIT)
    for each in notebook.cells:
        if each.id.startswith("answer_"):
            each.source = UNIT.reference_source(each.id.removeprefix("answer_"))
    if cell:
        notebook.cells.insert(2, nbformat.v4.new_code_cell(cell))
    path = folder / student / UNIT.assignment / f"{UNIT.name}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def beside(cell: str) -> tuple[float, bool]:
    """Seconds until nine honest submissions are graded beside one with this cell; whether they have full marks."""
    with tempfile.TemporaryDirectory() as name:
        course = Path(name)
        submit(course / "submitted", "a", cell)
        for number in range(HONEST):
            submit(course / "submitted", f"honest-{number}")
        began, last = time.monotonic(), 0.0
        points: list[float] = []
        for _, graded in grade(Grading(UNIT, course / "submitted", course)):
            if graded.student != "a":
                last, points = time.monotonic() - began, [*points, graded.points]
        return last, points == [UNIT.points] * HONEST


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="one kind of attacker, by name")
    parser.add_argument("--json", type=Path, help="file for the figures")
    chosen = parser.parse_args()
    kinds = {name: textwrap.dedent(cell) for name, cell in (ATTACKERS | SLOW_TO_READ).items()}
    figures: Figures = {}
    quiet = min(beside("x = 1")[0] for _ in range(2))
    print(f"nine beside an honest tenth: {quiet:.1f} s", flush=True)
    for name, cell in kinds.items():
        if chosen.only in (None, name):
            seconds, kept = beside(cell)
            print(f"{name}: {seconds / quiet:.2f} times as long; marks {'kept' if kept else 'LOST'}", flush=True)
            figures[f"time beside: {name}"] = figure(seconds / quiet, GOAL, "×", ceiling=True)
            figures[f"marks kept beside: {name}"] = figure(float(kept), 1, "")
    report(figures, chosen.json)


if __name__ == "__main__":
    main()
