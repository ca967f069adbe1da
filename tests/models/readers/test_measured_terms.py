"""Additive pipelines: sums that are exact for every part on the list, and no claim for any part that mixes features."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import decomposition, ensemble, feature_selection, impute, model_selection, naive_bayes, preprocessing
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import recourse as rs
from recourse.models.estimator import EstimatorModel, Recognised
from recourse.models.readers.additive_structure import additive_structure
from recourse.models.readers.measured_terms import MeasuredTerms
from recourse.search import brute_force as definition

CATEGORIES = ["free", "own", "rent"]


def people(n=300, seed=0):
    """A table with words, whole numbers, reals and missing values, and a label that depends on all of them."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "housing": rng.choice(CATEGORIES, n, p=[0.2, 0.5, 0.3]),
            "overdue": rng.integers(0, 8, n),
            "income": np.round(rng.gamma(4.0, 2.0, n), 1),
            "balance": np.round(rng.normal(0, 3, n), 2),
        }
    )
    signal = X["income"] - X["overdue"] + X["balance"] + 3 * (X["housing"] == "own") + rng.normal(size=n)
    return X, (signal > signal.median()).to_numpy().astype(int)


def with_gaps(X, seed=1):
    """The same people with values missing in three columns."""
    rng = np.random.default_rng(seed)
    X = X.copy()
    for name in ("housing", "income", "balance"):
        X.loc[rng.random(len(X)) < 0.15, name] = np.nan
    return X


def fit(estimator, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(X, y)


def action_set(X, **settings):
    actions = rs.ActionSet(X, **settings)
    for feature in actions:
        if feature.variable_type == "real":
            feature.step_size = 0.2
    return actions


def discrepancy(model, menus, statement, seed=0):
    """The largest difference between the stated sums and the estimator's own score, over random actions."""
    rng = np.random.default_rng(seed)
    lengths = np.diff(menus.row_ptr)[menus.rows]
    picks = (rng.random(lengths.shape) * lengths).astype(int)
    after = menus.points(np.arange(len(menus)), picks)
    stated = statement.score + statement.gains[menus.items(np.arange(len(menus)), picks)].sum(axis=1)
    return np.abs(model.score(after) - stated).max()


NUMBERS = ["overdue", "income", "balance"]
ENCODED = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["housing"]), remainder="passthrough")
NUMERIC = {
    "standard": StandardScaler(),
    "min-max, clipped": preprocessing.MinMaxScaler(clip=True),
    "max-abs": preprocessing.MaxAbsScaler(),
    "robust": preprocessing.RobustScaler(),
    "quantiles": preprocessing.QuantileTransformer(n_quantiles=20),
    "quantiles, normal": preprocessing.QuantileTransformer(n_quantiles=20, output_distribution="normal"),
    "power": preprocessing.PowerTransformer(),
    "bins": preprocessing.KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"),
    "bin numbers": preprocessing.KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf"),
    "splines": preprocessing.SplineTransformer(n_knots=4),
    "splines, linear outside": preprocessing.SplineTransformer(n_knots=4, extrapolation="linear"),
    "binary": preprocessing.Binarizer(threshold=2.0),
    "identity": FunctionTransformer(),
    "cube root": FunctionTransformer(np.cbrt),
    "one-hot numbers": OneHotEncoder(handle_unknown="ignore"),
    "rare levels": OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20),
    "target": preprocessing.TargetEncoder(),
    "best": feature_selection.SelectKBest(k=2),
    "varying": feature_selection.VarianceThreshold(0.1),
    "chosen by a model": feature_selection.SelectFromModel(LogisticRegression()),
    "eliminated": feature_selection.RFE(LogisticRegression(), n_features_to_select=2),
    "PCA": decomposition.PCA(2),
    "SVD": decomposition.TruncatedSVD(2),
    "ICA": decomposition.FastICA(2, random_state=0),
    "factors": decomposition.FactorAnalysis(2),
    "projected": GaussianRandomProjection(2, random_state=0),
    "projected sparsely": SparseRandomProjection(2, random_state=0, density=1.0),
    "scaled, PCA, scaled": make_pipeline(StandardScaler(), decomposition.PCA(2), StandardScaler()),
    "binned, PCA, LDA": make_pipeline(
        preprocessing.KBinsDiscretizer(4, encode="onehot-dense", quantile_method="averaged_inverted_cdf"),
        decomposition.PCA(3),
        LinearDiscriminantAnalysis(),
    ),
    "union": make_union(StandardScaler(), preprocessing.SplineTransformer(n_knots=3), FunctionTransformer(np.cbrt)),
    "nested": make_pipeline(
        FeatureUnion([("same", "passthrough"), ("none", "drop"), ("pca", make_pipeline(decomposition.PCA(2)))]),
        preprocessing.MinMaxScaler(),
    ),
    "frozen": None,
}


