"""Checks of settings: each returns the plain value, and says no in words where it has to."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from recourse import checks
from recourse.errors import InputError
from recourse.generators import Optimiser

ANY = [None, "3", True, np.nan, [3], 3.5]


@pytest.mark.parametrize("value", [3, 3.0, np.int8(3), np.float32(3), Fraction(3)])
def test_a_whole_number_is_returned_as_an_int(value):
    assert checks.whole_number("n", value, least=3) == 3
    assert type(checks.whole_number("n", value)) is int
    assert checks.is_whole(value)


@pytest.mark.parametrize("value", [*ANY, -1, np.inf, np.bool_(True)])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(InputError, match="n must be a whole number ≥ 0, not"):
        checks.whole_number("n", value)


def test_a_whole_number_may_be_larger_than_any_float_and_a_number_may_not():
    assert checks.whole_number("n", 10**400) == 10**400
    with pytest.raises(InputError, match="x must be a finite number"):
        checks.number("x", 10**400)


def test_a_whole_number_below_the_least_is_refused_and_none_is_one_where_it_may_be():
    with pytest.raises(InputError, match="n must be a whole number ≥ 2 or None, not 1"):
        checks.whole_number("n", 1, least=2, or_none=True)
    assert checks.whole_number("n", None, or_none=True) is None


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), Fraction(1, 2)])
def test_a_number_is_returned_as_a_float(value):
    assert checks.number("x", value) == 0.5
    assert type(checks.number("x", value)) is float


@pytest.mark.parametrize("value", [None, "0.5", True, np.nan, np.inf, [0.5], 1j])
def test_what_is_no_number_is_refused(value):
    assert not checks.is_number(value)
    with pytest.raises(InputError, match="x must be a finite number, not"):
        checks.number("x", value)


def test_a_number_keeps_its_limits():
    assert checks.number("x", 0, least=0) == 0
    assert checks.number("x", None, or_none=True) is None
    with pytest.raises(InputError, match="x must be a finite number ≥ 0, not -1"):
        checks.number("x", -1, least=0)
    with pytest.raises(InputError, match="x must be a finite number above 0 or None, not 0"):
        checks.number("x", 0, above=0, or_none=True)


def test_a_share_lies_between_0_and_1_and_says_whether_the_ends_count():
    assert [checks.share("q", value) for value in (0, 0.5, 1)] == [0.0, 0.5, 1.0]
    for value, ends, words in (
        (-0.1, {}, "at least 0 and at most 1"),
        (1.1, {}, "at least 0 and at most 1"),
        (0, {"zero": False}, "above 0 and at most 1"),
        (1, {"one": False}, "at least 0 and below 1"),
        ("0.5", {}, "at least 0"),
        (True, {}, "at least 0"),
    ):
        with pytest.raises(InputError, match=f"q must be a share {words}"):
            checks.share("q", value, **ends)


def test_an_option_is_taken_by_its_exact_value_and_type():
    assert checks.one_of("kind", "a", {"a": 1, "b": 2}) == "a"
    assert checks.one_of("kind", 1, [True, 1]) == 1
    for value in (True, 1.0, "1", None, [1]):
        with pytest.raises(InputError, match="kind can't be"):
            checks.one_of("kind", value, [1, 2])
    with pytest.raises(InputError, match="Did you mean 'minimal'"):
        checks.one_of("kind", "minmal", ["minimal", "subsets"])


def test_a_truth_value_is_a_bool_and_nothing_else():
    assert checks.true_or_false("joint", np.bool_(True)) is True
    for value in (0, 1, "True", None):
        with pytest.raises(InputError, match="joint must be True or False"):
            checks.true_or_false("joint", value)


def test_unknown_names_are_told_with_the_nearest():
    checks.known_names("group_by", [], ["age"])
    with pytest.raises(InputError, match="group_by: 'agee' is not a feature. Did you mean 'age'"):
        checks.known_names("group_by", ["income", "agee"], ["age", "income"])


def test_an_instance_is_told_from_its_class_and_from_others():
    frame = pd.DataFrame()
    assert checks.instance_of("X", frame, pd.DataFrame, "") is frame
    with pytest.raises(InputError, match=r"X is the class DataFrame itself; make one of it: DataFrame\(\)"):
        checks.instance_of("X", pd.DataFrame, pd.DataFrame, "")
    with pytest.raises(InputError, match="X must be a DataFrame, not a int. Pass a table."):
        checks.instance_of("X", 3, pd.DataFrame, "Pass a table.")
    with pytest.raises(InputError, match=r"X must be a DataFrame, not a dict \(a class\)"):
        checks.instance_of("X", dict, pd.DataFrame, "")


def test_an_instance_of_a_protocol_is_told_from_a_class_that_has_its_methods():
    class Steps:
        def start(self, shape):
            return []

        def step(self, gradient, memory, t):
            return gradient

    steps = Steps()
    assert checks.instance_of("optimiser", steps, Optimiser, "") is steps
    with pytest.raises(InputError, match="optimiser is the class Steps itself"):
        checks.instance_of("optimiser", Steps, Optimiser, "")
    with pytest.raises(InputError, match="optimiser must be an Optimiser"):
        checks.instance_of("optimiser", object(), Optimiser, "")


def test_a_function_is_callable():
    assert checks.function_of("cost", len, "") is len
    with pytest.raises(InputError, match="cost must be a function, not 3. It takes a row."):
        checks.function_of("cost", 3, "It takes a row.")
