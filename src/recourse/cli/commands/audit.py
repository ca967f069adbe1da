"""`recourse audit`: who in a table has recourse, who has none, and at what cost."""

from __future__ import annotations

import sys
from typing import Any

import click

import recourse as rs
from recourse.cli.conditions import Condition
from recourse.cli.exit_codes import CONDITION_HIT, UNDECIDED
from recourse.cli.options import TaskOptions, task_options
from recourse.cli.progress import progress_bar
from recourse.cli.task import Task


@click.command()
@task_options
@click.option(
    "--group-by",
    multiple=True,
    metavar="COLUMN",
    help="Report by the levels of this column; may be repeated.",
)
@click.option("--cross", is_flag=True, help="Also report every combination of the --group-by columns.")
@click.option(
    "--fail-if",
    metavar="CONDITION",
    help="Exit with 1 if, say, 'feasible<0.9' or 'difference.feasible>0.05'.",
)
def audit(said: TaskOptions, group_by: tuple[str, ...], cross: bool, fail_if: str | None) -> None:
    """Audit everybody in a table: who is denied, who of them has recourse, at what cost, by group.

    \b
    Text and JSON are a summary; CSV has one row a person.
        recourse audit credit.csv --target NoDefaultNextMonth --fit logistic --group-by Married
    """
    condition = None if fail_if is None else Condition.read(fail_if, grouped=bool(group_by))
    task = Task.of(said, group_by=group_by)
    groups: list[Any] = list(group_by)
    if cross and len(groups) > 1:
        groups.append(tuple(group_by))

    # what a reader should know before the search begins
    if task.approved(task.frame).all():
        raise rs.InputError(
            f"nobody is denied: all {len(task.frame):,} people are approved by {task.model.name} "
            f"({task.model.rule}). Is --desired the favourable label?"
        )
    for note in task.actions.validate(task.frame):
        click.echo(f"note: {note}", err=True)

    with progress_bar() as progress:
        result = rs.audit(
            task.model,
            task.frame,
            task.actions,
            cost=task.cost,
            group_by=groups,
            max_changes=said.max_changes,
            time_limit=said.time_limit,
            progress=progress,
        )
    task.write(result)

    if condition is not None and (hit := condition.hit(result)):
        click.echo(f"--fail-if: {hit}", err=True)
        sys.exit(CONDITION_HIT)
    if result.overall["undecided"]:
        sys.exit(UNDECIDED)
