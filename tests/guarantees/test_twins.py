"""Values that are equal, or equal as floats, but not the same to a model: −0.0 and 0.0, True and 1, huge numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse import tables
from recourse.errors import InputError
from recourse.search import brute_force


class Signed:
    """Approves from a sum on, but counts −0.0 as less than 0.0."""

    classes_ = np.array([0, 1])
    feature_names_in_ = np.array(["a", "b"])

    def predict(self, X):
        return (X["b"].to_numpy() - 2.0 * np.signbit(X["a"].to_numpy()) > 2).astype(int)


def test_minus_zero_is_not_answered_as_zero():
    X = pd.DataFrame({"a": [0.0, -0.0, 1.0, 0.0], "b": [1.0, 1.0, 5.0, 0.0]})
    A = rs.ActionSet(X)
    A["b"].step_size, A["b"].step_type = 1, "absolute"
    A["a"].actionable = False
    audit = rs.audit(Signed(), X, A).people
    for k in (0, 1, 3):
        alone = rs.audit(Signed(), X.iloc[[k]], A).people
        assert audit["cost"].iloc[k] == alone["cost"].iloc[0]
    assert audit["cost"].iloc[1] > audit["cost"].iloc[0]


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2]])
def test_joint_menus_leave_minus_zero_alone(order, monkeypatch):
    X = pd.DataFrame({"a": [0.0, -0.0, 1.0], "b": [1.0, 1.0, 5.0]}).iloc[order]
    A = rs.ActionSet(X)
    A["b"].step_size, A["b"].step_type = 1, "absolute"
    A.add_constraint(rs.constraints.Sum({"a": 1.0, "b": 1.0}, ub=100))
    model = rs.as_model(Signed())
    menus = A.menus(X)
    ours, exact = rs.search.solve(model, menus, [0, 1]), brute_force.solve(model, menus, [0, 1])
    np.testing.assert_array_equal(ours.codes, exact.codes)
    np.testing.assert_allclose(ours.cost, exact.cost)
    only_b = [pick for pick in range(len(menus.prices)) if menus.changed[pick] == 2]
    assert len(only_b)
    for person in (0, 1):
        sizes = len(menus.menu(person)[0].prices)
        rows = menus.points(np.full(sizes, person), np.arange(sizes)[:, None])
        still = rows["a"].to_numpy() == 0
        assert (np.signbit(rows["a"].to_numpy()[still]) == np.signbit(X["a"].iloc[person])).all()


def test_truth_values_among_numbers_are_kept_apart():
    values = np.array([1, True, "a", 1, 0, False], dtype=object)
    distinct, position = tables.encode(values)
    assert [type(one) for one in distinct[position]] == [type(one) for one in values]
    first, kind = tables.distinct_rows(pd.DataFrame({"v": pd.Series(values, dtype=object)}))
    assert kind.tolist() == [0, 1, 2, 0, 3, 4]
    assert first.tolist() == [0, 1, 2, 4, 5]


@pytest.mark.parametrize("values", [[0.0, -0.0, np.nan, -1.0, 0.0], [-0.0, -0.0], [0.0], [3.0, np.nan, np.nan]])
def test_encoding_gives_every_value_back(values):
    distinct, position = tables.encode(np.array(values))
    again = distinct[position]
    np.testing.assert_array_equal(again, values)
    np.testing.assert_array_equal(np.signbit(again), np.signbit(values))
    assert len(np.unique(position)) == len(distinct)


def test_whole_numbers_that_floats_cannot_tell_apart_are_refused():
    start = 2**53
    X = pd.DataFrame({"a": [start, start + 1, start + 3], "b": [0, 1, 2]})
    A = rs.ActionSet(X)
    with pytest.raises(InputError, match=r"'a' holds whole numbers .* Count it in larger units"):
        A.menus(X)
    A["a"].actionable = False
    rows = A.menus(X).points([0, 1, 2], np.zeros((3, 1), dtype=int))
    assert rows["a"].tolist() == X["a"].tolist()
