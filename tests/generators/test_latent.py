"""Latent spaces: what an autoencoder learns and from whom, that a search in it keeps to the action set, and REVISE
and CLUE do what they are for.
"""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

import recourse as rs
from recourse.generators import (
    CLUE,
    REVISE,
    Adam,
    Autoencoder,
    ClaPROAR,
    DiCE,
    Distance,
    Generic,
    Gravitational,
    Probability,
    Reach,
    descent,
    latent,
)
from recourse.generators.differentiable_model import DifferentiableModel
from recourse.generators.population import scaling_of
from recourse.models.network_classifier import NetworkClassifier

pytestmark = pytest.mark.usefixtures("needs_torch")


def correlated(seed=0, n=600):
    """Eight features that follow two, and a label that depends on two of them."""
    rng = np.random.default_rng(seed)
    hidden, noise = rng.normal(size=(n, 2)), rng.normal(size=(n, 9))
    X = pd.DataFrame(hidden @ rng.normal(size=(2, 8)) + 0.3 * noise[:, :8]).add_prefix("f")
    return X, (X["f0"] - X["f1"] + 0.5 * noise[:, 8] > 0).astype(int)


@pytest.fixture(scope="module")
def world():
    """People, a classifier, those whom it denies, an action set, and a space fitted in a moment."""
    X, y = correlated()
    clf = NetworkClassifier((16,), epochs=20, random_state=0).fit(X, y)
    return X, clf, X[clf.predict(X) == 0].head(60), rs.ActionSet(X, default_bounds=(-20, 20))


@pytest.fixture(scope="module")
def space(world, needs_torch):
    return Autoencoder(epochs=40).fit(world[0])


# -- what is learned, and from whom --------------------------------------------------------------------


