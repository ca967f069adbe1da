"""Penalties: each does what it is for, and weights and norms that mean nothing are refused."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs
from generator_worlds import denied, free
from recourse.generators import (
    Adam,
    Block,
    Descent,
    Distance,
    Diversity,
    FunctionLoss,
    FunctionPenalty,
    Generic,
    Gravitational,
    Gravity,
    OldLabel,
    Probability,
)


def test_the_gradient_of_an_unsquared_norm_counts_as_zero_where_it_has_none(models, lender):
    X, _ = lender
    for norm in ("l2", "l1", "mad"):
        recipe = Generic(penalties=(Distance(0.1, norm),), max_steps=3)  # starts at x′ = x
        assert np.isfinite(recipe.generate(models["mlp"], denied(models["mlp"], X), free(X)).X.to_numpy()).all()


def test_gravity_pulls_to_the_targets_it_is_given(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    left = X.head(30).assign(x1=5.0, x2=-5.0)
    recipe = Gravitational(max_steps=400, optimiser=Descent(0.02), penalties=(Gravity(20.0),))
    out = recipe.generate(models["linear"], people, A, population=X, targets=left)
    assert np.abs(out.X["x1"] - 5).max() < 1.0
    with pytest.raises(rs.InputError, match="target class"):
        recipe.generate(models["linear"], people, A, targets=X.head(0))


def block(points, today, **more):
    n, K, _ = points.shape
    fields = {"logits": np.zeros((n, K)), "crossed": np.zeros((n, K), dtype=bool), "mad": np.array([1.0, 2.0])}
    return Block(**{"points": points, "today": today, "centre": None, "joint": False} | fields | more)


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("name", ["l2", "l1", "mad", "gravity", "diversity"])
def test_slopes_of_penalties_are_their_difference_quotients(name, joint):
    rng = np.random.default_rng(0)
    points, today, centre = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 1, 2)), rng.normal(size=(3, 1, 2))

    def norms(difference):
        return np.sqrt((difference**2).sum(axis=(1, 2) if joint else 2)).sum()

    def value(points):
        if name == "diversity":
            apart = np.linalg.norm(points[:, :, None] - points[:, None], axis=3)
            return -2 * np.linalg.det(1 / (1 + apart) + 1e-4 * np.eye(4)).sum()
        moved = points - today
        return (
            2
            * {
                "l2": norms(moved),
                "l1": np.abs(moved).sum(),
                "mad": (np.abs(moved) / [1.0, 2.0]).sum(),
                "gravity": norms(points - centre),
            }[name]
        )

    penalty = {"gravity": Gravity(2.0), "diversity": Diversity(2.0)}.get(name) or Distance(2.0, name)
    slopes = penalty.slopes(block(points, today, centre=centre, joint=joint)).points
    for where in np.ndindex(points.shape):
        nudge = np.zeros(points.shape)
        nudge[where] = 1e-6
        quotient = (value(points + nudge) - value(points - nudge)) / 2e-6
        assert slopes[where] == pytest.approx(quotient, abs=1e-7)


def test_the_old_label_counts_for_those_who_have_crossed_only():
    logits = np.array([[-1.0, 2.0]])
    where = block(np.zeros((1, 2, 2)), np.zeros((1, 1, 2)), logits=logits, crossed=logits > 0)
    np.testing.assert_allclose(OldLabel(3.0).slopes(where).logits, [[0.0, 3 / (1 + np.exp(-2.0))]])


@pytest.mark.parametrize(
    ("penalties", "words"),
    [
        (Distance(0.1), r"are a tuple, such as penalties=\(Distance"),
        ("l2", "are a tuple"),
        ((Distance,), r"the class Distance itself; make one of it: Distance\(\)"),
        ((FunctionLoss(abs),), "is a loss, not a penalty"),
        ((0.1,), "is not a penalty"),
        ((Probability(),), "is not a penalty"),
        ((Adam(),), "is not a penalty"),
    ],
)
def test_what_is_no_penalty_is_refused_in_words(penalties, words):
    with pytest.raises(rs.InputError, match=words):
        Generic(penalties=penalties)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Distance(-0.1), "the weight of Distance must be a finite number ≥ 0"),
        (lambda: Distance(0.1, "l3"), "norm can't be 'l3'"),
        (lambda: OldLabel(True), "the weight of OldLabel"),
        (lambda: Gravity("5"), "the weight of Gravity"),
        (lambda: Gravity(points=0), "points must be a whole number ≥ 1 or None"),
        (lambda: Gravity(frozen="no"), "frozen must be True or False"),
        (lambda: Diversity(np.inf), "the weight of Diversity"),
        (lambda: FunctionPenalty(Distance()), "must be a function"),
    ],
)
def test_a_penalty_refuses_settings_that_mean_nothing(make, words):
    with pytest.raises(rs.InputError, match=words):
        make()


def test_a_list_of_penalties_becomes_a_tuple():
    recipe = Generic(penalties=[Distance(0.5)])
    assert recipe.penalties == (Distance(0.5),)
    assert hash(recipe) == hash(Generic(penalties=(Distance(0.5),)))
