"""Models: what "approved" means, which settings fit which estimator, and files that can't be trusted."""

from __future__ import annotations

import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import recourse as rs
from helpers import LABELS, MODELS, NETWORKS, TREES, world


@pytest.mark.parametrize("labels", sorted(LABELS))
@pytest.mark.parametrize("favourable", [0, 1])
def test_approved_is_what_predict_says(labels, favourable):
    w = world(1, labels=labels, favourable=favourable)
    np.testing.assert_array_equal(w.model.approves(w.X), w.clf.predict(w.X) == w.desired)


@pytest.mark.parametrize("kind", sorted(set(MODELS) - set(TREES) - set(NETWORKS)))
@pytest.mark.parametrize("favourable", [0, 1])
def test_additive_terms_add_up_to_the_estimators_own_score(kind, favourable):
    w = world(2, kind=kind, favourable=favourable)
    menus = w.actions.menus(w.X)
    statement = w.model.additive(menus)
    rng = np.random.default_rng(0)
    lengths = np.diff(menus.row_ptr)[menus.rows]
    picks = (rng.random(lengths.shape) * lengths).astype(int)
    gained = statement.gains[menus.row_ptr[menus.rows] + picks].sum(axis=1)
    after = menus.points(np.arange(len(menus)), picks)
    own = w.model.score(after)
    error = np.abs(own - (statement.score + gained)).max()
    assert error <= statement.tolerance
    assert statement.tolerance < 1e-9
    clear = np.abs(own) > statement.tolerance
    np.testing.assert_array_equal((own > 0)[clear], (w.clf.predict(after) == w.desired)[clear])
    assert statement.strict is bool(favourable) ^ (kind == "threshold"), "a wrapper's threshold counts as reached"


def test_the_default_label_is_1_and_anything_else_must_be_named():
    X, y = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]}), np.array([0, 0, 1, 1])
    fit = LogisticRegression().fit
    assert rs.as_model(fit(X, y)).desired == 1
    assert rs.as_model(fit(X, 2 * y - 1)).desired == 1
    assert rs.as_model(fit(X, y), desired=0).desired == 0
    assert rs.as_model(fit(X, y.astype(str)), desired=1).desired == "1", "as the command line has to spell it"
    with pytest.raises(rs.InputError, match=r"which label is favourable\? Name it with desired=: 1, 2"):
        rs.as_model(fit(X, y + 1))
    with pytest.raises(rs.InputError, match="which label is favourable"):
        rs.as_model(fit(X, np.array(["n", "n", "y", "y"])))
    with pytest.raises(rs.InputError, match="desired=7 is none of the model's labels: 0, 1"):
        rs.as_model(fit(X, y), desired=7)


def test_models_that_can_not_be_used_say_why():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
    with pytest.raises(rs.ModelError, match="LogisticRegression is not fitted"):
        rs.as_model(LogisticRegression())
    with pytest.raises(rs.ModelError, match="StandardScaler → LogisticRegression is not fitted"):
        rs.as_model(make_pipeline(StandardScaler(), LogisticRegression()))
    with pytest.raises(rs.ModelError, match="3 labels"):
        rs.as_model(LogisticRegression().fit(X, [0, 1, 2]))
    with pytest.raises(rs.ModelError, match="no classes_"):
        rs.as_model(LinearRegression().fit(X, [0, 1, 2]))
    with pytest.raises(rs.ModelError, match="no predict"):
        rs.as_model("model")


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "Float32", "int64[pyarrow]", "double[pyarrow]"])
def test_nullable_and_arrow_columns_are_linear_too(dtype):
    X = pd.DataFrame({"a": pd.array(range(20), dtype=dtype), "b": np.arange(20.0)})
    plain = pd.DataFrame({"a": np.arange(20), "b": np.arange(20.0)})
    clf = LogisticRegression().fit(plain, np.arange(20) > 12)
    actions = rs.ActionSet(X)
    expected = rs.audit(clf, plain, rs.ActionSet(plain)).people["cost"]
    np.testing.assert_allclose(rs.audit(clf, X, actions).people["cost"], expected)


def test_settings_that_do_not_fit_the_model_say_why():
    X, y = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]}), [0, 0, 1, 1]
    with pytest.raises(rs.InputError, match="between 0 and 1, not 1.5"):
        rs.as_model(LogisticRegression().fit(X, y), threshold=1.5)
    with pytest.raises(rs.InputError, match="gives no probabilities"):
        rs.as_model(LinearSVC().fit(X, y), threshold=0.5)
    with pytest.raises(rs.InputError, match="margin must be"):
        rs.as_model(LinearSVC().fit(X, y), margin=-1)


def test_the_estimator_gets_the_kind_of_input_it_was_fitted_on():
    w = world(4)
    seen = []

    class Spy(LogisticRegression):
        def predict(self, X):
            seen.append(type(X).__name__ if not isinstance(X, pd.DataFrame) else list(X.columns))
            return super().predict(X)

    named = Spy().fit(w.X, w.y)
    rs.as_model(named, desired=1).approves(w.X[w.X.columns[::-1]])
    assert seen.pop() == list(w.X.columns)
    nameless = Spy().fit(w.X.to_numpy(), w.y)
    rs.as_model(nameless, desired=1).approves(w.X)
    assert seen.pop() == "ndarray"


