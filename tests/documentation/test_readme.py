"""The README runs: its Python in one session, its commands on the built-in lender's table."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import recourse as rs
from recourse.cli.main import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_python_of_the_readme_runs(tmp_path):
    code = "\n".join(blocks("python"))
    with contextlib.chdir(tmp_path), contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert "Flipset: " in printed.getvalue()
    assert "Audit of 2,000 people" in printed.getvalue()


def commands() -> list[str]:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [part.strip() for line in lines for part in line.split("&&") if part.strip().startswith("recourse ")]


def test_the_readme_sets_up_with_two_commands():
    assert "pip install -e . && recourse demo" in README
    assert 'pip install -e ".[test]" && pytest' in README
    assert "recourse demo" in commands()


@pytest.mark.parametrize("command", commands())
def test_the_commands_of_the_readme_run(command, tmp_path):
    (tmp_path / "recourse-demo").mkdir()  # as `recourse demo` leaves it
    rs.datasets.lender(500).frame.to_csv(tmp_path / "recourse-demo" / "applicants.csv", index=False)
    with contextlib.chdir(tmp_path):
        result = CliRunner().invoke(main, shlex.split(command)[1:])
    assert result.exit_code == 0, result.stderr
    assert result.stdout


@pytest.mark.parametrize(
    "command", [line for block in blocks("sh") for line in block.splitlines() if "(recourse data fetch german" in line]
)
def test_the_commands_on_public_data_run(command, needs_data):
    name = re.search(r"\(recourse data fetch (\w+)\)", command)[1]
    words = shlex.split(re.sub(r'"\$\(.*?\)"', shlex.quote(str(needs_data(name))), command))
    result = CliRunner().invoke(main, [*words[1:], "--time-limit", "5"])
    assert result.exit_code in (0, 4), result.stderr
    assert result.stdout


def test_every_option_and_command_the_readme_names_exists():
    help_texts = [
        CliRunner().invoke(main, [*name.split(), "--help"]).stdout
        for name in ("", "audit", "flipset", "demo", "simulate")
    ]
    known = set(re.findall(r"--[a-z][a-z-]+", " ".join(help_texts)))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= known


def test_the_architecture_names_only_files_that_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py|[a-z_]+/)`", text):
        assert (ROOT / "src" / "recourse" / name).exists() or (ROOT / name).exists(), name
