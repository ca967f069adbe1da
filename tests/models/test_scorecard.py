"""Scorecards: points per level and interval, as a model of its own, from Python, CSV and JSON."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.search import brute_force as definition

POINTS = {
    "age": {"(-inf, 25)": 0, "[25, 40)": 12, "[40, inf)": 20},
    "housing": {"own": 15, "rent": 5, "(other)": 3, "(missing)": 1},
    "overdue": {0: 25, 1: 10, "(other)": 0},
}
CSV = """feature,level,points
(base),,10
(cutoff),,45
age,"(-inf, 25)",0
age,"[25, 40)",12
age,"[40, inf)",20
housing,own,15
housing,rent,5
housing,(other),3
housing,(missing),1
overdue,0,25
overdue,1,10
overdue,(other),0
"""


@pytest.fixture
def applicants():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 70, 60),
            "housing": pd.Series(rng.choice(["own", "rent", "free"], 60)).mask(rng.random(60) < 0.1),
            "overdue": rng.integers(0, 4, 60),
        }
    )


def test_points_add_up_by_value_interval_and_exception():
    card = rs.Scorecard(POINTS, cutoff=45, base=10)
    X = pd.DataFrame(
        {"age": [24, 25, 39.5, 40], "housing": ["own", "rent", "free", None], "overdue": [0, 1, 2, 0]},
    )
    assert (card.score(X) + card.cutoff).tolist() == [50, 37, 25, 56]
    assert card.approves(X).tolist() == [True, False, False, True]


@pytest.mark.parametrize("cost", ["total", "max"])
def test_the_cheapest_action_is_what_brute_force_finds(applicants, cost):
    card = rs.Scorecard(POINTS, cutoff=45, base=10)
    actions = rs.ActionSet(applicants)
    actions["age"].step_direction = 1
    actions["age"].step_size = 0.2
    menus = actions.menus(applicants[~card.approves(applicants)], cost)
    answers, exact = rs.search.solve(card, menus), definition.solve(card, menus)
    np.testing.assert_allclose(answers.cost, exact.cost, atol=1e-9)
    found = np.flatnonzero(answers.found)
    assert card.approves(menus.points(found, answers.picks[found])).all()


@pytest.mark.parametrize("strict", [False, True])
def test_a_score_exactly_at_the_cutoff(strict):
    """Sums of whole points are exact, and half of all actions end on the cutoff."""
    card = rs.Scorecard({"a": {0: 0, 1: 5}, "b": {0: 0, 1: 5, 2: 10}}, cutoff=5, strict=strict)
    X = pd.DataFrame({"a": [0, 1, 0], "b": [0, 1, 2]})
    menus = rs.ActionSet(X).menus(X.iloc[:1], "l1")
    answers, exact = rs.search.solve(card, menus), definition.solve(card, menus)
    assert answers.status(0) is rs.Status.OPTIMAL
    np.testing.assert_allclose(answers.cost, exact.cost)


def test_scorecards_load_from_csv_and_json(tmp_path, applicants):
    table, document = tmp_path / "card.csv", tmp_path / "card.json"
    table.write_text(CSV)
    plain = {name: {str(level): points for level, points in rows.items()} for name, rows in POINTS.items()}
    document.write_text(json.dumps({"cutoff": 45, "base": 10, "points": plain}))
    expected = rs.Scorecard(POINTS, cutoff=45, base=10).score(applicants)
    for file in (table, document):
        card = rs.load_model(file)
        assert isinstance(card, rs.Scorecard)
        np.testing.assert_array_equal(card.score(applicants), expected)
        np.testing.assert_array_equal(card.score(applicants.astype({"overdue": float})), expected)


def test_coefficients_per_level_approve_above_0(tmp_path):
    table = tmp_path / "model.csv"
    table.write_text("feature,level,coefficient\n(intercept),,-2\nincome,,0.5\nhousing,own,1\nhousing,(other),0\n")
    model = rs.load_model(table)
    X = pd.DataFrame({"income": [2.0, 2.5, 4.0], "housing": ["own", "own", "rent"]})
    assert model.score(X).tolist() == [0.0, 0.25, 0.0]
    assert model.approves(X).tolist() == [False, True, False]


def test_values_without_points_are_errors_that_name_them():
    card = rs.Scorecard({"age": {"[18, 99]": 1}, "job": {"a": 1, "(other)": 0}}, cutoff=2)
    with pytest.raises(rs.InputError, match=r"no points for 'age' = 17; add a row for it, or one named '\(other\)'"):
        card.approves(pd.DataFrame({"age": [17], "job": ["a"]}))
    X = pd.DataFrame({"age": [20, 30, np.nan], "job": ["a", "b", "a"]})
    with pytest.raises(rs.InputError, match="column 'age' is missing in 1 row"):
        rs.audit(card, X, rs.ActionSet(X))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ({}, "at least one feature"),
        ({"a": {}}, "'a' has no points"),
        ({"a": {"[0, 5]": 1, "[5, 9)": 2}}, "two intervals of 'a' overlap at 5"),
        ({"a": {"[9, 5)": 1}}, "is empty"),
        ({"a": {"x": "many"}}, "the points of 'a', 'x', must be a finite number, not 'many'"),
        ({"a": {"x": True}}, "finite number, not True"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(points, message):
    with pytest.raises(rs.ModelError, match=message):
        rs.Scorecard(points, cutoff=1)


def test_pandas_intervals_and_touching_ends_are_levels():
    card = rs.Scorecard({"a": {pd.Interval(0, 5): 1, pd.Interval(5, 9): 2, "[0, 0]": 7}}, cutoff=2)
    assert (card.score(pd.DataFrame({"a": [0, 5, 5.5]})) + 2).tolist() == [7, 1, 2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("feature,level,points\na,x,1\n", r"needs a row '\(cutoff\)'"),
        ("feature,level,coefficient\n(cutoff),,3\na,x,1\n", r"needs no row '\(cutoff\)'"),
        ("feature,level,points\n(cutoff),,3\na,[0, 1),1\n", "put quotes around a level with a comma"),
        ("feature,level,points\n(cutoff),,3\na,x,1\na,x,2\n", "'a' has two rows for 'x'"),
        ("feature,level,points\n(cutoff),,3\na,,1\n", "a row of 'a' has no level"),
        ('feature,level,points\n(cutoff),,3\na,"[2, 1)",1\n', "card: the interval"),
        ('{"points": {"a": {"x": 1}}}', "must have 'points'"),
        ('{"points": {"a": 1}, "cutoff": 2}', "must have 'points'"),
        ('{"points": {"a": {"x": 1}}, "cutoff": "high"}', "the cutoff must be a finite number, not 'high'"),
        ('{"points": {"a": {"x": 1}}, "cutoff": 2, "offset": 1}', "not 'offset'"),
    ],
)
def test_files_that_are_no_scorecard_are_refused_with_the_reason(tmp_path, content, message):
    file = tmp_path / "card"
    file.write_text(content)
    with pytest.raises(rs.ModelError, match=message):
        rs.load_model(file)
