"""The search: nobody notices who else is there, the action set holds at every step, a status claims what is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import recourse as rs
from generator_worlds import ALL, FEATURES, LATENT, assert_within, denied, free, name
from recourse.budget import Budget
from recourse.generators import (
    ClaPROAR,
    Descent,
    Distance,
    Diversity,
    Generic,
    Gradient,
    Gravitational,
    Gravity,
    OldLabel,
    Outcome,
    Reach,
    descent,
)
from recourse.generators.differentiable_model import DifferentiableModel
from recourse.generators.population import scaling_of
from recourse.models.network_classifier import NetworkClassifier


@pytest.mark.parametrize("recipe", ALL, ids=name)
@pytest.mark.parametrize("kind", ["linear", "mlp", "ensemble"])
def test_a_batch_gives_everybody_what_they_get_alone(recipe, kind, models, lender, request):
    X, _ = lender
    if recipe.space is not None:
        request.getfixturevalue("needs_torch")
    people, A = denied(models[kind], X, 8), free(X)
    recipe = replace(recipe, start_noise=0.0)  # alone, everybody would get the first person's noise
    together = recipe.generate(models[kind], people, A, population=X)
    for i in range(len(people)):
        alone = recipe.generate(models[kind], people.iloc[[i]], A, population=X)
        np.testing.assert_allclose(alone.X, together.X.iloc[[i]], atol=1e-6)
        assert alone.codes[0] == together.codes[i]
        assert alone.steps[0] == together.steps[i]


def test_random_draws_belong_to_people_not_to_who_is_still_searching(models, lender):
    """With the paper's settings people draw noise and centres; whoever is infeasible must not shift the others."""
    X, _ = lender
    people, A = denied(models["linear"], X, 10), free(X)
    recipe = Gravitational(max_steps=20).altmeyer2023()
    base = recipe.generate(models["linear"], people, A, population=X, random_state=7)
    B = free(X)
    B["x1"].bounds = (-20, 20)
    stuck = people.copy()
    again = recipe.generate(models["linear"], stuck, B, population=X, random_state=7)
    pd.testing.assert_frame_equal(base.X, again.X)
    other = recipe.generate(models["linear"], people, A, population=X, random_state=8)
    assert not np.allclose(base.X, other.X)


@pytest.mark.parametrize("recipes", [FEATURES, LATENT], ids=["features", "latent"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000),
    which=st.integers(0, 99),
    paper=st.booleans(),
    kind=st.sampled_from(["linear", "mlp"]),
)
def test_no_generator_leaves_the_action_set(recipes, seed, which, paper, kind, models, lender, request):
    X, _ = lender
    recipe = recipes[which % len(recipes)]
    if recipe.space is not None:
        request.getfixturevalue("needs_torch")
    rng = np.random.default_rng(seed)
    A = rs.ActionSet(X, default_bounds=(10, 90, "percentile"))
    for feature in A:
        feature.actionable = bool(rng.random() < 0.8)
        feature.step_direction = int(rng.integers(-1, 2))
    people = X.iloc[rng.integers(0, len(X), 12)]
    recipe = replace(recipe, max_steps=25)
    out = (recipe.altmeyer2023() if paper else recipe).generate(
        models[kind], people, A, population=X, random_state=seed
    )
    assert_within(A, people, out)
    np.testing.assert_array_equal(out.valid, rs.as_model(models[kind]).approves(out.X))


