"""Losses: each leads to an approval, and a function of the user's goes the way of the loss that it writes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from generator_worlds import denied, free
from recourse.generators import (
    LOSSES,
    Adam,
    Block,
    ClaPROAR,
    Distance,
    FunctionLoss,
    Generic,
    Gradient,
    OldLabel,
    Probability,
    Slopes,
)


def test_adam_and_other_losses_arrive_too(models, lender, needs_torch):
    X, _ = lender
    for loss in ("bce", "hinge", "squared", lambda z: (2 - z).clamp(min=0)):
        recipe = Generic(loss=loss, optimiser=Adam(0.05), penalties=(Distance(0.001),))
        assert recipe.generate(models["linear"], denied(models["linear"], X), free(X)).valid.all()
    still = Generic(stop=Gradient(1e9)).generate(models["linear"], denied(models["linear"], X), free(X))
    assert still.converged.all()
    assert not still.valid.any()


def test_functions_of_yours_go_the_way_of_the_parts_that_they_write_out(models, lender, needs_torch):
    torch = needs_torch
    X, _ = lender
    people, A = denied(models["mlp"], X), free(X)

    def distance(block):
        return 0.1 * torch.linalg.vector_norm(block.points - block.today, dim=2).sum()

    def old_label(block):
        return 5.0 * torch.nn.functional.softplus(block.logits[block.crossed]).sum()

    class Tilt:
        def slopes(self, block):
            return Slopes(points=np.ones(block.points.shape))

    named = ClaPROAR(max_steps=40, keep_valid=False, penalties=(Distance(0.1), OldLabel(5.0), Tilt()))
    own = replace(
        named,
        loss=lambda z: torch.nn.functional.softplus(-z),
        penalties=(distance, old_label, lambda block: block.points.sum(), lambda block: 0.0),
    )
    expected = named.generate(models["mlp"], people, A, population=X)
    pd.testing.assert_frame_equal(own.generate(models["mlp"], people, A, population=X).X, expected.X, rtol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_slopes_of_losses_are_their_difference_quotients(loss):
    def value(z):
        p = 1 / (1 + np.exp(-z))
        return {
            "bce": np.log1p(np.exp(-z)),
            "hinge": np.maximum(1 - z, 0),
            "squared": (1 - p) ** 2,
            "entropy": -p * np.log(p) - (1 - p) * np.log(1 - p),
        }[loss]

    z = np.array([[-3.0, -0.5, 0.4, 0.9, 1.1, 4.0]])
    block = Block(np.zeros((1, 6, 1)), np.zeros((1, 1, 1)), z, z > 0, np.ones(1), None, joint=False, share=0.5)
    quotient = (value(z + 1e-6) - value(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(LOSSES[loss].slopes(block).logits, 0.5 * quotient, atol=1e-8)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ("bcee", "Did you mean 'bce'"),
        (Distance(0.1), "belongs among penalties"),
        (FunctionLoss, "the class FunctionLoss itself"),
        (0.5, "must be a function"),
        (Probability(), "must be a function"),
    ],
)
def test_what_is_no_loss_is_refused_in_words(loss, words):
    with pytest.raises(rs.InputError, match=words):
        Generic(loss=loss)
    with pytest.raises(rs.InputError, match="must be a function"):
        FunctionLoss("bce")
