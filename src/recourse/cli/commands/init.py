"""`recourse init`: a draft of an action file, to be corrected by hand."""

from __future__ import annotations

from pathlib import Path

import click

import recourse as rs
from recourse.cli.options import target_option
from recourse.cli.output import check_output, write
from recourse.cli.read import feature_columns, read_table


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@target_option
@click.option("--drop", multiple=True, metavar="COLUMN", help="Leave a column out of the features.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to a new file instead of stdout.")
def init(data: Path, target: str | None, drop: tuple[str, ...], output: Path | None) -> None:
    """Draft an action file from a table: types, bounds, steps and levels, to be corrected by hand.

    \b
        recourse init loans.csv --target approved -o actions.toml
    """
    frame = feature_columns(data, read_table(data), target, drop)
    content = rs.draft_actions(frame)
    if output is None:
        click.echo(content, nl=False)
        return
    check_output(output)
    if output.exists():
        raise rs.InputError(f"--output: {output} exists, and a draft would replace what somebody wrote there.")
    write(output, content)
    click.echo(f"wrote {output}", err=True)
