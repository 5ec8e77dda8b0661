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
    """Print the versions, and what to do if one is missing."""
    for name, number in versions().items():
        print(f"{name:12} {number}")
    missing = [name for name, number in versions().items() if number == "missing"]
    if missing:
        print(f"\nMissing: {', '.join(missing)}. Install the course again (see README.md), then restart the kernel.")
    else:
        print("\nEverything is there.")
