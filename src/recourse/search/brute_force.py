"""Try every action: the definition that all other searches are tested against.

It asks the model about each point of the menus and assumes nothing, so it is right for any model and slow
for all of them; menus above a limit are refused rather than begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import RowArray
from recourse.budget import Budget
from recourse.errors import InputError
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.statement import Statement
from recourse.progress import Advance
from recourse.search.exclusions import Exclusions
from recourse.search.questions import Questions
from recourse.search.solutions import Solutions

LIMIT = 200_000
"""How many actions a person may have."""

BATCH = 20_000
"""How many rows are put to the model at once; the budget is asked in between."""


def accepts(statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
    """Whether everybody's actions are few enough to try them all."""
    return all(menus.size(person) <= LIMIT for person in range(len(menus)))


def solve(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    statement: Any = None,
    budget: Budget | None = None,
    advance: Advance | None = None,
) -> Solutions:
    """Return the cheapest action of each of `people`, lexicographic where the largest price counts.

    Of equally cheap actions it returns one with the fewest changes. Whoever is not reached before the budget is
    exhausted or Ctrl-C comes is UNKNOWN, and so is whoever has more actions than may be asked about.

    Parameters
    ----------
    model, menus, people, exclusions, budget, advance : see `recourse.search.solve`
        As there.
    statement : any
        Not needed; every search can be called with one.

    Raises
    ------
    InputError
        If somebody has more than `LIMIT` actions.
    """
    questions = Questions(model, menus, people, exclusions, budget)
    for person in questions.people:
        size = menus.size(person)
        if size > LIMIT:
            raise InputError(
                f"row {person} has {size:.3g} actions; {model.name} is not known to be additive, and trying "
                f"every action is limited to {LIMIT:,}. Make fewer features actionable, or steps larger."
            )
    out = questions.unknown()
    try:
        for k in range(len(questions)):
            if not _solve_one(questions, k, out):
                out.interrupted = True
                break
            if advance is not None:
                advance(1)
    except KeyboardInterrupt:
        out.interrupted = True
    return out


def _solve_one(questions: Questions, k: int, out: Solutions) -> bool:
    """Write one person's answer; returns whether there was time for it."""
    menus, person = questions.menus, questions.people[k]

    # Every action that keeps the conditions.
    sizes = [len(menu.prices) for menu in menus.menu(person)]
    picks = np.indices(sizes, dtype=np.int32).reshape(len(sizes), -1).T if sizes else np.zeros((1, 0), np.int32)
    picks = picks[questions.allowed(np.full(len(picks), k), picks)]
    if len(picks) > questions.left(np.array([k]))[0]:
        out.out_of_questions[k] = True
        return True

    # Those that the model approves.
    approved: list[RowArray] = []
    for start in range(0, max(len(picks), 1), BATCH):
        if questions.budget.exhausted:
            return False
        batch = picks[start : start + BATCH]
        approved.append(batch[questions.approves(np.full(len(batch), k), batch)])
    picks = np.concatenate(approved)
    if not len(picks):
        out.rule_out(np.array([k]))
        return True

    # The cheapest of them.
    people = np.full(len(picks), person)
    cost, total = menus.cost(people, picks)
    changes = menus.feature_changes(people, picks).sum(axis=1)
    best = np.lexsort((changes, total, cost))[0]
    out.propose(k, picks[best], cost[best], total[best])
    out.prove(np.array([k]))
    return True
