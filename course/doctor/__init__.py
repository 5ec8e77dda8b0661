"""``course doctor``: what may be wrong with an installation, and the line that mends it.

| module         | looks at                                                                   |
|----------------|----------------------------------------------------------------------------|
| ``diagnosis``  | (the result of one look)                                                   |
| ``looking``    | (making looks so that none can end the others)                             |
| ``telling``    | (printing what was found)                                                  |
| ``software``   | Python, packages, JupyterLab's extensions                                  |
| ``imports``    | whether the libraries can be imported                                      |
| ``places``     | home and temporary files: whether they can be written, and have room       |
| ``gpus``       | the driver, CUDA's libraries and which of them are found, the frameworks   |
| ``server``     | of a lab's server: Python for others, homes, the hub's proxy, systemd      |
| ``classes``    | of a lab's courses: the exchange, the accounts that grade and their folders |

Nothing here imports more than Python's own library before it looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import distributions

from course.doctor import looking
from course.doctor.diagnosis import Diagnosis

SOFTWARE = tuple(
    f"course.doctor.{name}"
    for name in ("software:python", "software:packages", "software:metadata", "software:extensions", "imports:imports")
)
PLACES = tuple(f"course.doctor.places:{name}" for name in ("home", "own_folders", "temporary_files"))
GPUS = tuple(
    f"course.doctor.gpus:{name}"
    for name in ("driver", "frameworks_on_gpus", "cuda_wheels", "cuda_version", "library_path")
)
LAB = tuple(
    f"course.doctor.{name}"
    for name in (
        "server:reach",
        "server:homes",
        "server:proxy",
        "server:systemd",
        "classes:exchange",
        "classes:graders",
    )
)
QUICK = tuple(
    f"course.doctor.{name}"
    for name in ("software:python", "software:packages", "software:extensions", "gpus:driver",
                 "gpus:frameworks_on_gpus", "gpus:cuda_wheels", "gpus:library_path")
)  # fmt: skip
"""The looks that a notebook may make: they take no time, and matter to a student."""
PLUGINS = "gradients_course.doctor"
"""The group of entry points with which other packages, such as the autograder, add their looks."""


def all_looks(lab: bool = False) -> list[str]:
    """Every look at this installation; those at a lab's server too, where asked for."""
    return [*SOFTWARE, *_plugins(), *PLACES, *GPUS, *(LAB if lab else ())]


def examine(looks: Sequence[str]) -> list[Diagnosis]:
    """Make looks in this process, and return what they found."""
    return [looking.make(look) for look in looks]


def _plugins() -> Iterator[str]:
    """The looks that other packages add. A package whose metadata cannot be read adds none."""
    for one in distributions():
        try:
            points = one.entry_points
        except Exception:
            continue
        yield from (point.value for point in points if point.group == PLUGINS)


__all__ = ["PLUGINS", "QUICK", "Diagnosis", "all_looks", "examine"]
