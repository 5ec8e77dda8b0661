"""Whether the notebooks that can use a GPU show the same figures on it as on the CPU.

python lab/compare.py [UNIT …]

Runs each worked notebook twice, with USE_GPU=none and with USE_GPU=auto, and compares every number that its cells
print. Exit status: 0 they agree, 1 some differ or a notebook does not run, 2 there is no GPU.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from math import isclose
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course import UNITS
from course.check import load
from course.gpu import find

PROJECT = Path(__file__).resolve().parent.parent
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+\.\d+(?:e[-+]?\d+)?(?![\w.])")
CARDS = re.compile(r"GiB used|GPU:0|^CPU")  # lines that tell of the cards themselves
RTOL, ATOL = 1e-6, 1e-12
TOOK_TIME = re.compile(r"\b(?:ms|s|seconds?|it/s)\b")  # lines that tell how long something took


def printed(unit: str, use_gpu: str) -> list[tuple[str, str]]:
    """(cell, line) for every line that the worked notebook of a unit prints. Raises CellExecutionError."""
    notebook = nbformat.read(PROJECT / "solutions" / load(unit).assignment / f"{unit}.ipynb", as_version=4)
    os.environ["USE_GPU"] = use_gpu
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", coalesce_streams=True)
    client.execute(stderr=subprocess.DEVNULL)  # where a kernel greets whoever started it
    lines = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            lines += [(cell.id, line) for line in text.splitlines()]
    return [(cell, line) for cell, line in lines if not CARDS.search(line) and not TOOK_TIME.search(line)]


def numbers(lines: list[tuple[str, str]]) -> list[tuple[str, float]]:
    return [(cell, float(text.replace("−", "-"))) for cell, line in lines for text in NUMBER.findall(line)]


def compare(unit: str) -> bool:
    """Run a unit on both, and say how far the figures agree."""
    try:
        cpu, gpu = numbers(printed(unit, "none")), numbers(printed(unit, "auto"))
    except CellExecutionError as error:
        print(f"{unit}: does not run here: {error.ename}: {error.evalue}")
        return False
    if [cell for cell, _ in cpu] != [cell for cell, _ in gpu]:
        print(f"{unit}: {len(cpu)} figures on the CPU, {len(gpu)} on the GPU")
        return False
    pairs = [(cell, a, b) for (cell, a), (_, b) in zip(cpu, gpu, strict=True)]
    differing = [pair for pair in pairs if not isclose(pair[1], pair[2], rel_tol=RTOL, abs_tol=ATOL)]
    same = sum(a == b for _, a, b in pairs)
    print(f"{unit}: {len(pairs)} figures, {same} the same to the last digit, {len(differing)} differ")
    for cell, a, b in differing:
        print(f"  cell {cell}: {a!r} on the CPU, {b!r} on the GPU")
    return not differing


def uses_gpu(unit: str) -> bool:
    return "gpu.use(" in (PROJECT / "course" / unit / "lesson.md").read_text(encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen = [unit for unit in UNITS if uses_gpu(unit)]
    parser.add_argument("units", nargs="*", metavar="UNIT", help=f"of {', '.join(chosen)}; all if none is named")
    units = parser.parse_args().units or chosen
    found = find()
    print(found)
    if not found.cards:
        sys.exit(2)
    differing = [unit for unit in units if not compare(unit)]
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
