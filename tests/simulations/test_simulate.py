"""The verb: what holds in any simulation, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

import recourse as rs
from recourse.generators import Generic, Greedy
from recourse.models.network_classifier import NetworkClassifier
from recourse.simulations import (
    Selector,
)
from simulation_worlds import quick, values


def test_people_get_their_new_features_and_the_models_own_label_before_it_is_retrained(blobs):
    _, _, A = blobs
    seen = []

    def spy(model, actions, people):
        seen.append((model, people.copy()))
        return people.assign(x2=people["x2"] - 100.0)  # far off: what the model says there is no matter of course

    sim = quick(blobs, recourse={"spy": spy}, rounds=1, repeats=1, failed="move")
    arm = sim.arms["model", "spy"]
    model, people = seen[0]
    moved = arm.people["moves"] > 0
    assert moved.sum() == len(people) == round(0.05 * (~model.approves(sim.study.baseline.X)).sum())
    low, _ = A["x2"].bounds
    np.testing.assert_array_equal(arm.y[moved], model.approves(arm.X[moved]).astype(int))
    start = sim.arms["model", "control"]
    pd.testing.assert_frame_equal(arm.X[~moved], start.X[~moved])
    np.testing.assert_array_equal(arm.y[~moved], start.y[~moved])
    assert low == -10


def test_nothing_that_is_passed_is_changed(blobs):
    X, y, A = blobs
    net = NetworkClassifier((), epochs=3, random_state=None)
    clf = LogisticRegression()
    before = X.copy(), y.copy(), repr(A), net.get_params(), clf.get_params()
    quick(blobs, {"net": net, "clf": clf})
    pd.testing.assert_frame_equal(X, before[0])
    pd.testing.assert_series_equal(y, before[1])
    assert (repr(A), net.get_params(), clf.get_params()) == before[2:]
    assert not hasattr(net, "layers_")
    assert not hasattr(clf, "coef_")


def test_numbers_depend_on_the_seed_and_the_arm_and_on_nothing_else(blobs):
    nets = {"net": NetworkClassifier((4,), epochs=10)}
    both = {"generic": Generic(), "greedy": Greedy()}
    apart = Selector(together=False)
    sim = quick(blobs, nets, both, selector=apart)
    again = quick(blobs, nets, both, selector=apart)
    pd.testing.assert_frame_equal(sim.to_frame(), again.to_frame())
    with threadpool_limits(limits=2):
        threads = quick(blobs, nets, both, selector=apart)
    pd.testing.assert_frame_equal(sim.to_frame(), threads.to_frame())
    alone = quick(blobs, nets, {"greedy": Greedy()}, selector=apart)
    pd.testing.assert_frame_equal(
        sim.to_frame().query("generator == 'greedy'").reset_index(drop=True),
        alone.to_frame().query("generator == 'greedy'").reset_index(drop=True),
    )
    other = quick(blobs, nets, both, selector=apart, random_state=1)
    assert not sim.to_frame()["value"].equals(other.to_frame()["value"])
    repeats = values(sim, "mmd").query("round == 4 and generator == 'generic'")["value"]
    assert repeats.nunique() == 2


class Fussy(LogisticRegression):
    """Can't be fitted to people who have moved right."""

    def fit(self, X, y):
        if X["x1"].eq(4.0).sum() > 20:
            raise ValueError("these people are too good to be true")
        return super().fit(X, y)


def test_an_arm_whose_model_can_no_longer_be_fitted_stops_and_the_others_go_on(blobs):
    sim = quick(blobs, {"fussy": Fussy(), "plain": LogisticRegression()}, share=0.1, rounds=4, repeats=1)
    stopped = sim.arms["fussy", "move_right"]
    assert "ValueError: these people are too good to be true" in stopped.stopped
    assert stopped.rounds == 1
    assert (stopped.people["moves"] > 0).sum() == 12, "the results so far are kept"
    assert any("Its results up to then are kept." in note for note in sim.notes)
    rounds = sim.to_frame().groupby("arm")["round"].max()
    assert rounds.to_dict() == {"fussy/control": 4, "fussy/move_right": 1, "plain/control": 4, "plain/move_right": 4}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"rounds": 0}, "rounds"),
        ({"share": 0.0}, "share"),
        ({"preset": "altmeyer2022"}, "altmeyer2023"),
        ({"measures": "mdm"}, "'mmd'"),
        ({"failed": "go"}, "failed"),
        ({"units": "z"}, "units"),
        ({"bandwidth": -1.0}, "bandwidth"),
        ({"test_share": 1.0}, "test_share"),
        ({"permutations": -1}, "permutations"),
        ({"labeller": "modle"}, "'model'"),
        ({"recourse": "optimla"}, "'optimal'"),
        ({"recourse": {"control": "optimal"}}, "control"),
        ({"recourse": {}}, "recourse"),
        ({"recourse": 3}, "int"),
        ({"group_by": ["x3"]}, "x3"),
        ({"models": {}}, "models"),
        ({"desired": 7}, "desired"),
        ({"retrainer": "hot"}, "'hot' is not a retrainer"),
    ],
)
def test_settings_that_mean_nothing_are_refused_before_the_first_round(settings, says, blobs):
    with pytest.raises((rs.InputError, rs.ModelError), match=says):
        quick(blobs, **settings)


def test_a_population_without_candidates_is_told_so(blobs):
    X, y, A = blobs
    with pytest.raises(rs.InputError, match="no candidates"):
        quick(blobs, rs.LinearModel({"x1": 0.0, "x2": 0.0}, intercept=1.0), retrainer="none")
    with pytest.raises(rs.InputError, match="3 labels"):
        rs.simulate(LogisticRegression(), X, np.arange(300) % 3, A)
    with pytest.raises(rs.InputError, match="one label for each"):
        rs.simulate(LogisticRegression(), X, y[:10], A)