def test_one_hot_groups_move_together_and_linked_features_follow():
    rng = np.random.default_rng(0)
    home = rng.integers(0, 3, 200)
    X = pd.DataFrame({f"home{k}": (home == k).astype(int) for k in range(3)} | {"years": rng.integers(0, 20, 200)})
    X["age"] = 20 + X["years"] + rng.integers(0, 20, 200)
    y = (2 * X["home2"] + 0.2 * X["years"] + rng.normal(size=200) > 3).astype(int)
    clf = NetworkClassifier((), random_state=0).fit(X, y)
    A = rs.ActionSet(X, default_bounds=(0, 60))
    A["age"].actionable = False
    A["years"].step_direction = 1
    A.add_constraint(rs.constraints.OneHot(["home0", "home1", "home2"]))
    A.add_constraint(rs.constraints.Linkage("years", {"age": 1.0}))
    A.add_constraint(rs.constraints.Predicate(lambda today, new: new["years"] <= 18, ["years"]))
    people = denied(clf, X, 60)
    out = Generic(max_steps=300, optimiser=Descent(0.05)).generate(clf, people, A)
    assert (out.X[["home0", "home1", "home2"]].sum(axis=1) == 1).all()
    assert (out.X["home2"] > people["home2"]).any()
    np.testing.assert_array_equal(out.X["age"] - people["age"], out.X["years"] - people["years"])
    assert (out.X["years"] > people["years"]).any()
    assert (out.X["years"][out.X["years"] != people["years"]] <= 18).all()
    for constraint in A.constraints.values():
        assert constraint.holds(people, out.X).all()


def test_levels_are_refused_with_what_to_do_instead():
    X = pd.DataFrame({"home": ["rent", "own"] * 10, "income": np.arange(20.0)})
    model = rs.LinearModel({"income": 1.0}, intercept=-10)
    with pytest.raises(rs.InputError, match="'home' has levels"):
        Generic().generate(model, X, rs.ActionSet(X))
    A = rs.ActionSet(X)
    A["home"].actionable = False
    out = Generic(max_steps=500).generate(model, X.head(3), A)
    assert out.valid.all()
    assert out.X["home"].tolist() == ["rent", "own", "rent"]


def test_each_person_ends_with_a_status(models, lender):
    X, _ = lender
    A = free(X)
    assert Generic().generate(models["mlp"], denied(models["mlp"], X), A).valid.all()
    short = Generic(max_steps=1).generate(models["mlp"], denied(models["mlp"], X), A)
    assert short.outcome(int(np.argmin(short.valid))) is Outcome.NOT_CONVERGED
    A[["x1", "x2", "loans", "owns"]].actionable = False
    people = denied(models["mlp"], X)
    frozen = Generic().generate(models["mlp"], people, A)
    assert frozen.infeasible.all()
    pd.testing.assert_frame_equal(frozen.X, people)
    assert "25 infeasible" in repr(frozen)
    assert set(frozen.to_frame()["outcome"]) == {"infeasible"}


def test_infeasible_is_claimed_only_where_no_corner_of_the_reach_is_approved(models, lender):
    X, _ = lender
    A = rs.ActionSet(X, default_bounds=(10, 45, "percentile"))
    people = denied(models["linear"], X, 200)
    out = Generic(max_steps=2000).generate(models["linear"], people, A)
    reach = Reach(A, people)
    best = np.where(models["linear"].layers_.weights[0][0, :, 0] > 0, reach.high, reach.low)
    approved = models["linear"].predict(pd.DataFrame(best, columns=X.columns)) == 1
    np.testing.assert_array_equal(out.infeasible, ~approved)
    assert 0 < out.infeasible.sum() < len(people)


