"""Several actions a person: each differs from those before it in the way that was asked for, by brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from helpers import CLOSE, world
from recourse.errors import InputError
from recourse.search import distinct as module
from recourse.search import solve_items
from recourse.search.additive import KnapsackProposer
from recourse.search.brute_force import solve as try_everything
from recourse.search.exclusions import Exclusions

DISTINCT = ("minimal", "subsets", "exclusive")


def one_after_the_other(model, menus, person, distinct, total_items):
    """The costs of a person's actions and the features that each changes, by the definitions and brute force."""
    listed: list[frozenset[int]] = []
    costs = []
    while len(costs) < total_items:
        not_again = {
            "minimal": Exclusions(supersets=listed),
            "subsets": Exclusions(subsets=listed),
            "exclusive": Exclusions(frozen=frozenset().union(*listed)),
        }[distinct]
        found = try_everything(model, menus, np.array([person]), [not_again])
        if not found.found[0]:
            break
        costs.append(found.cost[0])
        listed.append(frozenset(np.flatnonzero(menus.feature_changes([person], found.picks)[0]).tolist()))
    return costs, listed


@pytest.mark.parametrize("distinct", DISTINCT)
@pytest.mark.parametrize("kind", ["logistic", "tree"])
def test_each_rank_is_the_cheapest_action_that_differs_from_those_before(kind, distinct):
    w = world(7, kind=kind)
    menus = w.actions.menus(w.denied.iloc[:8])
    ranks = solve_items(w.model, menus, total_items=4, distinct=distinct)
    for person in range(len(menus)):
        costs, _ = one_after_the_other(w.model, menus, person, distinct, 4)
        found = [rank for rank in ranks if rank.found[person]]
        np.testing.assert_allclose([rank.cost[person] for rank in found], costs, **CLOSE)
        if len(costs) < 4:
            assert ranks[-1].status(person) is rs.Status.INFEASIBLE, "there is no further action"
        for rank in found:
            assert w.model.approves(menus.points([person], rank.picks[[person]])).all()


@pytest.mark.parametrize("distinct", DISTINCT)
def test_all_ranks_at_once_and_one_after_the_other_agree(distinct, monkeypatch):
    w = world(3)
    menus = w.actions.menus(w.denied)
    at_once = solve_items(w.model, menus, total_items=5, distinct=distinct)
    monkeypatch.setattr(module.KnapsackProposer, "propose_several", None)
    monkeypatch.setattr(module, "KnapsackProposer", type("Nobody", (), {"accepts": staticmethod(lambda *q: False)}))
    slowly = solve_items(w.model, menus, total_items=5, distinct=distinct)
    for one, other in zip(at_once, slowly, strict=False):
        np.testing.assert_array_equal(one.codes, other.codes)
        np.testing.assert_allclose(one.cost, other.cost, **CLOSE)


def test_people_whose_proposals_are_rejected_are_answered_one_rank_after_the_other():
    X = pd.DataFrame({"a": np.arange(5.0), "b": np.arange(5.0)})

    class Fussy(rs.LinearModel):
        """Denies what its own statement approves where a is 3 or more."""

        def approves(self, X):
            return super().approves(X) & (X["a"].to_numpy() < 3)

    model = Fussy({"a": 1.0, "b": 1.0}, intercept=-2.5)
    menus = rs.ActionSet(X).menus(X.iloc[:2], "l1")
    ranks = solve_items(model, menus, total_items=3, distinct="subsets")
    for rank in ranks:
        found = np.flatnonzero(rank.found)
        assert model.approves(menus.points(found, rank.picks[found])).all()
    costs, listed = one_after_the_other(model, menus, 0, "subsets", 3)
    assert [rank.cost[0] for rank in ranks if rank.found[0]] == pytest.approx(costs)
    assert len(listed) == 2


def test_answers_know_the_people_that_were_asked_for():
    w = world(3)
    menus = w.actions.menus(w.denied)
    some = solve_items(w.model, menus, [4, 2], total_items=2)
    everybody = solve_items(w.model, menus, total_items=2)
    np.testing.assert_array_equal(some[0].cost, everybody[0].cost[[4, 2]])
    assert some[0].rows().index.tolist() == menus.X.index[[4, 2]].tolist()
    assert KnapsackProposer.accepts(w.model.states(menus), menus, ()), "that all at once was tested at all"


def test_out_of_time_is_no_claim_that_nothing_is_left():
    w = world(3)
    menus = w.actions.menus(w.denied)
    ranks = solve_items(w.model, menus, total_items=3, budget=rs.Budget(0))
    assert all(rank.interrupted for rank in ranks)
    assert not any((rank.codes == 2).any() for rank in ranks)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"distinct": "minimum"}, "Did you mean 'minimal'"), ({"total_items": 0}, "total_items must be")],
)
def test_unknown_ways_to_differ_and_no_items_are_refused(wrong, message):
    w = world(3)
    with pytest.raises(InputError, match=message):
        solve_items(w.model, w.actions.menus(w.denied), **wrong)