@pytest.mark.parametrize("kind", sorted(NUMERIC))
@pytest.mark.parametrize("favourable", [0, 1])
def test_sums_are_exact_behind_every_transformer_on_the_list(kind, favourable):
    X, y = people()
    X = X[NUMBERS]
    step = FrozenEstimator(StandardScaler().fit(X, y)) if kind == "frozen" else NUMERIC[kind]
    clf = fit(make_pipeline(step, LogisticRegression()), X, y)
    model = rs.as_model(clf, desired=favourable)
    menus = action_set(X).menus(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        statement = model.additive(menus)
        assert statement is not None
        assert discrepancy(model, menus, statement) <= min(1e-12, statement.tolerance)
    assert statement.tolerance < 1e-9
    assert statement.strict is bool(favourable)


IMPUTED = {
    "mean and indicator": impute.SimpleImputer(add_indicator=True),
    "constant": impute.SimpleImputer(strategy="constant", fill_value=-1.0),
    "indicator beside": make_union(impute.SimpleImputer(strategy="median"), impute.MissingIndicator(features="all")),
    "bins, splines, scaled": make_pipeline(
        impute.SimpleImputer(add_indicator=True),
        make_union(
            preprocessing.KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf", encode="onehot-dense"),
            preprocessing.SplineTransformer(n_knots=4),
        ),
        StandardScaler(),
    ),
}


@pytest.mark.parametrize("kind", sorted(IMPUTED))
def test_missing_values_are_todays_values_behind_imputers(kind):
    X, y = people()
    X = with_gaps(X)
    pre = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["housing"]), (IMPUTED[kind], ["overdue", "income", "balance"])
    )
    clf = fit(make_pipeline(pre, LogisticRegression(max_iter=1000)), X, y)
    model = rs.as_model(clf)
    actions = action_set(X)
    actions["income"].from_missing = 0.3
    denied = X[~model.approves(X)]
    menus = actions.menus(denied)
    statement = model.additive(menus)
    assert discrepancy(model, menus, statement) <= 1e-12
    result = rs.audit(model, X, actions)
    assert (result.people["status"][result.people["denied"]] != "unknown").all()
    assert not result.changes["new"].isna().any(), "missing is never a target"
    gaps = X["balance"].isna().to_numpy()[result.changes["row"]]
    assert not (gaps & (result.changes["feature"] == "balance")).any()


CLASSIFIERS = {
    "ridge": RidgeClassifier(),
    "discriminant": LinearDiscriminantAnalysis(),
    "sgd": SGDClassifier(loss="log_loss", random_state=0),
    "svm": LinearSVC(),
    "kernel svm, linear": SVC(kernel="linear"),
    "gaussian": naive_bayes.GaussianNB(),
    "bernoulli": naive_bayes.BernoulliNB(binarize=1.0),
    "bernoulli, linear": naive_bayes.BernoulliNB(binarize=None),
    "multinomial": naive_bayes.MultinomialNB(),
    "complement": naive_bayes.ComplementNB(),
    "stumps": ensemble.GradientBoostingClassifier(max_depth=1, n_estimators=20),
    "boosted without interactions": ensemble.HistGradientBoostingClassifier(
        interaction_cst="no_interactions", max_iter=20
    ),
}


@pytest.mark.parametrize("kind", sorted(CLASSIFIERS))
@pytest.mark.parametrize("favourable", [0, 1])
def test_sums_are_exact_for_every_classifier_on_the_list(kind, favourable):
    X, y = people()
    bins = preprocessing.KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf", encode="onehot-dense")
    pre = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["housing"]), (bins, ["income"]),
        (preprocessing.MinMaxScaler(clip=True), ["overdue", "balance"]),
    )  # fmt: skip
    clf = fit(make_pipeline(pre, CLASSIFIERS[kind]), X, y)
    model = rs.as_model(clf, desired=favourable)
    menus = action_set(X).menus(X)
    statement = model.additive(menus)
    assert discrepancy(model, menus, statement) <= min(1e-11, statement.tolerance)
    assert statement.tolerance < 1e-8
    clear = np.abs(statement.score) > statement.tolerance
    np.testing.assert_array_equal((statement.score > 0)[clear], (clf.predict(X) == favourable)[clear])


