"""What is taken from a population: scales from training data, never from the people asked about."""

from __future__ import annotations

import numpy as np
import pandas as pd

from generator_worlds import denied, free
from recourse.generators import Generic


def test_the_standardiser_reads_the_population_never_the_people(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    by_default = Generic().generate(models["linear"], people, A)
    given_ = Generic().generate(models["linear"], people, A, population=X)  # the one A was inferred from
    pd.testing.assert_frame_equal(by_default.X, given_.X, rtol=1e-12)
    other = Generic().generate(models["linear"], people, A, population=X * 3)
    assert not np.allclose(other.X, given_.X)
