"""A table stays the table it was: dtypes, levels and names as the population's, wherever rows are made."""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import recourse as rs
from recourse.actions.variable_types import likely_code
from recourse.tables import ColumnKind


def applicants(n=120, seed=0):
    """A made-up table of applicants and their labels."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": rng.normal(30, 10, n).round(2),
            "job": rng.choice(["clerk", "nurse", "smith"], n),
        }
    )
    return X, (X["income"] + 8 * (X["job"] == "nurse") > 31).astype(int).to_numpy()


@pytest.mark.parametrize(
    "clf",
    [
        lightgbm.LGBMClassifier(n_estimators=5, verbose=-1),
        xgboost.XGBClassifier(n_estimators=5, enable_categorical=True),
        HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype"),
    ],
    ids=["lightgbm", "xgboost", "histogram"],
)
def test_a_person_given_in_any_way_and_every_new_row_has_the_categories_of_the_population(clf):
    X, y = applicants()
    X = X.astype({"job": "category"})
    clf.fit(X, y)
    A = rs.ActionSet(X)
    x = X[clf.predict(X) == 0].iloc[0]
    for given in (x, x.to_dict(), x.to_list(), x.to_frame().T):
        new = rs.flipset(clf, given, A, total_items=2).x_new
        assert new["job"].dtype == X["job"].dtype
        assert (clf.predict(new) == 1).all()


@pytest.mark.parametrize("dtype", ["category", "Int64", "boolean", "Float32", "string"])
def test_a_column_is_stored_as_in_the_population(dtype):
    column = pd.Series([0, 1, 1], name="a").astype(dtype)
    kind = ColumnKind.of(column)
    assert kind.restored(column.astype(object)).dtype == column.dtype


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_a_gap_is_written_as_the_population_writes_it(gap):
    kind = ColumnKind.of(pd.Series(["own", gap], dtype=object))
    for other in (None, np.nan, pd.NA):
        found = kind.restored(pd.Series([other, "own"], dtype=object)).iloc[0]
        assert type(found) is type(gap)


@pytest.mark.parametrize("ordered", [False, True])
def test_a_categorical_of_numbers_is_no_quantity_and_offers_what_somebody_has(ordered):
    codes = pd.Categorical([3, 1, 70, 3], categories=[1, 3, 70, 99], ordered=ordered)
    feature = rs.ActionSet(pd.DataFrame({"job": codes}))["job"]
    assert feature.variable_type == ("ordinal" if ordered else "categorical")
    assert feature.levels == [1, 3, 70]


def test_words_for_gaps_do_not_keep_a_column_from_being_numbers():
    X = pd.DataFrame({"income": ["1.5", "?", "2.25", "4"]})
    A = rs.ActionSet(X, missing=["?"])
    assert A["income"].variable_type == "real"
    assert A.table(X)["income"].isna().tolist() == [False, True, False, False]
    assert rs.ActionSet(X)["income"].variable_type == "categorical"


def test_a_date_may_be_a_feature_that_nobody_changes():
    X, y = applicants()
    X = X[["income"]].assign(opened=pd.Timestamp("2020-01-01") + pd.to_timedelta(X["age"] * 10, unit="D"))
    days = FunctionTransformer(lambda table: (pd.Timestamp("2026-01-01") - table["opened"]).dt.days.to_frame())
    prepared = make_column_transformer((days, ["opened"]), remainder="passthrough")
    clf = make_pipeline(prepared, LogisticRegression(max_iter=5000)).fit(X, y)
    A = rs.ActionSet(X)
    assert A.actionable == [True, False]
    assert any("'opened' holds dates" in note for note in A.validate(X))
    assert rs.audit(clf, X, A, time_limit=20).overall["n"] == len(X)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Unnamed: 0", range(60)),
        ("customer", range(5000, 5060)),
        ("customer_id", np.random.default_rng(0).permutation(10**6)[:60]),
        ("token", [f"n{k * 7 % 61}" for k in range(60)]),
    ],
)
def test_what_only_tells_rows_apart_is_not_actionable_and_gets_one_note(name, values):
    X = pd.DataFrame({name: list(values), "income": np.arange(60) * 1.5})
    A = rs.ActionSet(X)
    assert A.actionable == [False, True]
    assert len([note for note in A.validate(X) if repr(name) in note]) == 1
    assert rs.ActionSet(X, grid="legacy").actionable == [True, True]


def test_a_code_for_missing_numbers_is_pointed_out():
    X = pd.DataFrame({"income": [-999.0, -999.0, *np.linspace(5, 60, 20)]})
    assert any("missing=[-999]" in note for note in rs.ActionSet(X).validate(X))
    assert rs.ActionSet(X, missing=[-999]).validate(X) != rs.ActionSet(X).validate(X)
    assert likely_code(np.array([-1.0, -1.0, 0.0, 1.0, 2.0, 3.0]), "integer") is None


def test_names_that_lightgbm_rewrites_are_recognised():
    X, y = applicants()
    X = X[["age", "income"]].set_axis(["age now", "net income"], axis=1)
    clf = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(X, y)
    model = rs.as_model(clf).on_columns(list(X))
    assert model.feature_names == ("age now", "net income")
    assert "'age now' is its 'age_now'" in model.notes[0]
    assert rs.audit(clf, X, rs.ActionSet(X)).overall["denied"] == (clf.predict(X) == 0).sum()
    with pytest.raises(rs.InputError, match="the model reads 'age_now'"):
        rs.as_model(clf).on_columns(["age", "net income"])


class PerYear(TransformerMixin, BaseEstimator):
    """A first step that picks columns by name and says nothing of them."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X.assign(per_year=X["income"] / X["age"])[["income", "per_year"]]


