"""skops files load if they hold nothing but known types, and are refused before they act otherwise."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import recourse as rs
from helpers import Evil, world


def test_a_pickle_inside_a_zip_is_no_skops_file(tmp_path):
    pytest.importorskip("skops")
    mark = tmp_path / "executed"
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("data.pkl", pickle.dumps(Evil(mark)))
    with pytest.raises(rs.ModelError, match="no readable skops file"):
        rs.load_model(tmp_path / "model.skops")
    assert not mark.exists()


def _npy(shape):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return buffer.getvalue() + b"\0" * 64


def test_an_archive_that_says_it_holds_more_than_it_does_is_refused(tmp_path):
    file = tmp_path / "model.skops"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", "{}")
        archive.writestr("weights.npy", _npy((2**28,)))  # a header of 2 GB
    with pytest.raises(rs.ModelError, match="weights.npy says that it holds more than it does"):
        rs.load_model(file)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "model.skops"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * (3 << 20))
    monkeypatch.setattr("recourse.models.files.skops.SIZE_LIMIT", 1 << 20)
    with pytest.raises(rs.ModelError, match="would unpack to .* GiB"):
        rs.load_model(file)


def test_a_skops_file_loads_whatever_it_is_called(tmp_path):
    skops = pytest.importorskip("skops.io")
    w = world(7, kind="scaled logistic")
    file = tmp_path / "model.pkl"
    skops.dump(w.clf, file)
    np.testing.assert_array_equal(rs.load_model(file).predict(w.X), w.clf.predict(w.X))


def test_a_skops_file_with_untrusted_types_is_refused(tmp_path):
    skops = pytest.importorskip("skops.io")
    file = tmp_path / "model.skops"
    skops.dump(Untrusted(), file)
    with pytest.raises(rs.ModelError, match="types that are not trusted: .*Untrusted"):
        rs.load_model(file)


class Untrusted:
    """A class that no allow-list knows."""


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
