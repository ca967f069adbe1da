"""Tree ensembles: stated as their libraries compare, and solved exactly, with every claim checked another way."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import recourse as rs
from helpers import COSTS, LABELS, TREES, agrees_with_brute_force, draw_exclusions, given_few_or_many, tie, world
from recourse.menus import folding
from recourse.models.estimator import EstimatorModel, Recognised
from recourse.models.readers.trees import SummedTrees, recognise_trees
from recourse.search import brute_force, trees

both_builds = pytest.mark.parametrize("interpreted", [False, True], ids=["built", "interpreted"])
relaxed = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def agrees(model, menus, exclusions=None, **options):
    """Whether boxes and brute force answer alike; returns the answers of the trees."""
    statement = model.trees(menus)
    assert statement is not None
    people = np.arange(len(menus))
    ours = trees.solve(model, menus, people, exclusions, statement=statement, **options)
    return agrees_with_brute_force(ours, model, menus, exclusions)


# -- the kernel, on grids small enough to try everything -----------------------------------------------------


@both_builds
@pytest.mark.parametrize("kind", sorted(TREES))
@pytest.mark.parametrize("cost", COSTS)
def test_boxes_find_what_brute_force_finds(kind, cost, interpreted):
    for seed in range(3):
        w = world(seed, kind=kind, labels="words", favourable=seed % 2)
        for max_changes in (None, 1, 2):
            agrees(w.model, w.actions.menus(w.denied.iloc[:3], cost, max_changes=max_changes), interpreted=interpreted)


@relaxed
@given(st.integers(0, 10_000), st.sampled_from(sorted(TREES)), st.integers(0, 1), st.sampled_from(COSTS), st.booleans())
def test_prices_of_any_shape_are_handled(seed, kind, favourable, cost, biggest):
    """Prices that jump up and down, with many free moves: nothing may assume that they grow with the move."""
    w = world(seed, kind=kind, favourable=favourable)
    rng = np.random.default_rng(seed)
    price = rs.FunctionCost(
        lambda feature, x, values: np.round(rng.random(len(values)), 1) * (rng.random(len(values)) > 0.3),
        combine="max" if biggest else "sum",
    )
    agrees(w.model, w.actions.menus(w.denied.iloc[:3], price))
    agrees(w.model, w.actions.menus(w.denied.iloc[:3], cost))


@given_few_or_many(
    8,
    25,
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(sorted(TREES)),
    cost=st.sampled_from(COSTS),
    data=st.data(),
)
def test_exclusions_of_every_kind_are_respected(seed, kind, cost, data):
    w = world(seed, kind=kind)
    menus = w.actions.menus(w.denied.iloc[:2], cost)
    exclusions = draw_exclusions(
        data, menus, lambda person: trees.solve(w.model, menus, person, statement=w.model.trees(menus))
    )
    agrees(w.model, menus, exclusions)


@both_builds
@pytest.mark.parametrize(("wide", "by_function"), [(False, True), (True, False), (True, True)])
@pytest.mark.parametrize("cost", ["total", "max"])
@pytest.mark.parametrize("kind", ["forest", "gradient boosting"])
def test_joint_constraints_are_kept(kind, cost, wide, by_function, interpreted, monkeypatch):
    monkeypatch.setattr(folding, "MOST_STATES", 1 if wide else 4096)
    for seed in range(4):
        w = world(seed, kind=kind)
        tie(w, by_function)
        menus = w.actions.menus(w.denied.iloc[:3], cost, max_changes=(None, 2)[seed % 2])
        assert bool(menus.wide) is wide
        assert menus.has_rows is not (wide and by_function)
        agrees(w.model, menus, interpreted=interpreted)


@both_builds
def test_sums_that_only_just_fit_or_miss_are_judged_as_the_constraint_judges_them(interpreted, monkeypatch):
    """Steps of 0.1 add up to 0.3 only nearly; so do sums that are fixed on both sides."""
    monkeypatch.setattr(folding, "MOST_STATES", 1)
    X = pd.DataFrame({"a": [0.0, 0.1, 0.2, 0.3], "b": [0.3, 0.2, 0.1, 0.0], "c": [0, 1, 0, 1]})
    clf = DecisionTreeClassifier().fit(X, X["a"] > 0.15)
    for lb, ub in ((-np.inf, 0.3), (0.3, 0.3), (0.0, 0.2), (0.30001, 1.0)):
        for of_changes in (False, True):
            actions = rs.ActionSet(X, default_bounds=(0, 0.3))
            actions[["a", "b"]].step_type, actions[["a", "b"]].step_size = "absolute", 0.1
            actions.add_constraint(rs.constraints.Sum({"a": 1.0, "b": 1.0}, lb, ub, of_changes=of_changes))
            agrees(rs.as_model(clf), actions.menus(X.iloc[:2]), interpreted=interpreted)


@relaxed
@given(st.integers(0, 10_000), st.sampled_from(sorted(TREES)), st.sampled_from(COSTS), st.data())
def test_the_twin_answers_as_the_kernel_does(seed, kind, cost, data):
    w = world(seed, kind=kind)
    if data.draw(st.booleans()):
        tie(w, data.draw(st.booleans()))
    menus = w.actions.menus(w.denied.iloc[:3], cost, max_changes=data.draw(st.sampled_from([None, 1, 2])))
    statement = w.model.trees(menus)
    one, other = (trees.solve(w.model, menus, statement=statement, interpreted=twin) for twin in (False, True))
    np.testing.assert_array_equal(one.codes, other.codes)
    np.testing.assert_allclose(one.cost, other.cost, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("distinct", ["minimal", "subsets", "exclusive"])
def test_listed_actions_work_across_folded_constraints(distinct):
    w = world(4, kind="forest")
    tie(w, False)
    menus = w.actions.menus(w.denied.iloc[:2])
    ranks = rs.search.solve_items(w.model, menus, total_items=4, distinct=distinct)
    costs = np.array([np.where(rank.found, rank.cost, np.inf) for rank in ranks])
    assert (np.diff(costs, axis=0)[np.isfinite(costs[1:])] >= -1e-9).all()


# -- what trees compare ------------------------------------------------------------------------------------


@pytest.mark.parametrize("favourable", [0, 1])
def test_thresholds_are_compared_in_single_precision(favourable):
    """Steps of 1e-9 around a threshold: in float32 hundreds of them are one value."""
    rng = np.random.default_rng(0)
    x = 1 + np.arange(200) * 1e-9
    X = pd.DataFrame({"a": x, "b": rng.random(200)})
    clf = DecisionTreeClassifier(max_depth=3).fit(X, (x > x[100]).astype(int))
    model = rs.as_model(clf, desired=favourable)
    actions = rs.ActionSet(X, grid="observed")
    actions["b"].actionable = False
    denied = X[~model.approves(X)].iloc[:5]
    agrees(model, actions.menus(denied))


def test_values_that_only_float64_tells_apart_fall_in_one_cell():
    clf = DecisionTreeClassifier().fit(np.array([[1.0], [2.0]]), [0, 1])
    clf.tree_.threshold[0] = np.float64(np.float32(1.1))
    above = np.nextafter(np.float64(np.float32(1.1)), 2)  # rounds to the threshold itself
    X = pd.DataFrame({"a": [1.0, above, 1.2]})
    assert clf.predict(X.to_numpy()).tolist() == [0, 0, 1]
    actions = rs.ActionSet(X, grid="observed", default_bounds=(1, 1.2))
    answers = agrees(rs.as_model(clf), actions.menus(X.iloc[:1]))
    assert answers.found.all()


@both_builds
@pytest.mark.parametrize("favourable", [0, 1])
def test_ties_go_to_the_label_that_the_estimator_picks(favourable, interpreted):
    """Two trees that contradict each other on half of the rows: everything there is a tie."""
    X = pd.DataFrame({"a": np.arange(8.0).repeat(8), "b": np.tile(np.arange(8.0), 8)})
    clf = RandomForestClassifier(2, bootstrap=False, max_features=1, random_state=0)
    clf.fit(X, (X["a"] > 3).astype(int))
    other = RandomForestClassifier(2, bootstrap=False, random_state=0).fit(X, (X["b"] > 3).astype(int))
    clf.estimators_ = [clf.estimators_[0], other.estimators_[0]]
    model = rs.as_model(clf, desired=favourable)
    assert model.recognised.trees.forest.exact
    score = clf.predict_proba(X)[:, 1]
    assert (score == 0.5).sum() == 32
    agrees(model, rs.ActionSet(X).menus(X[~model.approves(X)], "l1"), interpreted=interpreted)


@pytest.mark.parametrize("favourable", [0, 1])
def test_sums_within_rounding_of_the_bar_are_put_to_the_estimator(favourable):
    """Leaves of tenths: 0.3 + 0.7 against 0.7 + 0.3 and the like, where rounding decides."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.integers(0, 3, (300, 3)), columns=list("abc")).astype(float)
    clf = RandomForestClassifier(6, max_depth=3, random_state=0).fit(X, rng.integers(0, 2, 300))
    for tree in clf.estimators_:
        share = np.round(tree.tree_.value[:, 0, 1], 1)
        tree.tree_.value[:, 0, 1], tree.tree_.value[:, 0, 0] = share, 1 - share
    model = rs.as_model(clf, desired=favourable)
    assert not model.recognised.trees.forest.exact
    cells = X.drop_duplicates()
    p = clf.predict_proba(cells)
    assert (np.abs(p[:, 0] - p[:, 1]) < 1e-12).any(), "the test needs ties"
    agrees(model, rs.ActionSet(X).menus(cells[~model.approves(cells)], "l1"))


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("kind", sorted(TREES))
def test_a_named_threshold_decides(kind, threshold):
    w = world(8, kind=kind)
    model = rs.as_model(w.clf, threshold=threshold)
    agrees(model, w.actions.menus(w.X[~model.approves(w.X)].iloc[:4]))