def test_columns_the_model_reads_must_be_features():
    w = world(4)
    fewer = rs.ActionSet(w.X.rename(columns={"income": "incme"}))
    with pytest.raises(rs.InputError, match="the model reads 'income', which is no feature.*Did you mean 'incme'"):
        rs.audit(w.clf, w.X.rename(columns={"income": "incme"}), fewer)
    nameless = LogisticRegression().fit(w.X.to_numpy()[:, :2], w.y)
    with pytest.raises(rs.InputError, match="fitted on 2 columns without names, but the action set has 4"):
        rs.audit(nameless, w.X, w.actions)


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(n_estimators=3, random_state=0),
        make_pipeline(PolynomialFeatures(2), LogisticRegression(max_iter=10_000)),
    ],
)
def test_what_is_not_known_to_be_additive_does_not_say_it_is(estimator):
    w = world(6)
    model = rs.as_model(estimator.fit(w.X, w.y))
    assert model.additive(w.actions.menus(w.X)) is None


def test_a_threshold_is_only_translated_to_a_score_where_probabilities_are_logistic():
    w = world(6)
    clf = SGDClassifier(loss="modified_huber", random_state=0).fit(w.X, w.y)
    assert rs.as_model(clf).additive(w.actions.menus(w.X)) is not None
    assert rs.as_model(clf, threshold=0.7).additive(w.actions.menus(w.X)) is None


def test_coefficients_are_a_model_of_their_own():
    model = rs.LinearModel([1.0, -2.0], intercept=[0.5], names=["a", "b"])
    assert model.approves(pd.DataFrame({"a": [0.0, 1.5], "b": [0.25, 1.0]})).tolist() == [False, False]
    assert model.approves(pd.DataFrame({"a": [0.01, 1.51], "b": [0.25, 1.0]})).tolist() == [True, True]
    with pytest.raises(rs.InputError, match="2 coefficients for 1 names"):
        rs.LinearModel([1.0, 2.0], names=["a"])
    with pytest.raises(rs.InputError, match="intercept must be one number"):
        rs.LinearModel([1.0], intercept=[1, 2])
    with pytest.raises(rs.ModelError, match="finite"):
        rs.LinearModel([np.nan])
    with pytest.raises(rs.InputError, match="belong to as_model"):
        rs.as_model(model, desired=1)


# -- files ---------------------------------------------------------------------------------------------


def test_coefficient_tables_load_from_csv_and_json(tmp_path):
    table = tmp_path / "model.csv"
    table.write_text("feature,coefficient\n(intercept),-10\nincome,0.5\ndebt,-1\n")
    document = tmp_path / "model.json"
    document.write_text(json.dumps({"intercept": -10, "coefficients": {"income": 0.5, "debt": -1}}))
    X = pd.DataFrame({"debt": [0, 5], "income": [25, 25]})
    for file in (table, document):
        assert rs.load_model(file).approves(X).tolist() == [True, False]


def test_a_skops_file_loads_whatever_it_is_called(tmp_path):
    skops = pytest.importorskip("skops.io")
    w = world(7, kind="scaled logistic")
    file = tmp_path / "model.pkl"
    skops.dump(w.clf, file)
    np.testing.assert_array_equal(rs.load_model(file).predict(w.X), w.clf.predict(w.X))


