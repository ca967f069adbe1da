"""The random trial that a statement must pass before it is believed: random actions, put to the model itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recourse.arrays import FloatArray
from recourse.models.statements.network import Network, logistic

if TYPE_CHECKING:
    from recourse.menus.menus import Menus
    from recourse.models.model import Model


CHECKS = 500
"""So many random actions are put to the model before its layers are believed."""


def network_on(
    model: Model,
    menus: Menus,
    *,
    compared: float = 0.5,
    precision: float = float(np.finfo(np.float64).eps),
    probabilities: Callable[[pd.DataFrame], FloatArray] | None = None,
) -> Network | None:
    """State a model's layers over the menus; None where it has none, they are not what decides, or nothing moves.

    compared : the probability that the model compares its own with, if it does: rounding there counts
    precision : the unit roundoff of the model's own arithmetic
    probabilities : asks the model for P(desired), to be compared with what the layers say

    Values that are no finite numbers (words, missing ones) are none that layers can read. What is stated is tried
    on random actions: the probabilities, and the decisions where they are clear of rounding.
    """
    layers = model.layers()
    if layers is None or not len(menus):
        return None
    names = list(model.feature_names or menus.X.columns)
    at = {name: k for k, name in enumerate(names)}
    try:
        today = np.column_stack([menus.X[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names])
        read = [[k for k, name in enumerate(block) if name in at] for block in menus.blocks]
        tables = [
            np.column_stack([np.empty((len(d[0]), 0)), *(np.asarray(d[k], dtype=np.float64) for k in ks)])
            for d, ks in zip(menus.domains, read, strict=True)
        ]
    except (TypeError, ValueError):
        return None
    used = [table[np.unique(menus.codes[span])] for table, span in zip(tables, menus.block_items, strict=True)]
    if not all(np.isfinite(table).all() for table in (today, *used)):
        return None
    inputs = [
        np.array([at[names[k]] for k in ks], dtype=np.int64) for names, ks in zip(menus.blocks, read, strict=True)
    ]
    largest = np.abs(today).max(axis=0)
    for columns, table in zip(inputs, used, strict=True):
        largest[columns] = np.maximum(largest[columns], np.abs(table).max(axis=0, initial=0.0))
    # The textbook bound on the rounding of sums (Higham 2002, ch. 4), layer after layer, for both computations.
    size: FloatArray = (largest + np.abs(layers.shift)) * np.abs(layers.scale)
    terms = 8
    for w, b in zip(layers.weights, layers.biases, strict=True):
        size = size @ np.abs(w) + np.abs(b)
        terms += w.shape[1] + 8
    bar = float(getattr(model, "bar", 0.0))
    rounding = 4 * terms * precision * (float(size.max()) + abs(bar))
    if layers.members == 1:
        rounding += 8 * precision / (compared * (1 - compared))
    else:
        rounding = rounding / 4 + 8 * precision
    scaled = replace(layers, shift=np.zeros(len(names)), scale=np.ones(len(names)))
    if not any(len(columns) for columns in inputs):
        return None
    network = Network(
        scaled,
        (today - layers.shift) * layers.scale,
        tuple(inputs),
        tuple(
            (table - layers.shift[columns]) * layers.scale[columns]
            for columns, table in zip(inputs, tables, strict=True)
        ),
        bar,
        rounding,
    )
    return network if _holds(network, model, menus, probabilities) else None


def _holds(
    network: Network, model: Model, menus: Menus, probabilities: Callable[[pd.DataFrame], FloatArray] | None
) -> bool:
    """Whether the statement is true of random actions."""
    rng = np.random.default_rng(0)
    people = rng.integers(0, len(menus), CHECKS)
    lengths = np.diff(menus.row_ptr)[menus.rows[people]]
    picks = (rng.random(lengths.shape) * lengths).astype(np.int64)
    rows, inputs = menus.points(people, picks), network.inputs_at(menus, people, picks)
    score = network.score(inputs)
    clear = np.abs(score) > network.tolerance
    if ((score > 0) != model.approves(rows))[clear].any():
        return False
    if probabilities is None:
        return True
    ours = logistic(network.layers.logits(inputs)).mean(axis=0)
    return bool((np.abs(ours - probabilities(rows)) <= network.tolerance + 1e-9).all())
