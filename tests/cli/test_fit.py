"""`--fit logistic`: words, gaps and labels."""

from __future__ import annotations

import io

import pandas as pd

from command_line import run


def test_words_and_missing_values_are_fitted_and_audited(loans, tmp_path):
    frame = pd.read_csv(loans).drop(columns=["balance"]).head(60)
    frame.loc[3:6, "income"] = None
    frame.loc[2:4, "region"] = None
    frame.to_csv(tmp_path / "words.csv", index=False)
    (tmp_path / "coarse.toml").write_text("[features.income]\nstep = { relative = 0.1 }\nfrom_missing = 1\n")
    done = run("audit", "words.csv", "--target", "good", "--fit", "logistic", "--actions", "coarse.toml",
               "--format", "csv", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = pd.read_csv(io.StringIO(done.stdout))
    assert len(rows) == 60
    assert 0 < rows["denied"].sum() < 60
    denied = rows.index[rows["denied"]][0]
    person = run("flipset", "words.csv", "--target", "good", "--fit", "logistic", "--actions", "coarse.toml",
                 "--row", denied, "--items", 2, cwd=tmp_path)  # fmt: skip
    assert person.returncode == 0, person.stderr


def test_a_favourable_label_may_be_spelt_as_a_whole_number(loans, tmp_path):
    pd.read_csv(loans).astype({"good": float}).to_csv(tmp_path / "floats.csv", index=False)
    done = run("audit", "floats.csv", "--target", "good", "--fit", "logistic", "--drop", "region", "--desired", "1",
               cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