@pytest.mark.parametrize("kind", ["gradient boosting", "histogram boosting", "ada boost"])
def test_a_margin_keeps_answers_clear_of_the_boundary(kind):
    w = world(5, kind=kind)
    model = rs.as_model(w.clf, margin=0.1)
    answers = agrees(model, w.actions.menus(w.X[~model.approves(w.X)].iloc[:6]))
    assert answers.found.any()


def test_a_threshold_on_one_of_three_labels_is_a_sum_of_trees_too():
    w = world(3)
    y = np.digitize(w.X["income"], np.quantile(w.X["income"], [0.3, 0.6]))
    clf = RandomForestClassifier(5, max_depth=4, random_state=0).fit(w.X, y)
    model = rs.as_model(clf, desired=1, threshold=0.4)
    agrees(model, w.actions.menus(w.X[~model.approves(w.X)].iloc[:5]))
    several = rs.as_model(clf, desired=1)
    assert several.trees(w.actions.menus(w.X)) is None, "the largest of three is no sum"
    menus = w.actions.menus(w.X[~several.approves(w.X)].iloc[:3])
    np.testing.assert_allclose(rs.search.solve(several, menus).cost, brute_force.solve(several, menus).cost)


@pytest.fixture
def mixed():
    """A table with missing numbers and words, some of them rare."""
    rng = np.random.default_rng(2)
    n = 300
    X = pd.DataFrame(
        {
            "income": np.round(rng.gamma(4.0, 2.0, n), 0),
            "savings": np.round(rng.normal(0, 3, n), 0),
            "job": rng.choice(["clerk", "driver", "nurse", "smith", "none"], n),
            "overdue": rng.integers(0, 5, n).astype(float),
        }
    )
    y = (X["income"] / 4 + X["job"].isin(["nurse", "smith"]) * 2 - X["overdue"] + rng.normal(size=n) > 0.5).astype(int)
    X.loc[rng.random(n) < 0.2, "income"] = np.nan
    X.loc[rng.random(n) < 0.2, "savings"] = np.nan
    return X, y