def test_an_estimator_that_knows_no_names_and_picks_columns_by_name_gets_a_table():
    X, y = applicants()
    clf = make_pipeline(PerYear(), LogisticRegression()).fit(X, y)
    result = rs.audit(clf, X.head(15), rs.ActionSet(X), time_limit=10)
    assert result.overall["denied"] == (clf.predict(X.head(15)) == 0).sum()


@pytest.mark.parametrize("level", ["baker", "Clerk", "clerk "])
def test_an_unknown_level_is_named_with_its_column_and_rows_in_every_verb(level):
    X, y = applicants()
    encoder = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    clf = make_pipeline(encoder, LogisticRegression(max_iter=2000)).fit(X, y)
    A = rs.ActionSet(X)
    new = X.copy()
    new.loc[[3, 8], "job"] = level
    for ask in (
        lambda: rs.flipset(clf, new.iloc[3], A),
        lambda: rs.audit(clf, new, A),
        lambda: rs.find(clf, new, A),
        lambda: rs.summarize(clf, new, A, subgroups=[]),
    ):
        with pytest.raises(rs.InputError, match=f"column 'job' is '{level}' in"):
            ask()


def test_where_a_simulated_model_can_not_be_fitted_the_gaps_are_named():
    X, y = applicants()
    X = X[["age", "income"]]
    X.loc[[3, 8], "income"] = np.nan
    with pytest.raises(rs.ModelError, match="'income' is missing in"):
        rs.simulate({"m": LogisticRegression()}, X, y, rs.ActionSet(X), recourse={"e": "optimal"}, rounds=1, repeats=1)


def test_groups_with_gaps_describe_subgroups():
    X, y = applicants()
    X = X[["income"]].assign(flag=pd.array(np.where(X["age"] > 50, 1, 0), dtype="boolean"))
    X.loc[X.index[:9], "flag"] = pd.NA
    clf = LogisticRegression().fit(X[["income"]], y)
    assert len(rs.summarize(clf, X, rs.ActionSet(X[["income"]]), subgroups=["flag"], min_support=0.1)) > 0
