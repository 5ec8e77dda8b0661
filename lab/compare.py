"""Check that the notebooks that can use a GPU print the same figures on the GPU as on the CPU.

python lab/compare.py [UNIT …]

Runs each worked notebook twice, with USE_GPU=none and with USE_GPU=auto, and compares every number that its cells
print. The relative tolerance is 1e-9 for a number with more digits than float32 holds, else 1e-6. Exit status: 0 all
agree; 1 some differ, a notebook does not run, or it ran on the CPU both times; 2 there is no GPU.
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

CHECKOUT = Path(__file__).resolve().parent.parent
DECIMAL = re.compile(r"(?<![\w.])[-+−]?\d+\.\d+(?:e[-+]?\d+)?(?![\w.])")
CARDS = re.compile(r"GiB used|GPU:0|^CPU")  # lines about the cards themselves
RTOL, RTOL_SINGLE, ATOL = 1e-9, 1e-6, 1e-12
DIGITS_SINGLE = 9  # the most digits that a float32 needs; a number with more is float64
TOOK_TIME = re.compile(r"\b(?:ms|s|seconds?|it/s)\b")  # lines about how long something took


SEES_GPU = """
import sys
torch, tensorflow = sys.modules.get("torch"), sys.modules.get("tensorflow")
print(bool(torch and torch.cuda.is_available() or tensorflow and tensorflow.config.list_logical_devices("GPU")))
"""

Lines = list[tuple[str, str]]


def printed(unit: str, use_gpu: str) -> tuple[Lines, bool]:
    """(cell, line) for every line that the worked notebook of a unit prints, and whether it saw a GPU. Raises
    CellExecutionError."""
    notebook = nbformat.read(CHECKOUT / "solutions" / load(unit).assignment / f"{unit}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(SEES_GPU))
    os.environ["USE_GPU"] = use_gpu
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", coalesce_streams=True)
    client.execute(stderr=subprocess.DEVNULL)  # where a kernel prints its greeting
    lines = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            lines += [(cell.id, line) for line in text.splitlines()]
    seen = lines.pop()[1] == "True"
    return [(cell, line) for cell, line in lines if not CARDS.search(line) and not TOOK_TIME.search(line)], seen


def numbers(lines: Lines) -> Lines:
    """(cell, number as it was printed) for every number in the lines."""
    return [(cell, text.replace("−", "-")) for cell, line in lines for text in DECIMAL.findall(line)]


def agree(a: str, b: str) -> bool:
    """Whether two printed numbers are the same, except for the rounding of sums in another order."""
    digits = min(len(re.sub(r"e.*|\D", "", text).lstrip("0")) for text in (a, b))
    return isclose(float(a), float(b), rel_tol=RTOL if digits > DIGITS_SINGLE else RTOL_SINGLE, abs_tol=ATOL)


def compare_cells(unit: str) -> bool:
    """Run a unit on the CPU and on the GPU, print how far the figures agree, and return whether all do."""
    try:
        (on_cpu, _), (on_gpu, seen) = printed(unit, "none"), printed(unit, "auto")
    except CellExecutionError as error:
        print(f"{unit}: does not run here: {error.ename}: {error.evalue}")
        return False
    if not seen:
        print(f"{unit}: ran on the CPU both times: every GPU was taken (see: course gpus), or the frameworks that it "
              "imports have no CUDA here (see: course doctor)")  # fmt: skip
        return False
    return figures_agree(unit, numbers(on_cpu), numbers(on_gpu))


def figures_agree(unit: str, cpu: Lines, gpu: Lines) -> bool:
    if [cell for cell, _ in cpu] != [cell for cell, _ in gpu]:
        print(f"{unit}: {len(cpu)} figures on the CPU, {len(gpu)} on the GPU")
        return False
    pairs = [(cell, a, b) for (cell, a), (_, b) in zip(cpu, gpu, strict=True)]
    differing = [pair for pair in pairs if not agree(pair[1], pair[2])]
    same = sum(a == b for _, a, b in pairs)
    print(f"{unit}: {len(pairs)} figures, {same} the same to the last digit, {len(differing)} differ")
    for cell, a, b in differing:
        print(f"  cell {cell}: {a} on the CPU, {b} on the GPU")
    return not differing


def uses_gpu(unit: str) -> bool:
    return "gpu.use(" in (CHECKOUT / "course" / unit / "lesson.md").read_text(encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen = [unit for unit in UNITS if uses_gpu(unit)]
    parser.add_argument("units", nargs="*", metavar="UNIT", help=f"of {', '.join(chosen)}; all if none is named")
    units = parser.parse_args().units or chosen
    found = find()
    print(found)
    if not found.cards:
        sys.exit(2)
    differing = [unit for unit in units if not compare_cells(unit)]
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
