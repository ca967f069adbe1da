"""Try every action: the definition that all other searches are tested against.

It asks the model about each point of the menu and assumes nothing, so it is right for any model and slow
for all of them; menus above a limit are refused rather than begun.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.search.solutions import OPTIMAL, Exclusions, Solutions, exclude

LIMIT = 200_000


def solve(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    deadline: float = np.inf,
    progress: Callable[[int], object] | None = None,
) -> Solutions:
    """Return the cheapest action of each of `people`, lexicographic where the largest price counts.

    Of equally cheap actions it returns one with the fewest changes. Raises `InputError` if somebody has
    more than `LIMIT` actions. After `deadline` (a `time.monotonic` value) or Ctrl-C, whoever is left is
    UNKNOWN.
    """
    chosen = np.arange(len(menus)) if people is None else np.asarray(people, dtype=np.int64)
    for person in chosen:
        size = menus.size(person)
        if size > LIMIT:
            raise InputError(
                f"row {person} has {size:.3g} actions; {model.name} is not known to be additive, and trying "
                f"every action is limited to {LIMIT:,}. Make fewer features actionable, or steps larger."
            )
    solutions = Solutions.unknown(len(chosen), len(menus.blocks))
    given = exclude(exclusions, chosen)
    for k, person in enumerate(chosen):
        try:
            if time.monotonic() >= deadline:
                raise KeyboardInterrupt
            _solve_one(model, menus, person, given[k], solutions, k)
            if progress is not None:
                progress(1)
        except KeyboardInterrupt:
            solutions.interrupted = True
            break
    return solutions


def _solve_one(model: Model, menus: Menus, person: int, excluded: Exclusions, out: Solutions, k: int) -> None:
    sizes = [len(menu.prices) for menu in menus.menu(person)]
    every = list(itertools.product(*map(range, sizes)))
    picks = np.array(every, dtype=np.int32).reshape(len(every), len(sizes))
    people = np.full(len(picks), person)
    allowed = menus.allows(people, picks)
    if excluded != Exclusions():
        changed = menus.feature_changes(people, picks)
        allowed &= np.array([excluded.allow(row, flags) for row, flags in zip(picks, changed, strict=True)])
    picks = picks[allowed]
    picks = picks[model.approves(menus.points(people[: len(picks)], picks))]
    if not len(picks):
        out.rule_out(np.array([k]))
        return
    cost, total = menus.cost(people[: len(picks)], picks)
    changes = menus.feature_changes(people[: len(picks)], picks).sum(axis=1)
    best = np.lexsort((changes, total, cost))[0]
    out.codes[k], out.picks[k] = OPTIMAL, picks[best]
    out.cost[k] = out.bound[k] = cost[best]
    out.total[k] = total[best]
