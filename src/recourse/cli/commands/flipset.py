"""`recourse flipset`: what one person of a table could change to be approved."""

from __future__ import annotations

import sys

import click

import recourse as rs
from recourse.cli.exit_codes import UNDECIDED
from recourse.cli.options import TaskOptions, task_options
from recourse.cli.task import Task


@click.command()
@task_options
@click.option("--row", type=int, required=True, help="Whose row: a position in the file, from 0.")
@click.option("--items", type=int, default=10, show_default=True, help="How many actions to list at most.")
@click.option(
    "--distinct",
    type=click.Choice(["minimal", "subsets", "exclusive"]),
    default="minimal",
    show_default=True,
    help="What makes the next action a different one.",
)
def flipset(said: TaskOptions, row: int, items: int, distinct: str) -> None:
    """List what one person could change to be approved, cheapest first."""
    task = Task.of(said)
    if not 0 <= row < len(task.frame):
        raise rs.InputError(f"--row {row}: {said.data} has the rows 0 to {len(task.frame) - 1}.")
    person = task.frame.iloc[[row]][task.actions.names]
    task.approved(person)

    result = rs.flipset(
        task.model,
        person,
        task.actions,
        total_items=items,
        cost=task.cost,
        distinct=distinct,
        max_changes=said.max_changes,
        time_limit=said.time_limit,
    )
    task.write(result)
    if result.status is rs.Status.UNKNOWN:
        sys.exit(UNDECIDED)
