"""The command `recourse`: its subcommands, and how errors become exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

import click

import recourse as rs
from recourse.cli.commands.audit import audit
from recourse.cli.commands.check import check
from recourse.cli.commands.data import data
from recourse.cli.commands.demo import demo
from recourse.cli.commands.flipset import flipset
from recourse.cli.commands.init import init
from recourse.cli.commands.model import model
from recourse.cli.commands.simulate import simulate
from recourse.cli.commands.summarize import summarize
from recourse.cli.exit_codes import BAD_INPUT, MODEL_REFUSED, NOBODY_READS, OUR_MISTAKE, UNDECIDED, fail


def run() -> None:
    """Run the command line with stdout kept for results: solvers print there from C, and that goes to stderr."""
    results = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(results, "w", encoding="utf-8", newline="")
    main(prog_name="recourse")


class Commands(click.Group):
    """A group of commands that turns the package's own errors into one line on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; the exit codes are those of `recourse.cli.exit_codes`."""
        try:
            return super().invoke(ctx)
        except rs.ModelError as error:
            fail(error, MODEL_REFUSED)
        except rs.RecourseError as error:
            fail(error, BAD_INPUT)
        except KeyboardInterrupt:
            click.echo("error: interrupted", err=True)
            sys.exit(UNDECIDED)
        except BrokenPipeError:
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for what is flushed at exit
            sys.exit(NOBODY_READS)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception:
            traceback.print_exc()
            sys.exit(OUR_MISTAKE)


def _version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """Print the version and which build of the kernels runs, and stop."""
    if not wanted or context.resilient_parsing:
        return
    build, reason = rs.build_info()
    click.echo(f"recourse {rs.__version__} ({build} kernels{f': {reason}' if reason else ''})")
    context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and which build of the kernels is active.",
)
def main() -> None:
    """What can a person who was denied by a model change to be approved?

    Start with `recourse demo`, or with a table of your own:

    \b
        recourse audit loans.csv --target approved --fit logistic --group-by sex
        recourse flipset loans.csv --target approved --fit logistic --row 13

    \b
    Exit codes: 0 done, 1 a --fail-if condition was hit, 2 bad input, 3 the model was refused,
    4 undecided people remain or Ctrl-C, 70 a mistake of ours, 141 the output's reader went away.
    """


for command in (audit, check, data, demo, flipset, init, model, simulate, summarize):
    main.add_command(command)
