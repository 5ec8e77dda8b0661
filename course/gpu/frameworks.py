"""Whether the installed frameworks can use a card, found without importing them: an import may take one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from ctypes.util import find_library
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path

ONE_SET = 'in a new environment: pip install -e ".[gpu]" -c constraints-gpu.txt'
"""How both frameworks are installed for a card."""


@dataclass(frozen=True)
class Framework:
    """A framework that is installed, what it calls the card that was chosen, and why it cannot use one."""

    name: str
    version: str
    card: str
    trouble: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def installed() -> list[Framework]:
    """TensorFlow and PyTorch, those of them that are installed."""
    return [*_tensorflow(), *_torch()]


def wheels() -> dict[str, int]:
    """The installed wheels of CUDA's libraries, with the CUDA that they are for."""
    found = {}
    for one in distributions():
        with suppress(Exception):  # a broken one among the installed packages says nothing of CUDA
            name = re.sub(r"[-_.]+", "-", one.metadata["Name"] or "").lower()
            suffixed = re.fullmatch(r"nvidia-.*-cu(\d+)", name)
            if suffixed:
                found[name] = int(suffixed[1])
            elif name == "nvidia-cuda-runtime":  # from CUDA 13 on without a suffix
                found[name] = int(one.version.split(".")[0])
    return found


def _tensorflow() -> Iterator[Framework]:
    said = _file_of("tensorflow", "tensorflow/python/platform/build_info.py")
    if said is None:
        return
    version, text = said
    cuda = re.search(r"'cuda_version', '(\d+)", text)
    trouble = ""
    if not re.search(r"'is_cuda_build', True", text):
        trouble = "it is built for the CPU"
    elif cuda and int(cuda[1]) not in wheels().values() and not find_library("cudnn"):
        trouble = f"the libraries of CUDA {cuda[1]} that it is built for are not installed"
    yield Framework("TensorFlow", version, "GPU:0", trouble)


def _torch() -> Iterator[Framework]:
    said = _file_of("torch", "torch/version.py")
    if said is None:
        return
    version, text = said
    built = re.search(r"^(?:cuda|hip)\b.*= *['\"]", text, re.MULTILINE)
    yield Framework("PyTorch", version, "cuda:0", "" if built or not text else "it is built for the CPU")


def _file_of(package: str, path: str) -> tuple[str, str] | None:
    """The version of an installed package, and the text of one of its files; an empty one if it cannot be read."""
    try:
        there = distribution(package)
    except PackageNotFoundError:
        return None
    try:
        return there.version, Path(str(there.locate_file(path))).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return there.version, ""
