"""The cheapest action that a ReLU network approves, as a mixed-integer program: what our search is held against.

One binary an item and one a ReLU that interval arithmetic can't settle (Tjeng, Xiao, Tedrake: Evaluating Robustness
of Neural Networks with Mixed Integer Programming, ICLR 2019). Of one network only: the mean probability of several
has no linear form.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

OPTIONS = {
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
}


def cheapest(menus: Any, network: Any, person: int, time_limit: float = math.inf) -> OptimizeResult:
    """Return what HiGHS says of one person: ``fun`` is the sum of prices, ``status`` 0 for optimal, 2 for infeasible.

    menus : `Menus` without conditions across blocks; network : what `Model.network` states on it
    """
    layers, program = network.layers, _Program()
    inputs: list[tuple[dict[int, float], float]] = [({}, float(v)) for v in network.today[person]]
    low, high = network.today[person].copy(), network.today[person].copy()
    for j, columns in enumerate(network.inputs):
        row = menus.rows[person, j]
        items = np.arange(menus.row_ptr[row], menus.row_ptr[row + 1])
        picks = [program.variable(0, 1, price, whole=True) for price in menus.prices[items]]
        program.add(dict.fromkeys(picks, 1.0), 1, 1)
        for k, column in enumerate(columns):
            values = network.values[j][menus.codes[items], k]
            inputs[column] = dict(zip(picks, values.tolist(), strict=True)), 0.0
            low[column], high[column] = values.min(), values.max()
    sums = inputs
    for layer, (weights, bias) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        w, b = weights[0], bias[0, 0]
        middle, radius = (low + high) / 2, (high - low) / 2
        low, high = middle @ w + b - radius @ np.abs(w), middle @ w + b + radius @ np.abs(w)
        before, sums = sums, []
        for k in range(w.shape[1]):
            terms: dict[int, float] = {}
            constant = float(b[k])
            for (part, extra), weight in zip(before, w[:, k], strict=True):
                constant += extra * weight
                for variable, factor in part.items():
                    terms[variable] = terms.get(variable, 0.0) + factor * weight
            if layer == len(layers.weights) - 1:
                program.add(terms, network.bar - constant, np.inf)
            else:
                sums.append(program.relu(terms, constant, float(low[k]), float(high[k])))
        low, high = np.maximum(low, 0), np.maximum(high, 0)
    return program.solve(time_limit)


class _Program:
    def __init__(self) -> None:
        self.low, self.high, self.price, self.whole = [], [], [], []
        self.rows: list[tuple[dict[int, float], float, float]] = []

    def variable(self, low: float, high: float, price: float = 0.0, *, whole: bool = False) -> int:
        self.low.append(low)
        self.high.append(high)
        self.price.append(price)
        self.whole.append(int(whole))
        return len(self.low) - 1

    def add(self, terms: dict[int, float], low: float, high: float) -> None:
        self.rows.append((terms, low, high))

    def relu(self, terms: dict[int, float], constant: float, low: float, high: float) -> tuple[dict[int, float], float]:
        """max(0, Σ terms + constant), known to lie between `low` and `high` before it is cut off."""
        if low >= 0:
            return terms, constant
        if high <= 0:
            return {}, 0.0
        out, on = self.variable(0, high), self.variable(0, 1, whole=True)
        negative = {variable: -factor for variable, factor in terms.items()}
        self.add({out: 1.0, **negative}, constant, np.inf)
        self.add({out: 1.0, on: -low, **negative}, -np.inf, constant - low)
        self.add({out: 1.0, on: -high}, -np.inf, 0.0)
        return {out: 1.0}, 0.0

    def solve(self, time_limit: float) -> OptimizeResult:
        matrix = np.zeros((len(self.rows), len(self.low)))
        for line, (terms, _, _) in zip(matrix, self.rows, strict=True):
            for variable, factor in terms.items():
                line[variable] += factor
        _, low, high = zip(*self.rows, strict=True)
        options = OPTIONS | ({"time_limit": time_limit} if math.isfinite(time_limit) else {})
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Unrecognized options detected", RuntimeWarning)
            return milp(
                np.array(self.price),
                constraints=LinearConstraint(matrix, low, high),
                integrality=np.array(self.whole),
                bounds=Bounds(self.low, self.high),
                options=options,
            )
