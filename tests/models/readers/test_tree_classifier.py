"""Trees in the libraries' own formats see tables as the libraries themselves do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recourse.models.readers.lightgbm import read_lightgbm


def test_a_table_with_missing_values_and_categories_reaches_native_trees_as_it_reaches_the_library(w):
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=400), "k": pd.Categorical(rng.choice(list("cab"), 400))})
    X.loc[::7, "a"] = np.nan
    X.loc[::11, "k"] = np.nan
    y = (X["a"].fillna(0.3) + (X["k"] == "a") > 0.2).astype(int)
    clf = lightgbm.LGBMClassifier(n_estimators=5, min_data_per_group=5, cat_smooth=1, verbose=-1).fit(X, y)
    native = read_lightgbm(clf.booster_.model_to_string())
    np.testing.assert_array_equal(native.decision_function(X), clf.predict(X, raw_score=True))
    other = X.assign(k=X["k"].astype(object).astype(pd.CategoricalDtype(["b", "x", "a", "c"])))
    np.testing.assert_array_equal(native.decision_function(other), clf.predict(other, raw_score=True))