def test_categorical_naive_bayes_is_additive_in_ordinal_codes():
    X, y = people()
    X = X[["housing", "overdue"]]
    clf = make_pipeline(preprocessing.OrdinalEncoder(), naive_bayes.CategoricalNB(min_categories=10)).fit(X, y)
    model = rs.as_model(clf)
    menus = action_set(X).menus(X)
    assert discrepancy(model, menus, model.additive(menus)) <= 1e-12


INTERACTING = {
    "products": make_pipeline(preprocessing.PolynomialFeatures(2), LogisticRegression(max_iter=10_000)),
    "unit length": make_pipeline(preprocessing.Normalizer(), LogisticRegression()),
    "bins of sums": make_pipeline(decomposition.PCA(2), preprocessing.KBinsDiscretizer(
        3, quantile_method="averaged_inverted_cdf"), LogisticRegression()),
    "clipped sums": make_pipeline(decomposition.PCA(2), preprocessing.MinMaxScaler(clip=True), LogisticRegression()),
    "powers of sums": make_pipeline(decomposition.PCA(2), preprocessing.PowerTransformer(), LogisticRegression()),
    "bayes of sums": make_pipeline(decomposition.PCA(2), naive_bayes.GaussianNB()),
    "a function": make_pipeline(FunctionTransformer(lambda X: X * X.sum(axis=1, keepdims=True)), LogisticRegression()),
    "neighbours": make_pipeline(impute.KNNImputer(), LogisticRegression()),
    "kernel": make_pipeline(StandardScaler(), SVC()),
    "trees": ensemble.RandomForestClassifier(n_estimators=3, random_state=0),
    "deep boosting": ensemble.GradientBoostingClassifier(n_estimators=3),
    "deep boosting, histograms": ensemble.HistGradientBoostingClassifier(max_iter=3),
    "quadratic": QuadraticDiscriminantAnalysis(),
    "calibrated": CalibratedClassifierCV(LogisticRegression()),
    "bagged": ensemble.BaggingClassifier(LogisticRegression(), n_estimators=3),
    "stacked": ensemble.StackingClassifier([("lr", LogisticRegression())], DecisionTreeClassifier()),
    "one side mixes": make_pipeline(make_union(StandardScaler(), preprocessing.Normalizer()), LogisticRegression()),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(INTERACTING))
def test_what_mixes_features_claims_nothing_and_is_still_answered(kind):
    X, y = people(120)
    X = X[NUMBERS].to_numpy() if kind == "a function" else X[NUMBERS]
    clf = fit(INTERACTING[kind], X, y)
    X = pd.DataFrame(X, columns=NUMBERS)
    model = rs.as_model(clf)
    actions = action_set(X, default_bounds=(5, 95, "percentile"))
    menus = actions.menus(X[~model.approves(X)].iloc[:3])
    assert model.additive(menus) is None
    np.testing.assert_allclose(rs.search.solve(model, menus).cost, definition.solve(model, menus).cost, atol=1e-9)


def test_subclasses_and_unknown_types_are_not_taken_for_what_they_extend():
    class Squared(StandardScaler):
        """Mixes features, as far as anybody can tell from outside."""

        def transform(self, X, copy=None):
            Z = super().transform(X, copy)
            return Z * Z.sum(axis=1, keepdims=True)

    class Mine(LogisticRegression):
        """Might override anything."""

    X, y = people()
    X = X[NUMBERS]
    menus = action_set(X).menus(X)
    for clf in (make_pipeline(Squared(), LogisticRegression()), make_pipeline(StandardScaler(), Mine()), Mine()):
        assert rs.as_model(clf.fit(X, y)).additive(menus) is None


def test_multi_class_models_are_not_additive():
    X, y = people()
    y = y + (X["income"] > 12)
    for clf in (naive_bayes.GaussianNB(), LogisticRegression(max_iter=1000)):
        model = rs.as_model(clf.fit(X[NUMBERS], y), desired=2)
        assert model.additive(action_set(X[NUMBERS]).menus(X[NUMBERS])) is None


# -- promises ------------------------------------------------------------------------------------------


