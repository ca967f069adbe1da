"""`python -m recourse` is the command `recourse`."""

from recourse.cli import run

run()
