"""Rules in two levels: "If sex = Female: if debts = 5 to 9, then debts = 0 to 4"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recourse.arrays import IntArray
from recourse.budget import Budget
from recourse.summaries.choice.candidates import candidates_of
from recourse.summaries.choice.limits import TIE_BREAKS, Limits
from recourse.summaries.choice.pricing import choose_numbers, rules_of
from recourse.summaries.choice.settings import SETTINGS, ChoiceSettings
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.global_actions import GlobalActions
from recourse.summaries.recourse_set import FCOST_WEIGHTS, RecourseSet
from recourse.summaries.tree import RecourseTree
from recourse.summaries.tuning import tuned_weights


class TwoLevelRecourseSet(RecourseSet):
    """Rules that tell a population what recourse it has; made by `summarize`.

    Parameters
    ----------
    evidence, settings, held_out, budget : as in `RecourseSet`
        As for `RecourseSet`.
    promising : int64[k] or None
        Candidates to look at first, which makes a proof quicker and changes nothing else.

    Attributes
    ----------
    rules : tuple of Rule
        By subgroup, and within it by the people they cover.
    value, bound, gap, status
        The objective (people covered − λ-weighted costs), an upper bound on that of any set of candidate rules within
        the limits, their relative difference, and what is proven.
    candidates : int
        How many effective rules there were to choose from.

    Examples
    --------
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

    changeable = tuple(sorted(SETTINGS))

    def __init__(
        self,
        evidence: Evidence,
        settings: ChoiceSettings,
        *,
        promising: IntArray | None = None,
        held_out: Any = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(evidence, settings, held_out=held_out)
        budget, limits = Budget.of(budget), settings.limits
        candidates = candidates_of(evidence, settings.subgroups, limits.max_width, apart=limits.apart, budget=budget)
        numbers, selection = choose_numbers(candidates, settings, promising, budget.part(limits.time_limit))
        self._candidates, self._promising = candidates, selection.promising
        self._actions = candidates.action[numbers]
        self.value, self.bound, self.status = selection.value, selection.bound, selection.status
        self.interrupted = selection.interrupted
        self.rules = rules_of(candidates, settings, numbers)
        self.candidates = len(candidates)

    @classmethod
    def _hints(cls, other: RecourseSet, settings: ChoiceSettings) -> dict[str, Any]:
        """Begin with the candidates that the other choice looked at, where they are numbered alike."""
        before, now = other.settings, settings
        same = before.subgroups == now.subgroups
        same = same and (before.limits.max_width, before.limits.apart) == (now.limits.max_width, now.limits.apart)
        return {"promising": other._promising} if same and isinstance(other, TwoLevelRecourseSet) else {}

    def global_actions(
        self,
        max_actions: int = 3,
        *,
        fcost_weight: float = 0.01,
        limits: Limits | None = None,
        budget: Budget | None = None,
        **changes: Any,
    ) -> GlobalActions:
        """Choose a few actions without conditions: everybody gets the cheapest of them that works for them.

        Parameters
        ----------
        max_actions : int
            At most so many actions.
        fcost_weight : float
            How much of a person approved one unit of cost per person counts.
        limits : Limits, optional
            Instead of those of these rules; only `time_limit` matters here.
        budget : Budget, optional
            For a deadline, or to cancel the choice from another thread.
        **changes : object
            `cost` and `time_limit`, where they are not to be those of these rules.

        Returns
        -------
        GlobalActions
            The model isn't asked.

        Raises
        ------
        InputError
            For a setting that doesn't fit.
        """
        own = {"max_actions": max_actions, "fcost_weight": fcost_weight}
        return GlobalActions.chosen_from(self, own, limits=limits, budget=budget, changes=changes)

    def tree(
        self,
        depth: int = 2,
        *,
        fcost_weight: float = 0.01,
        limits: Limits | None = None,
        budget: Budget | None = None,
        **changes: Any,
    ) -> RecourseTree:
        """Choose a tree of subgroups: everybody is in one leaf, and everybody in a leaf is given the same action.

        Parameters
        ----------
        depth : int
            So many splits lie above a leaf at most.
        fcost_weight : float
            How much of a person approved one unit of cost per person counts.
        limits : Limits, optional
            Instead of those of these rules; only `min_precision`, `tie_break` and `time_limit` matter here.
        budget : Budget, optional
            For a deadline, or to cancel the choice from another thread.
        **changes : object
            `subgroups`, `cost`, `min_precision`, `tie_break` and `time_limit`, where they are not to be those of these
            rules.

        Returns
        -------
        RecourseTree
            The model isn't asked.

        Raises
        ------
        InputError
            For a setting that doesn't fit, or a depth whose trees are too many.
        """
        own = {"depth": depth, "fcost_weight": fcost_weight}
        return RecourseTree.chosen_from(self, own, limits=limits, budget=budget, changes=changes)

    def tune(self, *, held_out: float = 0.05, random_state: Any = 0) -> dict[str, float]:
        """Return weights tuned as in the paper (A.2.1), for `refit(weights=…)`; the model isn't asked.

        Every λ starts at 1000 and is lowered, one after the other, while on a held-out share of the denied at
        least 95 % satisfy a rule, at most 2 % satisfy several, and at most 15 % of the recourses are wrong. The
        paper doesn't say by how much; here a λ is halved, and set to 0 below 1, with the greedy choice at each
        step. Where the start breaks these conditions already, nothing is lowered, and a warning says which.
        What the weights mean is hard to tell; `min_precision`, `max_rules`, `max_overlap` and `cost_weight` say it
        directly.

        Parameters
        ----------
        held_out : float
            The share of the denied that rules are judged on.
        random_state : int or Generator
            Where the split comes from.

        Returns
        -------
        dict
            From a term of the objective to its weight.

        Raises
        ------
        InputError
            If `held_out` is no share.
        """

        def choose(part: Evidence, weights: dict[str, float]) -> RecourseSet:
            limits = replace(self.limits, method="greedy", weights=weights)
            return TwoLevelRecourseSet(part, replace(self.settings, limits=limits))

        return tuned_weights(self.evidence, choose, held_out=held_out, random_state=random_state)

    def _front_settings(self) -> dict[str, Sequence[Any]]:
        most = self.limits.max_rules
        return {
            "max_rules": sorted({max(1, most // part) for part in (1, 2, 4)}, reverse=True),
            "min_precision": [self.limits.min_precision],
            "cost_weight": [float(f"{weight * self.evidence.n:.2g}") for weight in FCOST_WEIGHTS],
        }

    def _objective(self, found: dict[str, Any]) -> float:
        weights, evidence = self.limits.lambdas, self.evidence

        # the paper's constants U₁ to U₄ make every term positive
        dearest = float(np.max(evidence.prices(self.cost), initial=0.0))
        farthest = float(np.max(evidence.sizes, initial=0.0))
        size, width = self.limits.max_rules, self.limits.max_width
        return float(
            weights["incorrect_recourse"] * (size * found["denied"] - found["incorrect_recourse"])
            + weights["cover"] * found["cover"]
            + weights["feature_cost"] * (dearest * size * width - found["feature_cost"])
            + weights["feature_change"] * (farthest * size * width - found["feature_change"])
        )

    def limits_document(self) -> dict[str, Any]:
        """The limits, as plain values."""
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
        """What there was to choose from, as plain values."""
        return {"rules": len(self._candidates), "triples": self._candidates.triples}
