"""`python -m recourse` is the command `recourse`."""

from recourse.cli.main import run

run()
