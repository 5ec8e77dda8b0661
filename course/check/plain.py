"""Plain data: what an answer returned, as JSON that nothing can hide in.

``encode`` runs beside the answer. It turns whatever came back (Python numbers, lists, NumPy arrays,
TensorFlow and PyTorch tensors, SymPy numbers, …) into JSON values; what it does not know becomes
``{"opaque": type name}``. ``decode`` runs where marks are given. It trusts nothing: every kind, type,
shape and size is verified, and anything else raises ``ValueError``.

| value                       | JSON                                                      |
|-----------------------------|-----------------------------------------------------------|
| ``None``, text              | ``null``, ``"text"``                                      |
| numbers and arrays of them  | ``{"dtype": "float64", "shape": [2, 3], "data": base64}`` |
| some entries of a large one | ``{"dtype": …, "shape": [2, 200000], "sample": base64}``   |
| other lists and tuples      | ``[…]``                                                   |
| dicts                       | ``{"dict": [[key, value], …]}``                           |
| an exception                | ``{"raised": type, "message": text, "line": …, "code": …, "bases": […], "asked": …}`` |
| what a unit judges itself   | ``{"judged": name of the judge, "given": …, "did": …}``   |
| anything else               | ``{"opaque": type name}``                                 |
"""

from __future__ import annotations

import base64
import builtins
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

DTYPES = ("bool", "int64", "float32", "float64", "complex64", "complex128")
MAX_ELEMENTS = 250_000
MAX_ITEMS = 10_000
MAX_TEXT = 10_000
MAX_DEPTH = 8
STUB, UNANSWERED = "NotImplementedError", "write your answer here"  # what an unwritten answer raises
ARRAY, SAMPLE = {"dtype", "shape", "data"}, {"dtype", "shape", "sample"}
RAISED = {"raised", "message", "line", "code", "bases", "asked"}  # earlier versions wrote neither bases nor asked


@dataclass(frozen=True)
class Opaque:
    """A value that is no plain data: only the name of its type is known, or what it is in a few words."""

    kind: str


@dataclass(frozen=True)
class Sample:
    """Some entries of a large array (see ``sampling``), and its shape."""

    shape: tuple[int, ...]
    values: np.ndarray


@dataclass(frozen=True)
class Raised:
    """An exception: its type and message, and the line of the answer that raised it, if known.

    ``bases`` names its built-in types, such as ValueError and Exception; ``asked`` names the type that the task asks
    for here, if any.
    """

    kind: str
    message: str
    line: int | None = None
    code: str = ""
    bases: tuple[str, ...] = ()
    asked: str = ""

    def __str__(self) -> str:
        where = f", in line {self.line}: {self.code}" if self.line else ""
        return (f"{self.kind}: {self.message}" if self.message else self.kind) + where


@dataclass(frozen=True)
class Judged:
    """What an answer did, where more than one result is right: the unit's judge called ``by`` decides, and is told what
    was given."""

    by: str
    given: Any
    did: Any


def caught(error: BaseException, line: int | None = None, code: str = "", asked: str = "") -> Raised:
    """An exception as plain data."""
    kind = type(error)
    bases = tuple(base.__name__ for base in kind.__mro__[:-1] if getattr(builtins, base.__name__, None) is base)
    return Raised(kind.__name__ or "a type without a name", _message(error), line, code, bases, asked)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its message could not be read)"


