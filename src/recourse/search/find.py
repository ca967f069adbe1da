"""The one question: the cheapest action that the model approves, or a proof that there is none.

A search proposes, the user's own model decides. Where a model states its score, the bar is first lowered
by the tolerance of that statement: what is out of reach then is out of reach for certain, and what is
cheapest then bounds every cost from below. Proposals are put to the model in one batch a round. A
rejected one lies within rounding of the boundary: the bar is raised to get an action that works, and the
rejected points are cut off one by one until the two meet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recourse.arrays import IntArray
from recourse.budget import Advance, deadline_after
from recourse.errors import InputError
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.additive import Additive
from recourse.models.statements.network import NetworkStatement
from recourse.models.statements.trees import TreeEnsemble
from recourse.search import any_model as best_first
from recourse.search import networks
from recourse.search import trees as boxes
from recourse.search.additive import KnapsackSearch
from recourse.search.boundary import BoundaryRounds, drop_free_changes
from recourse.search.solutions import Exclusions, Solutions, exclude

Statement = Additive | TreeEnsemble | NetworkStatement


def find(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    *,
    exclusions: Sequence[Exclusions] | None = None,
    time_limit: float | None = None,
    progress: Advance | None = None,
) -> Solutions:
    """Return the cheapest approved action of each of `people`, with what was proven.

    people : positions in the grid, default everybody; all of them denied today
    exclusions : one for each of `people`: what their actions may not be
    time_limit : seconds for all of them together; whoever is not reached is UNKNOWN
    progress : called with a number of people, as they are done

    Every action returned is on the person's menu and approved by the model. OPTIMAL: nothing on the
    menu costs less (by more than 1e-9, relative). INFEASIBLE: every action on the menu is denied.
    Ctrl-C ends the search and keeps what is done; `Solutions.interrupted` says so.

    Which search runs follows from what grid and model state: the knapsack kernel for additive models, mixed-
    integer programming where conditions across blocks are linear, branch and bound over boxes for trees and for
    networks of ReLUs, best-first enumeration for all other models.
    """
    chosen = np.arange(len(menus)) if people is None else np.asarray(people, dtype=np.int64)
    deadline = deadline_after(time_limit)
    if not len(chosen):
        return Solutions.unknown(0, len(menus.blocks))
    return _find(model, menus, _statement(model, menus), chosen, exclusions, deadline, progress)


def _statement(model: Model, menus: Menus) -> Statement | None:
    """What the model states of itself; sums not where conditions without a linear form rule out their use."""
    additive = model.additive(menus) if menus.has_rows else None
    if additive is not None:
        return additive
    trees = model.trees(menus)
    return model.network(menus) if trees is None else trees


def _find(
    model: Model,
    menus: Menus,
    statement: Statement | None,
    people: IntArray,
    exclusions: Sequence[Exclusions] | None,
    deadline: float,
    progress: Advance | None,
) -> Solutions:
    """Choose the search, given what the model states of itself on this grid."""
    if isinstance(statement, TreeEnsemble):
        found = boxes.solve(model, menus, statement, people, exclusions, deadline=deadline, progress=progress)
        drop_free_changes(model, menus, people, exclude(exclusions, people), found)
        return found
    if isinstance(statement, NetworkStatement):
        found = networks.solve(model, menus, statement, people, exclusions, deadline=deadline, progress=progress)
        drop_free_changes(model, menus, people, exclude(exclusions, people), found)
        return found
    if statement is None:
        return best_first.solve(model, menus, people, exclusions, deadline=deadline, progress=progress)
    return BoundaryRounds(model, menus, statement, people, exclude(exclusions, people), deadline).run(progress)


def find_items(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    *,
    total_items: int = 1,
    distinct: str = "minimal",
    time_limit: float | None = None,
    progress: Advance | None = None,
) -> list[Solutions]:
    """Return up to `total_items` actions for each person, one `Solutions` for each rank, cheapest first.

    distinct : what makes the next action a different one
        ``"subsets"``: the set of features it changes differs from all earlier sets;
        ``"minimal"``: moreover it contains none of them (so nothing is padded with a needless change);
        ``"exclusive"``: it changes no feature that an earlier one changed.

    A person whose items are exhausted is INFEASIBLE from that rank on: no *further* action exists.
    """
    if distinct not in ("minimal", "subsets", "exclusive"):
        raise InputError(f"distinct must be 'minimal', 'subsets' or 'exclusive', not {distinct!r}.")
    chosen = np.arange(len(menus)) if people is None else np.asarray(people, dtype=np.int64)
    deadline = deadline_after(time_limit)
    statement = _statement(model, menus) if len(chosen) else None
    ranks, left = _best_subsets(model, menus, statement, chosen, total_items, distinct, deadline, progress)
    if len(left):
        more = _one_by_one(model, menus, statement, chosen[left], total_items, distinct, deadline, progress)
        while len(ranks) < len(more):
            ranks.append(Solutions.unknown(len(chosen), len(menus.blocks)))
            if len(ranks) > 1:
                ranks[-1].put(slice(None), ranks[-2])
        for rank, solutions in zip(ranks, more, strict=False):
            rank.put(left, solutions)
        for rank in ranks[len(more) :]:
            rank.put(left, more[-1])
    return ranks


def _best_subsets(
    model: Model,
    menus: Menus,
    statement: Statement | None,
    people: IntArray,
    total_items: int,
    distinct: str,
    deadline: float,
    progress: Advance | None,
) -> tuple[list[Solutions], IntArray]:
    """All ranks in one call of the kernel; returns them and for whom they don't hold.

    They hold for everybody whose proposals the model approves in full. Whoever has one rejected, within
    rounding of the boundary, is left for the slower way.
    """
    everyone = np.arange(len(people))
    if not isinstance(statement, Additive) or not menus.single or not KnapsackSearch.accepts(menus):
        return [], everyone
    search = KnapsackSearch(statement, menus)
    ranks = search.best_subsets(
        people,
        statement.lowered,
        total_items=total_items,
        distinct=distinct,  # type: ignore[arg-type]
        deadline=deadline,
        progress=progress,
    )
    good = np.ones(len(people), dtype=bool)
    for rank in ranks:
        found = np.flatnonzero(rank.found)
        good[found] &= model.approves(menus.points(people[found], rank.picks[found]))
    last = max((k for k, rank in enumerate(ranks) if rank.found.any()), default=0)
    return ranks[: last + 2], everyone[~good]


def _one_by_one(
    model: Model,
    menus: Menus,
    statement: Statement | None,
    people: IntArray,
    total_items: int,
    distinct: str,
    deadline: float,
    progress: Advance | None,
) -> list[Solutions]:
    """One rank after the other, each search excluding what was found before."""
    exclusions = exclude(None, people)
    ranks: list[Solutions] = []
    active = np.arange(len(people))
    while len(active) and len(ranks) < total_items:
        rank = Solutions.unknown(len(people), len(menus.blocks))
        if ranks:  # who has run out of actions stays so
            rank.put(slice(None), ranks[-1])
        allowed = [exclusions[i] for i in active]
        rank.put(active, _find(model, menus, statement, people[active], allowed, deadline, progress))
        ranks.append(rank)
        active = active[rank.found[active]]
        changes = menus.feature_changes(people[active], rank.picks[active])
        for i, flags in zip(active, changes, strict=True):
            changed = frozenset(np.flatnonzero(flags).tolist())
            if distinct == "exclusive":
                exclusions[i].frozen |= changed
            else:
                (exclusions[i].supersets if distinct == "minimal" else exclusions[i].subsets).append(changed)
    return ranks
