"""The command itself: its commands, and how errors become one line and an exit code."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import recourse as rs
from command_line import run


def test_version_and_help_name_every_command():
    version = run("--version").stdout
    assert rs.__version__ in version
    assert "kernels" in version
    text = run("--help").stdout
    for command in ("audit", "flipset", "demo", "data"):
        assert command in text
        assert run(command, "--help").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["audit", "nothing.csv", "--target", "good", "--fit", "logistic"],
            2,
            "can't read nothing.csv as CSV: No such",
        ),
        (["audit", "LOANS", "--target", "god", "--fit", "logistic"], 2, "no column 'god'. Did you mean 'good'"),
        (["audit", "NAMES", "--target", "good", "--fit", "logistic"], 2, "'who' holds 150 different words .* --drop"),
        (["audit", "COMMON", "--actions", "BAD"], 2, "bad.toml, line 2|line 2, feature 'incme'"),
        (["audit", "COMMON", "--actions", "no.toml"], 2, "can't read no.toml: No such file"),
        (["init", "LOANS", "--target", "god"], 2, "--target: .* no column 'god'. Did you mean 'good'"),
        (["init", "LOANS", "--output", "BAD"], 2, "exists, and a draft would replace"),
        (["init", "LOANS", "--output", "nowhere/a.toml"], 2, "there is no folder nowhere"),
        (["init", "nothing.csv"], 2, "can't read nothing.csv as CSV"),
        (["check", "BAD", "LOANS"], 2, "'incme': the table has no such column. Did you mean 'income'"),
        (["check", "BAD", "LOANS", "--drop", "regin"], 2, "--drop: .* no column 'regin'"),
        (["audit", "LOANS", "--target", "region", "--fit", "logistic"], 2, "which label is favourable"),
        (["audit", "LOANS", "--target", "overdue", "--fit", "logistic"], 2, "has 8 labels"),
        (["audit", "LOANS", "--target", "good"], 2, "either --fit logistic or --model"),
        (["audit", "LOANS", "--fit", "logistic"], 2, "--fit needs --target"),
        (["audit", "COMMON", "--group-by", "regin"], 2, "no column 'regin'. Did you mean 'region'"),
        (["audit", "COMMON", "--immutable", "incme"], 2, "--immutable: .* no column 'incme'"),
        (["audit", "COMMON", "--cost", "totl"], 2, "Did you mean 'total'"),
        (["audit", "COMMON", "--desired", "yes"], 2, "none of the model's labels"),
        (["audit", "COMMON", "--threshold", "2"], 2, "between 0 and 1"),
        (["audit", "COMMON", "--threshold", "0.000001"], 2, "nobody is denied"),
        (["audit", "COMMON", "--time-limit", "-3"], 2, "must be seconds"),
        (["audit", "COMMON", "--fail-if", "feasable<1"], 2, "--fail-if: .* must be like"),
        (["audit", "COMMON", "--output", "nowhere/audit.txt"], 2, "there is no folder nowhere"),
        (["audit", "COMMON", "--output", "."], 2, "is a folder"),
        (["audit", "COMMON", "--fail-if", "difference.feasible>0.0"], 2, "needs --group-by"),
        (["audit", "COMMON", "--only-up", "income", "--only-down", "income"], 2, "exclude each other.*'income'"),
        (["audit", "COMMON", "--max-changes", "-1"], 2, "--max-changes must be"),
        (
            ["audit", "LOANS", "--model", "TABLE", "--target", "income"],
            2,
            "reads 'income', but --target income removed",
        ),
        (["flipset", "COMMON", "--row", "150"], 2, "the rows 0 to 149"),
        (["audit", "LOANS", "--model", "EVIL"], 3, "looks like a pickle"),
        (["data", "fetch", "nothing"], 2, "nothing"),
    ],
)
def test_bad_input_is_one_clear_line_and_an_exit_code(common, loans, tmp_path, arguments, code, message):
    evil = tmp_path / "model.skops"
    evil.write_bytes(b"\x80\x04K\x01.")
    bad = tmp_path / "bad.toml"
    bad.write_text("version = 1\n[features.incme]\n")
    names = tmp_path / "names.csv"
    pd.read_csv(loans).assign(who=[f"n{i}" for i in range(150)]).to_csv(names, index=False)
    table = loans.with_name("coefficients.csv")
    table.write_text("feature,coefficient\n(intercept),-6\nincome,1\n")
    words = {"TABLE": [table], "LOANS": [loans], "COMMON": common, "EVIL": [evil], "BAD": [bad], "NAMES": [names]}
    done = run(*(word for one in arguments for word in words.get(one, [one])), cwd=tmp_path)
    assert done.returncode == code
    assert done.stdout == ""
    error = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(error) == 1
    assert re.search(message, error[0]), error[0]
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml", "model.skops", "names.csv"], (
        "nothing written"
    )
    assert bad.read_text() == "version = 1\n[features.incme]\n"


def test_ctrl_c_before_the_search_and_mistakes_of_ours_never_look_like_a_condition_that_was_hit(common, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    def fall_over(*args, **kwargs):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("recourse.cli.task.read_table", interrupt)
    done = run("audit", *common, "--fail-if", "denied>0")
    assert done.returncode == 4
    assert "interrupted" in done.stderr
    monkeypatch.setattr("recourse.cli.task.read_table", fall_over)
    done = run("audit", *common, "--fail-if", "denied>0")
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert "a mistake of ours" in done.stderr
