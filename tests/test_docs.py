"""The pages in docs/ run: their Python in one session a page, their commands on the built-in lender's table."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import recourse as rs
from recourse.cli import main

DOCS = Path(__file__).parent.parent / "docs"
DYNAMICS = (DOCS / "dynamics.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DYNAMICS, flags=re.DOTALL)


def test_the_python_of_the_page_on_dynamics_runs(tmp_path):
    torch = importlib.util.find_spec("torch") is not None or os.environ.get("RECOURSE_REQUIRE_ALL") == "1"
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    session: dict[str, object] = {"__name__": "docs"}
    with contextlib.chdir(tmp_path):
        python = [block for block in blocks("python") if torch or "Autoencoder" not in block]
        exec(compile("\n".join(python), "dynamics.md", "exec"), session)
    sim = session["sim"]
    assert sim.complete
    domain = sim.summary().query("model == 'linear' and name == 'mmd'").set_index("generator")["mean"]
    assert domain["claproar"] < domain["γ = 0.9"] < domain["generic"]
    assert session["axes"].shape == (4, 2)
    assert not torch or session["near"].valid.all()
    reliability = session["reliability"]
    assert reliability["crowd"] < 0.3 < reliability["roomy"] < 0.8 < reliability["patient"] < reliability["enough"] == 1
    assert session["facets"].shape == (3, 1)
    plt.close("all")


def test_the_commands_of_the_page_on_dynamics_run(tmp_path):
    rs.datasets.lender(300).frame.to_csv(tmp_path / "loans.csv", index=False)
    for command in "".join(blocks("console")).splitlines():
        with contextlib.chdir(tmp_path):
            result = CliRunner().invoke(main, shlex.split(command)[1:])
        assert result.exit_code == 0, result.stderr
        assert "Simulation of 240 people over 5 rounds" in result.stdout
