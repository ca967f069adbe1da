"""What a network states of itself holds for every point."""

from __future__ import annotations

import numpy as np

from recourse.models.network_classifier import NetworkClassifier


def test_interval_bounds_hold_every_point_of_the_box(points):
    X, y = points
    clf = NetworkClassifier((8, 8), members=3, epochs=20, random_state=0).fit(X, y)
    rng = np.random.default_rng(0)
    low, high = rng.normal(size=(2, 40, 2)) * [1, 100]
    low, high = np.minimum(low, high), np.maximum(low, high)
    bottom, top = clf.layers_.bounds(low, high)
    for _ in range(50):
        z = clf.layers_.logits(rng.uniform(low, high))
        assert (z >= bottom - 1e-9).all()
        assert (z <= top + 1e-9).all()
    linear = NetworkClassifier((), random_state=0).fit(X, y).layers_
    corners = np.array(
        [[low[:, 0], low[:, 1]], [low[:, 0], high[:, 1]], [high[:, 0], low[:, 1]], [high[:, 0], high[:, 1]]]
    )
    z = np.array([linear.logits(corner.T)[0] for corner in corners])
    np.testing.assert_allclose(linear.bounds(low, high)[1][0], z.max(axis=0), atol=1e-9)