def encode(value: Any, depth: int = 0) -> Any:
    """The value as JSON (see the table above). Never raises for an ordinary value."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)[:MAX_TEXT]
    if isinstance(value, Raised):
        return {
            "raised": value.kind[:200],
            "message": value.message[:MAX_TEXT],
            "line": value.line,
            "code": value.code[:200],
            "bases": list(value.bases),
            "asked": value.asked,
        }
    if isinstance(value, Judged):
        return {"judged": value.by, "given": encode(value.given, depth + 1), "did": encode(value.did, depth + 1)}
    if isinstance(value, Opaque):
        return {"opaque": value.kind[:200]}
    if depth >= MAX_DEPTH:
        return {"opaque": "a structure nested too deeply"}
    if isinstance(value, dict):
        items = list(value.items())[:MAX_ITEMS]
        return {"dict": [[str(key)[:MAX_TEXT], encode(item, depth + 1)] for key, item in items]}
    array = _as_array(value)
    if array is not None:
        if array.size > MAX_ELEMENTS:
            return {"opaque": f"an array of {array.size:,} elements, too many to compare"}
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
        return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}
    if isinstance(value, list | tuple):
        return [encode(item, depth + 1) for item in value[:MAX_ITEMS]]
    return {"opaque": type(value).__name__[:200]}


def _as_array(value: Any) -> np.ndarray | None:
    """The value as an array of one of ``DTYPES``, or None where it is not made of numbers."""
    try:
        array = np.asarray(_without_tensors(value, 1))
    except RuntimeError:  # tensors that need gradients stand deeper in lists
        return _as_array(_without_tensors(value, MAX_DEPTH)) if isinstance(value, list | tuple) else None
    except (ValueError, TypeError):
        return None
    if array.dtype == object:
        numbers = _from_objects(array)
        if numbers is None:
            return None
        array = numbers
    for kind, dtype in (("b", "bool"), ("iu", "int64"), ("f", "float64"), ("c", "complex128")):
        if array.dtype.kind in kind:
            return array if array.dtype.name in DTYPES else array.astype(dtype)
    return None


def _without_tensors(value: Any, levels: int) -> Any:
    """PyTorch and TensorFlow tensors as NumPy arrays, also in lists down to ``levels`` levels; all else as it is."""
    if isinstance(value, list | tuple):
        return [_without_tensors(item, levels - 1) for item in value] if levels else value
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        plain = value.detach()
        if hasattr(plain, "resolve_conj"):  # views that PyTorch conjugates or negates only when they are read
            plain = plain.resolve_conj().resolve_neg()
        return plain.cpu().numpy()
    if hasattr(value, "numpy") and hasattr(value, "dtype"):
        return value.numpy()
    return value


def _from_objects(array: np.ndarray) -> np.ndarray | None:
    """An array of SymPy numbers, fractions or long integers as floats, or None."""
    if array.size and any(item is None or isinstance(item, str) for item in array.flat):
        return None
    for dtype in (float, complex):
        try:
            return array.astype(dtype)
        except (TypeError, ValueError, OverflowError):
            continue
    return None


def decode(data: Any, depth: int = 0) -> Any:
    """What ``encode`` wrote: None, text, array, list, dict, ``Opaque``, ``Raised``, ``Judged``; or a ``Sample``.

    Raises ValueError for anything else.
    """
    if depth > MAX_DEPTH:
        raise ValueError("observation: nested too deeply")
    if data is None:
        return None
    if isinstance(data, str):
        return _text(data)
    if isinstance(data, list):
        return [decode(item, depth + 1) for item in _at_most(data)]
    if not isinstance(data, dict):
        raise ValueError(f"observation: no such kind of value: {type(data).__name__}")
    keys = set(data)
    if keys == {"opaque"}:
        return Opaque(_name(data["opaque"]))
    if {"raised", "message", "line", "code"} <= keys <= RAISED:
        return _decode_raised(data)
    if keys == {"judged", "given", "did"}:
        return Judged(_name(data["judged"]), decode(data["given"], depth + 1), decode(data["did"], depth + 1))
    if keys == {"dict"} and isinstance(data["dict"], list):
        return dict(_item(pair, depth) for pair in _at_most(data["dict"]))
    if keys == ARRAY:
        return _decode_array(data)
    if keys == SAMPLE:
        return _decode_sample(data["dtype"], data["shape"], data["sample"])
    raise ValueError(f"observation: unknown keys {sorted(map(str, keys))[:5]}")


def _decode_raised(data: dict[str, Any]) -> Raised:
    line = data["line"] if isinstance(data["line"], int) else None
    bases = data.get("bases", [])
    if not isinstance(bases, list):
        raise ValueError("observation: the bases of an exception must be a list")
    names = tuple(map(_name, _at_most(bases)))
    return Raised(
        _name(data["raised"]), _text(data["message"]), line, _text(data["code"]), names, _text(data.get("asked", ""))
    )


def _decode_sample(dtype: Any, shape: Any, data: Any) -> Sample:
    if dtype not in DTYPES or not isinstance(data, str) or len(data) > MAX_TEXT:
        raise ValueError("observation: a sample must be a short text of numbers")
    return Sample(_decode_shape(shape), np.frombuffer(base64.b64decode(data, validate=True), dtype=dtype))


def _decode_shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, list) or len(shape) > 32 or not all(_is_size(n) for n in shape):
        raise ValueError("observation: shape must be a list of whole numbers >= 0")
    return tuple(shape)


def size_of(array: dict[str, Any]) -> int:
    """The number of entries of an array in JSON. Raises ValueError if its text has not the length for them."""
    dtype, data = array["dtype"], array["data"]
    if dtype not in DTYPES:
        raise ValueError(f"observation: dtype must be one of {', '.join(DTYPES)}, got {dtype!r:.40}")
    shape = _decode_shape(array["shape"])
    size = math.prod(shape)
    if size > MAX_ELEMENTS or not isinstance(data, str) or len(data) > 4 * (size * np.dtype(dtype).itemsize // 3 + 1):
        raise ValueError(f"observation: array of shape {shape} is too large or has too much data")
    if len(data) != -(-size * np.dtype(dtype).itemsize // 3) * 4:
        raise ValueError(f"observation: {len(data)} characters do not fill shape {shape} of {dtype}")
    return size


def _decode_array(array: dict[str, Any]) -> np.ndarray:
    size, dtype = size_of(array), array["dtype"]
    raw = base64.b64decode(array["data"], validate=True)
    if len(raw) != size * np.dtype(dtype).itemsize:
        raise ValueError(f"observation: {len(raw)} bytes do not fill {size} entries of {dtype}")
    return np.frombuffer(raw, dtype=dtype).reshape(array["shape"])


def _is_size(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MAX_ELEMENTS


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError("observation: expected a text of reasonable length")
    return value


def _name(value: Any) -> str:
    if _text(value) == "":
        raise ValueError("observation: a type or judge without a name")
    return str(value)


def _at_most(items: list) -> list:
    if len(items) > MAX_ITEMS:
        raise ValueError(f"observation: {len(items)} items, at most {MAX_ITEMS} allowed")
    return items


def _item(pair: Any, depth: int) -> tuple[str, Any]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError("observation: a dict item is a pair of key and value")
    return _text(pair[0]), decode(pair[1], depth + 1)
