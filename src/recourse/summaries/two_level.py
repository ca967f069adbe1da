"""Rules in two levels: "If sex = Female: if debts = 5 to 9, then debts = 0 to 4"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.summaries.choice.limits import TIE_BREAKS, Limits
from recourse.summaries.choice.pricing import choose_numbers, rules_of
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.global_actions import GlobalActions
from recourse.summaries.recourse_set import FCOST_WEIGHTS, RecourseSet
from recourse.summaries.tree import RecourseTree
from recourse.summaries.tuning import tuned_weights

IntArray = npt.NDArray[np.int64]


class TwoLevelRecourseSet(RecourseSet):
    """Rules that tell a population what recourse it has; made by `summarize`.

    rules : the rules, by subgroup, and within it by the people they cover
    value, bound, gap, status : the objective (people covered − λ-weighted costs), an upper bound on that of
    any set of candidate rules within the limits, their relative difference, and what is proven
    candidates : how many effective rules there were to choose from
    limits, space : the settings

    What else the same evidence answers, without asking the model:

    >>> import recourse as rs
    >>> people = rs.datasets.lender(500)
    >>> model = rs.LinearModel({"education": 1.0, "income": 0.5, "savings": 0.2}, -1.0)
    >>> A = rs.ActionSet(people.X)
    >>> A[["gender", "age"]].actionable = False
    >>> rules = rs.summarize(model, people.X, A, subgroups=["gender"], max_rules=4, min_support=0.05)
    >>> few = rules.global_actions(3)  # three actions: everybody gets the cheapest that works for them
    >>> few.status.label, len(few), bool(few.measures().loc["accuracy", "in sample"] > 0.9)
    ('optimal', 3, True)
    >>> rules.tree(depth=1).leaves  # one action for each subgroup; here everybody can be given the same
    1
    >>> front = rules.front(max_rules=[1, 2, 4], cost_weight=[0, 10])
    >>> len(front.at_least(0.1)) <= 4  # the cheapest rules that give recourse to a tenth of the denied
    True
    """

    settings = tuple(sorted(one.name for one in fields(Limits)))

    def __init__(
        self, evidence: Evidence, limits: Limits, *, promising: IntArray | None = None, held_out: Any = None
    ) -> None:
        """Choose from the evidence; `promising` are candidates to look at first, `held_out` other people."""
        super().__init__(evidence, limits, held_out=held_out)
        self._candidates = evidence.candidates(limits.subgroups, limits.max_width, apart=limits.apart)
        numbers, selection = choose_numbers(evidence, limits, self._candidates, promising)
        self._promising = selection.promising
        self._actions = self._candidates.action[numbers]
        self.value, self.bound, self.status = selection.value, selection.bound, selection.status
        self.rules = rules_of(evidence, limits, self._candidates, numbers)
        self.candidates = len(self._candidates)

    def refit(self, **changes: Any) -> TwoLevelRecourseSet:
        """Choose again under other limits, prices or subgroups, without asking the model.

        Takes `subgroups`, `cost`, `max_rules`, `max_width`, `max_subgroups`, `min_precision`, `max_overlap`,
        `cost_weight`, `weights`, `tie_break`, `apart`, `method` and `time_limit`; what isn't named stays. What needs
        the model again (`min_support`, bins, operators, moves, people) is a new `summarize`.
        """
        limits = self._changed(changes, self.settings)
        same = {"subgroups", "max_width", "apart"}.isdisjoint(changes)
        promising = self._promising if same else None
        return TwoLevelRecourseSet(self.evidence, limits, promising=promising, held_out=self._held_out)

    def global_actions(self, max_actions: int = 3, *, fcost_weight: float = 0.01, **changes: Any) -> GlobalActions:
        """Choose a few actions without conditions: everybody gets the cheapest of them that works for them.

        max_actions : at most so many; fcost_weight : how much of a person approved one unit of cost per person counts
        changes : `cost` and `time_limit`, where they are not to be those of these rules. The model isn't asked.
        """
        return GlobalActions.made_from(self, max_actions=max_actions, fcost_weight=fcost_weight, **changes)

    def tree(self, depth: int = 2, *, fcost_weight: float = 0.01, **changes: Any) -> RecourseTree:
        """Choose a tree of subgroups: everybody is in one leaf, and everybody in a leaf is given the same action.

        depth : so many splits lie above a leaf at most; fcost_weight : as for `global_actions`
        changes : `subgroups`, `cost`, `min_precision`, `tie_break` and `time_limit`, where they are not to be those
        of these rules. The model isn't asked.
        """
        return RecourseTree.made_from(self, depth=depth, fcost_weight=fcost_weight, **changes)

    def tune(self, *, held_out: float = 0.05, random_state: Any = 0) -> dict[str, float]:
        """Return weights tuned as in the paper (A.2.1), for `refit(weights=…)`; the model isn't asked.

        Every λ starts at 1000 and is lowered, one after the other, while on a held-out share of the denied at
        least 95 % satisfy a rule, at most 2 % satisfy several, and at most 15 % of the recourses are wrong. The
        paper doesn't say by how much; here a λ is halved, and set to 0 below 1, with the greedy choice at each
        step. Where the start breaks these conditions already, nothing is lowered, and a warning says which.
        What the weights mean is hard to tell; `min_precision`, `max_rules`, `max_overlap` and `cost_weight` say it
        directly.
        """

        def choose(part: Evidence, weights: dict[str, float]) -> RecourseSet:
            return TwoLevelRecourseSet(part, replace(self.limits, method="greedy", weights=weights))

        return tuned_weights(self.evidence, choose, held_out=held_out, random_state=random_state)

    def _from(self, evidence: Evidence) -> TwoLevelRecourseSet:
        return TwoLevelRecourseSet(evidence, self.limits)

    def _front_settings(self) -> dict[str, Sequence[Any]]:
        most = self.limits.max_rules
        return {
            "max_rules": sorted({max(1, most // part) for part in (1, 2, 4)}, reverse=True),
            "min_precision": [self.limits.min_precision],
            "cost_weight": [float(f"{weight * self.evidence.n:.2g}") for weight in FCOST_WEIGHTS],
        }

    def _objective(self, found: dict[str, Any]) -> float:
        weights, evidence = self.limits.lambdas, self.evidence
        dearest = float(np.max(evidence.prices(self.limits.cost), initial=0.0))
        farthest = float(np.max(evidence.sizes(), initial=0.0))
        e1, e2 = self.limits.max_rules, self.limits.max_width
        return float(
            weights["incorrect_recourse"] * (e1 * found["denied"] - found["incorrect_recourse"])
            + weights["cover"] * found["cover"]
            + weights["feature_cost"] * (dearest * e1 * e2 - found["feature_cost"])
            + weights["feature_change"] * (farthest * e1 * e2 - found["feature_change"])
        )

    def limits_document(self) -> dict[str, Any]:
        limits = self.limits
        return {
            "max_rules": limits.max_rules,
            "max_width": limits.max_width,
            "max_subgroups": limits.max_subgroups,
            "min_precision": limits.min_precision,
            "max_overlap": limits.max_overlap,
            "tie_break": TIE_BREAKS[limits.tie_break],
            "weights": limits.lambdas,
        }

    def candidates_document(self) -> dict[str, Any]:
        return {"rules": len(self._candidates), "triples": self._candidates.triples}