def test_the_end_of_a_search_is_its_answer_only_if_that_is_asked_for(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    assert ClaPROAR(max_steps=301).generate(models["linear"], people, A).valid.all()
    ends = ClaPROAR(max_steps=301, keep_valid=False).generate(models["linear"], people, A)
    assert not ends.valid.all()


def test_proper_chain_rule_is_blind_to_units_and_the_papers_way_is_not(lender):
    X, y = lender
    X = X[["x1", "x2"]]
    ends = {}
    for scale in (1.0, 10.0):
        Z = X * scale
        clf = NetworkClassifier((), random_state=0).fit(Z, y)
        people = Z[y == 0].head(20)
        for chain_rule in (True, False):
            recipe = Generic(max_steps=10, penalties=(), chain_rule=chain_rule)
            out = recipe.generate(clf, people, rs.ActionSet(Z, default_bounds=(-500, 500)), population=Z)
            ends[scale, chain_rule] = out.X.to_numpy() / scale
    np.testing.assert_allclose(ends[1.0, True], ends[10.0, True], rtol=1e-6)
    assert not np.allclose(ends[1.0, False], ends[10.0, False])


def naive_objective(torch, recipe, layers, raw, points, here, mad, centre, crossed):
    """loss + Σ λ · penalty as the papers write it, for torch to differentiate."""
    a = (raw.flatten(0, 1) - torch.tensor(layers.shift)) * torch.tensor(layers.scale)
    for i, (w, b) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        a = (torch.relu(a) if i else a) @ torch.tensor(w) + torch.tensor(b)
    z = a[..., 0].mean(dim=0).reshape(raw.shape[:2])
    losses = {
        "bce": lambda z: torch.log1p(torch.exp(-z)),
        "hinge": lambda z: torch.relu(1 - z),
        "squared": lambda z: (1 - torch.sigmoid(z)) ** 2,
        "entropy": lambda z: torch.special.entr(torch.sigmoid(z)) + torch.special.entr(torch.sigmoid(-z)),
    }
    share = 1 / recipe.counterfactuals if recipe.average else 1.0
    total = share * losses[recipe.loss](z).sum()

    def norm(difference):
        return torch.linalg.vector_norm(difference, dim=(1, 2) if recipe.joint else 2).sum()

    for part in recipe.penalties:
        if isinstance(part, Distance):
            away = points - here
            total += part.weight * {"l2": norm, "l1": lambda v: v.abs().sum(), "mad": lambda v: (v.abs() / mad).sum()}[
                part.norm
            ](away)
        elif isinstance(part, OldLabel):
            total += part.weight * share * torch.log1p(torch.exp(z[crossed])).sum()
        elif isinstance(part, Gravity):
            total += part.weight * norm(points - centre)
        else:
            assert isinstance(part, Diversity)
            K = 1 / (1 + torch.linalg.vector_norm(points[:, :, None] - points[:, None], dim=3))
            total -= part.weight * torch.linalg.det(K + 1e-4 * torch.eye(K.shape[1], dtype=K.dtype)).sum()
    return total


@pytest.mark.parametrize("kind", ["linear", "mlp", "ensemble"])
@pytest.mark.parametrize("chain_rule", [True, False])
@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("K", [1, 4])
@pytest.mark.parametrize("recipe", FEATURES, ids=name)
def test_slopes_in_closed_form_are_those_of_an_automatic_differentiator(
    recipe, K, joint, chain_rule, kind, models, lender, needs_torch
):
    torch = needs_torch
    X, _ = lender
    model, A, people = rs.as_model(models[kind]), free(lender[0][["x1", "x2", "loans", "owns"]]), X.head(30)
    extra = (Distance(0.3, "mad"), Distance(0.2, "l1"))  # all norms, in every recipe
    scaling = scaling_of(A, X)
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(30, 4))
    for loss in ("bce", "hinge", "squared", "entropy"):
        one = replace(
            recipe, loss=loss, penalties=recipe.penalties + extra, counterfactuals=K, joint=joint,
            chain_rule=chain_rule, average=joint,
        )  # fmt: skip
        search = descent.GradientSearch(
            one, DifferentiableModel(model, A), Reach(A, people), np.arange(30), scaling, centres
        )
        position = 2 * rng.normal(size=(30, K, 4))
        position[:5] = 0.0  # where norms have no slope: x′ = x, all K equal,
        position[5:10, :, 1] = 0.0  # and one feature unmoved
        gradient, _, cleared = search.slopes_at(position, search.today, search.centre, np.arange(30))
        assert cleared.any()
        assert not cleared.all()
        today, deviation = torch.tensor(search.today), torch.tensor(search.deviation)
        leaf = torch.tensor(position if chain_rule else search.today + search.deviation * position, requires_grad=True)
        total = naive_objective(
            torch,
            one,
            model.layers(),
            raw=today + deviation * leaf if chain_rule else leaf,
            points=leaf,
            here=0 * today if chain_rule else today,
            mad=torch.tensor(search.mad),
            centre=torch.tensor(search.centre),
            crossed=torch.tensor(cleared.all(axis=1, keepdims=True) & cleared if joint else cleared),
        )
        (expected,) = torch.autograd.grad(total, leaf)
        np.testing.assert_allclose(gradient, expected.numpy(), rtol=1e-9, atol=1e-9)


