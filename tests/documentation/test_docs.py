"""The pages in docs/ run: their Python in one session a page, their commands on the built-in lender's table."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import recourse as rs
from recourse.cli.main import main

DOCS = Path(__file__).parents[2] / "docs"


def blocks(language: str, page: str = "dynamics.md") -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


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


@pytest.mark.filterwarnings("ignore:the weights stay where the paper's tuning starts")
def test_the_python_of_the_page_on_summaries_runs_and_shows_what_it_says(tmp_path):
    session: dict[str, object] = {"__name__": "docs"}
    printed = io.StringIO()
    with contextlib.chdir(tmp_path), contextlib.redirect_stdout(printed):
        exec(compile("\n".join(blocks("python", "summaries.md")), "summaries.md", "exec"), session)
    shown = blocks("text", "summaries.md")[0]
    assert all(line in printed.getvalue() for line in shown.splitlines() if line.strip() != "…"), printed.getvalue()
    rules = session["rules"]
    assert rules.status.label == "optimal"
    assert session["greedy"].status.label == "feasible"
    assert all(rule.precision >= 0.8 for rule in session["sure"].rules)
    assert all(rule.wilson >= 0.8 for rule in session["surer"].rules)
    assert len(session["short"].rules) == 3
    assert session["apart"].measures().loc["overlap", "in sample"] == 0
    assert session["cheap"].measures().loc["feature_cost", "in sample"] <= 8
    compared = rules.compare("gender")["precision"].round(2)
    assert (compared[1, "0"], compared[1, "1"]) == (0.82, 0.63)
    assert session["alone"] == pytest.approx(0.005, abs=0.001)
    wide = session["wide"]
    assert round(wide.measures().loc["accuracy", "in sample"], 3) == 0.986
    assert [{move.feature for move in rule.action} for rule in wide.rules] == [{"income", "savings"}] * 2
    assert session["told"].assigned is None
    assert set(session["weights"].values()) == {1000.0}
    prices = session["costs"].weights
    assert list(prices) == ["education", "loan_amount", "loan_duration", "income", "savings"]
    assert prices["education"] == max(prices.values())


def test_the_commands_of_the_page_on_summaries_run(tmp_path):
    rs.datasets.lender(300).frame.to_csv(tmp_path / "loans.csv", index=False)
    for command in "".join(blocks("console", "summaries.md")).splitlines():
        with contextlib.chdir(tmp_path):
            result = CliRunner().invoke(main, shlex.split(command)[1:])
        assert result.exit_code == 0, result.stderr
    assert "What the rules achieve" in (tmp_path / "rules.html").read_text(encoding="utf-8")
