"""What known mistakes do with the inputs of practice, recorded, so that a notebook names a mistake at once.

Practice has one seed, so what each mistake of a task does, and each two of them together, need not be observed again on
every machine. Of each part a *sketch* is kept: what kind of value it is, and a few of its numbers. ``autograder build``
records it in ``course/<unit>/practice.json.gz``. Where the unit has changed since, mistakes are observed as they are.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from course.check.comparing import compare, conclusion, said
from course.check.expected import Expected
from course.check.plain import Judged, Opaque, Raised, Sample, decode
from course.check.task import Mistake, Task
from course.check.unit import Unit

PRACTICE_SEED = 1
FORMAT = 1
ENTRIES = 3  # of an array that a sketch keeps, beside their mean
MOST_LEAVES = 30  # values of a part that a sketch looks at
RTOL = 1e-5
Sketch = list[str | float]
"""Texts, which must be equal, and numbers, which must be nearly equal."""


def practice_path(unit: Unit) -> Path:
    return unit.folder / "practice.json.gz"


def fingerprint(unit: Unit) -> str:
    """A hash of the modules on which the unit's checks and mistakes depend."""
    whole = hashlib.sha256(f"{FORMAT}".encode())
    for path in sorted(unit.folder.glob("*.py")):
        if path.stem not in ("pictures", "equivalents"):
            whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def is_recorded(unit: Unit) -> bool:
    """Whether what is recorded is that of the unit as it is."""
    return _recorded_of(unit).get("unit") == fingerprint(unit)


