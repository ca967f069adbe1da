"""A network's layers over given menus: what goes into them today, and what each state of a block would put in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.menus.menus import Menus
from recourse.models.logits import logistic
from recourse.models.statements.network import Layers, NetworkStatement
from recourse.models.statements.trial import decisions_agree, random_actions
from recourse.tables import Name


def network_on(
    layers: Layers | None,
    menus: Menus,
    *,
    names: tuple[Name, ...] | None,
    bar: float,
    approves: Callable[[pd.DataFrame], BoolArray],
    compared: float = 0.5,
    precision: float = float(np.finfo(np.float64).eps),
    probabilities: Callable[[pd.DataFrame], FloatArray | None] | None = None,
) -> NetworkStatement | None:
    """State layers over the menus; None where there are none, they are not what decides, or nothing moves.

    Parameters
    ----------
    layers : Layers or None
        In favour of the desired label.
    menus : Menus
        People and what they may do.
    names : tuple of names, or None
        The columns that go in, in order; None for all.
    bar : float
        The logit from which on people are approved.
    approves : function
        Asks the model itself.
    compared : float
        The probability that the model compares its own with, if it does: rounding there counts.
    precision : float
        The unit roundoff of the model's own arithmetic.
    probabilities : function, optional
        Asks the model for P(desired), to be compared with what the layers say.

    Returns
    -------
    NetworkStatement or None
        Values that are no finite numbers (words, missing ones) are none that layers can read. What is stated was
        tried on random actions: the probabilities, and the decisions where they are clear of rounding.
    """
    if layers is None or not len(menus):
        return None
    read = list(names or menus.X.columns)
    inputs = _inputs(menus, read)
    if not any(len(columns) for columns in inputs):
        return None
    try:
        today = np.column_stack([menus.X[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in read])
        tables = _tables(menus, read)
    except (TypeError, ValueError):
        return None
    # states that stand on nobody's menu may be anything
    used = [table[np.unique(menus.codes[items])] for table, items in zip(tables, menus.block_items, strict=True)]
    if not all(np.isfinite(table).all() for table in (today, *used)):
        return None

    largest = np.abs(today).max(axis=0)
    for columns, table in zip(inputs, used, strict=True):
        largest[columns] = np.maximum(largest[columns], np.abs(table).max(axis=0, initial=0.0))
    tolerance = _rounding(layers, largest, bar, compared, precision)

    # everything that goes in is scaled once, here
    network = NetworkStatement(
        replace(layers, shift=np.zeros(len(read)), scale=np.ones(len(read))),
        (today - layers.shift) * layers.scale,
        inputs,
        tuple(
            (table - layers.shift[columns]) * layers.scale[columns]
            for columns, table in zip(inputs, tables, strict=True)
        ),
        bar,
        tolerance,
    )
    return network if holds(network, menus, approves, probabilities) else None


def _inputs(menus: Menus, read: list[Name]) -> tuple[IntArray, ...]:
    """For each block, the inputs that its features are."""
    place = {name: k for k, name in enumerate(read)}
    return tuple(np.array([place[name] for name in names if name in place], dtype=np.int64) for names in menus.blocks)


def _tables(menus: Menus, read: list[Name]) -> list[FloatArray]:
    """For each block, the numbers of the features that are read: float64[states, inputs]."""
    tables = []
    for names, domains in zip(menus.blocks, menus.domains, strict=True):
        columns = [
            np.asarray(domain, dtype=np.float64) for name, domain in zip(names, domains, strict=True) if name in read
        ]
        tables.append(np.column_stack([np.empty((len(domains[0]), 0)), *columns]))
    return tables


def _rounding(layers: Layers, largest: FloatArray, bar: float, compared: float, precision: float) -> float:
    """Bound how far rounding may take the statement's score from the model's own, for inputs up to these sizes.

    The textbook bound on the rounding of sums (Higham 2002, ch. 4), layer after layer, for both computations.
    """
    size: FloatArray = (largest + np.abs(layers.shift)) * np.abs(layers.scale)
    terms = 8
    for weights, biases in zip(layers.weights, layers.biases, strict=True):
        size = size @ np.abs(weights) + np.abs(biases)
        terms += weights.shape[1] + 8
    rounding = 4 * terms * precision * (float(size.max()) + abs(bar))
    if layers.members == 1:
        # where a probability is compared, its rounding moves the logit by 1 / P(1 − P) as much
        return rounding + 8 * precision / (compared * (1 - compared))
    # an ensemble's score is a probability, which moves by at most a quarter of what its logits do
    return rounding / 4 + 8 * precision


def holds(
    network: NetworkStatement,
    menus: Menus,
    approves: Callable[[pd.DataFrame], BoolArray],
    probabilities: Callable[[pd.DataFrame], FloatArray | None] | None,
) -> bool:
    """Say whether the statement is true of random actions."""
    tried = random_actions(menus)
    inputs = network.inputs_at(menus, tried.people, tried.picks)
    if not decisions_agree(network.score(inputs), approves(tried.rows), network.tolerance):
        return False
    theirs = None if probabilities is None else probabilities(tried.rows)
    if theirs is None:
        return True
    ours = logistic(network.layers.logits(inputs)).mean(axis=0)
    return bool((np.abs(ours - theirs) <= network.tolerance + 1e-9).all())
