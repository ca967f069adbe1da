"""LightGBM's text: it predicts as the library does, and texts that make no sense are refused."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs
from recourse.models.readers.lightgbm import read_lightgbm


def test_a_lightgbm_file_predicts_as_the_library_does(tmp_path, w, people):
    lightgbm = pytest.importorskip("lightgbm")
    clf = lightgbm.LGBMClassifier(n_estimators=8, min_child_samples=5, verbose=-1).fit(w.X, w.y)
    file = tmp_path / "model.bin"
    clf.booster_.save_model(file)
    loaded = rs.load_model(file)
    X = people
    np.testing.assert_array_equal(loaded.predict(X), clf.predict(X))
    np.testing.assert_array_equal(loaded.decision_function(X), clf.predict(X, raw_score=True))
    np.testing.assert_allclose(loaded.predict_proba(X), clf.predict_proba(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("objective=binary", "objective=regression", "does not decide between two labels"),
        ("num_class=1", "num_class=3", "several labels"),
        ("end of trees", "", "cut short"),
        ("is_linear=0", "is_linear=1", "linear trees"),
        ("left_child=", "left_child=0 ", "can't|cannot|could not|different|lengths|no LightGBM model"),
        ("num_leaves=", "num_leaves=9", "fewer leaves"),
        ("max_feature_idx=3", "max_feature_idx=7", "8 features, but 4 names"),
    ],
)
def test_lightgbm_texts_that_make_no_sense_are_refused(w, old, new, message):
    lightgbm = pytest.importorskip("lightgbm")
    clf = lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=5, verbose=-1).fit(w.X, w.y)
    text = clf.booster_.model_to_string()
    assert read_lightgbm(text).trees
    with pytest.raises(rs.ModelError, match=message):
        read_lightgbm(text.replace(old, new))
