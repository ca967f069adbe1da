"""Which actions are tried: those whose goals are frequent together, or the most promising of too many.

Each is tried on everybody whom it could help, and the model is never asked about more rows than allowed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray
from recourse.budget import Budget
from recourse.errors import InputError
from recourse.models import Model
from recourse.summaries.evidence.candidate_space import CandidateSpace
from recourse.summaries.evidence.effects import Action, Effects
from recourse.summaries.evidence.itemsets import Bits, count, frequent_itemsets, pack
from recourse.summaries.evidence.moves import Move
from recourse.summaries.evidence.outcomes import Outcomes, needed, try_actions
from recourse.summaries.evidence.progress import JobProgress
from recourse.tables import Name


def approves(model: Model, frame: pd.DataFrame, read: Sequence[Name]) -> BoolArray:
    """Ask the model about rows: with the columns that it was fitted on, or the action set's where it names none."""
    return model.approves(frame[list(read if model.feature_names is None else model.feature_names)])


class Trials:
    """Tries actions, and refuses to ask the model about more rows than allowed."""

    def __init__(
        self,
        model: Model,
        effects: Effects,
        read: tuple[Name, ...],
        space: CandidateSpace,
        budget: Budget,
        progress: JobProgress,
    ) -> None:
        self.model, self.effects, self.read, self.space = model, effects, read, space
        self.budget, self.progress, self.rows = budget, progress, 0

    def __call__(self, actions: Sequence[Action]) -> Outcomes:
        """Try some more actions on everybody whom they could help."""
        effects, space = self.effects, self.space
        for action in actions:
            self.rows += int(needed(effects, action, all_change=space.all_change).sum())
        if self.rows > space.max_rows:
            raise InputError(
                f"{len(actions):,} actions of {len(effects.people):,} denied people are {self.rows:,} rows to ask the "
                f"model, and the limit is {space.max_rows:,} (max_rows); lower max_changes, bins or beam, raise "
                "min_support, or pass fewer people."
            )
        self.progress.more(len(actions))
        return try_actions(
            lambda rows: approves(self.model, rows, self.read),
            effects,
            actions,
            all_change=space.all_change,
            batch=space.batch,
            budget=self.budget,
            advance=self.progress.advance,
        )


def goals_of(effects: Effects, wanted: pd.DataFrame, least: int) -> tuple[Bits, list[int]]:
    """Of whom in `wanted` each move's goal is true, and the moves whose goal is frequent and changes somebody."""
    goals = np.zeros((len(effects.moves), len(wanted)), dtype=bool)
    for m, move in enumerate(effects.moves):
        goals[m] = move.goal.holds(wanted[move.feature]) if isinstance(move, Move) else True
    bits = pack(goals)
    frequent = (count(bits) >= least) & effects.changes.any(axis=1)
    return bits, np.flatnonzero(frequent).tolist()


def joint_actions(
    space: CandidateSpace, effects: Effects, goals: Bits, alone: Sequence[int], least: int, budget: Budget
) -> list[Action]:
    """Conjunctions of goals that are frequent together, of at most `max_changes` moves."""
    moves = list(alone)
    found = frequent_itemsets(goals[moves], effects.column[moves], least, space.max_changes, budget=budget)
    return [tuple(moves[item] for item in items) for items in found.sets]


def grow(
    space: CandidateSpace, effects: Effects, goals: Bits, alone: Sequence[int], least: int, ask: Trials
) -> Outcomes:
    """Try single moves, then the best of each width with one more, up to `max_changes`.

    Goals such as "at least" are true of many people together, so there are too many frequent conjunctions to
    try. Of each width the `beam` best go on. What is chosen later is best among the actions tried.
    """
    actions: list[Action] = [(move,) for move in alone]
    parts: list[Outcomes] = []
    for width in range(1, space.max_changes + 1):
        if not actions:
            break
        parts.append(ask(actions))
        kept = actions if width == 1 else _best(actions, count(parts[-1].success), effects, space.beam)

        # one more move, of another feature, whose goal is frequent together with the others
        wider: set[Action] = set()
        for action in kept:
            features = {int(effects.column[move]) for move in action}
            together = np.bitwise_and.reduce(goals[list(action)], axis=0)
            for move in alone:
                if int(effects.column[move]) not in features and int(count(together & goals[move])) >= least:
                    wider.add(tuple(sorted((*action, move))))
        actions = sorted(wider)
    return Outcomes.joined(parts)


def _best(actions: Sequence[Action], flips: np.ndarray, effects: Effects, most: int) -> list[Action]:
    """The actions that flip most people of each set of features, then the second of each set, and so on."""
    rank_of: dict[tuple[int, ...], int] = {}
    ranked = []
    for a in np.argsort(-flips, kind="stable").tolist():
        features = tuple(int(effects.column[move]) for move in actions[a])
        rank_of[features] = rank_of.get(features, -1) + 1
        if flips[a]:
            ranked.append((rank_of[features], -int(flips[a]), actions[a]))
    return [action for _, _, action in sorted(ranked)[:most]]
