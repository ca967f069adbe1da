"""Four shapes of a study over time: as described, from their seed alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.datasets import circles, moons, overlapping, separable
from recourse.errors import InputError

SHAPES = [overlapping, separable, circles, moons]


@pytest.mark.parametrize("shape", SHAPES)
def test_half_of_the_people_are_favourable_and_the_seed_says_who(shape):
    state = np.random.get_state()[1].copy()
    data = shape(101, random_state=3)
    assert data.X.shape == (101, 2)
    assert (data.y == data.desired).sum() == 51
    pd.testing.assert_frame_equal(data.frame, shape(101, random_state=3).frame)
    assert not data.X.equals(shape(101, random_state=4).X)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert not data.y.is_monotonic_increasing, "people come in no order"


def test_blobs_have_the_published_means_and_deviations():
    data = overlapping(40_000)
    means, deviations = data.X.groupby(data.y).mean(), data.X.groupby(data.y).std()
    np.testing.assert_allclose(means, [[0.433, -0.314], [1.976, 0.162]], atol=0.02)
    np.testing.assert_allclose(deviations, [[0.51, 0.53], [0.48, 0.53]], atol=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_separable_blobs_are_separable(seed):
    data = separable(400, random_state=seed)
    assert LogisticRegression(C=1e6, max_iter=1000).fit(data.X, data.y).score(data.X, data.y) == 1


def test_circles_and_moons_lie_where_they_should():
    inner = circles(20_000)
    radius = np.hypot(inner.X["x1"], inner.X["x2"])
    assert radius[inner.y == 1].mean() < 0.3 < 0.9 < radius[inner.y == 0].mean()
    upper = moons(2000, noise=0.0)
    first = upper.X[upper.y == 0]
    np.testing.assert_allclose(np.hypot(first["x1"], first["x2"]), 1)
    second = upper.X[upper.y == 1]
    np.testing.assert_allclose(np.hypot(second["x1"] - 1, second["x2"] - 0.5), 1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [1, 0, 2.5, True, "10", None])
def test_a_number_of_people_that_is_none_is_refused(shape, n):
    with pytest.raises(InputError, match="n must be a whole number ≥ 2"):
        shape(n)


def test_noise_that_is_no_deviation_is_refused():
    with pytest.raises(InputError, match="noise must be a finite number ≥ 0"):
        moons(10, noise=-0.1)


def test_synthetic_sets_are_those_of_the_paper():
    data = rs.datasets.overlapping(100_000, random_state=0)
    for label, mean, deviation in ((0, (0.433, -0.314), (0.51, 0.53)), (1, (1.976, 0.162), (0.48, 0.53))):
        mine = data.X[data.y == label]
        np.testing.assert_allclose(mine.mean(), mean, atol=0.01)
        np.testing.assert_allclose(mine.std(), deviation, atol=0.01)
    for make, least in ((rs.datasets.separable, 1.0), (rs.datasets.moons, 0.8), (rs.datasets.overlapping, 0.9)):
        data = make(1000, random_state=3)
        assert data.X.shape == (1000, 2)
        assert data.y.sum() == 500
        assert LogisticRegression(C=100).fit(data.X, data.y).score(data.X, data.y) >= least
    ring = rs.datasets.circles(1000)
    radius = np.linalg.norm(ring.X, axis=1)
    assert radius[ring.y == 0].mean() > 0.9
    assert radius[ring.y == 1].mean() < 0.25
    with pytest.raises(rs.InputError, match="n must be a whole number ≥ 2"):
        rs.datasets.moons(1)
