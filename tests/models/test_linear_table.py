"""A table of coefficients is a model of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs


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


def test_words_where_a_linear_model_needs_numbers_are_named():
    model = rs.LinearModel({"income": 1.0, "debt": -1.0})
    with pytest.raises(rs.InputError, match="'debt', which holds 'low' and not only numbers"):
        model.approves(pd.DataFrame({"income": [1.0, 2.0], "debt": [3, "low"]}))
