"""A world, and one of its people who are denied."""

from __future__ import annotations

import pytest

from helpers import world


@pytest.fixture
def w():
    return world(11)


@pytest.fixture
def x(w):
    return w.denied.iloc[0]
