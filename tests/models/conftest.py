"""People whom the tests of readers and files ask their models about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from helpers import World, world


@pytest.fixture
def w() -> World:
    return world(7)


@pytest.fixture
def people(w: World) -> pd.DataFrame:
    """Five hundred people who are in nobody's table: values of the world's people, and some noise."""
    rng = np.random.default_rng(0)
    noisy: pd.DataFrame = w.X.sample(500, replace=True, random_state=0) + rng.normal(size=(500, 4))
    return noisy


@pytest.fixture
def points() -> tuple[pd.DataFrame, pd.Series]:
    """Two overlapping clouds of people in two features of very different size, and their labels."""
    data = rs.datasets.overlapping(300, random_state=3)
    return data.X * [1.0, 100.0], data.y
