"""`recourse demo`: the built-in lender."""

from __future__ import annotations

import json

import pandas as pd

from command_line import run


def test_the_demo_writes_json_and_csv_that_agree(tmp_path):
    done = run("demo", "--people", 300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "synthetic, not evidence about lending" in done.stdout
    document = json.loads((tmp_path / "recourse-demo" / "audit.json").read_text())
    people = pd.read_csv(tmp_path / "recourse-demo" / "people.csv")
    assert people["denied"].sum() == document["overall"]["denied"] > 0
    assert (people["status"] == "infeasible").sum() == document["overall"]["no_recourse"]
    assert f"{document['overall']['recourse']:,}" in done.stdout
