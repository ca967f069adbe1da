"""Costs: the formulae, weights, a user's own function, and what no cost may do."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import recourse as rs
from recourse.costs.by_name import as_cost


@pytest.fixture
def feature():
    return rs.ActionSet({"age": [20, 30, 30, 40]})["age"]


def test_total_and_max_price_the_share_of_people_overtaken(feature):
    for cost in (rs.TotalCost(), rs.MaxCost()):
        np.testing.assert_allclose(cost.prices(feature, 20, np.array([20, 25, 30, 40])), [0, 0.2, 0.4, 0.6])
    assert rs.TotalCost().combine == "sum"
    assert rs.MaxCost().combine == "max"


def test_local_prices_the_log_of_the_shares_above(feature):
    np.testing.assert_allclose(rs.LocalCost().prices(feature, 20, np.array([30, 40])), np.log([0.8 / 0.4, 0.8 / 0.2]))


def test_l1_measures_in_median_absolute_deviations():
    skewed = rs.ActionSet({"a": [0, 1, 2, 3, 100]})["a"]
    np.testing.assert_allclose(rs.L1Cost().prices(skewed, 0, np.array([2.0])), [2.0])
    mostly_zero = rs.ActionSet({"a": [0, 0, 0, 0, 5]})["a"]
    np.testing.assert_allclose(rs.L1Cost().prices(mostly_zero, 0, np.array([2.0])), [2.0])  # mean deviation 1
    constant = rs.ActionSet({"a": [4, 4]})["a"]
    np.testing.assert_allclose(rs.L1Cost().prices(constant, 4, np.array([6.0])), [2.0])


def test_weights_multiply_and_name_features():
    A = rs.ActionSet({"a": [0, 1, 2], "b": [0, 1, 2]})
    plain, weighed = A.menus({"a": [0], "b": [0]}), A.menus({"a": [0], "b": [0]}, rs.TotalCost({"b": 3}))
    np.testing.assert_allclose(weighed.menu(0)[0].prices, plain.menu(0)[0].prices)
    np.testing.assert_allclose(weighed.menu(0)[1].prices, 3 * plain.menu(0)[1].prices)
    with pytest.raises(rs.InputError, match="the cost's weights: 'c' is not a feature"):
        A.menus({"a": [0], "b": [0]}, rs.TotalCost({"c": 3}))
    with pytest.raises(rs.InputError, match="weight of 'b' must be a finite number ≥ 0"):
        rs.TotalCost({"b": -1})


@given(
    st.sampled_from(sorted(rs.COSTS)),
    st.lists(st.floats(-100, 100, allow_subnormal=False), min_size=1, max_size=20),
    st.floats(-200, 200),
    st.lists(st.floats(-200, 200), min_size=1, max_size=10),
)
def test_prices_are_zero_at_rest_never_negative_and_grow_away_from_today(name, sample, x, values):
    feature = rs.ActionSet({"a": sample})["a"]
    values = np.sort(np.array(values))
    prices = as_cost(name).prices(feature, x, values)
    assert (prices >= 0).all()
    assert np.isfinite(prices).all()
    assert as_cost(name).prices(feature, x, np.array([x])) == 0
    assert (np.diff(prices[values >= x]) >= -1e-12).all()
    assert (np.diff(prices[values <= x]) <= 1e-12).all()


def test_a_users_function_is_called_once_for_each_pair_and_may_differ_up_and_down():
    calls = []

    def cost(feature, x, values):
        calls.append((feature.name, x))
        return np.where(values > x, 2.0, 1.0) * np.abs(values - x)

    A = rs.ActionSet({"a": [0, 1, 2, 3]})
    A["a"].bounds = (0, 3)
    menus = A.menus(pd.DataFrame({"a": [1, 1, 2]}), cost)
    assert calls == [("a", 1.0), ("a", 2.0)]
    np.testing.assert_allclose(menus.menu(0)[0].prices, [0, 1, 2, 4])  # today's 1, then 0, 2 and 3


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_users_function_must_return_prices(bad):
    A = rs.ActionSet({"a": [0, 1, 2]})
    with pytest.raises(rs.InputError, match="for moving 'a' from .* must be a finite number ≥ 0"):
        A.menus({"a": [0]}, lambda feature, x, values: np.full(len(values), bad))
    with pytest.raises(rs.InputError, match="returned"):
        A.menus({"a": [0]}, lambda feature, x, values: 1.0)


def test_an_unknown_cost_is_an_error_with_the_nearest_name():
    with pytest.raises(rs.InputError, match="'totl' is not a cost. Did you mean 'total'"):
        as_cost("totl")
    with pytest.raises(rs.InputError, match="a name, a Cost or a function"):
        as_cost(3)


# -- identity ------------------------------------------------------------------------------------------


def dear(feature, x, values):
    return 2.0 * np.abs(values - x)


class Squared(rs.Cost):
    """A user's own cost: its attributes are its settings."""

    name = "squared"

    def __init__(self, power=2.0, weights=None):
        super().__init__(weights)
        self.power = power

    def position(self, feature, values):
        return feature.percentile(values) ** self.power


