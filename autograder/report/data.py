"""The data behind a report: a row for each student and task, as CSV and as Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.records import Record
from autograder.report.clusters import AnswerCluster
from autograder.report.gathering import GradedUnit
from autograder.term.export import write_table
from autograder.term.export.table import text_cell
from course.writing import replacing

Row = dict[str, Any]
DATA_COLUMNS = {
    "student": "string", "unit": "string", "task": "string", "points": "double", "max_points": "double",
    "graded_points": "double", "by_hand": "bool", "state": "string", "mistake": "string", "symptom": "string",
    "borrowed": "bool", "cluster": "int64", "graded": "string", "isolation": "string", "seconds": "double",
    "findings": "string",
}  # fmt: skip
"""The columns and their types in Parquet. ``points`` are those that count, ``graded_points`` the grader's."""


def rows(graded: GradedUnit, found: Mapping[str, Sequence[AnswerCluster]]) -> list[Row]:
    """A row for each student and task of a unit; ``found`` has the clusters of each task."""
    number = {
        (student, task): cluster.number
        for task, clusters in found.items()
        for cluster in clusters
        for student in cluster.students
    }
    return [
        _row(graded, record, task, number.get((record.student, task)))
        for record in graded.records
        for task in graded.unit.tasks
    ]


def _row(graded: GradedUnit, record: Record, task: str, cluster: int | None) -> Row:
    verdict = record.verdicts.get(task)
    return {
        "student": record.student,
        "unit": graded.unit.name,
        "task": task,
        "points": graded.points(record, task),
        "max_points": float(graded.unit.tasks[task].points),
        "graded_points": float(verdict.points) if verdict else None,
        "by_hand": (record.student, task) in graded.by_hand,
        "state": str(verdict.state) if verdict else "not graded",
        "mistake": verdict.mistake if verdict else None,
        "symptom": verdict.symptom if verdict else None,
        "borrowed": bool(verdict and verdict.borrowed),
        "cluster": cluster,
        "graded": record.graded,
        "isolation": record.isolation,
        "seconds": record.seconds,
        "findings": "; ".join(f"{name}: {detail}" for name, detail in record.findings) or None,
    }


def write_csv(table: Iterable[Row], path: Path, excel: bool = False) -> None:
    """Write rows as CSV; with ``excel``, a byte order mark tells Excel that it is UTF-8. A text that a spreadsheet
    would take for a formula gets an apostrophe in front."""
    cells = (
        [text_cell(row[name]) if isinstance(row[name], str) else row[name] for name in DATA_COLUMNS] for row in table
    )
    write_table([list(DATA_COLUMNS), *cells], path, excel)


def write_parquet(table: Sequence[Row], path: Path) -> bool:
    """Write rows as Parquet, with texts unchanged. Returns False if pyarrow is not installed."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return False
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in DATA_COLUMNS.items()])
    with replacing(path) as new:
        parquet.write_table(pa.Table.from_pylist([_encodable(row) for row in table], schema), new)
    return True


def _encodable(row: Row) -> Row:
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }
