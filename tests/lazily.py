"""Modules that are imported when they are first used. Otherwise TensorFlow and PyTorch would take seconds in every
process, even in one that only collects tests."""

import importlib
from typing import Any


class Lazily:
    """Stands for a module, and passes every request for an attribute on to it."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)
