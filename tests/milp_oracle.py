"""An independent oracle: HiGHS on a formulation of its own."""

from __future__ import annotations

import highspy
import numpy as np


def cheapest_by_highs(gains, prices, need, *, lexicographic):
    """(cost, total) by HiGHS on a formulation of its own; for the largest price, level by level."""
    if sum(max(g.max(), 0) for g in gains) < need:
        return None
    largest = np.inf
    if lexicographic:
        levels = np.unique(np.concatenate(prices))
        reach = [sum(g[p <= level].max() for g, p in zip(gains, prices, strict=True)) for level in levels]
        largest = levels[np.argmax(np.array(reach) >= need)] * (1 + 1e-12)
    h = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", 0.0),
        ("mip_feasibility_tolerance", 1e-9),
        ("primal_feasibility_tolerance", 1e-9),
    ):
        h.setOptionValue(option, value)
    scale = max(p[p <= largest].max() for p in prices) or 1.0
    total, score = 0, 0
    unit = max(np.abs(g).max() for g in gains)
    for g, p in zip(gains, prices, strict=True):
        keep = np.flatnonzero(p <= largest)
        z = [h.addBinary() for _ in keep]
        h.addConstr(sum(z) == 1)
        total = total + sum(float(p[k] / scale) * v for k, v in zip(keep, z, strict=True))
        score = score + sum(float(g[k] / unit) * v for k, v in zip(keep, z, strict=True))
    h.addConstr(score >= need / unit)
    h.minimize(total)
    assert h.getModelStatus() == highspy.HighsModelStatus.kOptimal
    chosen, at, paid = np.array(h.getSolution().col_value) > 0.5, 0, []
    for p in prices:
        open_prices = p[p <= largest]
        paid.append(float(open_prices[chosen[at : at + len(open_prices)]].sum()))
        at += len(open_prices)
    return (max(paid), sum(paid)) if lexicographic else (sum(paid), sum(paid))
