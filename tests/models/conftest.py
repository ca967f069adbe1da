"""People whom the tests of readers and files ask their models about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

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