def plan(X):
    actions = rs.ActionSet(X)
    actions[["income", "savings"]].step_size = 0.25
    actions[["income", "savings"]].from_missing = 0.3
    return actions


def vendor(name, **settings):
    library = pytest.importorskip(name.partition(".")[0])
    cls = {"xgboost": "XGBClassifier", "lightgbm": "LGBMClassifier"}[name]
    quiet = {"verbose": -1, "min_child_samples": 5} if name == "lightgbm" else {}
    return getattr(library, cls)(n_estimators=12, n_jobs=1, **quiet, **settings)


MISSING = {
    "tree": lambda: DecisionTreeClassifier(max_depth=5, random_state=0),
    "forest": lambda: RandomForestClassifier(7, max_depth=5, random_state=0),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=12, min_samples_leaf=5),
    "xgboost": lambda: vendor("xgboost", max_depth=4),
    "dart": lambda: vendor("xgboost", max_depth=3, booster="dart", rate_drop=0.3),
    "lightgbm": lambda: vendor("lightgbm"),
    "imputed": lambda: make_pipeline(
        SimpleImputer(add_indicator=True), RandomForestClassifier(7, max_depth=5, random_state=0)
    ),
}


@both_builds
@pytest.mark.parametrize("kind", sorted(MISSING))
@pytest.mark.parametrize("favourable", [0, 1])
def test_missing_values_go_where_each_library_sends_them(mixed, kind, favourable, interpreted):
    X, y = mixed
    X = X.drop(columns="job")
    clf = MISSING[kind]().fit(X, y)
    model = rs.as_model(clf, desired=favourable)
    denied = X[~model.approves(X)]
    denied = pd.concat([denied[denied["income"].isna()].iloc[:4], denied[denied["income"].notna()].iloc[:3]])
    agrees(model, plan(X).menus(denied), interpreted=interpreted)


