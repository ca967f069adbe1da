"""How a command says what became of it: one exit code for each way to end."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

import recourse as rs

CONDITION_HIT = 1
"""A --fail-if condition was hit."""

BAD_INPUT = 2
"""The command, the data or a setting can't be used."""

MODEL_REFUSED = 3
"""The model was refused: unreadable, untrusted or unfit."""

UNDECIDED = 4
"""Undecided people remain: out of time, or interrupted with Ctrl-C, also before anything was found."""

OUR_MISTAKE = 70
"""A mistake of this package, with its traceback."""

NOBODY_READS = 141
"""Whoever read the output has stopped reading."""


def fail(error: Exception, code: int) -> NoReturn:
    """Say on stderr, in one line, what is wrong, and exit."""
    click.echo(f"error: {rs.errors.spelled_out(str(error))}", err=True)
    sys.exit(code)