class Evil:
    """Writes a file when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_is_refused_unopened_whatever_it_is_called(tmp_path):
    mark = tmp_path / "executed"
    for name in ("model.pkl", "model.skops", "model.json"):
        (tmp_path / name).write_bytes(pickle.dumps(Evil(mark)))
        with pytest.raises(rs.ModelError, match="looks like a pickle"):
            rs.load_model(tmp_path / name)
    assert not mark.exists()


def test_a_skops_file_with_untrusted_types_is_refused(tmp_path):
    skops = pytest.importorskip("skops.io")
    file = tmp_path / "model.skops"
    skops.dump(Untrusted(), file)
    with pytest.raises(rs.ModelError, match="types that are not trusted: .*Untrusted"):
        rs.load_model(file)


class Untrusted:
    """A class that no allow-list knows."""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x00\x01\xff\xfe\x80", "neither a model file of a known kind nor text"),
        (b"hello", "no coefficient table"),
        (b"feature,coefficient\n", "at least one coefficient"),
        (b"feature,coefficient\na,1\na,2\n", "'a' has two coefficients"),
        (b"feature,coefficient\na,1,2\n", "must have two cells"),
        (b"feature,coefficient\na,x\n", "coefficient of 'a' must be a finite number, not 'x'"),
        (b"feature,coefficient\na,nan\n", "must be a finite number"),
        (b"{", "not valid JSON"),
        (b'{"coefficients": {}}', "must have 'coefficients'"),
        (b'{"coefficients": {"a": 1}, "interccept": 2}', "not 'interccept'"),
        (b'{"coefficients": {"a": true}}', "finite number, not True"),
        (b'{"coefficients": {"a": 1%s}}' % (b"0" * 400), "finite number, not an integer beyond all floats"),
    ],
)
def test_files_that_are_no_model_are_refused_with_the_reason(tmp_path, content, message):
    file = tmp_path / "model"
    file.write_bytes(content)
    with pytest.raises(rs.ModelError, match=message):
        rs.load_model(file)


def test_a_zip_that_is_no_skops_file_and_a_file_that_is_not_there(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(rs.ModelError, match="no readable skops file"):
        rs.load_model(tmp_path / "model.skops")
    with pytest.raises(rs.ModelError, match="can't read the model file"):
        rs.load_model(tmp_path / "nothing.skops")


def people_in_words() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=90), "b": rng.normal(size=90), "home": rng.choice(["own", "rent"], 90)})
    y = (X["a"] + (X["home"] == "own") > 0.5).astype(int).to_numpy()
    X.loc[::7, "b"] = np.nan
    return X, y


SKOPS = {
    "imputed": lambda: make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression()),
    "words": lambda: make_pipeline(
        make_column_transformer((OneHotEncoder(), ["home"]), (SimpleImputer(), ["a", "b"])), LogisticRegression()
    ),
    "tree": lambda: DecisionTreeClassifier(max_depth=4),
    "forest": lambda: RandomForestClassifier(3),
    "boosted": lambda: HistGradientBoostingClassifier(max_iter=5),
    "boosted, older": lambda: GradientBoostingClassifier(n_estimators=3),
    "calibrated": lambda: CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2), cv=3),
}


@pytest.mark.parametrize("kind", sorted(SKOPS))
def test_the_usual_models_load_from_skops(kind, tmp_path):
    skops = pytest.importorskip("skops.io")
    X, y = people_in_words()
    X = X if kind == "words" else X[["a", "b"]] if kind in ("imputed", "boosted") else X[["a"]]
    clf = SKOPS[kind]().fit(X, y)
    skops.dump(clf, tmp_path / "model.skops")
    np.testing.assert_array_equal(rs.load_model(tmp_path / "model.skops").predict(X), clf.predict(X))


def test_a_tree_that_points_outside_itself_is_refused(tmp_path):
    skops = pytest.importorskip("skops.io")
    X, y = people_in_words()
    forest = RandomForestClassifier(2, max_depth=3, random_state=0).fit(X[["a"]], y)
    boosted = HistGradientBoostingClassifier(max_iter=2).fit(X[["a"]], y)
    forest.estimators_[1].tree_.children_left[0] = 10_000
    boosted._predictors[0][0].nodes["feature_idx"][0] = 7
    for clf in (forest, boosted):
        skops.dump(clf, tmp_path / "model.skops")
        with pytest.raises(rs.ModelError, match="nodes point outside it"):
            rs.load_model(tmp_path / "model.skops")


def test_a_function_of_the_users_own_is_refused_with_what_loads(tmp_path):
    skops = pytest.importorskip("skops.io")
    skops.dump(make_pipeline(FunctionTransformer(people_in_words), StandardScaler()), tmp_path / "model.skops")
    with pytest.raises(rs.ModelError, match="not trusted: .*people_in_words.*forests.*no functions or classes"):
        rs.load_model(tmp_path / "model.skops")


def test_a_margin_needs_a_decision_value():
    X, y = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]}), [0, 0, 1, 1]
    with pytest.raises(rs.InputError, match="RandomForestClassifier has no decision_function.* use threshold="):
        rs.as_model(RandomForestClassifier(2).fit(X, y), margin=0.5)
    with pytest.raises(rs.InputError, match="margin= needs a model of two labels"):
        rs.as_model(LogisticRegression().fit(X, [0, 1, 2, 2]), desired=1, margin=0.5)


def test_a_label_is_found_by_its_number():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]})
    clf = LogisticRegression().fit(X, [0.0, 0.0, 1.0, 1.0])
    assert rs.as_model(clf, desired="1").desired == 1.0
    assert rs.as_model(clf, desired="0").desired == 0.0
    with pytest.raises(rs.InputError, match="none of the model's labels"):
        rs.as_model(clf, desired="one")


def test_the_column_that_may_not_be_missing_is_the_one_named():
    X = pd.DataFrame({"fills": [1.0, 2.0, np.nan, np.nan], "needs": [1.0, 3.0, 2.0, np.nan]})
    clf = make_pipeline(
        make_column_transformer((SimpleImputer(), ["fills"]), ("passthrough", ["needs"])), LogisticRegression()
    ).fit(X.iloc[:3], [0, 1, 1])
    for rows in (X, X.iloc[[3, 0]]):
        with pytest.raises(rs.InputError, match="column 'needs' is missing in 1 row"):
            rs.as_model(clf).check_rows(rows)
    rs.as_model(clf).check_rows(X.iloc[:3])


def test_words_where_a_linear_model_needs_numbers_are_named():
    model = rs.LinearModel({"income": 1.0, "debt": -1.0})
    with pytest.raises(rs.InputError, match="'debt', which holds 'low' and not only numbers"):
        model.approves(pd.DataFrame({"income": [1.0, 2.0], "debt": [3, "low"]}))
