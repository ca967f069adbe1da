"""What a simulation is run by: parts are checked at entry, by name or as objects; what is wrong is said in words."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.simulations import (
    PRESETS,
    Behaviour,
    Closed,
    DecisionLabels,
    Design,
    Inflow,
    ModelLabels,
    Optimal,
    OracleLabels,
    Places,
    Renewal,
    ReplaceWinners,
    Retrainer,
    Selector,
    TargetLabels,
    TopLabels,
    Unlimited,
)


@pytest.fixture(scope="module")
def blobs():
    data = rs.datasets.overlapping(120, random_state=0)
    return data.X, data.y, rs.ActionSet(data.X, default_bounds=(-10, 10))


def nobody_moves(model, actions, X):
    return X


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"flow": "closed"}, {"flow": Closed()}),
        ({"flow": "replace_winners"}, {"flow": ReplaceWinners()}),
        ({"selector": "apart"}, {"selector": Selector(together=False)}),
        ({"selector": "together"}, {"selector": Selector()}),
        ({"behaviour": "follow"}, {"behaviour": Behaviour()}),
        ({"labeller": "model"}, {"labeller": ModelLabels()}),
        ({"labeller": "target"}, {"labeller": TargetLabels()}),
        ({"labeller": "decision"}, {"labeller": DecisionLabels(Unlimited())}),
        (
            {"labeller": "decision", "decision": Places(3)},
            {"labeller": DecisionLabels(Places(3)), "decision": Places(3)},
        ),
        ({"decision": "model"}, {"decision": Unlimited()}),
        ({"retrainer": "cold"}, {"retrainer": Retrainer("cold")}),
        ({"measures": "all"}, {}),
        ({"measures": "mmd"}, {"measures": ("mmd",)}),
    ],
)
def test_a_name_stands_for_its_part(said, meant):
    assert Design(**said).resolved() == Design(**meant).resolved()


def test_every_part_can_be_given_by_its_name_and_the_rounds_are_run(blobs):
    X, y, A = blobs
    names = {"flow": "closed", "selector": "apart", "behaviour": "follow", "labeller": "decision", "decision": "model"}
    by_name, by_part = (
        rs.simulate(LogisticRegression(), X, y, A, rounds=2, repeats=1, design=design)
        for design in (
            Design(**names, retrainer="auto", permutations=0),
            Design(selector=Selector(together=False), labeller=DecisionLabels(Unlimited()), permutations=0),
        )
    )
    assert by_name.stopped == {}
    assert by_name.to_frame().equals(by_part.to_frame())
    assert max(by_name.to_frame()["round"]) == 2


def test_a_part_that_is_replaced_takes_what_follows_from_it_along():
    changed = PRESETS["fonseca2023"].replace(decision=Places(0.3)).resolved()
    assert changed.labeller == DecisionLabels(Places(0.3))
    assert PRESETS["fonseca2023"].resolved().labeller == DecisionLabels(Places(0.1))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"flow": "close"}, "'close' is not a flow. Did you mean 'closed'"),
        ({"selector": "apat"}, "Did you mean 'apart'"),
        ({"behaviour": "folow"}, "Did you mean 'follow'"),
        ({"labeller": "modle"}, "Did you mean 'model'"),
        ({"decision": "modl"}, "Did you mean 'model'"),
        ({"retrainer": "clod"}, "Did you mean 'cold'"),
        ({"flow": Closed}, "the class Closed itself"),
        ({"selector": Selector}, "the class Selector itself"),
        ({"labeller": ModelLabels}, "the class ModelLabels itself"),
        ({"retrainer": Retrainer}, "the class Retrainer itself"),
        ({"selector": ModelLabels()}, "Pass it as labeller="),
        ({"labeller": Selector()}, "Pass it as selector="),
        ({"flow": Places(3)}, "Pass it as decision="),
        ({"decision": TopLabels(3)}, "Pass it as labeller="),
        ({"behaviour": Renewal(0.5)}, "Pass it as flow="),
        ({"retrainer": Behaviour()}, "Pass it as behaviour="),
        ({"labeller": lambda X, rng: X}, "a method label"),
        ({"selector": 0.3}, "a method draw"),
        ({"flow": None}, "a method pass_round"),
        ({"failed": "goes"}, "failed can't be 'goes'"),
        ({"failed": True}, "failed"),
        ({"units": "z"}, "units"),
        ({"recipes": "altmeyer"}, "Did you mean 'altmeyer2023'"),
        ({"measures": "mdm"}, "Did you mean 'mmd'"),
        ({"measures": ["mmd", 3]}, "a measure must be a function"),
        ({"measures": 3}, "'all' or a list"),
        ({"measure_every": 0}, "measure_every"),
        ({"permutations": -1}, "permutations"),
        ({"permutations": True}, "permutations"),
        ({"bandwidth": "mean"}, "median"),
        ({"bandwidth": -1.0}, "bandwidth"),
        ({"bandwidth": float("nan")}, "bandwidth"),
        ({"most": 1}, "most"),
        ({"test_share": 1.0}, "test_share"),
    ],
)
def test_a_design_says_in_words_what_is_wrong_when_it_is_made(said, words):
    with pytest.raises(rs.InputError, match=words):
        Design(**said)
    with pytest.raises(rs.InputError, match=words):
        Design().replace(**said)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Selector(share=0), "share"),
        (lambda: Selector(share="half"), "share"),
        (lambda: Selector(together="yes"), "together"),
        (lambda: Selector(at_least=-1), "at_least"),
        (lambda: Selector(capacity=0), "capacity"),
        (lambda: Behaviour(comply=1.5), "comply"),
        (lambda: Behaviour(effort="much"), "effort"),
        (lambda: Behaviour(noise=-1), "noise"),
        (lambda: Behaviour(delay=0.5), "delay"),
        (lambda: Retrainer(every=0), "every"),
        (lambda: Retrainer("hot"), "mode"),
        (lambda: OracleLabels(3), "truth must be a function"),
        (lambda: TopLabels(0), "k must be"),
        (lambda: DecisionLabels(Selector()), "decision"),
        (lambda: DecisionLabels("modle"), "Did you mean 'model'"),
        (lambda: ReplaceWinners(source=3), "source must be a function"),
        (lambda: ReplaceWinners(everybody=1), "everybody"),
        (lambda: Inflow(-1), "people"),
        (lambda: Inflow(2.5), "people"),
        (lambda: Renewal(2), "share"),
        (lambda: Optimal("totl"), "Did you mean 'total'"),
        (lambda: Optimal(time_limit=-1), "time_limit"),
        (lambda: Optimal(max_changes=-1), "max_changes"),
    ],
)
def test_settings_of_parts_that_mean_nothing_are_refused(make, words):
    with pytest.raises(rs.InputError, match=words):
        make()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"design": "yang2025", "preset": "yang2025"}, "either preset= or design="),
        ({"preset": "yang2024"}, "Did you mean 'yang2025'"),
        ({"design": {"flow": "closed"}}, "design can't be"),
        ({"design": Design}, "design can't be"),
        ({"design": Closed()}, "design can't be"),
        ({"recourse": Optimal}, "the class Optimal itself"),
        ({"recourse": Selector()}, "a recourse is"),
        ({"recourse": {"a": "optimla"}}, "Did you mean 'optimal'"),
        ({"random_state": "one"}, "random_state"),
        ({"random_state": -1}, "random_state"),
        ({"rounds": 2.5}, "rounds"),
        ({"repeats": "two"}, "repeats"),
        ({"threshold": "half"}, "threshold"),
        ({"refit": "no"}, "refit"),
        ({"progress": 3}, "progress"),
        ({"identity": 3}, "identity"),
        ({"time_limit": -1}, "time_limit"),
        ({"budget": 60}, "budget"),
        ({"group_by": ["sx"]}, "group_by: 'sx' is not a column of X"),
    ],
)
def test_simulate_says_in_words_what_is_wrong_before_anything_runs(said, words, blobs):
    X, y, A = blobs
    with pytest.raises(rs.InputError, match=words):
        rs.simulate(LogisticRegression(), X, y, A, **said)


def test_arguments_in_the_wrong_order_and_classes_of_models_are_told(blobs):
    X, y, A = blobs
    with pytest.raises(rs.ModelError, match="the class LogisticRegression itself"):
        rs.simulate(LogisticRegression, X, y, A)
    with pytest.raises(rs.InputError, match="must be an ActionSet"):
        rs.simulate(LogisticRegression(), X, A, y)
    with pytest.raises((rs.InputError, rs.ModelError)):
        rs.simulate(X, LogisticRegression(), y, A)


def test_a_part_of_ones_own_has_the_methods_and_nothing_else(blobs):
    class Everybody:
        together = False

        def draw(self, pool, rng):
            return pool

    class Halfway:
        def act(self, today, new, actions, rng):
            return new, np.arange(len(today)) % 2 == 0

    class Same:
        def pass_round(self, people, start, approved, t, rng):
            return people

    class Good:
        def label(self, people, moved, features, model, labels, rng):
            return labels.of(np.ones(len(people), dtype=bool))

    X, y, A = blobs
    design = Design(selector=Everybody(), behaviour=Halfway(), flow=Same(), labeller=Good(), retrainer="none")
    sim = rs.simulate(LogisticRegression(), X, y, A, rounds=1, repeats=1, design=design, refit=True)
    assert sim.stopped == {}
    log = sim.to_frame().query("generator == 'optimal' and round == 1").iloc[0]
    assert log["n_drawn"] == log["pool"]
    assert log["n_moved"] == (log["n_drawn"] + 1) // 2
    assert (sim.arms["model", "optimal"].y == 1).all()
