"""Coefficients and scorecards in CSV and JSON."""

from __future__ import annotations

import json

import pandas as pd

import recourse as rs


def test_coefficient_tables_load_from_csv_and_json(tmp_path):
    table = tmp_path / "model.csv"
    table.write_text("feature,coefficient\n(intercept),-10\nincome,0.5\ndebt,-1\n")
    document = tmp_path / "model.json"
    document.write_text(json.dumps({"intercept": -10, "coefficients": {"income": 0.5, "debt": -1}}))
    X = pd.DataFrame({"debt": [0, 5], "income": [25, 25]})
    for file in (table, document):
        assert rs.load_model(file).approves(X).tolist() == [True, False]
