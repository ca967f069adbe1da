"""The answer, whatever its form: rules, what they do for whom, and how good any other choice could be.

A `RecourseSet` holds rules together with the evidence they were chosen from, so that it can be asked again under
other limits, prices or subgroups without asking the model. Rules in two levels, a tree of subgroups, and a few
actions for everybody differ in how they are chosen and in who is given which; everything else is here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from recourse import tables
from recourse.arrays import IntArray
from recourse.budget import Budget
from recourse.checks import known_names, number
from recourse.costs.cost import Cost
from recourse.errors import BudgetError, InputError
from recourse.reports import Report
from recourse.summaries import views
from recourse.summaries.applied import (
    Applied,
    Consequences,
    asked_consequences,
    known_consequences,
    rows_after_rules,
)
from recourse.summaries.choice.limits import TIE_BREAKS, Limits
from recourse.summaries.choice.select import SelectionStatus
from recourse.summaries.choice.settings import ChoiceSettings, as_limits
from recourse.summaries.comparison import compare
from recourse.summaries.document import evidence_document, rules_document
from recourse.summaries.evidence.candidate_space import CandidateSpace
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.evidence.tried_actions import approves
from recourse.summaries.explain import Explanation, explained_rules
from recourse.summaries.front import Front
from recourse.summaries.rules import Rule, rule_figures
from recourse.summaries.tuning import carried_over, named
from recourse.tables import Name

FCOST_WEIGHTS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""The weights of costs per person that a front tries."""


