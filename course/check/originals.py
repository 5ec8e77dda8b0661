"""Library functions that checks use, saved before any answer runs.

An answer can replace any function of a library, for example by one that plays back what it saw before. So a check
takes from here the functions that tell how an answer computes. A fork server saves them (``bind``) before it forks any
kernel. Elsewhere they are saved on first use, since the grader itself imports neither TensorFlow nor PyTorch.
"""

from __future__ import annotations

import importlib
from typing import Any


class Originals:
    """Functions of libraries, as attributes called by the last part of their names.

    For example ``Originals("tensorflow.math.log").log``. A check passes it to its tasks as a default argument, and
    then deletes the module's name for it, since an answer could replace that.
    """

    def __init__(self, *names: str):
        self._names = {name.rpartition(".")[2]: name for name in names}
        _every.append(self)

    def __getattr__(self, name: str) -> Any:  # called only for what is not bound yet
        if name.startswith("_") or name not in self._names:
            raise AttributeError(name)
        self.bind()
        return vars(self)[name]

    def bind(self) -> None:
        """Take every function from its library."""
        vars(self).update({short: _found(name) for short, name in self._names.items()})


_every: list[Originals] = []


def bind() -> None:
    """Take from the libraries all functions that checks have asked for."""
    for originals in _every:
        originals.bind()


def _found(name: str) -> Any:
    library, *rest = name.split(".")
    thing: Any = importlib.import_module(library)
    for part in rest:
        thing = getattr(thing, part)
    return thing
