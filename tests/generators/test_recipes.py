"""Recipes: each is for what it says, wrong parts are refused in words, and settings are plain data."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

import recourse as rs
from generator_worlds import ALL, denied, free
from recourse.generators import (
    RECIPES,
    REVISE,
    Adam,
    Autoencoder,
    ClaPROAR,
    Descent,
    DiCE,
    Distance,
    Diversity,
    FunctionLoss,
    FunctionPenalty,
    Generic,
    Gradient,
    Gravitational,
    Gravity,
    OldLabel,
    Probability,
    Slopes,
)


def test_claproar_goes_past_the_boundary_and_is_pulled_back(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    probability = {}
    for recipe in (Gravitational(max_steps=300), ClaPROAR(max_steps=300), Generic(max_steps=300)):
        out = recipe.generate(models["linear"], people, A, population=X)
        assert out.valid.all()
        probability[recipe.name] = models["linear"].predict_proba(out.X)[:, 1].mean()
    assert probability["ClaPROAR"] < 0.6 < probability["Gravitational"]
    assert not ClaPROAR().generate(models["linear"], people, A).converged.all()


def test_settings_that_mean_nothing_are_refused():
    for wrong in (
        {"loss": "bcee"},
        {"max_steps": 0},
        {"counterfactuals": True},
        {"pick": "best"},
        {"start_noise": -1.0},
    ):
        with pytest.raises(rs.InputError):
            Generic(**wrong)
    for part in (lambda: Probability(1.0), lambda: Distance(0.1, "l3"), lambda: OldLabel(-1), lambda: Gravity(np.nan)):
        with pytest.raises(rs.InputError):
            part()


def by_name(block):
    return block.points.sum()


class Tilt:
    def slopes(self, block):
        return Slopes(points=np.ones(block.points.shape))


def test_a_recipe_prints_as_the_call_that_makes_it():
    for recipe in [*ALL, Generic(stop=Gradient(0.5), penalties=(Distance(0.1, "l1"), Diversity(2.0)), joint=True)]:
        scope = {name: getattr(rs.generators, name) for name in rs.generators.__all__}
        assert eval(repr(recipe), scope) == recipe
    assert repr(DiCE()) == "DiCE()"
    assert repr(DiCE(counterfactuals=3)) == "DiCE(counterfactuals=3)"


def test_settings_are_plain_data_and_tell_every_two_recipes_apart():
    recipes = [
        *(recipe() for recipe in RECIPES.values()),
        Generic(loss="hinge"),
        Generic(penalties=(Distance(0.2),)),
        Generic(penalties=(Distance(0.1, "l1"),)),
        Generic(optimiser=Descent(0.02)),
        Generic(optimiser=Adam(0.01)),
        Generic(stop=Probability(0.6)),
        Generic(max_steps=99),
        Generic(penalties=(by_name,)),
        Generic(penalties=(FunctionPenalty(lambda block: 0.0, identity="nothing"),)),
        Generic(loss=FunctionLoss(lambda z: -z, identity="up")),
        Generic().altmeyer2023(),
        REVISE(space=Autoencoder(epochs=3)),
    ]
    written = [json.dumps(recipe.to_dict(), sort_keys=True) for recipe in recipes]
    assert len(set(written)) == len(recipes)
    assert written == [json.dumps(copy.deepcopy(recipe).to_dict(), sort_keys=True) for recipe in recipes]


def test_what_can_not_be_told_apart_asks_for_an_identity():
    for recipe in (Generic(loss=lambda z: -z), Generic(penalties=(lambda block: 0.0,))):
        with pytest.raises(rs.InputError, match="identity="):
            recipe.to_dict()

    class Local(Tilt):
        """A penalty whose class has no name outside this test."""

    with pytest.raises(rs.InputError, match=r"Local .*can't be told from another one"):
        Generic(penalties=(Local(),)).to_dict()


def test_the_settings_of_a_fitted_space_follow_its_weights(needs_torch):
    X = rs.datasets.moons(60).X
    one, same, other = (Autoencoder(epochs=1).fit(X, random_state=seed) for seed in (0, 0, 1))
    first = REVISE(space=one).to_dict()
    assert json.loads(json.dumps(first)) == first
    assert first == REVISE(space=same).to_dict()
    assert first != REVISE(space=other).to_dict()
    assert first["space"]["settings"]["names"] == ["x1", "x2"]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"max_steps": 0}, "max_steps must be a whole number ≥ 1"),
        ({"counterfactuals": 2.5}, "counterfactuals must be a whole number ≥ 1"),
        ({"pick": "nearst"}, "Did you mean 'nearest'"),
        ({"start_noise": "0.1"}, "start_noise must be a finite number ≥ 0"),
        ({"joint": 1}, "joint must be True or False"),
        ({"keep_valid": None}, "keep_valid must be True or False"),
        ({"space": Autoencoder}, "space must be an Autoencoder"),
        ({"space": 2}, "space must be an Autoencoder"),
    ],
)
def test_a_wrong_setting_is_told_in_words(setting, words):
    with pytest.raises(rs.InputError, match=words):
        Generic(**setting)