class RecourseSet(Report):
    """Rules that tell a population what recourse it has, and what is known about them.

    Parameters
    ----------
    evidence : Evidence
        What the rules are chosen from.
    settings : ChoiceSettings
        Subgroups, prices and limits that they are chosen under.
    held_out : table or None
        Other people, whom `measures` measures too.
    budget : Budget or None
        Of the whole job; the choice takes at most the limits' `time_limit` of it.
    **own : object
        The settings of one form alone.

    Attributes
    ----------
    rules : tuple of Rule
        The rules, in the order of their numbers.
    value, bound, gap : float
        The objective, an upper bound on that of any choice within the limits, and their relative difference.
    status : SelectionStatus
        What is proven.
    interrupted : bool
        Whether the time limit, `Budget.cancel` or Ctrl-C ended the choice before its proof.
    """

    view = views.VIEW

    kind: ClassVar[str] = "rules"
    """Which form the rules have, as documents name it."""

    changeable: ClassVar[tuple[str, ...]] = ()
    """What `refit` may change."""

    own_settings: ClassVar[tuple[str, ...]] = ()
    """The settings of this form alone, beside subgroups, prices and limits."""

    asks: ClassVar[bool] = False
    """Whether the model has to be asked who is given which rule."""

    rules: tuple[Rule, ...]
    value: float
    bound: float
    status: SelectionStatus
    interrupted: bool = False
    _actions: IntArray  # of each rule, the number of its action among the outcomes

    def __init__(
        self,
        evidence: Evidence,
        settings: ChoiceSettings,
        *,
        held_out: Any = None,
        budget: Budget | None = None,
        **own: Any,
    ) -> None:
        self.evidence, self.settings, self._held_out = evidence, settings, held_out

    # -- choosing again ------------------------------------------------------------------------------

    def refit(self, *, limits: Limits | None = None, budget: Budget | None = None, **changes: Any) -> Self:
        """Choose again under other limits, prices or subgroups, without asking the model.

        Parameters
        ----------
        limits : Limits, optional
            Other limits altogether; by default those of this result.
        budget : Budget, optional
            For a deadline, or to cancel the choice from another thread.
        **changes : object
            Single settings that change, whatever `limits` says: what `changeable` names, such as `cost` and
            `time_limit`. What isn't named stays. What needs the model again is a new `summarize`.

        Returns
        -------
        RecourseSet
            Another result of the same kind; this one stays as it is.

        Raises
        ------
        InputError
            For a setting that can't be changed (with the nearest that can), or a value that doesn't fit.
        """
        own = {name: changes.pop(name, getattr(self, name)) for name in self.own_settings}
        return self.chosen_from(self, own, limits=limits, budget=budget, changes=changes)

    @classmethod
    def chosen_from(
        cls,
        other: RecourseSet,
        own: Mapping[str, Any],
        *,
        limits: Limits | None = None,
        budget: Budget | None = None,
        changes: Mapping[str, Any],
    ) -> Self:
        """Choose from the evidence of another recourse set.

        Parameters
        ----------
        other : RecourseSet
            Whose evidence and settings are taken.
        own : mapping
            The settings of this form alone.
        limits : Limits, optional
            Instead of the other's.
        budget : Budget, optional
            For a deadline, or to cancel the choice from another thread.
        changes : mapping
            Other settings that are not to be those of the other.

        Returns
        -------
        RecourseSet
        """
        settings = other.settings.changed(other.evidence, limits, changes, cls.changeable)
        more = {**own, **cls._hints(other, settings)}
        return cls(other.evidence, settings, held_out=other._held_out, budget=budget, **more)

    @classmethod
    def _hints(cls, other: RecourseSet, settings: ChoiceSettings) -> dict[str, Any]:
        """What the constructor may be told beside the settings to make the choice quicker."""
        return {}

    def _from(self, evidence: Evidence) -> Self:
        """Choose under the same settings from other people."""
        own: dict[str, Any] = {name: getattr(self, name) for name in self.own_settings}
        return type(self)(evidence, self.settings, **own)

    @property
    def limits(self) -> Limits:
        """What may be chosen."""
        return self.settings.limits

    @property
    def cost(self) -> Cost:
        """The prices of the changes."""
        return self.settings.cost

    @property
    def subgroups(self) -> tuple[Name, ...] | None:
        """The columns that describe subgroups; None for discovered ones."""
        return self.settings.subgroups

    @property
    def space(self) -> CandidateSpace:
        """The settings of the candidate space, which only new evidence could change."""
        return self.evidence.space

    @property
    def gap(self) -> float:
        """How far the value may be from the best, relative to the bound; 0 where it is proven best."""
        return 0.0 if self.bound <= self.value else (self.bound - self.value) / max(abs(self.bound), 1e-12)

    @property
    def model(self) -> Any:
        """The model that was asked."""
        return self.evidence.model

    # -- what the rules do ---------------------------------------------------------------------------

    def measures(self, X: Any = None) -> pd.DataFrame:
        """Return what the rules achieve, in sample and (with `X`, or `held_out=` in `summarize`) on other people.

        Parameters
        ----------
        X : table, optional
            Other people; those whom the model denies are measured. By default the ones held out.

        Returns
        -------
        DataFrame
            One row a measure, one column for "in sample" and, where there are others, for "held out":

            * denied: affected people, the denominator of all shares
            * incorrect_recourse, cover, feature_cost, feature_change, size, max_width, num_rsets: the paper's Table 1.
              All but cover count *per rule*: somebody who satisfies two rules can be wrong twice; feature_cost adds up
              each rule's mean price over the people it covers
            * objective: what was maximised, for rules in two levels with the paper's constants U
            * reach: share who satisfy a rule; of actions for everybody, share for whom one works
            * accuracy: share whom the rule *assigned* to them flips (no rule: a failure)
            * accuracy_any_rule: share whom at least one rule they satisfy flips; they would have to know which
            * fcost: mean price *per person* of the assigned action over the `successes` alone. Fewer successes can
              lower it: compare it at the same accuracy
            * overlap: share who satisfy several rules

        Raises
        ------
        InputError
            If there are no rows, or rows that the model or the rules can't read.
        """
        columns = {"in sample": self.measures_in_sample()}
        held_out = self._held_out if X is None else X
        if held_out is not None:
            columns["held out"] = self._all_measures(self._applied(self._denied(held_out)))
        index = pd.Index(columns["in sample"], name="measure")
        return pd.DataFrame({name: pd.Series(one, index=index, dtype=object) for name, one in columns.items()})

    def measures_in_sample(self) -> dict[str, Any]:
        """Return the measures of the people that the rules were made from, by name."""
        return self._all_measures(self._applied_in_sample())

    def measured(self, evidence: Evidence) -> dict[str, Any]:
        """Return what the rules do to the people that some evidence counts; the model isn't asked.

        Parameters
        ----------
        evidence : Evidence
            The evidence of these rules, or a part of it.

        Returns
        -------
        dict
            The measures by name.
        """
        return self._applied_known(evidence).measures()

    def _all_measures(self, applied: Applied) -> dict[str, Any]:
        """The measures of what rules do, those of the rules alone, and the objective."""
        widths = [rule.width for rule in self.rules]
        if self.limits.apart:
            widths = [max(len(rule.group), len(rule.condition)) for rule in self.rules]
        found = applied.measures() | {
            "size": len(self.rules),
            "max_width": max(widths, default=0),
            "num_rsets": len({rule.group for rule in self.rules}),
        }
        return found | {"objective": self._objective(found)}

    def _objective(self, found: dict[str, Any]) -> float:
        """What was maximised, from the other measures."""
        raise NotImplementedError

    def compare(self, by: Name) -> pd.DataFrame:
        """Put the same rules side by side across the levels of a column, whatever their own subgroup.

        A rule that works for one level and not for another shows a difference that the model makes, by this column or
        by what goes with it.

        Parameters
        ----------
        by : hashable
            A column of the people summarised, known to the model or not. Who lacks a value is in the level "missing".

        Returns
        -------
        DataFrame
            One row for each rule (its inner condition and action) and level: `n` denied people of that level who
            satisfy the condition, `precision` of the action among them, its mean `cost` for those who may take it;
            then, as rule 0, one row a level for the rules as assigned: `n` who satisfy one, in `precision` the
            accuracy (approved, of all denied of that level), mean `cost` over the successes.

        Raises
        ------
        InputError
            If there is no such column, or it has too many levels for a table.
        """
        return compare(self.evidence, self.rules, self._applied_in_sample(), by)

    def explain(self, x: Any) -> Explanation:
        """Say which rule applies to a person, what the others would do, or why none applies.

        Parameters
        ----------
        x : Series, mapping, one-row table or sequence
            The person; values alone are in the order of the columns.

        Returns
        -------
        Explanation

        Raises
        ------
        InputError
            If the model or the rules can't read the row.
        """
        evidence = self.evidence
        dtypes = {name: evidence.people[name].dtype for name in evidence.columns}
        row = self._checked(tables.read_row(x, evidence.columns, dtypes), "x")
        evidence.model.check_rows(row[list(evidence.read)])
        denied = not bool(approves(evidence.model, row, evidence.read)[0])

        applied = self._applied(row)
        assigned = int(applied.assigned[0])
        frame = explained_rules(self.rules, applied, row)
        reason = self._sentence(denied, assigned, applied, frame)
        return Explanation(frame, reason, None if assigned < 0 else assigned + 1, denied)

    def _sentence(self, denied: bool, assigned: int, applied: Applied, frame: pd.DataFrame) -> str:
        """Which rule applies to one person, or why none does."""
        if not denied:
            return "This person is approved today; the rules are for people who are denied."
        if assigned >= 0:
            outcome = "approved" if applied.success[assigned, 0] else "still denied"
            others = int(applied.satisfied[:, 0].sum()) - 1
            best = TIE_BREAKS[self.limits.tie_break]
            more = f" Of the {others + 1} rules satisfied it has the highest {best}." if others else ""
            return f"Rule {assigned + 1} applies: this person would be {outcome} after it.{more}"
        if not self.rules:
            return "There are no rules, so none applies."
        return f"No rule applies; the nearest is rule {frame['rule'].iloc[0]}, which {frame['fails'].iloc[0]}."

    def prescribe(self, X: Any) -> pd.DataFrame:
        """Return for each person which rule applies to them.

        Rules are for people who are denied; that isn't checked here. The model is asked only about actions that have no
        conditions (`GlobalActions`).

        Parameters
        ----------
        X : table
            People.

        Returns
        -------
        DataFrame
            On X's index: rule, its number from 1, 0 for none; satisfied, how many rules the person satisfies; action,
            in words; possible, whether the action set lets this person take it; cost, its price.

        Raises
        ------
        InputError
            If a column is missing, or holds words where rules compare numbers.
        """
        frame = self._table(X)
        applied = self._applied(frame, ask=self.asks)
        assigned = applied.assigned
        has = assigned >= 0
        price = np.full(len(frame), np.nan)
        price[has] = applied.price[assigned[has], np.flatnonzero(has)]
        columns = {
            "rule": assigned + 1,
            "satisfied": applied.satisfied.sum(axis=0),
            "action": [self.rules[k].action_text if k >= 0 else "" for k in assigned],
            "possible": ~np.isnan(price),
            "cost": price,
        }
        return pd.DataFrame(columns, index=frame.index)

    def apply(self, X: Any) -> Any:
        """Return the rows that the prescribed actions lead to; people without one stay as they are.

        Parameters
        ----------
        X : table
            People.

        Returns
        -------
        table
            Of the same kind, with the same rows and columns.

        Raises
        ------
        InputError
            If a column is missing, or holds words where rules compare numbers.
        """
        frame = self._table(X)
        assigned = self._applied(frame, ask=self.asks).assigned
        return tables.like(X, rows_after_rules(self.evidence, self.rules, frame, assigned))

    def stability(self, *, splits: int = 5, random_state: Any = 0) -> dict[str, float]:
        """Say how much the rules owe to chance: choose from random halves, measure on the other halves.

        Parameters
        ----------
        splits : int
            How many times the denied are split in halves.
        random_state : int or Generator
            Where the splits come from.

        Returns
        -------
        dict
            accuracy_mean, accuracy_min, accuracy_max of the other halves; reach_mean; rules_kept, the mean share of
            these rules (same subgroup, condition and action) that a half chooses again. The model isn't asked.
        """
        found = carried_over(self.evidence, self._from, splits=splits, random_state=random_state)
        mine = named(self.rules)
        accuracy = [one.accuracy for one in found]
        return {
            "accuracy_mean": float(np.mean(accuracy)),
            "accuracy_min": float(np.min(accuracy)),
            "accuracy_max": float(np.max(accuracy)),
            "reach_mean": float(np.mean([one.cover for one in found])),
            "rules_kept": float(np.mean([len(mine & one.rules) / max(len(mine), 1) for one in found])),
        }

    def front(
        self,
        *,
        limits: Limits | None = None,
        time_limit: float | None = 60.0,
        budget: Budget | None = None,
        **choices: Any,
    ) -> Front[Self]:
        """Choose again under several settings, and keep the choices that none of the others beats; see `Front`.

        Parameters
        ----------
        limits : Limits, optional
            Other limits for all of them; by default those of this result.
        time_limit : float or None
            Seconds for all of it; each choice may take its share of what is left, and settings that are not reached
            are left out (`Front.interrupted`).
        budget : Budget, optional
            Instead of `time_limit`, for a deadline or to cancel from another thread.
        **choices : object
            Values to try of what `refit` may change, in all combinations, such as `max_rules=[2, 5, 10]`; by default
            of what trades effectiveness for cost.

        Returns
        -------
        Front
            The model isn't asked.

        Raises
        ------
        InputError
            For a setting that can't be varied (with the nearest that can), or has no values.
        """
        time_limit = number("time_limit", time_limit, above=0, or_none=True)
        budget = Budget.of(budget, None if budget is not None else time_limit)
        values = {name: _listed(several) for name, several in (choices or self._front_settings()).items()}
        known_names("front", values, self.changeable, of="what can be varied")
        for name, several in values.items():
            if not several:
                raise InputError(f"front: {name} has no values to try.")

        tried: list[tuple[dict[str, Any], Self]] = []
        limits = self.limits if limits is None else as_limits(limits)
        left = math.prod(map(len, values.values()))
        for said in _combinations(values):
            if tried and budget.exhausted:
                break
            try:
                tried.append((said, self._tried(limits, said, budget, left)))
            except BudgetError:
                if not tried:
                    raise
                break
            left -= 1
        return Front(tried, self.to_dict(), interrupted=left > 0)

    def _tried(self, limits: Limits, said: Mapping[str, Any], budget: Budget, left: int) -> Self:
        """Choose under some settings, in the share of the time that this is due while so many are left to try."""
        seconds = limits.time_limit
        share = max(budget.remaining / left, 0.01)
        if share < math.inf:
            seconds = share if seconds is None else min(share, seconds)

        # weights would say again what a cost weight says
        if "cost_weight" in said:
            limits = replace(limits, weights=None)
        found = self.refit(limits=limits, budget=budget, **{"time_limit": seconds, **said})
        kept = replace(found.limits, time_limit=said.get("time_limit", limits.time_limit))
        found.settings = replace(found.settings, limits=kept)
        return found

    def _front_settings(self) -> dict[str, Sequence[Any]]:
        """What `front` tries by default."""
        raise NotImplementedError

    # -- views ---------------------------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule: its parts in words, whom it reaches, what it costs, and who is assigned it.

        Returns
        -------
        DataFrame
            n, correct, reach, precision, wilson, cost and change are of those who satisfy the rule, as in `Rule`;
            assigned and assigned_cost are the denied people to whom this rule is the one prescribed, and its mean
            price over those of them approved after it.
        """
        denied, (assigned, spent) = self.evidence.n, self.shares()
        rows = []
        for k, rule in enumerate(self.rules):
            rows.append(
                {
                    "rule": k + 1,
                    "group": rule.group_text,
                    "condition": rule.condition_text,
                    "action": rule.action_text,
                    **rule_figures(rule, assigned[k], spent[k], denied),
                }
            )
        names = ["rule", "group", "condition", "action", "n", "correct", "reach", "precision", "wilson", "cost"]
        frame = pd.DataFrame(rows, columns=[*names, "change", "assigned", "assigned_cost"])
        return frame.astype({"assigned_cost": float}).set_index("rule")

    def shares(self) -> tuple[list[int], list[float | None]]:
        """For each rule, how many people are assigned it, and its mean price over those approved after it."""
        applied = self._applied_in_sample()
        people: list[int] = []
        spent: list[float | None] = []
        for k in range(len(self.rules)):
            mine = applied.assigned == k
            works = mine & applied.success[k]
            people.append(int(mine.sum()))
            spent.append(float(applied.price[k, works].mean()) if works.any() else None)
        return people, spent

    def to_dict(self) -> dict[str, Any]:
        """Return the whole result as plain values: the document that views are rendered from."""
        evidence, measures = self.evidence, self.measures()
        asked = {"actions": len(evidence.outcomes.actions), "model_rows": evidence.outcomes.rows}
        return {
            "document": "openrecourse/summary",
            "version": 1,
            "kind": self.kind,
            **evidence_document(evidence, self.settings),
            "limits": self.limits_document(),
            "candidates": self.candidates_document() | asked,
            "value": float(self.value),
            "bound": float(self.bound),
            "gap": float(self.gap),
            "status": self.status.label,
            "statuses": {status.label: status.value for status in SelectionStatus},
            "groups": rules_document(self.rules, *self.shares(), evidence.n),
            "tree": self.tree_document(),
            "measures": {column: measures[column].to_dict() for column in measures.columns},
        }

    def limits_document(self) -> dict[str, Any]:
        """The limits, as plain values."""
        raise NotImplementedError

    def candidates_document(self) -> dict[str, Any]:
        """What there was to choose from, as plain values."""
        raise NotImplementedError

    def tree_document(self) -> dict[str, Any] | None:
        """How subgroups are nested, where they are."""
        return None

    def __len__(self) -> int:
        return len(self.rules)

    # -- applying ------------------------------------------------------------------------------------

    def _applied_in_sample(self) -> Applied:
        return self._applied_known(self.evidence)

    def _applied_known(self, evidence: Evidence) -> Applied:
        """What the rules do to the people that some evidence counts, from its bits."""
        return self._assigned(known_consequences(evidence, self.rules, self._actions, self.cost))

    def _applied(self, frame: pd.DataFrame, *, ask: bool = True) -> Applied:
        """Apply the rules to other people's rows; prices are NaN where the action set doesn't allow an action."""
        return self._assigned(asked_consequences(self.evidence, self.rules, self.cost, frame, ask=ask))

    def _assigned(self, found: Consequences) -> Applied:
        """Assign each person the most precise of the rules they satisfy; of equal ones, that of more people."""
        by_wilson = self.limits.tie_break == "wilson"
        keys = []
        for k, rule in enumerate(self.rules):
            keys.append((-(rule.wilson if by_wilson else rule.precision), -rule.n, k))
        assigned = np.full(found.satisfied.shape[1], -1, dtype=np.int64)

        # from the last to the first, so that the first one stays
        for _, _, k in sorted(keys, reverse=True):
            assigned[found.satisfied[k]] = k
        return Applied.of(found, assigned)

    def _table(self, X: Any) -> pd.DataFrame:
        """A table of people with the columns that rules and model read, fit to be read by them."""
        columns = list(self.evidence.columns)
        frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=columns)
        return self._checked(tables.select(frame, columns), "X")

    def _checked(self, frame: pd.DataFrame, what: str) -> pd.DataFrame:
        """The same table, found to hold numbers where rules compare numbers."""
        for name, how in self.evidence.mobility.items():
            if how.order is not None:
                continue
            values = tables.values_of(frame[name], what=what)
            for value in values.tolist() if values.dtype == object else ():
                if isinstance(value, str) and value not in how.missing:
                    raise InputError(f"column {name!r} of {what} holds {value!r}, but the rules read it as a number.")
        return frame

    def _denied(self, X: Any) -> pd.DataFrame:
        """The people of a table whom the model denies."""
        frame = self._table(X)
        if frame.empty:
            raise InputError("X has no rows: there is nobody to measure the rules on.")
        self.model.check_rows(frame[list(self.evidence.read)])
        denied: pd.DataFrame = frame[~approves(self.model, frame, self.evidence.read)].reset_index(drop=True)
        return denied


def _combinations(values: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination of one value for each name."""
    for combination in itertools.product(*values.values()):
        yield dict(zip(values, combination, strict=True))


def _listed(values: Any) -> list[Any]:
    """Several values as they are, and one alone as a list."""
    one = isinstance(values, (str, bytes, int, float, Mapping, Cost)) or values is None
    return [values] if one else list(values)
