"""What a notebook runs on: the versions that matter."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("jupyterlab", "numpy", "sympy", "matplotlib", "tensorflow", "torch", "nbgrader")


def versions() -> dict[str, str]:
    """Python's and each package's version, without importing any of them; 'missing' where there is none."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


def report() -> None:
    """Print the versions, and what is wrong, with the line that mends it (``course doctor`` looks at more)."""
    from course.doctor import QUICK, examine

    for name, number in versions().items():
        print(f"{name:12} {number}")
    wrong = [one for one in examine(QUICK) if not one.well]
    print("" if wrong else "\nEverything is there.")
    for one in wrong:
        print(f"{one.name}: {one.found}\n  to mend it: {one.mend}, then restart the kernel")
