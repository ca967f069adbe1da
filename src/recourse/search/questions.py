"""Where searches ask the user's model: actions become rows, conditions are checked first, rows are counted.

No search calls the model in any other way, so none can return an action that is excluded, breaks a
condition, or asks more of the model than the budget allows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, IntArray
from recourse.budget import Budget
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.search.exclusions import Exclusions, exclusions_of
from recourse.search.solutions import Solutions


class Questions:
    """The people of one search, and how many rows the model was asked about for each of them.

    In all methods `which` are positions among these people, and may repeat.
    """

    def __init__(
        self,
        model: Model,
        menus: Menus,
        people: npt.ArrayLike | None,
        exclusions: Sequence[Exclusions] | None,
        budget: Budget | None,
    ) -> None:
        self.model, self.menus = model, menus
        self.people: IntArray = np.arange(len(menus)) if people is None else np.asarray(people, dtype=np.int64)
        self.exclusions = exclusions_of(exclusions, self.people)
        self.budget = Budget.of(budget)
        self.asked = np.zeros(len(self.people), dtype=np.int64)
        self.most = np.iinfo(np.int64).max if self.budget.max_questions is None else self.budget.max_questions

    def __len__(self) -> int:
        return len(self.people)

    def unknown(self) -> Solutions:
        """Answers that claim nothing yet."""
        return Solutions.unknown(len(self), len(self.menus.blocks))

    def left(self, which: IntArray) -> IntArray:
        """How many rows may still be put to the model for each."""
        return self.most - self.asked[which]

    def may_ask(self, which: IntArray) -> BoolArray:
        """For whom the model may be asked once more."""
        return self.left(which) > 0

    def allowed(self, which: IntArray, picks: npt.NDArray[np.integer]) -> BoolArray:
        """Which actions keep all conditions and are not excluded; the model is not asked."""
        people = self.people[which]
        allowed = self.menus.allows(people, picks)
        limited = np.array([k for k in np.flatnonzero(allowed) if self.exclusions[which[k]]], dtype=np.int64)
        if len(limited):
            changed = self.menus.feature_changes(people[limited], picks[limited])
            for k, flags in zip(limited, changed, strict=True):
                allowed[k] = self.exclusions[which[k]].allow(picks[k], flags)
        return allowed

    def approves(self, which: IntArray, picks: npt.NDArray[np.integer]) -> BoolArray:
        """Which actions the model approves, asked in one batch; each row counts.

        Doing nothing is no action, whatever a model says that judges a row differently in another batch: only who is
        denied today is asked about.
        """
        approved = np.zeros(len(which), dtype=bool)
        some = np.flatnonzero(np.any(np.asarray(picks) != 0, axis=1)) if len(which) else np.empty(0, np.int64)
        if len(some):
            np.add.at(self.asked, which[some], 1)
            approved[some] = self.model.approves(self.menus.points(self.people[which[some]], picks[some]))
        return approved

    def works(self, which: IntArray, picks: npt.NDArray[np.integer]) -> BoolArray:
        """Which proposals the model approves that keep the conditions across menus; the others aren't asked about."""
        works = self.menus.allows(self.people[which], picks) if self.menus.wide else np.ones(len(which), dtype=bool)
        works[works] = self.approves(which[works], picks[works])
        return works


def drop_free_changes(questions: Questions, out: Solutions) -> None:
    """Undo changes that cost nothing and that the model does not need, feature by feature."""
    menus, people = questions.menus, questions.people
    for j in range(len(menus.blocks)):
        if questions.budget.exhausted:
            return

        # Whose action has a free change in this menu?
        paid = menus.prices[menus.row_ptr[menus.rows[people, j]] + out.picks[:, j]]
        free = np.flatnonzero(out.found & (out.picks[:, j] > 0) & (paid == 0))
        free = free[questions.may_ask(free)]
        if not len(free):
            continue

        # Would the action do without it?
        picks = out.picks[free]
        picks[:, j] = 0
        allowed = questions.allowed(free, picks)
        free, picks = free[allowed], picks[allowed]
        approved = questions.approves(free, picks)
        out.picks[free[approved]] = picks[approved]
