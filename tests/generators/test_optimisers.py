"""Optimisers: how far a step goes and along which features."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs
from generator_worlds import denied, free
from recourse.generators import Adam, Descent, Generic, Greedy, Probability, Salient


def test_greedy_moves_one_feature_at_a_time_and_at_most_ten_steps(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    one = Greedy(max_steps=1).generate(models["linear"], people, A, population=X)
    assert ((people != one.X).sum(axis=1) <= 1).all()
    many = Greedy(max_steps=500).generate(models["linear"], people, A, population=X)
    assert (np.abs(many.X["x1"] - people["x1"]) <= 10 * 0.1 * X["x1"].std() + 1e-9).all()


def test_adam_takes_the_steps_of_its_paper():
    adam, rng = Adam(0.05, betas=(0.8, 0.9)), np.random.default_rng(0)
    memory, first, second = adam.start((2, 1, 3)), 0.0, 0.0
    for t in range(1, 6):
        gradient = rng.normal(size=(2, 1, 3))
        first, second = 0.8 * first + 0.2 * gradient, 0.9 * second + 0.1 * gradient**2
        expected = -0.05 * (first / (1 - 0.8**t)) / (np.sqrt(second / (1 - 0.9**t)) + 1e-8)
        np.testing.assert_allclose(adam.step(gradient, memory, t), expected)


def test_descent_goes_down_in_proportion_to_the_slope():
    assert Descent(0.5).step(np.array([[[2.0, -4.0]]]), [], 1).tolist() == [[[-1.0, 2.0]]]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Descent(0.0), "rate must be a finite number above 0"),
        (lambda: Adam(-0.1), "rate must be"),
        (lambda: Adam(betas=0.9), "betas must be two shares"),
        (lambda: Adam(betas=(0.9, 1.0)), "each of betas must be a share"),
        (lambda: Salient(size=0), "size must be"),
        (lambda: Salient(most=0.5), "most must be a whole number ≥ 1"),
        (lambda: Generic(optimiser=Adam), r"optimiser is the class Adam itself; make one of it: Adam\(\)"),
        (lambda: Generic(optimiser=Probability()), "optimiser must be an Optimiser, not a Probability. Choose Descent"),
        (lambda: Generic(optimiser="adam"), "optimiser must be an Optimiser, not a str"),
    ],
)
def test_what_is_no_optimiser_is_refused_in_words(make, words):
    with pytest.raises(rs.InputError, match=words):
        make()


def test_an_optimiser_of_your_own_is_taken(models, lender):
    class Signs:
        def start(self, shape):
            return []

        def step(self, gradient, memory, t):
            return -0.05 * np.sign(gradient)

    X, _ = lender
    assert Generic(optimiser=Signs()).generate(models["mlp"], denied(models["mlp"], X), free(X)).valid.all()