class Custom:
    """A classifier of no library; additive where `interaction` is 0."""

    classes_ = np.array([0, 1])
    feature_names_in_ = np.array(["income", "balance"], dtype=object)

    def __init__(self, interaction=0.0, lie=False):
        self.interaction, self.lie = interaction, lie

    def decision_function(self, X):
        return np.sin(X["income"]) + 0.2 * X["balance"] - 0.5 + self.interaction * X["income"] * X["balance"]

    def predict(self, X):
        return (self.decision_function(X) > (0.3 if self.lie else 0)).astype(int)


def test_a_users_promise_is_taken_and_checked():
    X, _ = people()
    actions = action_set(X[["income", "balance"]])
    menus = actions.menus(X[["income", "balance"]])
    assert rs.as_model(Custom()).additive(menus) is None
    model = rs.as_model(Custom(), additive=True)
    assert discrepancy(model, menus, model.additive(menus)) <= 1e-13
    with pytest.raises(rs.ModelError, match="promised to be additive, but on random rows its score differs"):
        rs.as_model(Custom(interaction=1e-6), additive=True).additive(menus)
    with pytest.raises(rs.ModelError, match="the sign of its score is not what it predicts"):
        rs.as_model(Custom(lie=True), additive=True).additive(menus)
    with pytest.raises(rs.InputError, match="they belong to as_model"):
        rs.as_model(model, additive=True)


def test_a_promise_holds_for_probabilities_too():
    class Probable(Custom):
        decision_function = property()  # hidden

        def predict_proba(self, X):
            second = 1 / (1 + np.exp(-Custom.decision_function(self, X).to_numpy()))
            return np.column_stack([1 - second, second])

        def predict(self, X):
            return (self.predict_proba(X)[:, 1] > 0.5).astype(int)

    X, _ = people()
    X = X[["income", "balance"]]
    for threshold in (None, 0.7):
        model = rs.as_model(Probable(), additive=True, threshold=threshold)
        menus = action_set(X).menus(X[~model.approves(X)])
        assert model.additive(menus) is not None
        np.testing.assert_allclose(rs.search.solve(model, menus).cost, definition.solve(model, menus).cost, atol=1e-9)


def test_a_failing_check_of_a_known_structure_is_no_error_but_no_claim_either():
    X, y = people()
    clf = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[NUMBERS], y)
    known = additive_structure(clf)
    model = EstimatorModel(clf, recognise=lambda model: Recognised(terms=MeasuredTerms(known)))
    menus = action_set(X[NUMBERS]).menus(X[NUMBERS])
    assert model.additive(menus) is not None
    known.classifier.decision_function = lambda Z: Z[:, 0] * Z[:, 1]
    assert model.additive(menus) is None


# -- thresholds and ties -------------------------------------------------------------------------------


@pytest.mark.parametrize("favourable", [0, 1])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda clf: model_selection.FixedThresholdClassifier(clf, threshold=0.7),
        lambda clf: model_selection.FixedThresholdClassifier(clf, threshold=0.4, pos_label=0),
        lambda clf: model_selection.FixedThresholdClassifier(clf, threshold=-0.5, response_method="decision_function"),
        lambda clf: model_selection.FixedThresholdClassifier(clf),
        lambda clf: model_selection.TunedThresholdClassifierCV(clf, thresholds=20, random_state=0),
        lambda clf: make_pipeline("passthrough", model_selection.FixedThresholdClassifier(clf, threshold=0.6)),
        lambda clf: model_selection.GridSearchCV(
            make_pipeline(StandardScaler(), model_selection.FixedThresholdClassifier(clf, threshold=0.6)),
            {"standardscaler__with_mean": [True, False]},
        ),
    ],
)
def test_thresholds_of_wrappers_move_the_bar(wrap, favourable):
    X, y = people(150)
    X = X[NUMBERS]
    clf = fit(wrap(make_pipeline(StandardScaler(), LogisticRegression())), X, y)
    model = rs.as_model(clf, desired=favourable)
    denied = X[clf.predict(X) != favourable].iloc[:8]
    menus = action_set(X, default_bounds=(5, 95, "percentile")).menus(denied)
    statement = model.additive(menus)
    assert statement is not None
    np.testing.assert_allclose(rs.search.solve(model, menus).cost, definition.solve(model, menus).cost, atol=1e-9)


