"""Generators: the action set holds, people don't notice each other, and each trap of the objective has its test."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.generators import (
    RECIPES,
    Adam,
    Autoencoder,
    ClaPROAR,
    Descent,
    DiCE,
    Distance,
    Diversity,
    Generic,
    Gradient,
    Gravitational,
    Gravity,
    Greedy,
    OldLabel,
    Outcome,
    Probability,
    Reach,
    Slopes,
    descent,
)
from recourse.models.network_classifier import NetworkClassifier

FEATURES = [recipe() for recipe in RECIPES.values() if recipe().space is None]
LATENT = [replace(recipe(), space=Autoencoder(epochs=2)) for recipe in RECIPES.values() if recipe().space is not None]
LATENT.append(replace(DiCE(), space=Autoencoder(epochs=2)))
ALL = [*FEATURES, *LATENT]


def name(recipe):
    return recipe.name + "'" * (isinstance(recipe, DiCE) and recipe.space is not None)


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


def free(X):
    return rs.ActionSet(X, default_bounds=(-20, 20))


def denied(model, X, n=25):
    return X[~rs.as_model(model).approves(X)].head(n)


# -- who searches with whom ----------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ALL, ids=name)
@pytest.mark.parametrize("kind", ["linear", "mlp", "ensemble"])
def test_a_batch_gives_everybody_what_they_get_alone(recipe, kind, models, lender, request):
    X, _ = lender
    if recipe.space is not None:
        request.getfixturevalue("needs_torch")
    people, A = denied(models[kind], X, 8), free(X)
    recipe = replace(recipe, start_noise=0.0)  # alone, everybody would get the first person's noise
    together = recipe.generate(models[kind], A, people, population=X)
    for i in range(len(people)):
        alone = recipe.generate(models[kind], A, people.iloc[[i]], population=X)
        np.testing.assert_allclose(alone.X, together.X.iloc[[i]], atol=1e-6)
        assert alone.codes[0] == together.codes[i]
        assert alone.steps[0] == together.steps[i]


def test_random_draws_belong_to_people_not_to_who_is_still_searching(models, lender):
    """With the paper's settings people draw noise and centres; whoever is infeasible must not shift the others."""
    X, _ = lender
    people, A = denied(models["linear"], X, 10), free(X)
    recipe = Gravitational(max_steps=20).altmeyer2023()
    base = recipe.generate(models["linear"], A, people, population=X, random_state=7)
    B = free(X)
    B["x1"].bounds = (-20, 20)
    stuck = people.copy()
    again = recipe.generate(models["linear"], B, stuck, population=X, random_state=7)
    pd.testing.assert_frame_equal(base.X, again.X)
    other = recipe.generate(models["linear"], A, people, population=X, random_state=8)
    assert not np.allclose(base.X, other.X)


def test_global_seeds_are_neither_read_nor_changed(models, lender, needs_torch):
    X, _ = lender
    recipe = replace(DiCE(), max_steps=5)
    state = np.random.get_state()
    needs_torch.manual_seed(1)
    first = recipe.generate(models["linear"], free(X), denied(models["linear"], X))
    needs_torch.manual_seed(2)
    second = recipe.generate(models["linear"], free(X), denied(models["linear"], X))
    pd.testing.assert_frame_equal(first.X, second.X)
    np.testing.assert_array_equal(np.random.get_state()[1], state[1])
    assert needs_torch.initial_seed() == 2


# -- the action set ------------------------------------------------------------------------------------


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
        models[kind], A, people, population=X, random_state=seed
    )
    assert list(out.X.columns) == list(X.columns)
    for feature in A:
        old, new = people[feature.name].to_numpy(), out.X[feature.name].to_numpy()
        moved = old != new
        assert out.X[feature.name].dtype == people[feature.name].dtype
        if not feature.actionable:
            assert not moved.any()
            continue
        assert (np.sign(new - old)[moved] == feature.step_direction).all() or feature.step_direction == 0
        low, high = feature.bounds
        assert ((new >= low - 1e-12) & (new <= high + 1e-12))[moved].all()
        if feature.variable_type != "real":
            assert np.isin(new[moved], feature.target_values).all()
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
    out = Generic(max_steps=300, optimiser=Descent(0.05)).generate(clf, A, people)
    assert (out.X[["home0", "home1", "home2"]].sum(axis=1) == 1).all()
    assert (out.X["home2"] > people["home2"]).any()
    np.testing.assert_array_equal(out.X["age"] - people["age"], out.X["years"] - people["years"])
    assert (out.X["years"] > people["years"]).any()
    assert (out.X["years"][out.X["years"] != people["years"]] <= 18).all()
    for constraint in A.constraints.values():
        assert constraint.holds(people, out.X).all()


