"""Measure the search for ReLU networks: time a person and what was proven, with HiGHS and best-first beside it.

    RECOURSE_DATA=data python benchmarks/networks.py           # about five minutes
    RECOURSE_DATA=data python benchmarks/networks.py --people 500 --no-rivals

CPU times, in milliseconds a person, of one thread; stating the network and all verdicts of the model are included.
HiGHS and best-first are given the same few people in the same run, from cheap to dear, with `LIMIT` seconds a person
(best-first also has its usual budget of actions); no mixed-integer program states the mean probability of an ensemble.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import recourse as rs
from networks_milp import cheapest
from recourse.models.network_classifier import NetworkClassifier
from recourse.search import any_model, networks
from recourse.search.solutions import INFEASIBLE, OPTIMAL, Solutions

LIMIT = 10.0
FEW = 5
TABLES = {
    "credit": ("Single", "Age", "Overdue"),
    "german": ("Age", "Foreign", "Single", "OtherLoans", "History", "Missed"),
}
"""What is not to be changed: columns whose names contain these."""
MODELS = {
    "32": {"hidden": (32,)},
    "32-32": {"hidden": (32, 32)},
    "5 × 32": {"hidden": (32,), "members": 5},
    "5 × 32-32": {"hidden": (32, 32), "members": 5},
}


CASES = [(0.5, "total", None), (0.5, "max", None), (0.5, "total", 2), (0.9, "total", None), (0.9, "max", None)]
"""The probability to be reached, the cost, and how many features may change."""


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long it takes in milliseconds, and what comes out."""
    start = time.process_time()
    result = work()
    return 1e3 * (time.process_time() - start), result


def shares(answers: Solutions) -> str:
    """Optimal, infeasible and unfinished, in percent."""
    done = [np.mean(answers.codes == OPTIMAL), np.mean(answers.codes == INFEASIBLE)]
    return " ".join(f"{100 * share:5.1f}" for share in (*done, 1 - sum(done)))


def study(name: str, people: int, rivals: bool) -> None:
    """One table: a line for each model, cost and action set."""
    data = rs.datasets.load(name, data_home=os.environ.get("RECOURSE_DATA"))
    X, y = data.X.select_dtypes("number"), data.y
    actions = rs.ActionSet(X)
    actions[[column for column in X if any(part in column for part in TABLES[name])]].actionable = False
    print(f"\n{name}: {X.shape[1]} features, {sum(one.actionable for one in actions)} of them actionable")
    print("model      approve  cost   changes   people  ms a person  optimal infeasible unfinished %", end="")
    print("   | a few: ours, HiGHS, best-first; ms a person (ended)" if rivals else "")
    for kind, settings in MODELS.items():
        clf = NetworkClassifier(**settings, epochs=20, random_state=0).fit(X, y)
        for threshold, cost, changes in CASES:
            model = rs.as_model(clf, threshold=threshold)
            denied = X[~model.approves(X)].drop_duplicates().iloc[:people]
            menus = actions.menus(denied, cost, max_changes=changes)
            ms, answers = cpu(
                lambda model=model, menus=menus: networks.solve(model, menus, statement=model.network(menus))
            )
            line = f"{kind:10} P ≥ {threshold}  {cost:7} {changes or 'any':>5} {len(menus):9} {ms / len(menus):11.1f}"
            line += "   " + shares(answers)
            if rivals and cost == "total" and changes is None:
                spread = np.argsort(answers.cost)[np.linspace(0, len(menus) - 1, FEW + 1).astype(int)[1:]]
                line += "   | " + beside(model, actions.menus(denied.iloc[spread], cost))
            print(line, flush=True)


def search(model: rs.Model, menus: rs.Menus) -> Solutions:
    """Our search, and what it takes to ask the model for its layers."""
    return networks.solve(model, menus, statement=model.network(menus))


def beside(model: rs.Model, menus: Any) -> str:
    """Our search, HiGHS and best-first on a few people."""
    network, few = model.network(menus), len(menus)
    ms, ours = cpu(lambda: networks.solve(model, menus, statement=network))
    told = f"{ms / few:.1f} ({few})"
    if network.layers.members == 1:
        ms, theirs = cpu(lambda: [cheapest(menus, network, person, LIMIT) for person in range(few)])
        ended = [person for person in range(few) if theirs[person].status == 0]
        assert np.allclose([theirs[person].fun for person in ended], ours.cost[ended], rtol=1e-6, atol=1e-8)
        told += f", {ms / few:.0f} ({len(ended)})"
    else:
        told += ", –"
    ms, plain = cpu(lambda: [any_model.solve(model, menus, [k], budget=rs.Budget(LIMIT)) for k in range(few)])
    ended = [k for k in range(few) if plain[k].codes[0] == OPTIMAL]
    assert np.allclose([plain[k].cost[0] for k in ended], ours.cost[ended])
    return told + f", {ms / few:.0f} ({len(ended)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--no-rivals", action="store_true")
    arguments = parser.parse_args()
    for name in TABLES:
        study(name, arguments.people, not arguments.no_rivals)


if __name__ == "__main__":
    main()