def test_a_named_threshold_and_a_margin_go_beyond_the_wrappers():
    X, y = people(150)
    X = X[NUMBERS]
    clf = model_selection.FixedThresholdClassifier(LogisticRegression(max_iter=1000), threshold=0.7).fit(X, y)
    for settings in ({"threshold": 0.4}, {"margin": 0.3}, {"threshold": 0.4, "margin": 0.3}):
        model = rs.as_model(clf, **settings)
        menus = action_set(X, default_bounds=(5, 95, "percentile")).menus(X[~model.approves(X)].iloc[:8])
        assert model.additive(menus) is not None
        np.testing.assert_allclose(rs.search.solve(model, menus).cost, definition.solve(model, menus).cost, atol=1e-9)


def test_thresholds_on_what_is_no_logistic_probability_are_not_translated():
    X, y = people()
    X = X[NUMBERS]
    odd = SGDClassifier(loss="modified_huber", random_state=0)
    menus = action_set(X).menus(X)
    assert rs.as_model(model_selection.FixedThresholdClassifier(odd, threshold=0.7).fit(X, y)).additive(menus) is None
    clf = make_pipeline(preprocessing.PowerTransformer(), odd).fit(X, y)
    assert rs.as_model(clf).additive(menus) is not None
    assert rs.as_model(clf, threshold=0.7).additive(menus) is None


@pytest.mark.parametrize("favourable", [0, 1])
def test_naive_bayes_gives_ties_to_the_first_label(favourable):
    """Two mirrored classes: whoever has as many of one mark as of the other has exactly equal likelihoods."""
    X = pd.DataFrame({"a": [1, 0, 1, 0], "b": [0, 1, 0, 1]})
    clf = naive_bayes.BernoulliNB().fit(X, [1, 0, 1, 0])
    assert clf.predict(pd.DataFrame({"a": [0, 1], "b": [0, 1]})).tolist() == [0, 0]
    model = rs.as_model(clf, desired=favourable)
    start = pd.DataFrame({"a": [1 - favourable], "b": [favourable]})
    menus = rs.ActionSet(X).menus(start, "l1")
    answers = rs.search.solve(model, menus)
    exact = definition.solve(model, menus)
    assert answers.status(0) is rs.Status.OPTIMAL
    np.testing.assert_allclose(answers.cost, exact.cost)
    assert np.count_nonzero(answers.picks) == (2 if favourable else 1)


def test_naive_bayes_takes_thresholds_and_margins():
    X, y = people(150)
    X = X[NUMBERS]
    clf = naive_bayes.GaussianNB().fit(X, y)
    for settings in ({"threshold": 0.8}, {"margin": 0.5}):
        model = rs.as_model(clf, **settings)
        menus = action_set(X, default_bounds=(5, 95, "percentile")).menus(X[~model.approves(X)].iloc[:8])
        assert model.additive(menus) is not None
        np.testing.assert_allclose(rs.search.solve(model, menus).cost, definition.solve(model, menus).cost, atol=1e-9)


# -- tables ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["object", "str", "category", "polars", "polars fitted", "bool", "int16", "float32"])
def test_every_kind_of_column_is_asked_as_it_was_fitted(kind):
    pl = pytest.importorskip("polars")
    X, y = people()
    X["member"] = X["balance"] > 0
    if kind in ("object", "str", "category"):
        X["housing"] = X["housing"].astype(kind)
    elif kind == "bool":
        X = X[["member", "income"]]
    elif kind in ("int16", "float32"):
        X = X.assign(overdue=X["overdue"].astype("int16"), income=X["income"].astype("float32"))
    pre = make_column_transformer(
        (OneHotEncoder(sparse_output=False), make_column_selector(dtype_include=["object", "str", "category", "bool"]))
        if kind != "polars fitted"
        else (OneHotEncoder(sparse_output=False), ["housing", "member"]),
        remainder=preprocessing.SplineTransformer(n_knots=3),
    )
    table = pl.DataFrame({name: X[name].tolist() for name in X.columns}) if kind.startswith("polars") else X
    clf = make_pipeline(pre, LogisticRegression(max_iter=1000)).fit(table if kind == "polars fitted" else X, y)
    actions = action_set(table)
    result = rs.audit(clf, table, actions)
    model = rs.as_model(clf)
    menus = actions.menus(X[~model.approves(X)])
    assert discrepancy(model, menus, model.additive(menus)) <= model.additive(menus).tolerance
    assert result.overall["undecided"] == 0
    after = X.copy()
    for change in result.changes.itertuples():
        after.loc[after.index[change.row], change.feature] = change.new
    np.testing.assert_array_equal(clf.predict(after)[result.people["feasible"].fillna(False).to_numpy(bool)], 1)


