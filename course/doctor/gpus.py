"""GPUs: the driver, and whether the CUDA libraries of TensorFlow and PyTorch fit it and each other.

TensorFlow up to 2.21 is built for the wheels of CUDA 12, PyTorch from 2.11 for those of CUDA 13. Wheels of both write
the same files, so where both are installed one framework finds the other's libraries.
"""

from __future__ import annotations

import os
import re
import sysconfig
from contextlib import suppress
from pathlib import Path
from typing import Any

from course.doctor.diagnosis import Diagnosis
from course.gpu import frameworks
from course.gpu.cards import RESTART_MACHINE, find
from course.gpu.frameworks import ONE_SET, wheels

DRIVERS = {12: "525.60", 13: "580.65"}
"""The oldest driver for Linux that runs programs of each CUDA; source: NVIDIA's CUDA toolkit release notes."""
CUDA_LIBRARIES = (
    "cublas",
    "cudart",
    "cudnn",
    "cufft",
    "cupti",
    "curand",
    "cusolver",
    "cusparse",
    "nccl",
    "nvrtc",
    "nvJitLink",
)
"""Libraries that the wheels bring."""
NO_GPU = "no GPU, so the CPU"
UNSET = "unset LD_LIBRARY_PATH, where Jupyter is started (on a hub: c.Spawner.environment)"
PCI, NVIDIA, DISPLAY = Path("/sys/bus/pci/devices"), "0x10de", "0x03"
"""The folder in which Linux lists the machine's devices; NVIDIA's vendor number; how a graphics card's class begins."""
INSTALL_CUDA = (
    "install NVIDIA's driver (nvidia-smi must list every card); a container that is to use it needs --gpus all, and "
    "NVIDIA's container toolkit outside"
)


def cuda_wheels() -> Diagnosis:
    """Whether all wheels are for the same CUDA."""
    found = wheels()
    versions = sorted(set(found.values()))
    twice = sorted(name for name in found if sum(_stem(name) == _stem(other) for other in found) > 1)
    told = f"for CUDA {' and '.join(map(str, versions))} at once: {', '.join(twice or sorted(found))}"
    here = f"{len(found)} libraries of CUDA {versions[0]}" if found else "none installed, as for the CPU"
    return Diagnosis("CUDA's libraries", len(versions) < 2, told if len(versions) > 1 else here, ONE_SET)


def _stem(name: str) -> str:
    return re.sub(r"-cu\d+$", "", name)


def driver() -> Diagnosis:
    """Whether there is a driver for the cards, and whether it and every card answer."""
    import pynvml

    name, found = "GPU driver", find()
    if found.troubles:
        mends = dict.fromkeys(one.mend for one in found.troubles)
        told = "; ".join(one.what for one in found.troubles)
        return Diagnosis(name, False, told, "; ".join(mends), minor=bool(found.cards))
    try:
        version = _ask("nvmlSystemGetDriverVersion")
    except pynvml.NVMLError_LibraryNotFound:
        there = plugged_in()
        told = f"{_counted(there)} of NVIDIA's, but no driver, so the CPU" if there else NO_GPU
        return Diagnosis(name, not there, told, INSTALL_CUDA, minor=True)
    except pynvml.NVMLError:
        version = "of an unknown version"
    return Diagnosis(name, True, f"{_counted(len(found.cards))}, driver {version}" if found.cards else NO_GPU)


def frameworks_on_gpus() -> Diagnosis:
    """Whether the frameworks can use the cards that are there, found without importing them."""
    name, installed = "frameworks on the GPU", frameworks.installed()
    if not find().cards:
        return Diagnosis(name, True, NO_GPU)
    wrong = [f"{one} cannot use one, since {one.trouble}" for one in installed if one.trouble]
    able = ", ".join(map(str, installed)) or "no framework is installed"
    return Diagnosis(name, not wrong, "; ".join(wrong) or able, ONE_SET, minor=True)


def plugged_in() -> int:
    """How many of NVIDIA's graphics cards are in this machine, with or without a driver. On Linux only."""
    count = 0
    for device in PCI.glob("*"):
        with suppress(OSError):
            vendor, kind = ((device / name).read_text() for name in ("vendor", "class"))
            count += vendor.startswith(NVIDIA) and kind.startswith(DISPLAY)
    return count


def _counted(gpus: int) -> str:
    return f"{gpus} GPU{'' if gpus == 1 else 's'}"


def cuda_version() -> Diagnosis:
    """Whether the driver is new enough for the CUDA that the frameworks bring."""
    import pynvml

    name, needed = "CUDA of the driver", max(wheels().values(), default=0)
    try:
        answer = int(_ask("nvmlSystemGetCudaDriverVersion"))  # 12080 is 12.8
    except pynvml.NVMLError_LibraryNotFound:
        return Diagnosis(name, True, "no driver, so the CPU")
    except pynvml.NVMLError as error:
        return Diagnosis(name, False, f"the driver does not say ({error})", RESTART_MACHINE)
    newest, minor = answer // 1000, answer % 1000 // 10
    if not needed:
        return Diagnosis(name, True, f"up to CUDA {newest}.{minor}; the frameworks bring none")
    mend = f"install driver {DRIVERS.get(needed, 'of the newest series')} or newer, or {ONE_SET}"
    return Diagnosis(name, newest >= needed, f"up to CUDA {newest}.{minor}, the frameworks bring CUDA {needed}", mend)


def _ask(function: str) -> Any:
    """What a function of NVIDIA's management library says. Raises NVMLError."""
    import pynvml

    pynvml.nvmlInit()
    try:
        return getattr(pynvml, function)()
    finally:
        pynvml.nvmlShutdown()


def library_path() -> Diagnosis:
    """Whether ``LD_LIBRARY_PATH`` leads to other CUDA libraries, which then hide those of the installed wheels."""
    own = Path(sysconfig.get_path("purelib"), "nvidia")
    places = [Path(place) for place in os.environ.get("LD_LIBRARY_PATH", "").split(":") if place]
    others = [place for place in places if not place.resolve().is_relative_to(own.resolve())]
    hiding = [str(place) for place in others if any(any(place.glob(f"lib{name}.so*")) for name in CUDA_LIBRARIES)]
    bad = bool(hiding and wheels())
    found = f"LD_LIBRARY_PATH hides the installed ones by {', '.join(hiding)}" if bad else "nothing hides them"
    return Diagnosis("path of CUDA's libraries", not bad, found, UNSET)