def encoded(final):
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(), ["job"]), (StandardScaler(), ["income", "overdue"]), remainder="passthrough"
        ),
        final,
    )


def with_categories(fit):
    def prepared(X, y):
        frame = X.assign(job=X["job"].astype("category"))
        return frame, fit(frame, y)

    return prepared


CATEGORIES = {
    "one-hot forest": lambda X, y: (X, encoded(RandomForestClassifier(7, max_depth=5, random_state=0)).fit(X, y)),
    "one-hot xgboost": lambda X, y: (X, encoded(vendor("xgboost", max_depth=3)).fit(X, y)),
    "ordinal trees": lambda X, y: (
        X,
        make_pipeline(
            make_column_transformer((OrdinalEncoder(), ["job"]), remainder="passthrough"),
            GradientBoostingClassifier(n_estimators=10, random_state=0)
            if not X.isna().any().any()
            else HistGradientBoostingClassifier(max_iter=10, categorical_features=[0], min_samples_leaf=5),
        ).fit(X, y),
    ),
    "histogram boosting": with_categories(
        lambda X, y: HistGradientBoostingClassifier(
            max_iter=12, categorical_features="from_dtype", min_samples_leaf=5
        ).fit(X, y)
    ),
    "lightgbm": with_categories(lambda X, y: vendor("lightgbm", min_data_per_group=5, cat_smooth=1).fit(X, y)),
}


@both_builds
@pytest.mark.parametrize("kind", sorted(CATEGORIES))
def test_categories_are_solved_in_the_users_own_words(mixed, kind, interpreted):
    X, y = mixed
    X, clf = CATEGORIES[kind](X, y)
    model = rs.as_model(clf)
    denied = X[~model.approves(X)].iloc[:8]
    answers = agrees(model, plan(X).menus(denied), interpreted=interpreted)
    assert answers.found.any()


