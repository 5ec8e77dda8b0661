"""What a check uses of a library, as it was before any answer ran.

An answer can replace whatever a library holds, by something that plays back what it saw before, say. So a check takes
from here what tells how an answer computes. A fork server binds it before it forks any kernel (``bind``); elsewhere
that happens when it is first used, since the grader itself imports neither TensorFlow nor PyTorch.
"""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any


class Originals(SimpleNamespace):
    """Things of libraries by the last part of their names: ``Originals("tensorflow.math.log").log``.

    A check hands it to its tasks as a default argument and then deletes the name, since a name of a module can be
    replaced.
    """

    def __init__(self, *names: str):
        super().__init__()
        _every.append((self, names))

    def __getattr__(self, name: str) -> Any:  # only of what is not bound yet
        if not any(name == each.rpartition(".")[2] for one, names in _every if one is self for each in names):
            raise AttributeError(name)
        bind(self)
        return vars(self)[name]


_every: list[tuple[Originals, tuple[str, ...]]] = []


def bind(only: Originals | None = None) -> None:
    """Take from the libraries what checks have asked for."""
    for originals, names in _every:
        if only is None or originals is only:
            vars(originals).update({name.rpartition(".")[2]: _found(name) for name in names})


def _found(name: str) -> Any:
    library, *rest = name.split(".")
    thing: Any = importlib.import_module(library)
    for part in rest:
        thing = getattr(thing, part)
    return thing
