"""The percentiles that prices and bounds are made of."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recourse.actions import Distribution


def test_the_percentile_function_is_strictly_inside_0_and_1_and_monotone():
    F = Distribution.of([5, 5, 7, 9]).cdf
    np.testing.assert_allclose(F([5, 6, 7, 9]), [0.4, 0.5, 0.6, 0.8])
    np.testing.assert_allclose(F([-100, 4.99]), [0.1, 0.1])
    np.testing.assert_allclose(F([9.01, 100]), [0.9, 0.9])
    assert (np.diff(F(np.linspace(-5, 15, 400))) >= 0).all()


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=40), st.floats(0, 100))
def test_quantiles_agree_with_numpy(sample, percent):
    np.testing.assert_allclose(Distribution.of(sample).quantile(percent), np.percentile(sample, percent), atol=1e-9)
