"""`recourse data`: the public data sets that examples and benchmarks use."""

from __future__ import annotations

from pathlib import Path

import click

import recourse as rs


@click.group()
def data() -> None:
    """List and fetch the public data sets that examples and benchmarks use."""


@data.command("list")
def list_data() -> None:
    """List the data sets: name, rows, licence, and where a copy was found."""
    click.echo(rs.datasets.available().to_string(index=False))


@data.command()
@click.argument("name")
@click.option(
    "--from",
    "from_file",
    type=click.Path(path_type=Path),
    help="Take a copy that you have instead of downloading one.",
)
def fetch(name: str, from_file: Path | None) -> None:
    """Download a data set from its public source, check it, and keep it for later."""
    path = rs.datasets.fetch(name, from_file=from_file, progress=lambda line: click.echo(line, err=True))
    click.echo(path)
