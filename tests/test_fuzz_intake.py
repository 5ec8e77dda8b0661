"""10,000 mutated notebooks through intake: none escapes, each is unreadable with a finding or sound."""

import json
import random
import re
from collections import Counter
from copy import deepcopy

import pytest
from handing_in import answered, require_sound, taken
from sampled import every

from autograder.intake import released
from course.check import load

BATCHES, SIZE = 10, 1000
UNITS = {name: load(name) for name in ("start_here", "numeric_gradient")}
RELEASES = {name: released(unit) for name, unit in UNITS.items()}
NOTEBOOKS = {name: json.dumps(answered(unit), ensure_ascii=False, indent=1) for name, unit in UNITS.items()}
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\w.+-]+|\s+|.', re.DOTALL)

DEEP: list = []
for _ in range(200):
    DEEP = [DEEP]
ODD_VALUES: list = [
    *(None, True, False, 0, -1, 3.5, 10**18, 10**4000, 1e308, float("nan"), float("inf")),
    *("", " ", "\n", "\0", "\ud800", "\udfff\ud83d", "é", "\u202e", "\u2028", "x" * 70),
    *("code", "markdown", "raw", "poem", "mean_of_squares", "answer_mean_of_squares", "given_setup", "jacobian"),
    *("def mean_of_squares(x):\n    return 1", "def jacobian(", "    return 1", "%%bash\n!ls", "'''", "(" * 300),
    *("<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> b", "from course.start_here.reference import x", "answer_jacobian"),
    *([], {}, [[]], [None], ["a", "b"], ["a", 1], {"": None}, {"cells": []}, DEEP),
    *({"nbgrader": {}}, {"nbgrader": None}, {"nbgrader": {"grade_id": {}}}),
    {"nbgrader": {"grade_id": "mean_of_squares", "points": [1]}},
    {"cell_type": "code", "source": "x"},
    {"cell_type": "code", "source": "def jacobian(): pass", "id": "a b"},
]
ODD_KEYS = ["id", "source", "input", "text", "cell_type", "metadata", "nbgrader", "grade_id", "points", "cells"]
ODD_KEYS += ["worksheets", "nbformat", ""]
ODD_TEXTS = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "null",
    "NaN",
    "-",
    "1e",
    "\\",
    "\\u",
    '\\ud800"',
    "\0",
    "\ufeff",
    "//",
    ",]",
]
ODD_TEXTS += ["\n<<<<<<< HEAD\n", "\n=======\n", "\n>>>>>>> b\n", "[" * 3000, "9" * 5000, '"cells": [],', "é"]
ENCODINGS = ["utf-8"] * 12 + ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252", "latin-1"]


def values_in(tree):
    """Every place in a JSON tree: what holds it, and under which key."""
    places, left = [], [tree]
    while left:
        node = left.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        places += [(node, key) for key in keys]
        left += [node[key] for key in keys]
    return places


def mutate_tree(rng, text):
    """Odd values, deletions, copies and exchanges at any level of the JSON tree."""
    tree = json.loads(text)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        places = values_in(tree)
        if not places:
            break
        by_depth = [place for place in places if not isinstance(place[0], list) or isinstance(place[0][0], dict)]
        holder, key = rng.choice(by_depth if by_depth and rng.random() < 0.7 else places)
        other, at = rng.choice(places)
        what = rng.randrange(7)
        if what == 0:
            del holder[key]
        elif what == 1 and isinstance(holder, list):
            holder[key:key] = [holder[key]] * rng.choice((1, 2, 30))
        elif what == 2 and isinstance(holder, list):
            rng.shuffle(holder)
        elif what == 3:
            holder[key], other[at] = deepcopy(other[at]), deepcopy(holder[key])
        elif what == 4 and isinstance(holder, dict):
            holder[rng.choice(ODD_KEYS)] = deepcopy(rng.choice(ODD_VALUES))
        elif what == 5 and isinstance(holder[key], str):
            holder[key] = mutate_text(rng, holder[key])
        else:
            holder[key] = deepcopy(rng.choice(ODD_VALUES))
    return json.dumps(tree, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 1)))


def mutate_text(rng, text):
    """Tokens inserted, deleted, doubled and exchanged; lines too; the end cut off."""
    parts = text.splitlines(keepends=True) if rng.random() < 0.3 else TOKEN.findall(text)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if not parts:
            break
        one, other = rng.randrange(len(parts)), rng.randrange(len(parts))
        what = rng.randrange(6)
        if what == 0:
            parts.insert(one, rng.choice(ODD_TEXTS))
        elif what == 1:
            del parts[one : one + rng.choice((1, 1, 3, 50))]
        elif what == 2:
            parts[one:one] = parts[one : one + rng.choice((1, 5, 50))]
        elif what == 3:
            parts[one], parts[other] = parts[other], parts[one]
        elif what == 4:
            parts[one] = rng.choice(ODD_TEXTS)
        elif rng.random() < 0.3:
            del parts[one:]
    return "".join(parts)


def mutate_bytes(rng, data):
    """Bytes flipped, deleted and doubled; the end cut off."""
    data = bytearray(data)
    for _ in range(rng.choice((0, 0, 1, 1, 5, 50))):
        if not data:
            break
        place, what = rng.randrange(len(data)), rng.randrange(5)
        if what < 2:
            data[place] ^= 1 << rng.randrange(8)
        elif what == 2:
            del data[place : place + rng.choice((1, 1, 100))]
        elif what == 3:
            data[place:place] = data[place : place + rng.choice((1, 1000))]
        elif rng.random() < 0.2:
            del data[place:]
    return bytes(data)


def mutated(rng, text):
    kind = rng.random()
    if kind < 0.65:
        text = mutate_tree(rng, text)
    if kind > 0.55:
        text = mutate_text(rng, text)
    data = text.encode(rng.choice(ENCODINGS), "replace")
    return mutate_bytes(rng, data) if rng.random() < 0.25 else data


@pytest.fixture(scope="module")
def counts(request):
    """How many were readable or not, told at the end."""
    counted: Counter = Counter()
    yield counted
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{counted.total():,} mutated notebooks, {counted['readable']:,} of them readable")


@pytest.mark.parametrize("batch", every(BATCHES, range(BATCHES)))
def test_no_mutated_notebook_escapes(tmp_path, batch, counts):
    for number in range(batch * SIZE, (batch + 1) * SIZE):
        rng = random.Random(number)
        name = "numeric_gradient" if number % 10 == 0 else "start_here"
        unit, release = UNITS[name], RELEASES[name]
        data = mutated(rng, NOTEBOOKS[name])
        try:
            submission = taken(tmp_path, data, unit, release)
            require_sound(submission, unit, release)
            if not submission.readable:
                assert submission.findings[-1].name == "unreadable notebook" and submission.notebook == release
        except Exception as error:
            raise AssertionError(f"number {number}: {data[:300]!r}") from error
        counts["readable" if submission.readable else "unreadable"] += 1
