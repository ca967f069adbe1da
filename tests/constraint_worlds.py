"""People with encoded and plain columns, and constraints with the same conditions in plain Python."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

import recourse as rs

JOB = ["none", "trained", "senior"]


def population(seed: int, n: int = 60) -> pd.DataFrame:
    """People with a one-hot home, a thermometer of savings, a job in words, and two numbers."""
    rng = np.random.default_rng(seed)
    home, savings = rng.integers(0, 3, n), rng.integers(0, 3, n)
    return pd.DataFrame(
        {
            "rents": (home == 0).astype(int),
            "owns": (home == 1).astype(int),
            "free": (home == 2).astype(int),
            "saved_100": (savings >= 1).astype(int),
            "saved_500": (savings >= 2).astype(int),
            "job": np.array(JOB)[rng.integers(0, 3, n)],
            "years": rng.integers(0, 5, n),
            "age": rng.integers(3, 8, n),
        }
    )


def action_set(X: pd.DataFrame, rng: np.random.Generator) -> rs.ActionSet:
    actions = rs.ActionSet(X, default_bounds=(0, 100, "percentile"))
    actions["age"].actionable = bool(rng.integers(0, 2))
    actions["age"].bounds = (3, 5)
    actions["years"].bounds = (0, 4)
    actions["free"].actionable = bool(rng.integers(0, 3))
    return actions


def reachable_points(menus, person: int) -> set[tuple]:
    """Every row that the grid allows a person to reach."""
    sizes = [len(menu.prices) for menu in menus.menu(person)]
    picks = np.array(list(itertools.product(*map(range, sizes))))
    people = np.full(len(picks), person)
    allowed = menus.allows(people, picks)
    return set(menus.points(people[allowed], picks[allowed]).itertuples(index=False, name=None))
