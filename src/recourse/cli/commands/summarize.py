"""`recourse summarize`: the recourse of everybody who is denied in a few rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

import recourse as rs
from recourse.cli.options import TaskOptions, task_options
from recourse.cli.progress import progress_bar
from recourse.cli.read import check_columns
from recourse.cli.task import Task

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@task_options
@click.option(
    "--subgroup",
    "subgroups",
    multiple=True,
    metavar="COLUMN",
    help="Describe subgroups by this column, which nobody can change; may be repeated [default: discovered].",
)
@click.option("--everyone", is_flag=True, help="One list of rules for everybody, without subgroups.")
@click.option("--max-rules", type=int, default=20, show_default=True, help="At most so many rules.")
@click.option("--max-subgroups", type=int, default=10, show_default=True, help="At most so many subgroups.")
@click.option("--max-width", type=int, default=7, show_default=True, help="At most so many predicates in a rule.")
@click.option("--min-support", type=float, default=0.01, show_default=True, help="Share of the denied a rule covers.")
@click.option(
    "--max-condition", type=int, default=3, show_default=True, help="At most so many predicates in a condition."
)
@click.option("--bins", type=int, default=10, show_default=True, help="Bins of numbers with more values than this.")
@click.option("--min-precision", type=float, default=0.0, show_default=True, help="Share approved after each rule.")
@click.option("--max-overlap", type=float, help="At most this share of the denied satisfies several rules.")
@click.option("--cost-weight", type=float, default=1.0, show_default=True, help="People that a unit of cost is worth.")
@click.option(
    "--move",
    "moves",
    multiple=True,
    type=click.Choice(["to", "at_least", "at_most", "shift"]),
    help="How rules change features; may be repeated [default: to a value or bin].",
)
@click.option(
    "--hold-out",
    type=float,
    metavar="SHARE",
    help="Make the rules from the other rows, and also measure them on this share; --fit fits to all rows.",
)
def summarize(
    said: TaskOptions,
    subgroups: tuple[str, ...],
    everyone: bool,
    moves: tuple[str, ...],
    hold_out: float | None,
    min_support: float,
    max_condition: int,
    bins: int,
    **limits: Any,
) -> None:
    """Summarise the recourse of everybody who is denied in a few rules: if ..., if ..., then ...

    \b
        recourse summarize credit.csv --target NoDefaultNextMonth --fit logistic --immutable Married --subgroup Married
    """
    if everyone and subgroups:
        raise rs.InputError("--everyone and --subgroup exclude each other.")
    task = Task.of(said, default_cost="feature")
    _check_subgroups(task, subgroups)
    made, held_out = _parts(task.frame, hold_out)

    # what is not said is left to the verb
    changes: dict[str, Any] = {} if said.max_changes is None else {"max_changes": said.max_changes}
    space = rs.CandidateSpace(
        min_support=min_support, max_condition=max_condition, bins=bins, moves=moves or ("to",), **changes
    )
    with progress_bar("trying", "actions") as progress:
        result = rs.summarize(
            task.model,
            made,
            task.actions,
            subgroups=[] if everyone else list(subgroups) or None,
            cost=task.cost,
            limits=rs.Limits(**limits),
            space=space,
            held_out=held_out,
            time_limit=said.time_limit,
            progress=progress,
        )
    task.write(result)


def _check_subgroups(task: Task, subgroups: Sequence[str]) -> None:
    """What describes a subgroup is a column, and nothing that its members are to change."""
    check_columns("--subgroup", subgroups, task.said.data, task.frame)
    for name in subgroups:
        if name in task.actions.names and task.actions[name].actionable:
            raise rs.InputError(
                f"--subgroup: {name!r} is actionable, and what describes a subgroup can't be what its members are to "
                f"change; add --immutable {name}."
            )


def _parts(frame: pd.DataFrame, hold_out: float | None) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The rows that rules are made from, and those that they are measured on besides."""
    if hold_out is None:
        return frame, None
    if not 0 < hold_out < 1:
        raise rs.InputError(f"--hold-out must be a share between 0 and 1, not {hold_out}.")
    held_out = frame.sample(frac=hold_out, random_state=0)
    made = frame.drop(index=held_out.index)
    if held_out.empty or made.empty:
        raise rs.InputError(f"--hold-out: {hold_out:g} of {len(frame):,} rows leaves a part empty.")
    return made, held_out
