"""Which label is the favourable one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs


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


def test_a_label_is_found_by_its_number():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]})
    clf = LogisticRegression().fit(X, [0.0, 0.0, 1.0, 1.0])
    assert rs.as_model(clf, desired="1").desired == 1.0
    assert rs.as_model(clf, desired="0").desired == 0.0
    with pytest.raises(rs.InputError, match="none of the model's labels"):
        rs.as_model(clf, desired="one")
