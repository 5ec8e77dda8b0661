"""The ``autograder`` command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from autograder.commands import COMMANDS, GROUPS
from autograder.course import current
from autograder.terminal import (
    FAULTS_FOUND,
    JsonFile,
    UnitName,
    console,
    literal,
    progress_bar,
    saying_what_is_wrong,
    unit_called,
    write_json,
)
from autograder.writing import write_whole
from course.cli import Version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before any unit imports TensorFlow

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def autograder(version: Version = False) -> None:
    """Build the course's notebooks, make a class, grade it, and prove the checks."""


for command, example in COMMANDS.items():
    app.command(epilog=f"Example: {example}")(command)
for first_word, group in GROUPS.items():
    words = typer.Typer(no_args_is_help=True, help=f"Commands about a {first_word}.")
    words.callback()(lambda: None)  # so that even a single command needs its name
    for command, example in group.items():
        words.command(epilog=f"Example: {example}")(command)
    app.add_typer(words, name=first_word)


@app.command(epilog="Example: autograder build --check")
def build(
    units: Annotated[list[str] | None, typer.Argument(help="Units to build; all if none is named.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; list what differs and exit 1.")] = False,
) -> None:
    """Write solutions/ and notebooks/ from the lessons and references.

    Where the checks or mistakes of a unit have changed, record what its mistakes do with the inputs of practice.
    """
    from autograder.authoring.build import build as build_unit
    from autograder.authoring.build import stale
    from course.check.practice import is_recorded, record

    chosen = [unit_called(name) for name in units or current().names]
    with saying_what_is_wrong():
        if check:
            differing = list(stale(chosen))
            for line in differing:
                console.print(line, style="red", highlight=False, soft_wrap=True)
            console.print("Run 'autograder build'." if differing else "notebooks/ and solutions/ are up to date")
            raise typer.Exit(FAULTS_FOUND if differing else 0)
        with progress_bar("building") as show:
            for number, unit in enumerate(chosen):
                show(number, len(chosen))
                build_unit(unit)
            show(len(chosen), len(chosen))
        for unit in (one for one in chosen if not is_recorded(one)):
            with progress_bar(f"recording what mistakes do in {unit.name}") as show:
                record(unit, show)


@app.command(epilog="Example: autograder classroom numeric_gradient --students 30 --seed 1 --into demo/submitted")
def classroom(
    unit: UnitName,
    into: Annotated[Path, typer.Option(help="Folder for the submissions and truth.json.")],
    students: Annotated[int, typer.Option(help="Number of students.", min=1)] = 30,
    seed: Annotated[int, typer.Option(help="The same seed makes the same class.", min=0)] = 1,
) -> None:
    """Make a class: submissions from the reference, mistakes and alternatives, and the marks they must get."""
    from autograder.authoring.classroom import make_class

    with saying_what_is_wrong():
        truth = make_class(unit_called(unit), students, seed, into)
    console.print(f"{len(truth)} submissions of {unit} in {into}, their marks in {into / 'truth.json'}", soft_wrap=True)


@app.command(epilog="Example: autograder audit numeric_gradient --json audit.json")
def audit(
    unit: Annotated[str | None, typer.Argument(help="Unit to audit; all if none is named.")] = None,
    seeds: Annotated[int, typer.Option(help="Repeat with this many seeds; marks must not depend on them.", min=1)] = 3,
    twice: Annotated[
        int, typer.Option(help="Of the wrong answers that are generated, so many for each answer have two changes.")
    ] = 0,
    json_file: JsonFile = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table to this file, as a page of docs/.")] = None,
) -> None:
    """Prove the checks: known mistakes are rejected and named, alternatives accepted.

    Wrong answers are generated too: every small change of a reference must be rejected, unless the unit's
    equivalents.py says why it computes the same. Exit status 1 if any wrong answer passes, any right one does not, or a
    mistake's marks depend on the seed.
    """
    from autograder.authoring.audit import AUDIT_SEED, audit_over
    from autograder.authoring.audit_page import audit_markdown, audit_table

    units = [unit_called(unit)] if unit else [unit_called(name) for name in current().names]
    tasks = [(one, task) for one in units for task in one.tasks.values()]
    audits = []
    with progress_bar("auditing") as show:
        for number, (one, task) in enumerate(tasks, start=1):
            audits.append(audit_over(one, task, range(AUDIT_SEED, AUDIT_SEED + seeds), twice))
            show(number, len(tasks))
    write_json(json_file, {one.name: {a.task: a.to_json() for a in audits if a.unit == one.name} for one in units})
    if markdown:
        write_whole(markdown, audit_markdown(audits))
    console.print(audit_table(audits))
    for result in audits:
        for fault in result.faults:
            console.print(f"[red]{result.unit} {result.task}[/red]: {literal(fault)}", highlight=False, soft_wrap=True)
    if not all(result.sound for result in audits):
        raise typer.Exit(FAULTS_FOUND)
