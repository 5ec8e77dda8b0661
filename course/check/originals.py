"""What a check uses of a library, as it was before any answer ran.

An answer can replace whatever a library holds, by something that plays back what it saw before, say. So a check takes
from here what tells how an answer computes. A fork server binds it before it forks any kernel (``bind``); elsewhere
that happens when it is first used, since the grader itself imports neither TensorFlow nor PyTorch.
"""

from __future__ import annotations

import importlib
from typing import Any


class Originals:
    """Things of libraries by the last part of their names: ``Originals("tensorflow.math.log").log``.

    A check hands it to its tasks as a default argument and then deletes the name, since a name of a module can be
    replaced.
    """

    def __init__(self, *names: str):
        self._names = {name.rpartition(".")[2]: name for name in names}
        _every.append(self)

    def __getattr__(self, name: str) -> Any:  # only of what is not bound yet
        if name.startswith("_") or name not in self._names:
            raise AttributeError(name)
        self.bind()
        return vars(self)[name]

    def bind(self) -> None:
        """Take all of it from the libraries."""
        vars(self).update({short: _found(name) for short, name in self._names.items()})


_every: list[Originals] = []


def bind() -> None:
    """Take from the libraries what checks have asked for."""
    for originals in _every:
        originals.bind()


def _found(name: str) -> Any:
    library, *rest = name.split(".")
    thing: Any = importlib.import_module(library)
    for part in rest:
        thing = getattr(thing, part)
    return thing
