"""What the shared options amount to: models and actions from files, and options beside them."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from command_line import run
from helpers import world


def test_a_model_from_a_file_needs_no_target(loans, tmp_path):
    model = tmp_path / "model.csv"
    model.write_text("feature,coefficient\n(intercept),-6\nincome,1\noverdue,-1\n")
    done = run("audit", loans, "--model", model, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [feature["name"] for feature in json.loads(done.stdout)["actions"]] == ["income", "overdue"]


def test_options_override_the_action_file_and_its_weights_count(loans, common, tmp_path):
    path = tmp_path / "actions.json"
    features = {
        "income": {"direction": "up", "weight": 3},
        "owns": {"actionable": False},
        "region": {"group_only": True},
    }
    path.write_text(json.dumps({"features": features}))
    grouped = [loans, "--target", "good", "--fit", "logistic", "--group-by", "region", "--actions", path]
    done = run("audit", *grouped, "--only-down", "income", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "note: actions.json says nothing about 'overdue', 'balance'" in done.stderr
    stated = {feature["name"]: feature for feature in json.loads(done.stdout)["actions"]}
    assert stated["income"]["step_direction"] == -1
    assert stated["owns"]["actionable"] is False
    assert "region" not in stated
    assert "region" in done.stdout
    # the file names a column that --drop leaves out, and weighs what remains
    base = run("audit", *common, "--immutable", "overdue", "--immutable", "balance", "--immutable", "owns")
    only = json.dumps({"features": {"region": {"group_only": True}, "income": {"weight": 3}}})
    path.write_text(only)
    dear = run("audit", *common, "--immutable", "overdue", "--immutable", "balance", "--immutable", "owns",
               "--actions", path)  # fmt: skip
    means = [float(re.search(r"mean ([\d.]+)", result.stdout)[1]) for result in (base, dear)]
    assert means[1] == pytest.approx(3 * means[0], rel=1e-3)


def test_values_that_a_model_from_a_file_can_not_take_are_bad_input(loans, tmp_path):
    model = tmp_path / "model.csv"
    model.write_text("feature,coefficient\n(intercept),-6\nincome,1\noverdue,-1\n")
    frame = pd.read_csv(loans).astype({"income": object})
    frame.loc[3, "income"] = "much"
    frame.to_csv(tmp_path / "words.csv", index=False)
    for command in (["audit"], ["flipset", "--row", 3]):
        done = run(command[0], "words.csv", "--model", model, *command[1:], cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "multiplies 'income', which holds 'much'" in done.stderr
    skops = pytest.importorskip("skops.io")
    w = world(31, n=150)
    skops.dump(w.clf, tmp_path / "lr.skops")
    w.X.loc[5, "income"] = None
    w.X.to_csv(tmp_path / "gaps.csv", index=False)
    done = run("audit", "gaps.csv", "--model", "lr.skops", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is missing in 1 row (5)" in done.stderr


def test_a_coefficient_beyond_all_floats_is_a_refused_model(loans, tmp_path):
    (tmp_path / "model.json").write_text('{"coefficients": {"income": 1%s}}' % ("0" * 400))
    done = run("audit", loans, "--model", "model.json", cwd=tmp_path)
    assert done.returncode == 3
    assert "finite number" in done.stderr
