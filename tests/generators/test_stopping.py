"""Stops: when a search has arrived, and what contradicts them."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs
from recourse.generators import ClaPROAR, Distance, Generic, Gradient, Probability


def test_a_mitigation_that_stops_at_the_boundary_is_refused_because_it_would_do_nothing():
    with pytest.raises(rs.InputError, match="without effect"):
        ClaPROAR(stop=Probability(0.5))


def test_a_probability_is_met_once_all_of_a_person_have_it_and_are_approved():
    p, approved = np.array([[0.9, 0.95], [0.9, 0.7], [0.9, 0.9]]), np.array([[True, True], [True, True], [True, False]])
    assert Probability(0.8).met(p, approved, np.zeros((3, 2, 1))).tolist() == [True, False, False]


def test_a_gradient_is_met_once_every_slope_is_small_whatever_the_model_says():
    gradient = np.array([[[0.001, -0.001]], [[0.001, -0.1]]])
    assert Gradient(0.01).met(np.zeros((2, 1)), np.zeros((2, 1), dtype=bool), gradient).tolist() == [True, False]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Probability(1.0), "gamma must be a share above 0 and below 1"),
        (lambda: Probability("0.9"), "gamma must be"),
        (lambda: Gradient(0), "tolerance must be a finite number above 0"),
        (lambda: Generic(stop=Gradient), r"stop is the class Gradient itself; make one of it: Gradient\(\)"),
        (lambda: Generic(stop=Distance()), "stop must be a Stop, not a Distance. Choose Probability"),
        (lambda: Generic(stop=0.9), "stop must be a Stop, not a float"),
    ],
)
def test_what_is_no_stop_is_refused_in_words(make, words):
    with pytest.raises(rs.InputError, match=words):
        make()