def test_run_is_what_generate_calls(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X, 3), free(X)
    direct = descent.run(
        Generic(), models["linear"], people, A, population=None, targets=None, random_state=0, budget=Budget()
    )
    pd.testing.assert_frame_equal(direct.X, Generic().generate(models["linear"], people, A).X)


@pytest.mark.parametrize("recipe", [Generic(), rs.generators.Wachter(), ClaPROAR(), Generic(counterfactuals=3)])
def test_who_lacks_a_value_that_the_model_does_not_read_moves_in_the_others(recipe):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "unread"])
    clf = LogisticRegression().fit(X[["a", "b"]], (X["a"] + X["b"] > 0).astype(int))
    known = X[clf.predict(X[["a", "b"]]) == 0]
    lacking = known.assign(unread=np.nan)
    actions = rs.ActionSet(X)
    actions["unread"].actionable = False
    there, without = (recipe.generate(clf, people, actions, random_state=0) for people in (known, lacking))
    np.testing.assert_array_equal(there.codes, without.codes)
    pd.testing.assert_frame_equal(there.X[["a", "b"]], without.X[["a", "b"]])
    assert without.X["unread"].isna().all()


def test_in_two_features_and_few_steps_the_action_set_holds_for_every_recipe(models, lender):
    """The same as above on fixed people: what no draw may leave out."""
    X, _ = lender
    A = rs.ActionSet(X, default_bounds=(10, 90, "percentile"))
    A["x1"].step_direction, A["owns"].actionable = 1, False
    people = X.head(12)
    for recipe in FEATURES:
        for one in (replace(recipe, max_steps=10), replace(recipe, max_steps=10).altmeyer2023()):
            assert_within(A, people, one.generate(models["mlp"], people, A, population=X))


@pytest.mark.parametrize("how", ["time_limit", "budget", "cancelled before", "cancelled in step 3"])
def test_a_search_stops_within_a_step_once_its_budget_is_exhausted(how, models, lender):
    X, _ = lender
    people, A = denied(models["mlp"], X), free(X)
    budget, seen = rs.Budget(), []

    class Watching(Descent):
        def step(self, gradient, memory, t):
            seen.append(t)
            if how == "cancelled in step 3" and t == 3:
                budget.cancel()
            return super().step(gradient, memory, t)

    recipe = Generic(optimiser=Watching(), stop=Gradient(1e-12), max_steps=10**9, keep_valid=False)
    if how == "cancelled before":
        budget.cancel()
    limits = {"time_limit": {"time_limit": 0.2}, "budget": {"budget": rs.Budget(0.2)}}.get(how, {"budget": budget})
    out = recipe.generate(models["mlp"], people, A, **limits)
    assert out.interrupted
    assert "interrupted" in repr(out)
    assert not out.converged.any()
    assert (out.steps == len(seen)).all()
    np.testing.assert_array_equal(out.valid, rs.as_model(models["mlp"]).approves(out.X))
    if how == "cancelled before":
        pd.testing.assert_frame_equal(out.X, people)
    if how == "cancelled in step 3":
        assert seen == [1, 2, 3]
        same = replace(recipe, optimiser=Descent(), max_steps=3).generate(models["mlp"], people, A)
        pd.testing.assert_frame_equal(out.X, same.X)


def test_a_search_that_ends_by_itself_is_not_interrupted(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    assert not Generic().generate(models["linear"], people, A, time_limit=600).interrupted
    assert not Generic(max_steps=1).generate(models["linear"], people, A, budget=rs.Budget()).interrupted


def test_swapped_arguments_are_told_in_words(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X, 3), free(X)
    with pytest.raises(rs.InputError, match="actions must be an ActionSet, not a DataFrame"):
        Generic().generate(models["linear"], A, people)
    with pytest.raises(rs.InputError, match="time_limit must be seconds"):
        Generic().generate(models["linear"], people, A, time_limit=-1)
