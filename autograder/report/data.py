"""The data behind a report: a row for each student and task, as CSV and as Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.export import write
from autograder.export.table import text
from autograder.records import Record
from autograder.report.clusters import Cluster
from autograder.report.gathering import GradedUnit

Row = dict[str, Any]
COLUMNS = {
    "student": "string", "unit": "string", "task": "string", "points": "double", "max_points": "double",
    "graded_points": "double", "by_hand": "bool", "state": "string", "mistake": "string", "cluster": "int64",
    "graded": "string", "isolation": "string", "seconds": "double", "findings": "string",
}  # fmt: skip
"""The columns and their types in Parquet. ``points`` count; ``graded_points`` are the grader's."""


def rows(graded: GradedUnit, found: Mapping[str, Sequence[Cluster]]) -> list[Row]:
    """All marks of a unit; ``found`` are the clusters of each task."""
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
        "cluster": cluster,
        "graded": record.graded,
        "isolation": record.isolation,
        "seconds": record.seconds,
        "findings": "; ".join(f"{name}: {detail}" for name, detail in record.findings) or None,
    }


def write_csv(table: Iterable[Row], path: Path, excel: bool = False) -> None:
    """Write rows as CSV, with the mark by which ``excel`` knows UTF-8. A text that a spreadsheet would take for a
    formula gets an apostrophe in front."""
    cells = ([text(row[name]) if isinstance(row[name], str) else row[name] for name in COLUMNS] for row in table)
    write([list(COLUMNS), *cells], path, excel)


def write_parquet(table: Sequence[Row], path: Path) -> bool:
    """Write rows as Parquet, as they are. Returns False where pyarrow is not installed."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return False
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])
    new = path.with_name(f".{path.name}.new")
    parquet.write_table(pa.Table.from_pylist([_encodable(row) for row in table], schema), new)
    new.replace(path)
    return True


def _encodable(row: Row) -> Row:
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }
