"""XGBoost's documents: they predict as the library does, and those that make no sense are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

import recourse as rs
from recourse.models.readers.xgboost import read_xgboost


@pytest.mark.parametrize("ending", ["json", "ubj"])
def test_an_xgboost_file_predicts_as_the_library_does(tmp_path, w, ending, people):
    xgboost = pytest.importorskip("xgboost")
    clf = xgboost.XGBClassifier(n_estimators=8, max_depth=3).fit(w.X, w.y)
    file = tmp_path / f"model.{ending}"
    clf.save_model(file)
    loaded = rs.load_model(file)
    X = people
    np.testing.assert_array_equal(loaded.predict(X), clf.predict(X))
    np.testing.assert_array_equal(loaded.decision_function(X), clf.predict(X, output_margin=True))
    np.testing.assert_allclose(loaded.predict_proba(X), clf.predict_proba(X), atol=1e-6)
    assert list(loaded.feature_names_in_) == list(w.X.columns)
    assert rs.as_model(loaded).name == "XGBoost model of 8 trees"


def test_an_xgboost_file_stops_where_training_stopped_only_if_its_own_classifier_would(tmp_path, w, people):
    xgboost = pytest.importorskip("xgboost")
    clf = xgboost.XGBClassifier(n_estimators=40, early_stopping_rounds=2, max_depth=4)
    clf.fit(w.X[:50], w.y[:50], eval_set=[(w.X[50:], w.y[50:])], verbose=False)
    clf.save_model(tmp_path / "model.json")
    assert clf.best_iteration + 1 < clf.get_booster().num_boosted_rounds()
    X = people
    loaded = rs.load_model(tmp_path / "model.json")
    np.testing.assert_array_equal(loaded.decision_function(X), clf.predict(X, output_margin=True))


@pytest.fixture
def xgboost_document(w):
    xgboost = pytest.importorskip("xgboost")
    clf = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(w.X, w.y)
    return json.loads(clf.get_booster().save_raw("json"))


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("form", ["json", "ubj"])
def test_a_document_cut_short_is_refused(tmp_path, w, form, keep):
    xgboost = pytest.importorskip("xgboost")
    raw = bytes(xgboost.XGBClassifier(n_estimators=3).fit(w.X, w.y).get_booster().save_raw(form))
    file = tmp_path / "model"
    file.write_bytes(raw[: int(len(raw) * keep)])
    with pytest.raises(rs.ModelError, match="not valid"):
        rs.load_model(file)


def _set(document, path, value):
    *way, last = path
    for key in way:
        document = document[key]
    document[last] = value


TREE = ("learner", "gradient_booster", "model", "trees", 0)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((*TREE, "left_children", 0), 0, "do not form a tree"),
        ((*TREE, "left_children", 0), 999, "do not form a tree"),
        ((*TREE, "split_indices", 0), 77, "splits on feature 77 of 4"),
        ((*TREE, "split_conditions"), [1.0], "no XGBoost model that can be read|different lengths"),
        ((*TREE, "split_conditions", -1), float("nan"), "not finite"),
        (("learner", "objective", "name"), "reg:squarederror", "does not decide between two labels"),
        (("learner", "gradient_booster", "name"), "gblinear", "no sum of trees"),
        (("learner", "learner_model_param", "base_score"), "2", "no usable base score"),
        (("learner", "learner_model_param", "num_feature"), "x", "num_feature must be a whole number"),
    ],
)
def test_xgboost_documents_that_make_no_sense_are_refused(xgboost_document, path, value, message):
    _set(xgboost_document, path, value)
    with pytest.raises(rs.ModelError, match=message), np.errstate(all="ignore"):
        read_xgboost(xgboost_document)
