"""How far a model has moved: both definitions of the paper, and what can not be compared."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs
from recourse.statistics import (
    decisiveness,
    disagreement,
    perturbation,
    redundancy,
)


def test_both_definitions_of_the_paper_are_there():
    p, q = np.array([0.5, 0.9]), np.array([0.8, 0.1])
    assert decisiveness(p, q) == pytest.approx(abs(0.4 - 0.5))
    assert decisiveness(p, q, definition="mean_square") == pytest.approx((0.09 + 0.16) / 2)
    before, after = [np.zeros((2, 2)), np.zeros(1)], [np.ones((2, 2)), np.full(1, 3.0)]
    assert perturbation(before, after) == pytest.approx((2 / 4 + 3) / 2)
    assert perturbation(before, after, definition="squared") == pytest.approx(4 + 9)
    assert disagreement([0, 1], [1, 1]) == 0.5
    assert redundancy([[1.0, np.nan]], [[2.0, np.nan]]) == 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: decisiveness([0.5], [0.5], definition="code"),
        lambda: perturbation([], []),
        lambda: perturbation([[1.0]], [[1.0]], definition="l1"),
        lambda: disagreement([], []),
        lambda: redundancy([[1]], [[1, 2]]),
        lambda: perturbation([[1.0]], [[1.0], [2.0]]),
    ],
)
def test_what_can_not_be_measured_is_refused(wrong):
    with pytest.raises(rs.InputError):
        wrong()
