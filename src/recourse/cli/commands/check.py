"""`recourse check`: whether an action file fits a table."""

from __future__ import annotations

from pathlib import Path

import click

import recourse as rs
from recourse.cli.options import target_option
from recourse.cli.read import feature_columns, read_table


@click.command()
@click.argument("actions_file", metavar="ACTIONS", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@target_option
@click.option("--drop", multiple=True, metavar="COLUMN", help="A column that is left out of the features.")
def check(actions_file: Path, data: Path, target: str | None, drop: tuple[str, ...]) -> None:
    """Check an action file against a table: all problems at once, and what a careful reader should know."""
    frame = read_table(data)
    features = feature_columns(data, frame, target, drop)
    said = rs.read_actions(actions_file, features, ignore=set(frame.columns) - set(features.columns))

    able = sum(feature.actionable for feature in said.actions)
    groups = f", {len(said.group_only)} only for groups" if said.group_only else ""
    click.echo(
        f"{actions_file.name} is sound: {len(said.actions)} features, {able} of them actionable{groups}; "
        f"constraints: {len(said.actions.constraints)}"
    )
    for note in (*said.notes, *said.actions.validate(features)):
        click.echo(f"note: {note}")
