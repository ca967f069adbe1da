"""The answer, whatever its form: rules, what they do for whom, and how good any other choice could be.

A `RecourseSet` holds rules together with the evidence they were chosen from, so that it can be asked again under
other limits, prices or subgroups without asking the model. Rules in two levels, a tree of subgroups, and a few
actions for everybody differ in how they are chosen and in who is given which; everything else is here.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.arrays import BoolArray
from recourse.costs.cost import Cost
from recourse.errors import InputError, nearest
from recourse.reports import Report
from recourse.summaries import report
from recourse.summaries.choice.limits import TIE_BREAKS, Limits, limits_from, plain_settings
from recourse.summaries.choice.select import SelectionStatus
from recourse.summaries.document import document_of
from recourse.summaries.evidence.candidate_space import Space
from recourse.summaries.evidence.effects import Effects
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.evidence.itemsets import unpack
from recourse.summaries.evidence.tried_actions import approves
from recourse.summaries.explain import Explanation
from recourse.summaries.front import Front
from recourse.summaries.rules import Applied, Rule
from recourse.summaries.tuning import carried_over
from recourse.tables import Name

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FCOST_WEIGHTS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""The weights of costs per person that a front tries."""


class RecourseSet(Report):
    """Rules that tell a population what recourse it has, and what is known about them.

    rules : the rules; value, bound, gap, status : the objective, an upper bound on that of any choice within the
    limits, their relative difference, and what is proven; limits, space : the settings; evidence : what they rest on
    """

    view = report.VIEW

    kind = "rules"
    settings: tuple[str, ...] = ()
    """What `refit` may change."""

    _asks = False
    """Whether the model has to be asked who is given which rule."""

    rules: tuple[Rule, ...]
    value: float
    bound: float
    status: SelectionStatus
    _actions: IntArray

    def __init__(self, evidence: Evidence, limits: Limits, *, held_out: Any = None) -> None:
        self.evidence, self.limits, self._held_out = evidence, limits, held_out

    def refit(self, **changes: Any) -> RecourseSet:
        """Choose again under other settings, without asking the model."""
        raise NotImplementedError

    def _from(self, evidence: Evidence) -> RecourseSet:
        """Choose under the same settings from other people."""
        raise NotImplementedError

    def _changed(self, changes: dict[str, Any], known: Sequence[str]) -> Limits:
        """The limits with some of them changed."""
        for name in changes:
            if name in {one.name for one in fields(Space)} | {"held_out", "desired", "threshold", "batch"}:
                raise InputError(
                    f"refit can't change {name!r}: the model would have to be asked again. Call summarize."
                )
            if name not in known:
                raise InputError(f"refit can't change {name!r}. {nearest(name, known)}")
        return limits_from(self.evidence, replace(self.limits, **plain_settings(changes)))

    @property
    def space(self) -> Any:
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

        denied : affected people, the denominator of all shares
        incorrect_recourse, cover, feature_cost, feature_change, size, max_width, num_rsets : the paper's
        Table 1. All but cover count *per rule*: somebody who satisfies two rules can be wrong twice;
        feature_cost adds up each rule's mean price over the people it covers.
        objective : what was maximised, for rules in two levels with the paper's constants U
        reach : share who satisfy a rule; of actions for everybody, share for whom one works
        accuracy : share whom the rule *assigned* to them flips (no rule: a failure)
        accuracy_any_rule : share whom at least one rule they satisfy flips; they would have to know which
        fcost : mean price *per person* of the assigned action over the `successes` alone. Fewer successes can
        lower it: compare it at the same accuracy.
        overlap : share who satisfy several rules
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

    def _all_measures(self, applied: Applied) -> dict[str, Any]:
        found = applied.measures()
        widths = [max(len(r.group), len(r.condition)) if self.limits.apart else r.width for r in self.rules]
        found |= {
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

        One row for each rule (its inner condition and action) and level: `n` denied people of that level who
        satisfy the condition, `precision` of the action among them, its mean `cost` for those who may take it; then,
        as rule 0, one row a level for the rules as assigned: `n` who satisfy one, in `precision` the accuracy
        (approved, of all denied of that level), mean `cost` over the successes. Who lacks a value is in the level
        "missing". A rule that works for one level and not for another shows a difference that the model makes, by
        this column or by what goes with it.
        """
        people = self.evidence.people
        if not isinstance(by, Hashable) or by not in people.columns:
            raise InputError(f"X has no column {by!r}. {nearest(by, people.columns)}")
        levels = self.evidence.levels.get(by)
        column = people[by]
        if levels is not None:
            names = [p.value_text() for p in levels.predicates]
            codes = levels.codes(column)
        else:
            codes, distinct = pd.factorize(column, sort=True)
            names = [str(level) for level in distinct]
            if len(names) > 100:
                raise InputError(f"{by!r} has {len(names):,} levels; bin its values into a column of their own first.")
        if (codes < 0).any():
            codes, names = np.where(codes < 0, len(names), codes), [*names, "missing"]
        applied = self._applied_in_sample()
        rows = []
        for k, rule in enumerate(self.rules):
            inner = replace(rule, group=()).holds(people)
            success, price = applied.success[k], applied.price[k]
            for level, name in enumerate(names):
                mine = inner & (codes == level)
                n, may = int(mine.sum()), mine & ~np.isnan(price)
                rows.append(
                    {"rule": k + 1, "condition": rule.condition_text, "action": rule.action_text, "level": name,
                     "denied": int((codes == level).sum()), "n": n,
                     "precision": float(success[mine].mean()) if n else None,
                     "cost": float(price[may].mean()) if may.any() else None}
                )  # fmt: skip
        for level, name in enumerate(names):
            mine = np.flatnonzero(codes == level)
            part = Applied(
                applied.satisfied[:, mine], applied.success[:, mine], applied.price[:, mine], applied.change[:, mine],
                applied.assigned[mine],
            ).measures()  # fmt: skip
            rows.append(
                {"rule": 0, "condition": "all rules", "action": "as assigned", "level": name, "denied": len(mine),
                 "n": part["cover"], "precision": part["accuracy"], "cost": part["fcost"]}
            )  # fmt: skip
        frame = pd.DataFrame(rows, columns=["rule", "condition", "action", "level", "denied", "n", "precision", "cost"])
        return frame.astype({"precision": float, "cost": float}).set_index(["rule", "level"])

    def explain(self, x: Any) -> Explanation:
        """Say which rule applies to a person, what the others would do, or why none applies.

        x : one row: a Series, a mapping, a one-row table, or values in the order of the columns
        """
        evidence = self.evidence
        dtypes = {name: evidence.people[name].dtype for name in evidence.columns}
        row = self._checked(tables.read_row(x, evidence.columns, dtypes), "x")
        evidence.model.check_rows(row[list(evidence.read)])
        denied = not bool(approves(evidence.model, row, evidence.read)[0])
        applied = self._applied(row)
        assigned = int(applied.assigned[0])
        rows = []
        for k, rule in enumerate(self.rules):
            wrong = [str(p) for p in (*rule.group, *rule.condition) if not p.holds(row[p.feature])[0]]
            satisfied = bool(applied.satisfied[k, 0])
            fails = "" if satisfied else "fails: " + " and ".join(wrong) if wrong else "does not work"
            rows.append(
                {"rule": k + 1, "text": str(rule), "satisfied": satisfied, "fails": fails, "failures": len(wrong),
                 "possible": not np.isnan(applied.price[k, 0]), "flips": bool(applied.success[k, 0]),
                 "cost": float(applied.price[k, 0]), "precision": rule.precision, "n": rule.n}
            )  # fmt: skip
        columns = ["rule", "text", "satisfied", "fails", "failures", "possible", "flips", "cost", "precision", "n"]
        frame = pd.DataFrame(rows, columns=columns)
        frame["first"] = frame["rule"] != assigned + 1
        frame = frame.sort_values(["first", "failures", "rule"], kind="stable").drop(columns=["first", "failures"])
        frame = frame.reset_index(drop=True)
        number = None if assigned < 0 else assigned + 1
        return Explanation(frame, self._sentence(denied, assigned, applied, frame), number, denied)

    def _sentence(self, denied: bool, assigned: int, applied: Applied, frame: pd.DataFrame) -> str:
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
        """Return for each row which rule applies, on X's index; the model is asked only about actions
        that have no conditions (`GlobalActions`).

        rule : its number from 1, 0 for none; satisfied : how many rules the person satisfies; action : in
        words; possible : whether the action set lets this person take it; cost : its price. Rules are for
        people who are denied; that isn't checked here.
        """
        frame = self._table(X)
        applied = self._applied(frame, ask=self._asks)
        assigned = applied.assigned
        has = assigned >= 0
        price = np.full(len(frame), np.nan)
        price[has] = applied.price[assigned[has], np.flatnonzero(has)]
        return pd.DataFrame(
            {
                "rule": assigned + 1,
                "satisfied": applied.satisfied.sum(axis=0),
                "action": [self.rules[k].action_text if k >= 0 else "" for k in assigned],
                "possible": ~np.isnan(price),
                "cost": price,
            },
            index=frame.index,
        )

    def predict(self, X: Any) -> Any:
        """Return the rows that the prescribed actions lead to: the same kind of table; others stay as they are."""
        frame = self._table(X)
        evidence = self.evidence
        assigned = self._applied(frame, ask=self._asks).assigned
        effects = self._effects(frame)
        plain = frame.reset_index(drop=True)
        stays, parts, order = np.ones(len(frame), dtype=bool), [], []
        for k in np.unique(assigned[assigned >= 0]):
            action = tuple(effects.moves.index(move) for move in self.rules[k].action)
            who = np.flatnonzero((assigned == k) & effects.possible[list(action)].all(axis=0))
            moved, admitted = effects.apply(action, who)
            who, moved = who[admitted], moved[admitted]
            parts.append(moved.join(plain.drop(columns=list(evidence.read)).take(who).reset_index(drop=True)))
            order.append(who)
            stays[who] = False
        still = np.flatnonzero(stays)
        new = pd.concat([plain.take(still), *parts], ignore_index=True) if parts else plain
        if parts:
            new = new.take(np.argsort(np.concatenate([still, *order]), kind="stable"))[list(frame.columns)]
        new = new.set_index(frame.index)
        return tables.like(X, new)

    def stability(self, *, splits: int = 5, random_state: Any = 0) -> dict[str, float]:
        """Say how much the rules owe to chance: choose from random halves, measure on the other halves.

        accuracy_mean, accuracy_min, accuracy_max : of the other half; reach_mean; rules_kept : mean share of
        these rules (same subgroup, condition and action) that a half chooses again. The model isn't asked.
        """
        found = carried_over(self.evidence, self._from, splits=splits, random_state=random_state)
        mine = {(rule.group, rule.condition, rule.action) for rule in self.rules}
        accuracy = [one["accuracy"] for one in found]
        return {
            "accuracy_mean": float(np.mean(accuracy)),
            "accuracy_min": float(np.min(accuracy)),
            "accuracy_max": float(np.max(accuracy)),
            "reach_mean": float(np.mean([one["cover"] for one in found])),
            "rules_kept": float(np.mean([len(mine & one["rules"]) / max(len(mine), 1) for one in found])),
        }

    def front(self, *, time_limit: float = 60.0, **choices: Any) -> Front:
        """Choose again under several settings, and keep the choices that none of the others beats; see `Front`.

        choices : values to try of what `refit` may change, in all combinations, such as `max_rules=[2, 5, 10]`;
        by default of what trades effectiveness for cost
        time_limit : seconds for all of it; each choice may take its share of what is left. The model isn't asked.
        """
        if not time_limit > 0:
            raise InputError(f"time_limit must be seconds above 0, not {time_limit!r}.")
        values = {name: _listed(several) for name, several in (choices or self._front_settings()).items()}
        for name, several in values.items():
            if name not in self.settings:
                raise InputError(f"front can't vary {name!r}. {nearest(name, self.settings)}")
            if not several:
                raise InputError(f"front: {name} has no values to try.")
        deadline, left = time.monotonic() + time_limit, math.prod(map(len, values.values()))
        tried: list[tuple[dict[str, Any], RecourseSet]] = []
        for combination in itertools.product(*values.values()):
            share = max((deadline - time.monotonic()) / left, 0.01)
            said = dict(zip(values, combination, strict=True))
            instead = {"weights": None} if "cost_weight" in said else {}
            found = self.refit(**instead, **said, time_limit=min(share, self.limits.time_limit))
            found.limits = replace(found.limits, time_limit=self.limits.time_limit)
            tried.append((said, found))
            left -= 1
        return Front(tried, self.to_dict())

    def _front_settings(self) -> dict[str, Sequence[Any]]:
        """What `front` tries by default."""
        raise NotImplementedError

    # -- views ---------------------------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule: its parts in words, whom it reaches, what it costs, and who is assigned it.

        n, correct, reach, precision, wilson, cost, change : of those who satisfy the rule, as in `Rule`
        assigned, assigned_cost : denied people to whom this rule is the one prescribed, and its mean price over
        those of them approved after it
        """
        denied, (assigned, spent) = self.evidence.n, self.shares()
        rows = [
            {"rule": k + 1, "group": rule.group_text, "condition": rule.condition_text, "action": rule.action_text,
             "n": rule.n, "correct": rule.correct, "reach": rule.n / denied, "precision": rule.precision,
             "wilson": rule.wilson, "cost": rule.cost, "change": rule.change, "assigned": assigned[k],
             "assigned_cost": spent[k]}
            for k, rule in enumerate(self.rules)
        ]  # fmt: skip
        names = ["rule", "group", "condition", "action", "n", "correct", "reach", "precision", "wilson", "cost"]
        frame = pd.DataFrame(rows, columns=[*names, "change", "assigned", "assigned_cost"])
        return frame.astype({"assigned_cost": float}).set_index("rule")

    def shares(self) -> tuple[list[int], list[float | None]]:
        """For each rule, how many people are assigned it, and its mean price over those approved after it."""
        applied = self._applied_in_sample()
        mine = [applied.assigned == k for k in range(len(self.rules))]
        works = [one & applied.success[k] for k, one in enumerate(mine)]
        spent = [float(applied.price[k, one].mean()) if one.any() else None for k, one in enumerate(works)]
        return [int(one.sum()) for one in mine], spent

    def to_dict(self) -> dict[str, Any]:
        """Return the whole result as plain values: the document that views are rendered from."""
        return document_of(self)

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

    def measured(self, evidence: Evidence) -> dict[str, Any]:
        """What the rules do to the people that some evidence counts; the model isn't asked."""
        return self._applied_known(evidence).measures()

    def _applied_in_sample(self) -> Applied:
        return self._applied_known(self.evidence)

    def _applied_known(self, evidence: Evidence) -> Applied:
        """What the rules do to the people that some evidence counts, from its bits."""
        who = np.flatnonzero(evidence.counted)
        people, everybody = evidence.people.iloc[who], len(evidence.people)
        satisfied = np.array([rule.holds(people) for rule in self.rules], dtype=bool).reshape(-1, len(who))
        success, barred = (unpack(bits[self._actions], everybody)[:, who] for bits in evidence.anybody())
        moves = [list(evidence.outcomes.actions[a]) for a in self._actions.tolist()]
        price, change = (
            np.array([each[many][:, who].sum(axis=0) for many in moves]).reshape(-1, len(who))
            for each in (evidence.prices(self.limits.cost), evidence.sizes())
        )
        return self._judge(satisfied, success, np.where(barred, np.nan, price), np.where(barred, 0.0, change))

    def _applied(self, frame: pd.DataFrame, *, ask: bool = True) -> Applied:
        """Apply the rules to other people's rows; prices are NaN where the action set doesn't allow an action."""
        evidence, n = self.evidence, len(frame)
        effects = self._effects(frame)
        satisfied = np.array([rule.holds(frame) for rule in self.rules], dtype=bool).reshape(len(self.rules), n)
        success = np.zeros_like(satisfied)
        price, change = np.full(satisfied.shape, np.nan), np.zeros(satisfied.shape)
        prices, sizes = effects.prices(self.limits.cost), effects.magnitudes()
        for k, rule in enumerate(self.rules):
            action = tuple(effects.moves.index(move) for move in rule.action)
            possible = effects.possible[list(action)].all(axis=0)
            price[k, possible] = prices[list(action)].sum(axis=0)[possible]
            change[k, possible] = sizes[list(action)].sum(axis=0)[possible]
            who = np.flatnonzero(possible & effects.changes[list(action)].any(axis=0))
            new, good = effects.apply(action, who)
            price[k, who[~good]], change[k, who[~good]] = np.nan, 0.0
            if ask and len(who):
                success[k, who] = good & approves(evidence.model, new, evidence.read)
        return self._judge(satisfied, success, price, change)

    def _judge(self, satisfied: BoolArray, success: BoolArray, price: FloatArray, change: FloatArray) -> Applied:
        """Assign each person the most precise of the rules they satisfy; of equal ones, that of more people."""
        by_wilson = self.limits.tie_break == "wilson"
        keys = [(-(rule.wilson if by_wilson else rule.precision), -rule.n, k) for k, rule in enumerate(self.rules)]
        order = [key[2] for key in sorted(keys)]
        assigned = np.full(satisfied.shape[1], -1, dtype=np.int64)
        for k in reversed(order):
            assigned[satisfied[k]] = k
        return Applied(satisfied, success, price, change, assigned)

    def _effects(self, frame: pd.DataFrame) -> Effects:
        evidence = self.evidence
        moves = [move for rule in self.rules for move in rule.action]
        order = {name: k for k, name in enumerate(evidence.read)}
        moves = sorted(dict.fromkeys(moves), key=lambda move: (order[move.feature], str(move)))
        people = frame[list(evidence.read)].reset_index(drop=True)
        return Effects(people, moves, evidence.how, evidence.levels, evidence.effects.actions)

    def _table(self, X: Any) -> pd.DataFrame:
        frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=list(self.evidence.columns))
        return self._checked(tables.select(frame, list(self.evidence.columns)), "X")

    def _checked(self, frame: pd.DataFrame, what: str) -> pd.DataFrame:
        """The same table, found to hold numbers where rules compare numbers."""
        for name, how in self.evidence.how.items():
            values = tables.values_of(frame[name], what=what) if how.order is None else np.empty(0)
            words = [value for value in values.tolist() if isinstance(value, str) and value not in how.missing]
            if words:
                raise InputError(f"column {name!r} of {what} holds {words[0]!r}, but the rules read it as a number.")
        return frame

    def _denied(self, X: Any) -> pd.DataFrame:
        frame = self._table(X)
        if frame.empty:
            raise InputError("X has no rows: there is nobody to measure the rules on.")
        self.model.check_rows(frame[list(self.evidence.read)])
        denied: pd.DataFrame = frame[~approves(self.model, frame, self.evidence.read)].reset_index(drop=True)
        return denied


def _listed(values: Any) -> list[Any]:
    """Several values as they are, and one alone as a list."""
    one = isinstance(values, (str, bytes, int, float, Mapping, Cost)) or values is None
    return [values] if one else list(values)
