"""CP-SAT on the people of trees.py: python trees_cpsat.py case.json, in an environment with OR-Tools.

A formulation of its own: a chain of Booleans per feature ("at least the k-th value"), one Boolean a leaf.
"""

from __future__ import annotations

import json
import sys
import time

from ortools.sat.python import cp_model

PRICE, SCORE, SECONDS = 10**7, 10**9, 60


def solve(trees: list, base: float, person: dict) -> dict:
    began = time.process_time()
    model = cp_model.CpModel()
    row = person["row"]
    chains, terms, weights, constant = {}, [], [], 0
    for key, (values, prices) in person["menus"].items():
        cheapest: dict[float, float] = {}
        for value, price in zip(values, prices, strict=True):
            cheapest[value] = min(price, cheapest.get(value, price))
        levels = sorted(cheapest)
        # values between the same two thresholds are one to the trees: the cheapest is enough
        cuts = sorted({t["threshold"][n] for t in trees for n, f in enumerate(t["feature"]) if f == int(key)})
        groups: list[list[float]] = []
        k = -1
        for value in levels:
            cell = sum(value > cut for cut in cuts) if len(cuts) < 64 else _cell(cuts, value)
            if cell != k:
                groups.append([])
                k = cell
            groups[-1].append(value)
        at_least = [None] + [model.new_bool_var("") for _ in groups[1:]]
        for one, other in zip(at_least[1:], at_least[2:], strict=False):
            model.add_implication(other, one)
        costs = [round(PRICE * min(cheapest[v] for v in group)) for group in groups]
        constant += costs[0]
        for k in range(1, len(groups)):
            terms.append(at_least[k])
            weights.append(costs[k] - costs[k - 1])
        chains[int(key)] = (groups, at_least)
    score, sizes, known = [], [], 0
    for tree in trees:
        leaves, stack = [], [(0, [])]
        while stack:
            node, way = stack.pop()
            f = tree["feature"][node]
            if f < 0:
                leaves.append((tree["value"][node], way))
                continue
            cut = tree["threshold"][node]
            if f not in chains:
                stack.append((tree["left"][node] if row[f] <= cut else tree["right"][node], way))
                continue
            groups, at_least = chains[f]
            k = sum(group[0] <= cut for group in groups)
            if k > 0:
                stack.append((tree["left"][node], way + ([at_least[k].Not()] if k < len(groups) else [])))
            if k < len(groups):
                stack.append((tree["right"][node], way + ([at_least[k]] if k > 0 else [])))
        if len(leaves) == 1:
            known += round(SCORE * leaves[0][0])
            continue
        chosen = []
        for value, way in leaves:
            leaf = model.new_bool_var("")
            for literal in {literal.index: literal for literal in way}.values():
                model.add_implication(leaf, literal)
            chosen.append(leaf)
            score.append(leaf)
            sizes.append(round(SCORE * value))
        model.add_exactly_one(chosen)
    model.add(cp_model.LinearExpr.weighted_sum(score, sizes) >= -known - round(SCORE * base) + 1)
    model.minimize(cp_model.LinearExpr.weighted_sum(terms, weights) + constant)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = SECONDS
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return {
        "cost": solver.objective_value / PRICE if found else None,
        "proven": status in (cp_model.OPTIMAL, cp_model.INFEASIBLE),
        "ms": 1e3 * (time.process_time() - began),
    }


def _cell(cuts: list, value: float) -> int:
    import bisect

    return bisect.bisect_left(cuts, value)


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        case = json.load(file)
    print(json.dumps([solve(case["trees"], case["base"], person) for person in case["people"]]))
