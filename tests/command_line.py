"""Running the command line in tests: in this process, or as a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from recourse.cli.main import main


@dataclass
class Done:
    """How a command ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: object, cwd: Path | str = ".") -> Done:
    """Run a command in this process: starting Python anew takes longer than the command."""
    with contextlib.chdir(cwd):
        result = CliRunner().invoke(main, list(map(str, arguments)), prog_name="recourse")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def run_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, with more environment variables."""
    command = [sys.executable, "-m", "recourse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=120)
