"""`recourse model`: what is in a model file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import recourse as rs
from recourse.cli.exit_codes import MODEL_REFUSED


@click.group()
def model() -> None:
    """Look into model files without running anything in them."""


@model.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
def inspect_model(file: Path) -> None:
    """Say what a model file holds, and whether it would be opened.

    Lists the types, operators or trees inside, and the SHA-256 that --trust-pickle takes. Exits with 3 if the
    file would be refused.
    """
    found = rs.inspect_model(file)
    click.echo(rs.errors.spelled_out(str(found)))
    if not found.loads:
        sys.exit(MODEL_REFUSED)
