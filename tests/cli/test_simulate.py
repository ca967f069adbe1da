"""`recourse simulate`: the same bytes for the same seed, checkpoints, presets."""

from __future__ import annotations

import json

import pytest

import recourse as rs


def test_the_command_line_writes_the_same_bytes_and_goes_on_from_a_checkpoint(tmp_path):
    from click.testing import CliRunner

    from recourse.cli.main import main

    rs.datasets.lender(200).frame.to_csv(tmp_path / "loans.csv", index=False)
    common = ["simulate", str(tmp_path / "loans.csv"), "--target", "approved", "--fit", "logistic", "--rounds", "2"]
    common += ["--repeats", "2", "--immutable", "gender", "--group-by", "gender", "--format", "json"]
    one, two = (CliRunner().invoke(main, common) for _ in range(2))
    assert one.exit_code == 0, one.stderr
    assert one.stdout == two.stdout
    assert json.loads(one.stdout)["repeats_done"] == 2
    kept = [*common, "--checkpoint", str(tmp_path / "run.json")]
    first, again = (CliRunner().invoke(main, kept) for _ in range(2))
    assert json.loads(first.stdout)["rows"] == json.loads(again.stdout)["rows"] == json.loads(one.stdout)["rows"]
    wrong = CliRunner().invoke(main, [*common, "--recourse", "optimla"])
    assert wrong.exit_code == 2
    assert "Did you mean 'optimal'?" in wrong.stderr


@pytest.mark.parametrize("preset", ["fonseca2023", "yang2025"])
def test_the_command_line_runs_a_preset_with_its_own_share(preset, tmp_path):
    from click.testing import CliRunner

    from recourse.cli.main import main

    rs.datasets.lender(200).frame.to_csv(tmp_path / "loans.csv", index=False)
    command = ["simulate", str(tmp_path / "loans.csv"), "--target", "approved", "--fit", "logistic", "--rounds", "2"]
    command += ["--repeats", "1", "--immutable", "gender", "--preset", preset, "--format", "json"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert {row["name"] for row in document["rows"]} >= {"reliability", "fail_to_recourse", "threshold", "standard"}
    assert max(row["n_drawn"] for row in document["rows"]) > 20
    few = json.loads(CliRunner().invoke(main, [*command, "--share", "0.1"]).stdout)
    assert 0 < max(row["n_drawn"] for row in few["rows"]) < 20
