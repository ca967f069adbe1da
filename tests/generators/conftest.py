"""People with two features that matter and two that do not, and models of three kinds fitted to them."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs
from recourse.models.network_classifier import NetworkClassifier


@pytest.fixture(scope="module")
def lender():
    data = rs.datasets.overlapping(400, random_state=1)
    X = data.X.assign(loans=np.random.default_rng(0).integers(0, 9, 400), owns=np.arange(400) % 2)
    return X, data.y


@pytest.fixture(scope="module")
def models(lender):
    X, y = lender
    return {
        "linear": NetworkClassifier((), random_state=0).fit(X, y),
        "mlp": NetworkClassifier(epochs=30, random_state=0).fit(X, y),
        "ensemble": NetworkClassifier((8,), members=5, epochs=20, random_state=0).fit(X, y),
    }
