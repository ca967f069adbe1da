"""Action sets: what is inferred, what can be said, and that what is said holds."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import recourse as rs
from recourse.actions import Distribution
from recourse.actions.action_set import as_action_set


@pytest.fixture
def X():
    return pd.DataFrame(
        {
            "owns": [0, 1, 0, 1, 1],
            "overdue": [0, 3, 4, 7, 9],
            "income": [1.5, 2.0, 3.25, 4.0, 8.0],
            "flag": [True, False, True, True, False],
        }
    )


def test_types_are_inferred_from_the_values(X):
    assert rs.ActionSet(X).variable_type == ["boolean", "integer", "real", "boolean"]


def test_settings_hold_in_any_order_and_change_the_actions(X):
    A = rs.ActionSet(X)
    A["income"].step_size = 2  # only makes sense once steps are absolute
    A["income"].step_type = "absolute"
    A["income"].bounds = (1, 6)
    assert A["income"].target_values.tolist() == [1, 3, 5, 6]
    A["income"].step_direction = 1
    assert A["income"].feasible_values(3.25).tolist() == [3.25, 5, 6]
    A["income"].ub = 5
    assert A["income"].feasible_values(3.25).tolist() == [3.25, 5]
    A["income"].actionable = False
    assert A["income"].feasible_values(3.25).tolist() == [3.25]


def test_mutable_is_the_older_name_of_actionable(X):
    A = rs.ActionSet(X)
    A["owns"].mutable = False
    assert A["owns"].actionable is False
    assert A.mutable == [False, True, True, True]


@pytest.mark.parametrize("target", ["feature", "view", "set"])
def test_a_misspelt_setting_raises_and_names_the_nearest(X, target):
    A = rs.ActionSet(X)
    place = {"feature": A["owns"], "view": A[["owns", "income"]], "set": A}[target]
    with pytest.raises(AttributeError, match="'actionabel' is not a setting of a feature. Did you mean 'actionable'"):
        place.actionabel = False
    with pytest.raises(AttributeError, match="derived"):
        A["owns"].target_values = [1]


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("bounds", (5, 1), "reversed: 5 is above 1"),
        ("bounds", 3, r"must be \(lb, ub\)"),
        ("bounds", (1, 2, "percent"), "bound_type of 'income' can't be 'percent'. Did you mean 'percentile'"),
        ("bounds", (-1, 50, "percentile"), "must lie in 0–100"),
        ("bounds", (0, float("nan")), "upper bound of 'income' must be a finite number"),
        ("lb", "low", "lower bound of 'income' must be a finite number"),
        ("step_size", 0, "above 0"),
        ("step_size", "big", "finite number"),
        ("step_type", "abs", "can't be 'abs'"),
        ("step_direction", 2, "must be −1"),
        ("step_direction", "up", "must be −1"),
        ("actionable", "no", "must be True or False"),
        ("variable_type", "integer", "can't be integer: the data contain 1.5"),
        ("variable_type", "float", "can't be 'float'"),
    ],
)
def test_a_bad_value_is_refused_and_nothing_changes(X, setting, value, message):
    A = rs.ActionSet(X)
    before = A["income"].settings()
    with pytest.raises(rs.InputError, match=message):
        setattr(A["income"], setting, value)
    assert A["income"].settings() == before


def test_the_two_bounds_may_be_set_in_any_order(X):
    A = rs.ActionSet(X)
    A["income"].lb = 200
    with pytest.raises(rs.InputError, match="bounds of 'income' are reversed: 200 is above"):
        A.menus(X)
    A["income"].ub = 300
    assert A["income"].bounds == (200, 300)


def test_levels_without_order_have_no_direction_and_no_bounds():
    X = pd.DataFrame({"home": ["rent", "own", "free"]})
    for setting, value in (("step_direction", 1), ("bounds", (0, 1))):
        A = rs.ActionSet(X)
        setattr(A["home"], setting, value)
        with pytest.raises(rs.InputError, match="'home' is categorical: its levels have no order"):
            A.menus(X)
        A["home"].levels = ["rent", "free", "own"]
        A["home"].variable_type = "ordinal"
        if setting == "step_direction":
            assert A["home"].feasible_values("free").tolist() == ["free", "own"]


def test_a_boolean_stays_within_0_and_1(X):
    A = rs.ActionSet(X)
    A["owns"].bounds = (0, 5)
    with pytest.raises(rs.InputError, match="'owns' is boolean: its bounds must be within 0 and 1"):
        A.menus(X)


@pytest.mark.parametrize(
    ("dtype", "bounds", "expected"),
    [(np.uint8, (-10, 20), {-10, 0, 10, 20}), (np.int8, (0, 300), {0, 100, 200, 300})],
)
def test_targets_beyond_a_narrow_dtype_widen_the_column(dtype, bounds, expected):
    X = pd.DataFrame({"a": np.array([10, 20, 30, 40], dtype=dtype)})
    A = rs.ActionSet(X)
    A["a"].bounds, A["a"].step_type, A["a"].step_size = bounds, "absolute", (bounds[1] - bounds[0]) / 3
    menu = A.menus(X.iloc[3:]).menu(0)[0]
    assert set(menu.values[0].tolist()[1:]) == expected


@pytest.mark.parametrize("dtype", ["int64[pyarrow]", "Int64", "Float64", "double[pyarrow]", "boolean", "bool[pyarrow]"])
def test_nullable_and_arrow_columns_get_the_value_that_is_reported(dtype):
    flag = dtype.startswith("bool")
    X = pd.DataFrame({"a": pd.array([0, 1, 1, 0] if flag else [0, 1, 2, 3], dtype=dtype)})
    A = rs.ActionSet(X)
    if not flag:
        A["a"].variable_type, A["a"].step_size, A["a"].bounds = "real", 0.1, (0, 3)
    menus = A.menus(X)
    picks = np.ones((4, 1), dtype=int)
    after, said = menus.points(np.arange(4), picks), menus.changes(np.arange(4), picks)
    assert after["a"].astype(float).tolist() == [float(v) for v in said["new"]]


def test_decimals_are_numbers():
    from decimal import Decimal

    A = rs.ActionSet({"a": [Decimal("1.5"), Decimal("2"), None]})
    assert A["a"].variable_type == "real"


def test_codes_for_missing_values_may_stand_in_a_column_of_numbers():
    X = pd.DataFrame({"a": [1, 2, 3, "?"]})
    A = rs.ActionSet(X, missing=["?"])
    assert A["a"].variable_type == "integer"
    menus = A.menus(X)
    assert [len(menus.menu(i)[0].prices) for i in range(4)] == [3, 3, 3, 1]
    other = rs.ActionSet({"a": [1, 2, 3, 5]}, missing=["?"]).menus({"a": [1, "?", 2]})
    assert len(other.menu(1)[0].prices) == 1


def test_what_only_becomes_wrong_together_is_refused_when_used(X):
    A = rs.ActionSet(X)
    A["income"].step_size = 5
    with pytest.raises(rs.InputError, match="at most 1, not 5. For steps in its own units set step_type = 'absolute'"):
        A.menus(X)
    A["income"].step_type = "absolute"
    A["overdue"].step_type, A["overdue"].step_size = "absolute", 0.5
    with pytest.raises(rs.InputError, match="'overdue' is integer: its step_size must be a whole number"):
        A.menus(X)
    A["overdue"].step_size, A["overdue"].bounds = 1, (0.5, 3)
    with pytest.raises(rs.InputError, match="its bounds must be whole numbers"):
        A.menus(X)


def test_features_are_found_by_name_position_list_mask_and_slice(X):
    A = rs.ActionSet(X)
    assert A[1] is A["overdue"]
    assert A[-1].name == "flag"
    assert [f.name for f in A[["income", "owns"]]] == ["income", "owns"]
    assert [f.name for f in A[[True, False, False, True]]] == ["owns", "flag"]
    assert [f.name for f in A[np.array(A.variable_type) == "boolean"]] == ["owns", "flag"]
    assert [f.name for f in A[1:3]] == ["overdue", "income"]
    with pytest.raises(rs.InputError, match="'incom' is not a feature of this action set. Did you mean 'income'"):
        A["incom"]
    with pytest.raises(rs.InputError, match="no feature number 9"):
        A[9]
    with pytest.raises(TypeError, match="actionable = False"):
        A["owns"] = False


def test_assigning_to_several_features_broadcasts_or_takes_one_each(X):
    A = rs.ActionSet(X)
    A[["overdue", "income"]].bounds = (1, 5)
    assert A[["overdue", "income"]].bounds == [(1, 5), (1, 5)]
    A[["overdue", "income"]].bounds = [(0, 2), (3, 4)]
    assert A["income"].bounds == (3, 4)
    A.step_direction = [0, -1, 1, 0]
    assert A.step_direction == [0, -1, 1, 0]
    with pytest.raises(rs.InputError, match="3 values of step_direction for 4 features"):
        A.step_direction = [0, 1, 0]
    with pytest.raises(rs.InputError, match="must be −1"):
        A.step_direction = [1, 1, 1, 5]
    assert A.step_direction == [0, -1, 1, 0], "all or nothing"


def test_integer_column_names_are_names_first():
    A = rs.ActionSet(pd.DataFrame({7: [1, 2, 5], 0: [0.5, 1.5, 2.5]}))
    assert A[0].name == 0
    assert A[7].variable_type == "integer"
    assert A[1].name == 0, "a position where no such name exists"


def test_arrays_take_names():
    A = rs.ActionSet(np.array([[1, 2.5], [3, 4.5]]), names=["a", "b"])
    assert A.names == ["a", "b"]
    with pytest.raises(rs.InputError, match="has 2 columns, but 1 names were given"):
        rs.ActionSet(np.zeros((3, 2)), names=["a"])
    with pytest.raises(rs.InputError, match="1 dimension"):
        rs.ActionSet(np.zeros(3))


def test_percentile_bounds_cover_the_data_outwards_for_integers():
    X = pd.DataFrame({"n": np.arange(101), "r": np.linspace(0, 1, 101)})
    A = rs.ActionSet(X, default_bounds=(2.5, 97.5, "percentile"))
    assert A["n"].bounds == (2, 98)
    assert A["r"].bounds == pytest.approx((0.025, 0.975))
    assert A.bound_type == ["percentile", "percentile"]


def test_custom_bounds_are_by_name(X):
    A = rs.ActionSet(X, custom_bounds={"overdue": (0, 2), "owns": (0, 0)})
    assert A["overdue"].bounds == (0, 2)
    assert A["owns"].bounds == (0, 0)
    with pytest.raises(rs.InputError, match="no column 'overdu'"):
        rs.ActionSet(X, custom_bounds={"overdu": (0, 2)})


@pytest.mark.parametrize("values", [[3, 3, 3], [2.5, 2.5], [0, 0, 0], [1.0] * 999 + [2.0]])
def test_constant_and_near_constant_features_work(values):
    X = pd.DataFrame({"a": values})
    menus = rs.ActionSet(X).menus(X)
    assert len(menus) == len(values)


@given(
    low=st.floats(-1e6, 1e6),
    width=st.floats(1e-3, 1e6),
    step=st.floats(1e-3, 1),
    x=st.floats(-2e6, 2e6),
    direction=st.sampled_from([-1, 0, 1]),
)
def test_grids_include_both_bounds_and_never_leave_them(low, width, step, x, direction):
    A = rs.ActionSet({"a": [low, low + width / 3, low + width]})
    feature = A["a"]
    feature.bounds, feature.step_size, feature.step_direction = (low, low + width), step, direction
    menus = feature.target_values
    assert menus[0] == low
    assert menus[-1] == low + width
    assert (np.diff(menus) >= 0).all()
    values = feature.feasible_values(x)
    assert values[0] == x
    assert ((values[1:] >= low) & (values[1:] <= low + width)).all(), "who is outside may stay or move inside"
    assert x not in values[1:]
    if direction:
        assert ((values[1:] - x) * direction > 0).all()


def test_the_observed_grid_is_the_values_seen_within_the_bounds(X):
    A = rs.ActionSet(X, grid="observed", default_bounds=(0, 100, "percentile"))
    A["income"].bounds = (2, 5)
    assert A["income"].target_values.tolist() == [2, 3.25, 4]
    with pytest.raises(rs.InputError, match="grid of 'owns' can't be 'everything'"):
        rs.ActionSet(X, grid="everything")


def test_single_precision_tables_get_values_they_can_hold():
    X = pd.DataFrame({"a": np.linspace(0, 1, 50, dtype=np.float32)})
    A = rs.ActionSet(X, default_bounds=(0.1, 0.9))
    menus = A.menus(X)
    after = menus.points(np.arange(50), np.ones((50, 1), dtype=int))
    assert after["a"].dtype == np.float32
    moved = after["a"].to_numpy() != X["a"].to_numpy()
    assert moved.all(), "an item other than today's is always a change"


def test_the_percentile_function_is_strictly_inside_0_and_1_and_monotone():
    F = Distribution.of([5, 5, 7, 9]).cdf
    np.testing.assert_allclose(F([5, 6, 7, 9]), [0.4, 0.5, 0.6, 0.8])
    np.testing.assert_allclose(F([-100, 4.99]), [0.1, 0.1])
    np.testing.assert_allclose(F([9.01, 100]), [0.9, 0.9])
    assert (np.diff(F(np.linspace(-5, 15, 400))) >= 0).all()


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=40), st.floats(0, 100))
def test_quantiles_agree_with_numpy(sample, percent):
    np.testing.assert_allclose(Distribution.of(sample).quantile(percent), np.percentile(sample, percent), atol=1e-9)


def test_an_action_set_and_its_copies_are_independent_and_picklable(X):
    A = rs.ActionSet(X)
    B, C = A.copy(), pickle.loads(pickle.dumps(A))
    B["owns"].actionable = False
    C["income"].bounds = (0, 1)
    assert A["owns"].actionable
    assert A["income"].bounds != (0, 1)


def test_the_users_table_is_never_changed(X):
    before = X.copy(deep=True)
    A = rs.ActionSet(X)
    A["overdue"].bounds = (0, 2)
    menus = A.menus(X)
    menus.points(np.arange(len(X)), np.ones((len(X), len(menus.features)), dtype=int))
    pd.testing.assert_frame_equal(X, before)


def test_columns_are_matched_by_name_in_any_order(X):
    A = rs.ActionSet(X)
    one, other = A.menus(X), A.menus(X[X.columns[::-1]])
    pd.testing.assert_frame_equal(one.X, other.X)
    np.testing.assert_array_equal(one.prices, other.prices)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: X.drop(columns="income"), "no column 'income'"),
        (lambda X: X.rename(columns={"income": "incme"}), "no column 'income'. Did you mean 'incme'"),
        (lambda X: X.assign(income=[1, np.inf, 2, 3, 4]), r"column 'income' of X is infinite in 1 row \(1\)"),
        (lambda X: X.assign(income=["a", "b", "c", "d", "e"]), "column 'income' holds 'a', but it is real"),
        (lambda X: pd.concat([X, X[["income"]]], axis=1), "more than one column named 'income'"),
    ],
)
def test_a_table_that_does_not_fit_is_an_error_that_names_the_column(X, spoil, message):
    with pytest.raises(rs.InputError, match=message):
        rs.ActionSet(X).menus(spoil(X))


def test_an_empty_population_is_an_error(X):
    with pytest.raises(rs.InputError, match="0 rows"):
        rs.ActionSet(X.iloc[:0])


def test_validate_says_what_a_careful_reader_should_know(X):
    A = rs.ActionSet(X)
    A["income"].bounds = (0, 100)
    A["overdue"].bounds = (0, 5)
    notes = " ".join(A.validate(X))
    assert "'income': the bounds 0 to 100 leave the data (1.5 to 8)" in notes
    assert "'overdue': 2 of 5 people are outside the bounds 0 to 5" in notes


def test_a_grid_shares_menus_among_people_with_the_same_value(X):
    A = rs.ActionSet(X)
    menus = A.menus(pd.concat([X, X]))
    assert (menus.rows[: len(X)] == menus.rows[len(X) :]).all()
    menu = menus.menu(1)[0]
    assert menu.features == ("owns",)
    assert menu.values[0].tolist() == [1, 0]
    assert menu.prices[0] == 0


def test_features_with_nowhere_to_go_have_no_menu(X):
    A = rs.ActionSet(X)
    A["owns"].actionable = False
    assert "owns" not in A.menus(X).features
    A.actionable = False
    menus = A.menus(X)
    assert menus.features == ()
    pd.testing.assert_frame_equal(menus.points([0], np.empty((1, 0), dtype=int)), X.iloc[[0]].reset_index(drop=True))


def test_a_grid_knows_which_actions_it_allows(X):
    menus = rs.ActionSet(X).menus(X, max_changes=1)
    m = len(menus.blocks)
    assert menus.allows([0], np.zeros((1, m), dtype=int)).tolist() == [True]
    assert menus.allows([0], np.ones((1, m), dtype=int)).tolist() == [False]
    assert menus.allows([0], np.array([[99999] + [0] * (m - 1)])).tolist() == [False]
    for wrong in (-1, 1.5, "two"):
        with pytest.raises(rs.InputError, match="max_changes must be a whole number"):
            rs.ActionSet(X).menus(X, max_changes=wrong)


def test_an_action_set_prints_as_a_table(X):
    text = repr(rs.ActionSet(X))
    assert text.startswith("ActionSet: 4 features, 4 actionable")
    assert "step_direction" in text
    assert "<table" in rs.ActionSet(X)._repr_html_()


def test_words_of_any_dtype_can_be_replaced_and_the_table_stays_as_it_was():
    for dtype in (object, "str", "category"):
        X = pd.DataFrame({"housing": pd.Series(["rent", "own", "free"], dtype=dtype)})
        menus = rs.ActionSet(X).menus(X)
        assert menus.points([0], [[1]])["housing"].tolist() == ["free"]
        assert X["housing"].tolist() == ["rent", "own", "free"]


def test_in_100_000_random_actions_ranges_hold_frozen_features_stay_and_integers_stay_integers():
    rng = np.random.default_rng(0)
    checked = 0
    while checked < 100_000:
        n = 500
        X = pd.DataFrame(
            {
                "whole": rng.integers(-50, 50, n),
                "flag": rng.integers(0, 2, n).astype(bool),
                "part": rng.normal(size=n) * 10.0 ** rng.integers(-3, 4),
                "narrow": rng.normal(size=n).astype(np.float32),
                "word": rng.choice(["a", "b", "c"], n),
            }
        )
        A = rs.ActionSet(X, grid=str(rng.choice(["steps", "observed"])))
        for feature in A:
            feature.actionable = bool(rng.integers(0, 4))
            if feature.variable_type in ("integer", "real"):
                low, high = sorted(rng.choice(X[feature.name].to_numpy(), 2).tolist())
                feature.bounds = (low, high)
                feature.step_size = float(rng.uniform(0.01, 1))
                feature.step_direction = int(rng.integers(-1, 2))
        menus = A.menus(X)
        lengths = np.diff(menus.row_ptr)[menus.rows]
        people = np.repeat(np.arange(n), 10)
        picks = (rng.random((len(people), lengths.shape[1])) * lengths[people]).astype(int)
        after = menus.points(people, picks)
        before = X.iloc[people].reset_index(drop=True)
        assert (after.dtypes == before.dtypes).all()
        for feature in A:
            new, old = after[feature.name].to_numpy(), before[feature.name].to_numpy()
            moved = new != old
            assert feature.actionable or not moved.any()
            if feature.variable_type in ("integer", "real"):
                low, high = feature.bounds
                assert ((new[moved] >= low) & (new[moved] <= high)).all()
                assert ((new[moved].astype(float) - old[moved]) * feature.step_direction >= 0).all()
        checked += len(people)


def test_masks_and_positions_work_where_columns_are_tuples():
    A = rs.ActionSet(pd.DataFrame({("a", "x"): [0, 1, 2], ("a", "y"): [0, 1, 3]}))
    assert A["a", "x"].name == ("a", "x")
    assert [feature.name for feature in A[np.array([True, False])]] == [("a", "x")]
    assert [feature.name for feature in A[[("a", "y")]]] == [("a", "y")]
    assert [feature.name for feature in A[[False, True]]] == [("a", "y")]


def test_the_levels_of_a_polars_enum_keep_their_order():
    pl = pytest.importorskip("polars")
    grades = pl.Series(["low", "high", None, "mid"], dtype=pl.Enum(["low", "mid", "high"]))
    grade = rs.ActionSet(pl.DataFrame({"grade": grades, "income": [1.0, 2.0, 3.0, 4.0]}))["grade"]
    assert grade.variable_type == "ordinal"
    assert list(grade.levels) == ["low", "mid", "high"]


class _Model:
    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (pd.DataFrame({"age": [1, 2]}), "not a DataFrame"),
        (_Model(), "not a _Model"),
        (rs.ActionSet, "not the class ActionSet itself"),
        (None, "not None"),
    ],
)
def test_what_is_no_action_set_is_refused_in_words(given, words):
    with pytest.raises(rs.InputError, match=rf"actions must be an ActionSet, {words}; .*\(model, people, actions\)"):
        as_action_set(given)


def test_an_action_set_is_taken_as_it_is():
    A = rs.ActionSet({"age": [20, 40]})
    assert as_action_set(A) is A


SETTINGS = [
    "actionable",
    "variable_type",
    "bounds",
    "lb",
    "ub",
    "step_size",
    "step_type",
    "step_direction",
    "levels",
    "from_missing",
    "label",
    "unit",
]


def test_completion_shows_every_setting_and_none_of_the_old_names():
    A = rs.ActionSet({"age": [20, 40], "overdue": [0, 1]})
    for shown in (dir(A), dir(A["age"]), dir(A[["age", "overdue"]])):
        assert set(SETTINGS) <= set(shown)
        assert not {"mutable", "grid", "flip_direction", "compatible", "align", "feasible_grid", "df"} & set(shown)
    assert A.mutable == A.actionable == [True, True]
    assert A["age"].grid.tolist() == A["age"].target_values.tolist()


def test_a_view_knows_all_that_a_feature_knows():
    A = rs.ActionSet({"age": [20, 40], "overdue": [0, 1]})
    public = {name for name in dir(A["age"]) if not name.startswith("_")}
    values = {name for name in public if not callable(getattr(A["age"], name))}
    assert values <= set(dir(A[["age"]]))
    for name in values:
        assert len(getattr(A, name)) == 2


def test_a_misspelt_setting_names_the_nearest():
    A = rs.ActionSet({"age": [20, 40], "overdue": [0, 1]})
    for one in (A, A["age"], A[["age"]]):
        with pytest.raises(AttributeError, match="Did you mean 'actionable'"):
            one.actionble = False
    with pytest.raises(AttributeError, match="Did you mean 'step_direction'"):
        A.step_directon  # noqa: B018