def test_xgboost_splits_coded_categories_by_sets(mixed):
    X, y = mixed
    X = X.assign(job=X["job"].astype("category").cat.codes.astype(float))
    clf = vendor("xgboost", enable_categorical=True, feature_types=["q", "q", "c", "q"], max_cat_to_onehot=1)
    clf.fit(X.to_numpy(), y)
    model = rs.as_model(clf)
    assert any(tree.sets for tree in model.recognised.trees.forest.trees)
    agrees(model, plan(X).menus(X[~model.approves(X)].iloc[:8]))


def test_a_category_that_training_never_saw_is_treated_as_the_library_treats_it(mixed):
    X, y = mixed
    seen = (X["job"] != "smith").to_numpy()
    frame = X.assign(job=X["job"].astype("category"))
    clf = HistGradientBoostingClassifier(max_iter=12, categorical_features="from_dtype", min_samples_leaf=5)
    clf.fit(frame[seen], y[seen])
    model = rs.as_model(clf)
    agrees(model, plan(frame).menus(frame[~model.approves(frame)].iloc[:8]))


def test_boosters_without_a_wrapper_are_classifiers_too(mixed):
    X, y = mixed
    X = X.drop(columns="job")
    xgb = vendor("xgboost").fit(X, y)
    lgb = vendor("lightgbm").fit(X, y)
    for bare, wrapped in ((xgb.get_booster(), xgb), (lgb.booster_, lgb)):
        model = rs.as_model(bare)
        np.testing.assert_array_equal(model.approves(X), wrapped.predict(X) == 1)
        agrees(model, plan(X).menus(X[~model.approves(X)].iloc[:3]))


def test_what_is_not_known_to_be_a_sum_of_trees_does_not_say_it_is():
    w = world(6)
    menus = w.actions.menus(w.X)
    crossed = make_pipeline(PolynomialFeatures(2), RandomForestClassifier(3, random_state=0)).fit(w.X, w.y)
    assert rs.as_model(crossed).trees(menus) is None
    assert rs.as_model(LogisticRegression().fit(w.X, w.y)).trees(menus) is None
    linear = GradientBoostingClassifier(n_estimators=3, init=LogisticRegression()).fit(w.X, w.y)
    assert rs.as_model(linear).trees(menus) is None
    stacked = AdaBoostClassifier(LogisticRegression(), n_estimators=3).fit(w.X, w.y)
    assert rs.as_model(stacked).trees(menus) is None


@pytest.mark.parametrize("seed", range(3))
def test_a_transformer_that_mixes_columns_is_found_out(seed):
    """Even one that is taken for column-wise: what is stated is first tried on random actions."""
    w = world(seed)

    class Mixes:
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            Z = np.asarray(X, dtype=float).copy()
            Z[:, 2] = np.where(Z[:, 1] > 3, Z[:, 2], -Z[:, 2])
            return Z

    forest = RandomForestClassifier(9, random_state=0).fit(Mixes().transform(w.X), w.y)
    pipeline = make_pipeline(Mixes(), forest)
    plain = recognise_trees(rs.as_model(forest))
    assert plain is not None
    mixed = SummedTrees(plain.forest, [Mixes()])
    fooled = EstimatorModel(pipeline, desired=1, recognise=lambda model: Recognised(trees=mixed))
    assert fooled.trees(w.actions.menus(w.X)) is None


# -- honesty ------------------------------------------------------------------------------------------------


def test_a_small_budget_only_weakens_the_status():
    w = world(11, kind="forest")
    menus = w.actions.menus(w.denied)
    statement = w.model.trees(menus)
    full = trees.solve(w.model, menus, statement=statement)
    for budget in (1, 2, 5):
        some = trees.solve(w.model, menus, statement=statement, most_boxes=budget)
        for person in range(len(menus)):
            status = some.status(person)
            assert some.bound[person] <= full.cost[person] + 1e-9
            if status in (rs.Status.OPTIMAL, rs.Status.INFEASIBLE):
                assert status is full.status(person)
            if some.found[person]:
                assert some.cost[person] >= full.cost[person] - 1e-9