def test_somebody_outside_the_bounds_stays_or_moves_inside():
    A = rs.ActionSet({"debt": [0.5, 3.0, 9.0], "income": [1.5, 2.5, 3.5]})
    A["debt"].bounds = (0, 5)
    reach = Reach(A, pd.DataFrame({"debt": [9.0, 9.0], "income": [2.0, 2.0]}))
    settled = reach.settle(np.array([[8.9, 2.0], [5.5, 2.0]]))
    assert settled[:, 0].tolist() == [9.0, 5.0]


def test_levels_are_refused_with_what_to_do_instead():
    X = pd.DataFrame({"home": ["rent", "own"] * 10, "income": np.arange(20.0)})
    model = rs.LinearModel({"income": 1.0}, intercept=-10)
    with pytest.raises(rs.InputError, match="'home' has levels"):
        Generic().generate(model, rs.ActionSet(X), X)
    A = rs.ActionSet(X)
    A["home"].actionable = False
    out = Generic(max_steps=500).generate(model, A, X.head(3))
    assert out.valid.all()
    assert out.X["home"].tolist() == ["rent", "own", "rent"]


# -- what a status claims ------------------------------------------------------------------------------


def test_each_person_ends_with_a_status(models, lender):
    X, _ = lender
    A = free(X)
    assert Generic().generate(models["mlp"], A, denied(models["mlp"], X)).valid.all()
    short = Generic(max_steps=1).generate(models["mlp"], A, denied(models["mlp"], X))
    assert short.outcome(int(np.argmin(short.valid))) is Outcome.NOT_CONVERGED
    A[["x1", "x2", "loans", "owns"]].actionable = False
    people = denied(models["mlp"], X)
    frozen = Generic().generate(models["mlp"], A, people)
    assert frozen.infeasible.all()
    pd.testing.assert_frame_equal(frozen.X, people)
    assert "25 infeasible" in repr(frozen)
    assert set(frozen.to_frame()["outcome"]) == {"infeasible"}


def test_infeasible_is_claimed_only_where_no_corner_of_the_reach_is_approved(models, lender):
    X, _ = lender
    A = rs.ActionSet(X, default_bounds=(10, 45, "percentile"))
    people = denied(models["linear"], X, 200)
    out = Generic(max_steps=2000).generate(models["linear"], A, people)
    reach = Reach(A, people)
    best = np.where(models["linear"].layers_.weights[0][0, :, 0] > 0, reach.high, reach.low)
    approved = models["linear"].predict(pd.DataFrame(best, columns=X.columns)) == 1
    np.testing.assert_array_equal(out.infeasible, ~approved)
    assert 0 < out.infeasible.sum() < len(people)


def test_a_threshold_of_the_model_is_the_bar(models, lender):
    X, _ = lender
    model = rs.as_model(models["mlp"], threshold=0.8)
    people = X[~model.approves(X)].head(20)
    out = Generic().generate(model, free(X), people)
    assert out.valid.all()
    assert (models["mlp"].predict_proba(out.X)[:, 1] >= 0.8).all()


def test_on_the_boundary_itself_the_model_decides():
    A = rs.ActionSet({"income": [1, 2, 6, 9]})  # whole numbers: 4 is exactly on the boundary
    out = Generic(max_steps=1000).generate(rs.LinearModel({"income": 1.0}, intercept=-4), A, {"income": [3]})
    assert out.X["income"].tolist() == [5]
    margin = rs.LinearModel({"income": 1.0}, intercept=-3, margin=1.0)  # approved on it, too
    assert Generic(max_steps=1000).generate(margin, A, {"income": [3]}).X["income"].tolist() == [4]


# -- the traps of the objective ------------------------------------------------------------------------


def test_the_gradient_of_an_unsquared_norm_counts_as_zero_where_it_has_none(models, lender):
    X, _ = lender
    for norm in ("l2", "l1", "mad"):
        recipe = Generic(penalties=(Distance(0.1, norm),), max_steps=3)  # starts at x′ = x
        assert np.isfinite(recipe.generate(models["mlp"], free(X), denied(models["mlp"], X)).X.to_numpy()).all()


def test_a_mitigation_that_stops_at_the_boundary_is_refused_because_it_would_do_nothing():
    with pytest.raises(rs.InputError, match="without effect"):
        ClaPROAR(stop=Probability(0.5))