def test_an_estimator_fitted_on_an_array_of_words_and_numbers_works():
    X, y = people()
    pre = ColumnTransformer([("words", OneHotEncoder(), [0]), ("numbers", StandardScaler(), slice(1, None))])
    clf = make_pipeline(pre, LogisticRegression()).fit(X.to_numpy(), y)
    model = rs.as_model(clf)
    menus = action_set(X).menus(X[~model.approves(X)])
    assert discrepancy(model, menus, model.additive(menus)) <= 1e-12


def test_levels_the_estimator_has_not_seen_are_todays_values_or_an_error_that_names_them():
    X, y = people()
    seen = X["housing"] != "free"
    for unknown in ("ignore", "error"):
        pre = make_column_transformer((OneHotEncoder(handle_unknown=unknown), ["housing"]), remainder=StandardScaler())
        clf = make_pipeline(pre, LogisticRegression()).fit(X[seen], y[seen])
        if unknown == "ignore":
            result = rs.audit(clf, X, action_set(X))
            assert result.overall["undecided"] == 0
            continue
        with pytest.raises(rs.InputError, match=r"can't judge 'housing' = 'free'.*unknown categories"):
            rs.audit(clf, X[seen], action_set(X))
        actions = action_set(X)
        actions["housing"].levels = ["own", "rent"]
        assert rs.audit(clf, X[seen], actions).overall["undecided"] == 0


def test_features_the_model_does_not_read_stay_as_they_are():
    X, y = people()
    for names in (NUMBERS, ["housing", "income"]):
        pre = "passthrough" if names == NUMBERS else ENCODED
        clf = make_pipeline(pre, LogisticRegression(max_iter=1000)).fit(X[names], y)
        result = rs.audit(clf, X, action_set(X))
        assert set(result.changes["feature"]) <= set(names)


def test_joint_menus_get_the_sum_over_their_features():
    X, y = people()
    clf = make_pipeline(ENCODED, LogisticRegression(max_iter=1000)).fit(X, y)
    actions = action_set(X, default_bounds=(5, 95, "percentile"))
    actions.add_constraint(rs.constraints.AtMost(1, ["housing", "overdue"]))
    model = rs.as_model(clf)
    menus = actions.menus(X[~model.approves(X)].iloc[:10])
    assert not menus.single
    assert discrepancy(model, menus, model.additive(menus)) <= 1e-12
    np.testing.assert_allclose(rs.search.solve(model, menus).cost, definition.solve(model, menus).cost, atol=1e-9)


def test_terms_are_measured_once_for_a_flipset():
    X, y = people()
    clf = make_pipeline(ENCODED, LogisticRegression(max_iter=1000)).fit(X, y)
    model = rs.as_model(clf)
    calls = []
    measure = model.additive
    model.additive = lambda menus: calls.append(1) or measure(menus)
    denied = X[~model.approves(X)].iloc[0]
    rs.flipset(model, denied, action_set(X), distinct="subsets")
    assert len(calls) == 1


def test_well_known_encoders_of_other_libraries_are_recognised_by_their_path():
    class WOEEncoder(preprocessing.TargetEncoder):
        """Stands in for category_encoders', which need not be installed."""

    class HashingEncoder(WOEEncoder):
        """Mixes columns: not on the list."""

    X, y = people()
    menus = action_set(X).menus(X)
    for encoder, additive in ((WOEEncoder, True), (HashingEncoder, False)):
        encoder.__module__, encoder.__qualname__ = "category_encoders.woe", encoder.__name__
        pre = make_column_transformer((encoder(), ["housing"]), remainder="passthrough")
        clf = make_pipeline(pre, LogisticRegression(max_iter=1000)).fit(X, y)
        assert (rs.as_model(clf).additive(menus) is not None) is additive


def test_a_level_that_this_tables_categories_do_not_list_is_still_that_level():
    X, y = people()
    clf = make_pipeline(ENCODED, LogisticRegression(max_iter=1000)).fit(X, y)
    model = rs.as_model(clf)
    renters = X[(X["housing"] == "rent") & ~model.approves(X)]
    narrow = renters.assign(housing=pd.Categorical(renters["housing"]))
    assert narrow["housing"].cat.categories.tolist() == ["rent"]
    actions = action_set(X)
    actions[NUMBERS].actionable = False
    expected, result = rs.audit(clf, renters, actions), rs.audit(clf, narrow, actions)
    assert (result.changes["feature"] == "housing").any()
    pd.testing.assert_frame_equal(result.people, expected.people)