def test_a_space_follows_from_the_table_and_the_seed_alone(needs_torch):
    torch = needs_torch
    X, _ = correlated(n=200)
    settings, spaces, threads = Autoencoder(epochs=3), [], torch.get_num_threads()
    state = np.random.get_state()[1].copy()
    for seed, number in ((1, 1), (2, 2)):
        torch.manual_seed(seed)
        torch.set_num_threads(number)
        spaces.append(settings.fit(X, random_state=0))
        assert torch.get_num_threads() == number
    torch.set_num_threads(threads)
    assert torch.initial_seed() == 2
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert repr(spaces[0]) == repr(spaces[1]) == repr(pickle.loads(pickle.dumps(spaces[0])))
    for one, other in zip(spaces[0].weights, spaces[1].weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert repr(settings.fit(X, random_state=1)) != repr(spaces[0]), "checkpoints tell spaces apart by their text"


def test_a_fitted_space_is_what_a_recipe_would_have_fitted(world):
    X, clf, people, A = world
    recipe = REVISE(space=Autoencoder(epochs=3), max_steps=20)
    inside = recipe.generate(clf, people, A, population=X, random_state=5)
    fitted = replace(recipe, space=recipe.space.fit(X, random_state=5))
    pd.testing.assert_frame_equal(fitted.generate(clf, people, A, population=X).X, inside.X)
    other = recipe.generate(clf, people, A, population=X, random_state=6)
    assert not np.allclose(other.X, inside.X)


def test_the_autoencoder_learns_from_the_population_and_never_from_the_people_asked_about(world):
    X, clf, people, A = world
    recipe = REVISE(space=Autoencoder(epochs=3), max_steps=20)
    with pytest.raises(rs.InputError, match="population="):
        recipe.generate(clf, people, A)
    all_, some = (recipe.generate(clf, part, A, population=X).X for part in (people, people.tail(5)))
    np.testing.assert_allclose(all_.tail(5), some, atol=1e-6)


def test_units_do_not_matter_because_the_population_standardises(world):
    X, _, _, _ = world
    one, other = Autoencoder(epochs=2).fit(X), Autoencoder(epochs=2).fit(X * 1000 + 5)
    np.testing.assert_allclose(one.encode(X.to_numpy()), other.encode(X.to_numpy() * 1000 + 5), atol=1e-6)


@pytest.mark.parametrize(
    ("n", "settings"),
    [
        (400, Autoencoder(epochs=60, learning_rate=5e-3)),
        pytest.param(1000, Autoencoder(), marks=pytest.mark.slow),
    ],
)
def test_what_is_decoded_lies_where_people_do_and_codes_spread_like_the_prior(n, settings):
    X = rs.datasets.overlapping(n).X
    space = settings.fit(X)
    codes = space.encode(X.to_numpy())
    back, _ = space.decode(codes)
    assert np.sqrt((((back - X) / X.std()) ** 2).mean(axis=None)) < 0.07
    assert np.abs(codes.mean(axis=0)).max() < 1
    assert ((codes.std(axis=0) > 0.5) & (codes.std(axis=0) < 1.5)).all()


def test_training_goes_on_from_the_weights_and_keeps_the_scaling(world):
    X, _, _, _ = world
    start = Autoencoder(epochs=3, warm_epochs=2).fit(X)
    after = start.warmed(X.iloc[:, ::-1] * 2, random_state=1)
    assert repr(after) != repr(start)
    np.testing.assert_array_equal(after.mean, start.mean)
    moved = max(np.abs(a - b).max() for a, b in zip(after.weights, start.weights, strict=True))
    assert 0 < moved < 0.2
    assert repr(replace(start, settings=Autoencoder(warm_epochs=0)).warmed(X).weights) == repr(start.weights)


def test_training_and_search_end_once_the_budget_is_used_up(world):
    X, clf, people, A = world
    endless = Autoencoder(epochs=10**9)
    used_up = rs.Budget()
    used_up.cancel()
    space = endless.fit(X, budget=used_up)
    np.testing.assert_array_equal(space.mean, X.mean())
    out = REVISE(space=endless).generate(clf, people, A, population=X, time_limit=0.3)
    assert out.interrupted
    assert (out.steps == 0).all()


# -- slopes --------------------------------------------------------------------------------------------


def test_slopes_are_those_of_an_automatic_differentiator_through_the_decoder(world, space, needs_torch):
    torch = needs_torch
    X, clf, people, A = world
    model, K = rs.as_model(clf), 3
    layers = model.layers()

    def decode(z):
        into, bias, out, offset = (torch.tensor(w) for w in space.weights[4:])
        return torch.tensor(space.mean) + torch.tensor(space.deviation) * (torch.relu(z @ into + bias) @ out + offset)

    def logit(raw):
        (w1, w2), (b1, b2) = ([torch.tensor(a[0]) for a in arrays] for arrays in (layers.weights, layers.biases))
        return (torch.relu((raw - torch.tensor(layers.shift)) * torch.tensor(layers.scale) @ w1 + b1) @ w2 + b2)[..., 0]

    B = rs.ActionSet(X, default_bounds=(-1e6, 1e6))
    B["f2"].actionable = False
    rng = np.random.default_rng(0)
    for recipe in (REVISE(space=space), CLUE(space=space), DiCE(space=space), Gravitational(space=space)):
        recipe = replace(recipe, counterfactuals=K, penalties=(Distance(0.3), Distance(0.2, "mad")))
        search = descent.GradientSearch(
            recipe, DifferentiableModel(model, A), Reach(B, people), np.arange(60), scaling_of(A, X), None, space
        )
        position = search.space.start + rng.normal(size=(60, K, 2))
        gradient, _, _ = search.slopes_at(position, search.today, None, np.arange(60))
        leaf = torch.tensor(position, requires_grad=True)
        today, deviation = torch.tensor(search.today), torch.tensor(search.deviation)
        raw = torch.cat([decode(leaf)[..., :2], today[..., 2:3].expand(-1, K, -1), decode(leaf)[..., 3:]], dim=2)
        z, away = logit(raw), (raw - today) / deviation
        p = torch.sigmoid(z)
        loss = -torch.log(p) if recipe.loss == "bce" else torch.special.entr(p) + torch.special.entr(1 - p)
        mad = (away.abs() / torch.tensor(search.mad)).sum()
        total = loss.sum() + 0.3 * torch.linalg.vector_norm(away, dim=2).sum() + 0.2 * mad
        (expected,) = torch.autograd.grad(total, leaf)
        np.testing.assert_allclose(gradient, expected.numpy(), rtol=1e-8, atol=1e-8)


def test_a_clipped_value_holds_nobody_back_who_would_come_inside(world, space):
    """Everything may only move the way that helps, but today's point decodes to the other side of it in some."""
    X, clf, people, _ = world
    A = rs.ActionSet(X, default_bounds=(-20, 20))
    for feature in A:
        feature.step_direction = int(np.sign(np.corrcoef(X[feature.name], clf.decision_function(X))[0, 1]))
    ways = np.array([feature.step_direction for feature in A])
    ahead = ways * (space.decode(space.encode(people.to_numpy()))[0] - people.to_numpy())
    assert (ahead < 0).sum(axis=1).max() > 4, "most of somebody's features start on the edge of their box"
    out = REVISE(space=space, max_steps=300).generate(clf, people, A, population=X)
    assert out.valid.all()
    assert (ways * (out.X - people) > 0).to_numpy()[ahead < 0].any(), "some of them leave it"


# -- the action set ------------------------------------------------------------------------------------


def test_what_is_immutable_stays_to_the_last_bit_where_the_decoder_has_another_value_in_mind(world, space):
    X, clf, people, _ = world
    A = rs.ActionSet(X, default_bounds=(-20, 20))
    A[["f2", "f3", "f4"]].actionable = False
    A["f5"].step_direction = 1
    out = REVISE(space=space, max_steps=300).generate(clf, people, A, population=X)
    pd.testing.assert_frame_equal(out.X[["f2", "f3", "f4"]], people[["f2", "f3", "f4"]])
    assert (out.X["f5"] >= people["f5"]).all()
    assert out.valid.mean() > 0.9
    decoded = space.decode(space.encode(out.X.to_numpy()))[0]
    assert np.abs(decoded[:, 2] - people["f2"]).min() > 1e-6
    assert (people != out.X)[["f0", "f1", "f6", "f7"]].all(axis=None), "all that can move does"


def test_one_hot_groups_and_whole_numbers_stay_what_they_are():
    rng = np.random.default_rng(0)
    home = rng.integers(0, 3, 300)
    X = pd.DataFrame(
        {f"home{k}": (home == k).astype(int) for k in range(3)} | {"years": rng.integers(0, 20, 300) + home}
    )
    y = (4 * X["home2"] + 0.1 * X["years"] + rng.normal(size=300) > 3).astype(int)
    clf = NetworkClassifier((), random_state=0).fit(X, y)
    A = rs.ActionSet(X)
    A.add_constraint(rs.constraints.OneHot(["home0", "home1", "home2"]))
    A.add_constraint(rs.constraints.AtMost(3))
    people = X[clf.predict(X) == 0]
    out = REVISE(space=Autoencoder(latent=3), max_steps=500).generate(clf, people, A, population=X)
    assert (out.X[["home0", "home1", "home2"]].sum(axis=1) == 1).all()
    assert ((out.X["home2"] > people["home2"]) & out.valid).any()
    assert out.X.dtypes.equals(X.dtypes)
    for constraint in A.constraints.values():
        assert constraint.holds(people, out.X).all()
    assert (out.X["years"] == people["years"]).any(), "a whole number moves only where another one is nearer"


def test_words_and_missing_values_stay_and_touch_nobody_else(world):
    X, _, people, _ = world
    table, asked = (frame.assign(home=["rent", "own"] * (len(frame) // 2)) for frame in (X, people))
    table.iloc[::7, 3] = np.nan
    A = rs.ActionSet(table, default_bounds=(-20, 20))
    A["home"].actionable = False
    model = rs.LinearModel({"f0": 1.0, "f1": -1.0}, intercept=0.0)
    recipe = REVISE(space=Autoencoder(epochs=10), max_steps=300)
    full = recipe.generate(model, asked, A, population=table)
    asked.iloc[4, 3] = np.nan
    out = recipe.generate(model, asked, A, population=table)
    assert out.X["home"].tolist() == asked["home"].tolist()
    pd.testing.assert_frame_equal(out.X.drop(asked.index[4]), full.X.drop(asked.index[4]))
    assert np.isnan(out.X.iloc[4, 3])
    assert not out.X.iloc[4].equals(asked.iloc[4])


# -- what is refused -----------------------------------------------------------------------------------


def test_a_space_that_does_not_go_with_the_action_set_is_refused(world, space):
    X, clf, people, A = world
    for names, message in (
        (["f0", "f1", "f2"], "can change, but the latent space does not know it"),
        (None, "has not"),
    ):
        other = Autoencoder(epochs=1).fit(X[names] if names else X.assign(f9=1.0))
        with pytest.raises(rs.InputError, match=message):
            REVISE(space=other).generate(clf, people, A)
        with pytest.raises(rs.InputError, match=message):
            rs.simulate(clf, X, clf.predict(X), A, recourse=REVISE(space=other), rounds=1)
    B = rs.ActionSet(X, default_bounds=(-20, 20))
    B[[f"f{k}" for k in range(3, 8)]].actionable = False
    few = Autoencoder(epochs=20).fit(X[["f2", "f0", "f1"]])
    assert REVISE(space=few, max_steps=500).generate(clf, people, B).valid.mean() > 0.9


def test_settings_that_mean_nothing_are_refused():
    for wrong in ({"latent": 0}, {"epochs": 1.5}, {"warm_epochs": -1}, {"noise": 0.0}, {"learning_rate": np.nan}):
        with pytest.raises(rs.InputError, match=next(iter(wrong))):
            Autoencoder(**wrong)
    for wrong in ({"space": "latent"}, {"space": Autoencoder}, {"chain_rule": False}):
        with pytest.raises(rs.InputError, match=next(iter(wrong))):
            REVISE(**wrong)
    with pytest.raises(rs.InputError, match="'home' holds other values"):
        Autoencoder().fit({"home": ["rent", "own"]})
    with pytest.raises(rs.InputError, match="learns from people"):
        Autoencoder().fit(pd.DataFrame({"income": np.empty(0)}))


def test_a_search_in_a_fitted_space_does_not_need_torch(world, space, monkeypatch):
    _, clf, people, A = world
    monkeypatch.setattr(latent, "import_torch", lambda *_: pytest.fail("torch was asked for"))
    assert REVISE(space=space).generate(clf, people, A).valid.any()


# -- what the recipes are for --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_answers_of_revise_lie_nearer_to_people_than_those_of_generic(seed):
    X, y = correlated(seed)
    clf = NetworkClassifier((16,), epochs=20, random_state=0).fit(X, y)
    people, A, sd = X[clf.predict(X) == 0], rs.ActionSet(X, default_bounds=(-20, 20)), X.std().to_numpy()
    space = Autoencoder(epochs=50).fit(X)
    nearest, misfit = {}, {}
    for recipe in (
        Generic(max_steps=1000, stop=Probability(0.9)),
        REVISE(max_steps=1000, stop=Probability(0.9), space=space),
    ):
        out = recipe.generate(clf, people, A, population=X)
        assert out.valid.mean() > 0.98
        points = out.X[out.valid].to_numpy()
        nearest[recipe.name] = cdist(points / sd, X / sd).min(axis=1).mean()
        misfit[recipe.name] = np.linalg.norm((space.decode(space.encode(points))[0] - points) / sd, axis=1).mean()
    assert nearest["REVISE"] < 0.8 * nearest["Generic"]
    assert misfit["REVISE"] < 0.2 * misfit["Generic"]


def test_clue_lowers_the_entropy_of_the_prediction_and_favours_no_label(world, space):
    X, clf, _, A = world

    def entropy(table):
        p = clf.predict_proba(table)
        return -(p * np.log(p)).sum(axis=1)

    everyone = X.head(200)
    uncertain = everyone[entropy(everyone) > 0.3]
    out = CLUE(space=space, max_steps=5000).generate(clf, uncertain, A, population=X)
    assert (entropy(out.X) < entropy(uncertain)).mean() > 0.95
    assert entropy(out.X).mean() < 0.2 * entropy(uncertain).mean()
    assert out.converged.mean() > 0.95
    assert 0.2 < out.valid.mean() < 0.8, "some become certain to be denied"


def test_other_recipes_search_latent_spaces_too(world, space):
    X, clf, people, A = world
    for recipe in (
        ClaPROAR(max_steps=300),
        Gravitational(max_steps=300),
        DiCE(max_steps=300),
        Generic(optimiser=Adam(0.05)),
    ):
        out = replace(recipe, space=space).generate(clf, people, A, population=X)
        assert out.valid.mean() > 0.8, recipe.name


# -- over time -----------------------------------------------------------------------------------------


def simulated(data, recourse, rounds=3, **how):
    net = NetworkClassifier((), epochs=20, random_state=0)
    A = rs.ActionSet(data.X, default_bounds=(-10, 10))
    design = how.pop("design", rs.simulations.Design()).replace(permutations=0, measure_every=rounds)
    return rs.simulate(net, data.X, data.y, A, recourse=recourse, rounds=rounds, repeats=2, design=design, **how)


@pytest.mark.parametrize("warm_epochs", [0, 1])
def test_in_a_simulation_of_two_rounds_a_space_is_learned_once_or_goes_on(warm_epochs):
    data = rs.datasets.overlapping(100)
    recipe = REVISE(space=Autoencoder(epochs=2, warm_epochs=warm_epochs), max_steps=50)
    sim = simulated(data, recipe, rounds=2)
    start = sim.study.start_recourse["revise"].recipe.space
    ends = [state.arms["model", "revise"].recourse.recipe.space for state in sim._states]
    assert [one is start for one in ends] == [warm_epochs == 0] * 2
    assert sim.study.recourse["revise"].recipe is recipe, "what was passed stays as it was"


@pytest.mark.slow
def test_in_a_simulation_a_space_is_learned_once_or_goes_on_with_the_model():
    data = rs.datasets.overlapping(200)
    still = REVISE(space=Autoencoder(epochs=4), max_steps=300)
    frames = {}
    for name, recipe in {"still": still, "warm": replace(still, space=Autoencoder(epochs=4, warm_epochs=1))}.items():
        sim = simulated(data, recipe)
        start = sim.study.start_recourse["revise"].recipe.space
        ends = [state.arms["model", "revise"].recourse.recipe.space for state in sim._states]
        assert [one is start for one in ends] == [name == "still"] * 2
        assert len({repr(one) for one in ends}) == (1 if name == "still" else 2)
        assert sim.study.recourse["revise"].recipe is recipe, "what was passed stays as it was"
        frames[name] = sim.to_frame()
        pd.testing.assert_frame_equal(simulated(data, recipe).to_frame(), frames[name])
    assert not frames["warm"].equals(frames["still"])
    no_training = simulated(
        data, REVISE(space=Autoencoder(epochs=4, warm_epochs=1)), design=rs.simulations.Design(retrainer="none")
    )
    assert no_training._states[0].arms["model", "revise"].recourse is no_training.study.start_recourse["revise"]


def test_an_arm_does_not_notice_what_autoencoders_of_others_learn(tmp_path):
    data = rs.datasets.overlapping(200)
    recipe = REVISE(space=Autoencoder(epochs=4, warm_epochs=1), max_steps=300)
    design = rs.simulations.Design(selector=rs.simulations.Selector(share=0.2, together=False))
    apart = {"design": design, "checkpoint": tmp_path / "run.json"}
    both = simulated(data, {"revise": recipe, "clue": replace(CLUE(), space=recipe.space)}, **apart).to_frame()
    del apart["checkpoint"]
    alone = simulated(data, {"revise": recipe}, **apart).to_frame()
    again = both[both["generator"] == "revise"].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, alone[alone["generator"] == "revise"].reset_index(drop=True))


def test_a_space_passed_to_a_simulation_is_used_as_it_is():
    data = rs.datasets.overlapping(200)
    space = Autoencoder(epochs=5).fit(data.X)
    sim = simulated(data, REVISE(space=space).altmeyer2023())
    assert sim._states[0].arms["model", "revise"].recourse.recipe.space is space
    assert REVISE().altmeyer2023().space.warm_epochs == 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_paper_generic_dice_and_revise_shift_the_domain_alike(seed):
    data = rs.datasets.overlapping(random_state=seed)
    sim = rs.simulate(
        {"linear": NetworkClassifier((), standardize=False)}, data.X, data.y,
        rs.ActionSet(data.X, default_bounds=(-10, 10)),
        recourse={"generic": Generic(), "dice": DiCE(), "revise": REVISE()}, repeats=1, random_state=seed,
        design=rs.simulations.PRESETS["altmeyer2023"].replace(permutations=0, measure_every=50),
    )  # fmt: skip
    shift = sim.summary().query("name == 'mmd'").set_index("generator")["mean"]
    assert shift["revise"] == pytest.approx(shift["generic"], rel=0.1)
    assert shift["dice"] == pytest.approx(shift["generic"], rel=0.1)
    assert abs(shift["control"]) < 0.012