def test_a_deadline_in_the_past_claims_nothing():
    w = world(11, kind="forest")
    menus = w.actions.menus(w.denied)
    none = trees.solve(w.model, menus, statement=w.model.trees(menus), budget=rs.Budget(0))
    assert none.interrupted
    assert {none.status(i) for i in range(len(menus))} == {rs.Status.UNKNOWN}
    assert not none.bound.any()


def test_ctrl_c_keeps_what_is_done():
    w = world(11, kind="forest")
    menus = w.actions.menus(w.denied)
    seen = []

    def stop(done):
        seen.append(done)
        if sum(seen) >= 3:
            raise KeyboardInterrupt

    some = trees.solve(w.model, menus, statement=w.model.trees(menus), threads=1, advance=stop)
    assert some.interrupted
    assert some.found.sum() + (some.codes == 2).sum() >= 3
    assert (some.codes == 3).any()


def test_any_number_of_threads_gives_the_same_answers():
    w = world(12, kind="grown forest")
    menus = w.actions.menus(w.denied)
    statement = w.model.trees(menus)
    one, four = (trees.solve(w.model, menus, statement=statement, threads=threads) for threads in (1, 4))
    np.testing.assert_array_equal(one.picks, four.picks)
    np.testing.assert_array_equal(one.cost, four.cost)
    alone = [trees.solve(w.model, menus, [person], statement=statement).picks[0] for person in range(len(menus))]
    np.testing.assert_array_equal(one.picks, alone)


def test_where_the_estimator_denies_what_its_trees_approve_nothing_is_proven():
    w = world(13, kind="forest")
    menus = w.actions.menus(w.denied)
    statement = w.model.trees(menus)
    honest = trees.solve(w.model, menus, statement=statement)
    w.model.threshold = 0.7  # behind the statement's back
    found = trees.solve(w.model, menus, statement=statement)
    lied = np.flatnonzero(honest.found & ~w.model.approves(menus.points(np.arange(len(menus)), honest.picks)))
    assert len(lied)
    for person in lied:
        assert found.status(person) in (rs.Status.FEASIBLE, rs.Status.UNKNOWN)
        assert found.bound[person] == 0
    works = np.flatnonzero(found.found)
    assert w.model.approves(menus.points(works, found.picks[works])).all()


# -- real people, and an independent solver ------------------------------------------------------------------

IMMUTABLE = {
    "credit": ["Married", "Single", "Age_lt_25", "Age_in_25_to_40", "Age_in_40_to_59", "Age_geq_60"],
    "german": ["ForeignWorker", "Single", "Age"],
}
REAL = {
    "boosted": lambda: GradientBoostingClassifier(n_estimators=20, max_depth=3, random_state=0),
    "forest": lambda: RandomForestClassifier(12, max_depth=5, min_samples_leaf=5, random_state=0),
    "histogram": lambda: HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=8, random_state=0),
    "xgboost": lambda: vendor("xgboost", max_depth=3),
    "lightgbm": lambda: vendor("lightgbm", num_leaves=8),
}
PEOPLE = 50


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(REAL))
@pytest.mark.parametrize("name", sorted(IMMUTABLE))
def test_costs_equal_those_of_an_independent_program(name, kind, needs_data):
    dataset = rs.datasets.load(name, data_home=needs_data(name).parent)
    X, y = dataset.X.select_dtypes("number"), dataset.y
    y = (y == dataset.desired).astype(int)
    clf = REAL[kind]().fit(X, y)
    model = rs.as_model(clf)
    actions = rs.ActionSet(X)
    actions[IMMUTABLE[name]].actionable = False
    actions.step_size = 0.1
    denied = X[~model.approves(X)].drop_duplicates()
    if len(denied) < PEOPLE:
        model = rs.as_model(clf, threshold=0.75)
        denied = X[~model.approves(X)].drop_duplicates()
    denied = denied.sample(PEOPLE, random_state=0)
    menus = actions.menus(denied)
    answers = rs.search.solve(model, menus)
    assert set(answers.codes) <= {0, 2}
    found = np.flatnonzero(answers.found)
    after = menus.points(found, answers.picks[found])
    assert model.approves(after).all()
    assert menus.allows(found, answers.picks[found]).all()
    assert after.dtypes.equals(X.dtypes), "integers stay integers"
    for person in range(PEOPLE):
        expected = _highs(model, menus, person)
        np.testing.assert_allclose(answers.cost[person], np.inf if expected is None else expected, atol=1e-7)


