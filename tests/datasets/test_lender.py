"""The lender: it follows its published equations, and its interventions keep everybody's own noise."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recourse.datasets import lender, lender_intervene
from recourse.errors import InputError

FEATURES = ["gender", "age", "education", "loan_amount", "loan_duration", "income", "savings"]


def test_the_lender_approves_as_many_as_published():
    data = lender(1_000_000, random_state=1)
    rates = data.y.groupby(data.X["gender"]).mean()
    assert data.y.mean() == pytest.approx(0.519, abs=0.003)
    assert rates[0] == pytest.approx(0.563, abs=0.006)
    assert rates[1] == pytest.approx(0.475, abs=0.006)


def test_the_lender_follows_each_published_equation():
    X = lender(200_000, random_state=2).X
    g, a, e, loan, time, income, savings = (X[column].to_numpy(float) for column in FEATURES)

    def sigmoid(v):
        return 1 / (1 + np.exp(-v))

    noise = {  # what is left of each column is N(0, variance), unrelated to what causes it
        0.25: np.log((e + 0.5) / (0.5 - e)) - (-1 + 0.5 * g + sigmoid(0.1 * a)),
        4: loan - (1 + 0.01 * (a - 5) * (5 - a) + g),
        9: time - (-1 + 0.1 * a + 2 * g + loan),
        4.0001: income - (-4 + 0.1 * (a + 35) + 2 * g + g * e),
        25: savings - (-4 + 1.5 * (income > 0) * income),
    }
    for variance, left in noise.items():
        assert left.mean() == pytest.approx(0, abs=0.03)
        assert left.var() == pytest.approx(variance, rel=0.02)
        assert abs(np.corrcoef(left, a)[0, 1]) < 0.01
        assert abs(np.corrcoef(left, g)[0, 1]) < 0.01
    assert g.mean() == pytest.approx(0.5, abs=0.005)
    assert a.mean() == pytest.approx(-35 + 10 * 3.5, abs=0.1)
    assert a.var() == pytest.approx(10 * 3.5**2, rel=0.02)


def test_the_same_seed_gives_the_same_people_and_leaves_the_global_one_alone():
    before = np.random.get_state()[1].copy()
    pd.testing.assert_frame_equal(lender(50, random_state=3).frame, lender(50, random_state=3).frame)
    assert not lender(50, random_state=3).X.equals(lender(50, random_state=4).X)
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "10", None])
def test_the_lender_refuses_a_number_of_people_that_is_none(n):
    with pytest.raises(InputError, match="whole number"):
        lender(n)


def test_a_dataset_is_frozen_and_says_what_it_is():
    data = lender(1000)
    assert repr(data).startswith("Dataset('lender': 1,000 people × 7 features, favourable approved = 1 for ")
    assert any("not evidence about lending" in harm for harm in data.known_harms)
    with pytest.raises(FrozenInstanceError):
        data.name = "other"


def test_changing_nothing_changes_nothing():
    X = lender(100).X
    pd.testing.assert_frame_equal(lender_intervene(X, {}), X, check_dtype=False, check_exact=True)
    same = lender_intervene(X, {"age": X["age"], "income": X["income"]})
    pd.testing.assert_frame_equal(same, X, check_dtype=False, check_exact=True)


@given(st.sampled_from(FEATURES), st.floats(-3, 3))
def test_an_intervention_moves_only_what_it_causes(column, value):
    X = lender(30, random_state=5).X
    causes = {
        "gender": ["education", "loan_amount", "loan_duration", "income", "savings"],
        "age": ["education", "loan_amount", "loan_duration", "income", "savings"],
        "education": ["income", "savings"],
        "loan_amount": ["loan_duration"],
        "income": ["savings"],
    }
    after = lender_intervene(X, {column: value})
    assert (after[column] == value).all()
    for other in FEATURES:
        if other != column and other not in causes.get(column, []):
            assert (after[other] == X[other]).all()


def test_interventions_keep_everyones_own_noise():
    X = lender(1000, random_state=6).X.set_axis(range(500, 1500))
    after = lender_intervene(X, {"age": X["age"] + 10})
    assert after.index.equals(X.index)
    np.testing.assert_allclose(
        after["loan_duration"] - X["loan_duration"], 1.0 + after["loan_amount"] - X["loan_amount"]
    )
    kink = 1.5 * (after["income"].clip(lower=0) - X["income"].clip(lower=0))
    np.testing.assert_allclose(after["savings"] - X["savings"], kink)
    logit = [np.log((table["education"] + 0.5) / (0.5 - table["education"])) for table in (X, after)]
    shift = 1 / (1 + np.exp(-0.1 * after["age"])) - 1 / (1 + np.exp(-0.1 * X["age"]))
    np.testing.assert_allclose(logit[1] - logit[0], shift)
    back = lender_intervene(after, {"age": X["age"]})
    np.testing.assert_allclose(back.to_numpy(), X.to_numpy(float), atol=1e-9)


def test_an_intervention_gives_the_population_that_the_model_would_generate():
    women = lender_intervene(lender(300_000, random_state=7).X, {"gender": 1})
    drawn = lender(300_000, random_state=8).X.query("gender == 1")
    for column in FEATURES:
        assert women[column].mean() == pytest.approx(drawn[column].mean(), abs=0.12)


def test_interventions_refuse_what_they_cannot_mean():
    X = lender(3).X
    with pytest.raises(InputError, match="Did you mean 'income'"):
        lender_intervene(X, {"incom": 1})
    with pytest.raises(InputError, match="'savings' is not in this table"):
        lender_intervene(X.drop(columns="savings"), {"income": 1})
    for bad in ([1, 2], "much"):
        with pytest.raises(InputError, match="one for each of 3 people"):
            lender_intervene(X, {"income": bad})
