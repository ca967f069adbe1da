"""What rules are chosen from: the denied people, and what each action tried does to each of them.

The model was asked for this once. Whatever is chosen later, under whatever limits, prices or subgroups, reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.costs.cost import Cost
from recourse.summaries.evidence.itemsets import Bits, pack
from recourse.summaries.evidence.outcomes import Outcomes, to_anybody
from recourse.summaries.evidence.population import Population

T = TypeVar("T")


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence(Population):
    """A population, and what the actions tried do to its people.

    outcomes : which actions flip whom; changed, forbidden : bits[actions], whom each action changes, and whom the
    action set forbids it
    """

    outcomes: Outcomes
    changed: Bits
    forbidden: Bits
    _kept: dict[Hashable, Any] = field(default_factory=dict)

    def only(self, counted: BoolArray) -> Self:
        """The same evidence about some of the people; the model isn't asked."""
        mask = pack(counted[None, :])[0]
        return replace(
            super().only(counted),
            outcomes=replace(self.outcomes, success=self.outcomes.success & mask),
            changed=self.changed & mask,
            forbidden=self.forbidden & mask,
            _kept={},
        )

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` returns, worked out once for each key: what it depends on beside the evidence."""
        if key not in self._kept:
            self._kept[key] = make()
        value: T = self._kept[key]
        return value

    def prices(self, cost: Cost) -> FloatArray:
        """What each move costs each person; see `Effects.prices`."""
        key = ("prices", id(cost))
        # the cost is kept too, so that no other one can have its id
        return self.kept(key, lambda: (cost, self.effects.prices(cost)))[1]

    @cached_property
    def sizes(self) -> FloatArray:
        """How far each move takes each person; see `Effects.magnitudes`."""
        return self.effects.magnitudes()

    @cached_property
    def for_anybody(self) -> tuple[Bits, Bits]:
        """Whom each action flips, and whom it is forbidden, if it is given to anybody, whatever is true of them today.

        A rule's condition sees to it that an action changes all of its features; without one, some people
        have part of it already.
        """
        success, refused = self.outcomes.success, self.outcomes.refused
        if self.space.all_change:
            keeps = pack(self.effects.possible & ~self.effects.changes)
            success = to_anybody(self.outcomes.actions, success, keeps)
            refused = to_anybody(self.outcomes.actions, refused, keeps)
        return success, self.forbidden | (refused & pack(self.counted[None, :]))

    @cached_property
    def action_moves(self) -> IntArray:
        """int64[actions, width]: the moves of each action, filled up with −1."""
        width = max(len(action) for action in self.outcomes.actions)
        moves = np.full((len(self.outcomes.actions), width), -1, dtype=np.int64)
        for a, action in enumerate(self.outcomes.actions):
            moves[a, : len(action)] = action
        return moves