def _recorded_of(unit: Unit) -> dict[str, Any]:
    path = practice_path(unit)
    return _read(path, path.stat().st_mtime_ns) if path.exists() else {}


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> dict[str, Any]:
    """What a file holds that was last changed then; nothing if it cannot be read."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError, EOFError):
        return {}


def practised(unit: Unit, task: Task) -> Expected:
    """What is expected of an answer in practice: with what is recorded of the mistakes, if it is of this unit."""
    known = _recorded_of(unit) if is_recorded(unit) else {}
    if task.name not in known.get("tasks", {}):
        return Expected(unit, task, PRACTICE_SEED)
    return Practised(unit, task, known["tasks"][task.name])


class Practised(Expected):
    """What is expected of an answer in practice. Known mistakes are compared by their sketches."""

    def __init__(self, unit: Unit, task: Task, recorded: dict[str, Any]):
        super().__init__(unit, task, PRACTICE_SEED)
        self._places = {name: i for i, name in enumerate(recorded["parts"])}
        self._single: list[list[Sketch | None]] = recorded["mistakes"]
        self._pairs = {(i, j): sketches for i, j, sketches in recorded["pairs"]}
        self._sketched: dict[str, tuple[Any, Sketch]] = {}

    @cached_property
    def known(self) -> list[Mistake]:
        return self.unit.mistakes(self.task.name)

    def harmless(self, number: int, part: str) -> bool:
        return self._single[number][self._places[part]] is None

    def same(self, number: int, part: str, got: Any) -> bool:
        return self._fits(self._single[number][self._places[part]], part, got)

    def same_both(self, one: int, other: int, got: Mapping[str, Any]) -> bool:
        sketches = self._pairs.get((one, other))
        return sketches is not None and all(
            self._fits(sketches[self._places[part]], part, value) for part, value in got.items()
        )

    def _fits(self, sketch: Sketch | None, part: str, got: Any) -> bool:
        """Whether an answer did what a sketch says; none is that of the reference."""
        if part not in self._sketched or self._sketched[part][0] is not got:
            self._sketched[part] = got, sketch_of(self._want(part), got, self.task)
        mine = self._sketched[part][1]
        return nearly(sketch if sketch is not None else self._right[part], mine)

    @cached_property
    def _right(self) -> dict[str, Sketch]:
        return {part: sketch_of(self._want(part), self._want(part), self.task) for part in self.reference}

    def _want(self, part: str) -> Any:
        return decode(self.reference[part])


def sketch_of(want: Any, got: Any, task: Task) -> Sketch:
    """What is kept of a part that an answer did, where ``want`` was expected."""
    return [piece for one in _leaves(want, got, task) for piece in one][: MOST_LEAVES * (ENTRIES + 2)]


def _leaves(want: Any, got: Any, task: Task) -> Iterator[Sketch]:
    if isinstance(want, Judged):
        yield ["judged", conclusion(want, got, task).reason]
    elif isinstance(got, Raised):
        asked = isinstance(want, Raised) and want.asked
        yield [f"raised {got.kind}", "" if asked else said(got)[:100]]
    elif isinstance(got, list | dict):
        yield [f"{type(got).__name__} of {len(got)}"]
        for key, value in list(got.items() if isinstance(got, dict) else enumerate(got))[:MOST_LEAVES]:
            yield [str(key)]
            yield from _leaves(_within(want, key), value, task)
    elif isinstance(got, np.ndarray | Sample):
        yield _of_array(got)
    else:
        yield [f"{got.kind}" if isinstance(got, Opaque) else f"{got!r:.100}"]


def _within(want: Any, key: Any) -> Any:
    if isinstance(want, dict):
        return want.get(key)
    return want[key] if isinstance(want, list) and isinstance(key, int) and key < len(want) else None


def _of_array(got: np.ndarray | Sample) -> Sketch:
    values = (got.values if isinstance(got, Sample) else got).reshape(-1)
    kind = "numbers" if values.dtype.kind in "if" else values.dtype.kind
    if not values.size:
        return [f"{kind} {got.shape}"]
    with np.errstate(all="ignore"):
        drawn = np.random.default_rng(values.size).integers(values.size, size=ENTRIES)
        numbers = [complex(n) for n in (np.mean(values), *values[drawn])]
    parts = [part for n in numbers for part in ((n.real, n.imag) if kind == "c" else (n.real,))]
    return [f"{kind} {got.shape}", *(float(f"{part:.7g}") for part in parts)]


def nearly(one: Sketch, other: Sketch) -> bool:
    """Whether two sketches are those of answers that did the same."""
    if len(one) != len(other):
        return False
    largest = max((abs(n) for n in one if isinstance(n, float | int) and math.isfinite(n)), default=0.0)
    return all(_equal(a, b, RTOL * largest / 10) for a, b in zip(one, other, strict=True))


def _equal(one: str | float, other: str | float, atol: float) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return one == other or (math.isnan(one) and math.isnan(other)) or abs(one - other) <= atol + RTOL * abs(one)


def record(unit: Unit, show: Callable[[int, int], None] = lambda done, total: None) -> Path:
    """Observe the unit's mistakes with the inputs of practice, and keep the sketches. Returns the file's path."""
    tasks = {}
    for number, task in enumerate(unit.tasks.values()):
        show(number, len(unit.tasks))
        tasks[task.name] = recorded(Expected(unit, task, PRACTICE_SEED))
    path = practice_path(unit)
    text = json.dumps({"unit": fingerprint(unit), "tasks": tasks}, separators=(",", ":"), ensure_ascii=False)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


def recorded(expected: Expected) -> dict[str, Any]:
    """The sketches of the mistakes of a task, and of each two of them that do something else together."""
    parts, numbers = list(expected.reference), range(len(expected.mistakes))
    wants = {part: decode(value) for part, value in expected.reference.items()}

    def sketches(seen: Mapping[str, Any]) -> list[Sketch | None]:
        """Of each part; none where it is right."""
        gots = {part: decode(seen[part]) for part in parts}
        return [
            None
            if compare(wants[part], gots[part], expected.task).equal
            else sketch_of(wants[part], gots[part], expected.task)
            for part in parts
        ]

    single = [sketches(expected.mistakes[i][1]) for i in numbers]
    pairs = []
    for i, j in combinations(numbers, 2):
        both = expected.both(i, j)
        if both is not None and (made := sketches(both)) not in single and any(made):
            pairs.append([i, j, made])
    return {"parts": parts, "mistakes": single, "pairs": pairs}