NAMED = [
    (rs.TotalCost(), "TotalCost()"),
    (rs.TotalCost({"income": 2}), "TotalCost({'income': 2.0})"),
    (rs.LocalCost({"income": np.float32(0.5)}), "LocalCost({'income': 0.5})"),
    (rs.MaxCost(), "MaxCost()"),
    (rs.L1Cost({"a": 3, "b": 1}), "L1Cost({'a': 3.0, 'b': 1.0})"),
    (rs.FeatureCost({"a": 3}, default=2), "FeatureCost({'a': 3.0}, default=2.0)"),
    (rs.FeatureCost(), "FeatureCost()"),
    (rs.FunctionCost(dear, combine="max"), "FunctionCost(dear, combine='max')"),
    (rs.FunctionCost(dear, weights={"a": 2}, identity="v1"), "FunctionCost(dear, weights={'a': 2.0}, identity='v1')"),
    (Squared(3.0), "Squared(power=3.0)"),
]


@pytest.mark.parametrize(("cost", "call"), NAMED, ids=[call for _, call in NAMED])
def test_a_cost_prints_as_the_call_that_makes_it_and_equals_what_that_makes(cost, call):
    assert repr(cost) == call
    names = {name: getattr(rs, name) for name in dir(rs) if name.endswith("Cost")} | {"dear": dear, "Squared": Squared}
    again = eval(call, names)
    assert again == cost
    assert hash(again) == hash(cost)
    assert again.to_dict() == cost.to_dict()
    assert cost.to_dict() == json.loads(json.dumps(cost.to_dict(), allow_nan=False))


def test_costs_with_other_prices_are_other_costs():
    costs = [cost for cost, _ in NAMED] + [
        rs.TotalCost({"income": 1000}),
        rs.TotalCost({"debts": 2}),
        rs.FeatureCost({"a": 3}),
        rs.FunctionCost(dear),
        rs.FunctionCost(dear, identity="v2"),
        Squared(2.0),
        Squared(3.0, {"a": 2.0}),
    ]
    for i, one in enumerate(costs):
        for other in costs[:i]:
            assert one != other
            assert one.to_dict() != other.to_dict()


def test_a_bradley_terry_cost_is_its_prices():
    answers = [("job", "debts"), ("job", "savings"), ("debts", "savings")]
    one, same = (rs.BradleyTerryCost.from_comparisons(answers) for _ in range(2))
    other = rs.BradleyTerryCost.from_comparisons([*answers, ("job", "savings")])
    assert one == same
    assert one != other
    assert one.to_dict() == same.to_dict() != other.to_dict()


def test_a_function_that_no_process_can_import_has_no_identity_until_it_is_given_one():
    def local(feature, x, values):
        return np.abs(values - x)

    for function in (local, lambda feature, x, values: np.abs(values - x)):
        cost = rs.FunctionCost(function)
        assert cost == rs.FunctionCost(function)
        with pytest.raises(rs.InputError, match="identity="):
            cost.to_dict()
        assert rs.FunctionCost(function, identity="mine").to_dict()["function"] == {"told": "mine"}
    assert rs.FunctionCost(dear).to_dict()["function"] == f"{__name__}:dear"


def test_settings_of_the_wrong_kind_are_refused():
    with pytest.raises(rs.InputError, match="mapping"):
        rs.TotalCost(["income"])
    with pytest.raises(rs.InputError, match="combine"):
        rs.FunctionCost(dear, combine="som")
    with pytest.raises(rs.InputError, match="function"):
        rs.FunctionCost(3)
    with pytest.raises(rs.InputError, match="identity"):
        rs.FunctionCost(dear, identity=3)
    with pytest.raises(rs.InputError, match="default"):
        rs.FeatureCost(default=-1)
