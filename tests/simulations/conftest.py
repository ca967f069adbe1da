"""People that the tests of simulations share."""

from __future__ import annotations

import pytest

import recourse as rs


@pytest.fixture(scope="session")
def blobs():
    """Three hundred people of the overlapping set, their labels, and wide bounds."""
    data = rs.datasets.overlapping(300, random_state=0)
    return data.X, data.y, rs.ActionSet(data.X, default_bounds=(-10, 10))
