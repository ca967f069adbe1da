"""The options that several commands share, and what they say together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

import recourse as rs
from recourse.cli.output import FORMATS

Command = Callable[..., None]

target_option = click.option("--target", metavar="COLUMN", help="The column of labels; never a feature.")

TASK_OPTIONS = [
    click.argument("data", type=click.Path(path_type=Path)),
    target_option,
    click.option(
        "--fit",
        "fit",
        type=click.Choice(["logistic"]),
        help="Fit a model to the data: logistic regression on standardised numbers and one-hot words.",
    ),
    click.option(
        "--model",
        "model_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Use the model in this file: skops, ONNX, XGBoost's or LightGBM's own, or coefficients.",
    ),
    click.option(
        "--trust-pickle",
        metavar="SHA256",
        help="Open --model even if it is a pickle, which runs its code, if this is its SHA-256.",
    ),
    click.option(
        "--desired",
        metavar="VALUE",
        help="The favourable label [default: 1, if the labels are 0 and 1 or -1 and 1].",
    ),
    click.option("--threshold", type=float, help="Approve from this probability of the favourable label on."),
    click.option(
        "--drop",
        multiple=True,
        metavar="COLUMN",
        help="Leave a column out of the features; it can still define groups.",
    ),
    click.option(
        "--actions",
        "actions_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="What people can change, as a TOML or JSON file (see `recourse init`).",
    ),
    click.option("--immutable", multiple=True, metavar="COLUMN", help="A feature that nobody can change."),
    click.option("--only-up", multiple=True, metavar="COLUMN", help="A feature that can only grow."),
    click.option("--only-down", multiple=True, metavar="COLUMN", help="A feature that can only shrink."),
    click.option(
        "--cost",
        help="How hard changes are: total, local, max, l1 or feature (1 a feature) [default: total; for "
        "summarize, feature].",
    ),
    click.option("--max-changes", type=int, help="At most so many features change at once."),
    click.option("--time-limit", type=float, metavar="SECONDS", help="Stop searching after this long."),
    click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        help="What to write  [default: what the ending of --output says, else text].",
    ),
    click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to a file instead of stdout."),
    click.option(
        "--raw-csv",
        is_flag=True,
        help="Leave text in CSV as it is, even where a spreadsheet would run it as a formula.",
    ),
]


@dataclass(frozen=True)
class TaskOptions:
    """What the user said about the table, the model, the possible actions and the output."""

    data: Path
    target: str | None
    fit: str | None
    model_file: Path | None
    trust_pickle: str | None
    desired: str | None
    threshold: float | None
    drop: tuple[str, ...]
    actions_file: Path | None
    immutable: tuple[str, ...]
    only_up: tuple[str, ...]
    only_down: tuple[str, ...]
    cost: str | None
    max_changes: int | None
    time_limit: float | None
    format_: str | None
    output: Path | None
    raw_csv: bool

    def check(self) -> None:
        """Raise `InputError` if the options contradict each other, whatever the table holds."""
        if self.time_limit is not None and not self.time_limit >= 0:
            raise rs.InputError(f"--time-limit must be seconds ≥ 0, not {self.time_limit}.")
        if (self.fit is None) == (self.model_file is None):
            raise rs.InputError("say which model: either --fit logistic or --model FILE.")
        if self.fit is not None and self.target is None:
            raise rs.InputError("--fit needs --target: the column of labels to fit to.")
        if self.max_changes is not None and self.max_changes < 0:
            raise rs.InputError(f"--max-changes must be a whole number ≥ 0, not {self.max_changes}.")
        if both := sorted({*self.only_up} & {*self.only_down}):
            raise rs.InputError(f"--only-up and --only-down exclude each other, but both name {both[0]!r}.")


def task_options(command: Command) -> Command:
    """Give a command the shared options; it gets them as its first argument, a `TaskOptions`."""
    shared = [field.name for field in fields(TaskOptions)]

    @wraps(command)
    def call(**options: Any) -> None:
        said = TaskOptions(**{name: options.pop(name) for name in shared})
        command(said, **options)

    for option in reversed(TASK_OPTIONS):
        call = option(call)
    return call