def _highs(model, menus, person):
    """The least cost by HiGHS: one column a menu item and a leaf, the leaves found by walking raw values."""
    import highspy

    trees, names = model.recognised.trees.forest.trees, list(menus.X.columns)
    menus_ = {menu.features[0]: menu for menu in menus.menu(person)}
    precision = np.float64 if "Hist" in model.name or "LGBM" in model.name else np.float32
    row = menus.X.iloc[person]
    values = {
        name: (menus_[name].values[0] if name in menus_ else np.array([row[name]])).astype(float).astype(precision)
        for name in names
    }
    highs = highspy.Highs()
    highs.silent()
    for option in ("mip_rel_gap", "mip_abs_gap"):
        highs.setOptionValue(option, 0.0)
    for option in ("mip_feasibility_tolerance", "primal_feasibility_tolerance"):
        highs.setOptionValue(option, 1e-9)
    item = {}
    for name in names:
        price = menus_[name].prices if name in menus_ else np.zeros(1)
        item[name] = [highs.addBinary(obj=float(p)) for p in price]
        highs.addConstr(sum(item[name]) == 1)
    score = model.recognised.trees.forest.base
    for tree in trees:
        leaves = []
        stack = [(0, {name: np.ones(len(values[name]), bool) for name in names})]
        while stack:
            node, allowed = stack.pop()
            if tree.feature[node] < 0:
                leaf = highs.addVariable(lb=0, ub=1)
                leaves.append(leaf)
                score = score + float(tree.value[node]) * leaf
                for name in names:
                    if not allowed[name].all():
                        highs.addConstr(sum(v for v, ok in zip(item[name], allowed[name], strict=True) if ok) >= leaf)
                continue
            name = names[tree.feature[node]]
            left = values[name].astype(float) <= tree.threshold[node]
            for child, side in ((tree.left[node], left), (tree.right[node], ~left)):
                if (allowed[name] & side).any():
                    stack.append((int(child), {**allowed, name: allowed[name] & side}))
        highs.addConstr(sum(leaves) == 1)
    highs.addConstr(score >= 0)
    highs.minimize()
    if highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return None
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs.getInfo().objective_function_value


def test_people_who_can_change_nothing_and_trees_without_a_split_are_answered_too():
    w = world(3, kind="forest")
    w.actions.actionable = False
    answers = agrees(w.model, w.actions.menus(w.denied.iloc[:3]))
    assert {answers.status(person) for person in range(3)} == {rs.Status.INFEASIBLE}
    w = world(3)
    leaves = RandomForestClassifier(3, min_samples_leaf=80, random_state=0).fit(w.X, w.y)
    label = 1 - leaves.predict(w.X)[0]  # everybody gets the other one
    answers = agrees(rs.as_model(leaves, desired=label), w.actions.menus(w.X.iloc[:3]))
    assert not answers.found.any()


def test_progress_counts_everybody_once():
    w = world(3, kind="forest")
    menus = w.actions.menus(w.denied)
    for threads in (1, 3):
        seen = []
        trees.solve(w.model, menus, statement=w.model.trees(menus), threads=threads, advance=seen.append)
        assert sum(seen) == len(menus)


def test_a_warning_is_never_shown_where_the_estimator_shows_none():
    w = world(9, kind="extra trees")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rs.search.solve(w.model, w.actions.menus(w.denied.iloc[:2]))


@pytest.mark.parametrize("labels", sorted(LABELS))
def test_either_label_can_be_the_favourable_one(labels):
    for favourable in (0, 1):
        w = world(10, kind="gradient boosting", labels=labels, favourable=favourable)
        agrees(w.model, w.actions.menus(w.denied.iloc[:4]))
