"""Observing the reference and the known mistakes of a unit, in a kernel of their own where no student's code runs."""

from __future__ import annotations

import importlib
import json
import socket
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from course.check import Expected, load

PATIENCE = 10  # times that the reference may take as long as an answer, since other notebooks run beside it
MOST_REMEMBERED = (
    64  # tasks and seeds: more than a unit has, since each submission that nbgrader grades has seeds of its own
)


def serve_observations(connection: socket.socket, unit_name: str) -> None:
    """Answer questions, one JSON value a line, until the connection is closed.

    The working folder holds all modules of the unit. The course, as the sandbox shows it, leaves out its answers.
    """
    importlib.import_module(f"course.{unit_name}").__path__.insert(0, str(Path.cwd()))
    unit = load(unit_name)

    @lru_cache(maxsize=MOST_REMEMBERED)
    def expected(task: str, seed: int) -> Expected:
        return Expected(unit, unit.tasks[task], seed)

    with connection.makefile("r") as questions:
        for line in questions:
            question = json.loads(line)
            try:
                answer = {"answer": answer_to(question, expected(question["task"], question["seed"]))}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            connection.sendall(json.dumps(answer).encode() + b"\n")


def answer_to(question: dict[str, Any], expected: Expected) -> Any:
    """What was observed of the reference, or of one part of a mistake or of two made together; the code of the
    reference; the list of mistakes; or whether two can be made together."""
    if question["what"] == "reference":
        task = replace(expected.task, seconds=PATIENCE * expected.task.seconds)
        return Expected(expected.unit, task, expected.seed).observe_reference()
    if question["what"] == "sources":
        return expected.sources
    if question["what"] == "mistakes":
        return [asdict(mistake) for mistake, _ in expected.mistakes]
    numbers = question["numbers"]
    made = expected.both(*numbers) if len(numbers) > 1 else expected.mistakes[numbers[0]][1]
    return made is not None if question["what"] == "both" else made and made[question["part"]]
