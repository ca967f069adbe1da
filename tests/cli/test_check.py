"""`recourse check`: an action file against a table."""

from __future__ import annotations

from command_line import run


def test_check_prints_every_problem_and_a_column_the_model_reads_is_not_only_for_groups(loans, tmp_path):
    path = tmp_path / "actions.toml"
    path.write_text('[features.incme]\n[features.owns]\ndirection = "upp"\n')
    done = run("check", path, loans)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == "error: actions.toml has 2 problems:"
    assert "line 3, feature 'owns', direction" in done.stderr
    path.write_text("[features.income]\ngroup_only = true\n")
    model = tmp_path / "model.csv"
    model.write_text("feature,coefficient\n(intercept),-6\nincome,1\noverdue,-1\n")
    done = run("audit", loans, "--model", model, "--actions", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'income' is group_only there, but the model reads it" in done.stderr