def test_claproar_goes_past_the_boundary_and_is_pulled_back(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    probability = {}
    for recipe in (Gravitational(max_steps=300), ClaPROAR(max_steps=300), Generic(max_steps=300)):
        out = recipe.generate(models["linear"], A, people, population=X)
        assert out.valid.all()
        probability[recipe.name] = models["linear"].predict_proba(out.X)[:, 1].mean()
    assert probability["ClaPROAR"] < 0.6 < probability["Gravitational"]
    assert not ClaPROAR().generate(models["linear"], A, people).converged.all()


def test_the_end_of_a_search_is_its_answer_only_if_that_is_asked_for(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    assert ClaPROAR(max_steps=301).generate(models["linear"], A, people).valid.all()
    ends = ClaPROAR(max_steps=301, keep_valid=False).generate(models["linear"], A, people)
    assert not ends.valid.all()


def test_dropout_is_off_during_the_search_and_back_on_afterwards(lender, needs_torch):
    torch = needs_torch
    X, _ = lender

    class Net:  # what skorch-like wrappers look like
        classes_ = np.array([0, 1])
        n_features_in_ = 4

        def __init__(self):
            torch.manual_seed(0)
            self.module_ = torch.nn.Sequential(
                torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(16, 1)
            )

        def predict(self, X):
            was = self.module_.training
            self.module_.eval()
            with torch.no_grad():
                z = self.module_(torch.tensor(np.asarray(X, dtype=np.float32)))[:, 0].numpy()
            self.module_.train(was)
            return (z > 0).astype(int)

    net = Net()
    net.module_.train()
    model = rs.as_model(net)
    people = X[~model.approves(X)].head(10)
    recipe = Generic(max_steps=2000, optimiser=Adam(0.05))
    first, second = (recipe.generate(model, free(X), people) for _ in range(2))
    pd.testing.assert_frame_equal(first.X, second.X)
    assert first.valid.all()
    assert all(part.training for part in net.module_.modules())


def test_gravity_pulls_to_the_targets_it_is_given(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    left = X.head(30).assign(x1=5.0, x2=-5.0)
    recipe = Gravitational(max_steps=400, optimiser=Descent(0.02), penalties=(Gravity(20.0),))
    out = recipe.generate(models["linear"], A, people, population=X, targets=left)
    assert np.abs(out.X["x1"] - 5).max() < 1.0
    with pytest.raises(rs.InputError, match="target class"):
        recipe.generate(models["linear"], A, people, targets=X.head(0))


def test_greedy_moves_one_feature_at_a_time_and_at_most_ten_steps(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    one = Greedy(max_steps=1).generate(models["linear"], A, people, population=X)
    assert ((people != one.X).sum(axis=1) <= 1).all()
    many = Greedy(max_steps=500).generate(models["linear"], A, people, population=X)
    assert (np.abs(many.X["x1"] - people["x1"]) <= 10 * 0.1 * X["x1"].std() + 1e-9).all()


def test_the_standardiser_reads_the_population_never_the_people(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X), free(X)
    by_default = Generic().generate(models["linear"], A, people)
    given_ = Generic().generate(models["linear"], A, people, population=X)  # the one A was inferred from
    pd.testing.assert_frame_equal(by_default.X, given_.X, rtol=1e-12)
    other = Generic().generate(models["linear"], A, people, population=X * 3)
    assert not np.allclose(other.X, given_.X)


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
            out = recipe.generate(clf, rs.ActionSet(Z, default_bounds=(-500, 500)), people, population=Z)
            ends[scale, chain_rule] = out.X.to_numpy() / scale
    np.testing.assert_allclose(ends[1.0, True], ends[10.0, True], rtol=1e-6)
    assert not np.allclose(ends[1.0, False], ends[10.0, False])


def test_adam_and_other_losses_arrive_too(models, lender, needs_torch):
    X, _ = lender
    for loss in ("bce", "hinge", "squared", lambda z: (2 - z).clamp(min=0)):
        recipe = Generic(loss=loss, optimiser=Adam(0.05), penalties=(Distance(0.001),))
        assert recipe.generate(models["linear"], free(X), denied(models["linear"], X)).valid.all()
    still = Generic(stop=Gradient(1e9)).generate(models["linear"], free(X), denied(models["linear"], X))
    assert still.converged.all()
    assert not still.valid.any()


# -- slopes ----------------------------------------------------------------------------------------------


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
    scaling = descent._scaling(A, X)
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(30, 4))
    for loss in ("bce", "hinge", "squared", "entropy"):
        one = replace(
            recipe, loss=loss, penalties=recipe.penalties + extra, counterfactuals=K, joint=joint,
            chain_rule=chain_rule, average=joint,
        )  # fmt: skip
        search = descent._Search(one, descent.Network(model, A), Reach(A, people), np.arange(30), scaling, centres)
        position = 2 * rng.normal(size=(30, K, 4))
        position[:5] = 0.0  # where norms have no slope: x′ = x, all K equal,
        position[5:10, :, 1] = 0.0  # and one feature unmoved
        gradient, _, cleared = search._look(position, search.today, search.centre, np.arange(30))
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
    expected = named.generate(models["mlp"], A, people, population=X)
    pd.testing.assert_frame_equal(own.generate(models["mlp"], A, people, population=X).X, expected.X, rtol=1e-9)


def test_a_torch_module_goes_the_way_of_the_layers_it_consists_of(models, lender, needs_torch):
    torch = needs_torch
    X, _ = lender
    layers = models["mlp"].layers_
    first, last = torch.nn.Linear(4, 32).double(), torch.nn.Linear(32, 1).double()
    w = layers.weights[0][0] * layers.scale[:, None]
    with torch.no_grad():
        first.weight[:], first.bias[:] = torch.tensor(w.T), torch.tensor(layers.biases[0][0, 0] - layers.shift @ w)
        last.weight[:], last.bias[:] = torch.tensor(layers.weights[1][0].T), torch.tensor(layers.biases[1][0, 0])

    class Wrapped:
        classes_, n_features_in_ = np.array([0, 1]), 4
        module_ = torch.nn.Sequential(first, torch.nn.ReLU(), last)

        def predict(self, X):
            return models["mlp"].predict(pd.DataFrame(X, columns=lender[0].columns))

    people, A = denied(models["mlp"], X), free(X)
    recipe = Gravitational(max_steps=40)
    ends = [recipe.generate(model, A, people, population=X).X for model in (models["mlp"], Wrapped())]
    pd.testing.assert_frame_equal(*ends, rtol=1e-9)


# -- what is refused -----------------------------------------------------------------------------------


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


def test_a_model_without_gradients_is_told_what_works(lender):
    X, y = lender
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    with pytest.raises(rs.ModelError, match="optimal"):
        Generic().generate(forest, free(X), X.head(2))


def test_only_functions_of_yours_and_autoencoders_need_torch():
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "import recourse as rs\n"
        "data = rs.datasets.moons(60)\n"
        "from recourse.models.network_classifier import NetworkClassifier\n"
        "net, A = NetworkClassifier(random_state=0).fit(data.X, data.y), rs.ActionSet(data.X)\n"
        "recipes = [recipe() for recipe in rs.generators.RECIPES.values()]\n"
        "for one in recipes:\n"
        "    if one.space is None: print(len(one.generate(net, A, data.X)))\n"
        "for one in [one for one in recipes if one.space] + [rs.generators.Wachter(loss=lambda z: -z)]:\n"
        "    try: one.generate(net, A, data.X, population=data.X)\n"
        "    except rs.RecourseError as error: print(error)\n"
        "    try: rs.simulate(net, data.X, data.y, A, recourse=one, rounds=1, repeats=1)\n"
        "    except rs.RecourseError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.count("60\n") == len(FEATURES), done.stderr
    assert done.stdout.count("pip install 'openrecourse[torch]'") == 2 * (len(RECIPES) - len(FEATURES) + 1), done.stderr
    assert "a loss or penalty of your own is differentiated by PyTorch" in done.stdout
    assert "an autoencoder is trained by PyTorch" in done.stdout


def test_importing_generators_does_not_import_torch():
    code = "import sys, recourse.generators, recourse.simulations; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_run_is_what_generate_calls(models, lender):
    X, _ = lender
    people, A = denied(models["linear"], X, 3), free(X)
    direct = descent.run(Generic(), models["linear"], A, people, population=None, targets=None, random_state=0)
    pd.testing.assert_frame_equal(direct.X, Generic().generate(models["linear"], A, people).X)


@pytest.mark.parametrize("recipe", [Generic(), rs.generators.Wachter(), ClaPROAR(), Generic(counterfactuals=3)])
def test_who_lacks_a_value_that_the_model_does_not_read_moves_in_the_others(recipe):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "unread"])
    clf = LogisticRegression().fit(X[["a", "b"]], (X["a"] + X["b"] > 0).astype(int))
    known = X[clf.predict(X[["a", "b"]]) == 0]
    lacking = known.assign(unread=np.nan)
    actions = rs.ActionSet(X)
    actions["unread"].actionable = False
    there, without = (recipe.generate(clf, actions, people, random_state=0) for people in (known, lacking))
    np.testing.assert_array_equal(there.codes, without.codes)
    pd.testing.assert_frame_equal(there.X[["a", "b"]], without.X[["a", "b"]])
    assert without.X["unread"].isna().all()
