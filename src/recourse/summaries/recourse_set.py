"""The answer: rules in two levels, what they do for whom, and how good any other set could be.

"If sex = Female: if debts = 5 to 9, then debts = 0 to 4." A `TwoLevelRecourseSet` holds such rules together
with the evidence they were chosen from, so that it can be asked again under other limits, prices or
subgroups without asking the model.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import reports, tables
from recourse.errors import InputError, nearest
from recourse.summaries.choosing import Limits, choose_numbers, limits_from, plain_settings, rules_of
from recourse.summaries.evidence import Evidence
from recourse.summaries.itemsets import BoolArray, unpack
from recourse.summaries.outcomes import Effects
from recourse.summaries.rules import Applied
from recourse.summaries.selection import SelectionStatus
from recourse.summaries.space import Space
from recourse.summaries.trials import approves
from recourse.summaries.tuning import carried_over, tuned_weights
from recourse.tables import Name

TIE_BREAKS = {"precision": "precision", "wilson": "lower end of the precision's interval"}
"""What decides between several rules, in words."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Explanation:
    """What the rules say of one person: made by `TwoLevelRecourseSet.explain`.

    reason : one sentence; assigned : the number of the rule that applies, or None
    to_frame() : one row a rule: satisfied, what fails, whether its action would flip the denial, its cost
    """

    def __init__(self, frame: pd.DataFrame, reason: str, assigned: int | None, denied: bool) -> None:
        self._frame, self.reason, self.assigned, self.denied = frame, reason, assigned, denied

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule, the one that applies first, then those satisfied, then the nearest."""
        return self._frame.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain values."""
        rows = [
            {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in row.items()}
            for row in self._frame.astype(object).to_dict(orient="records")
        ]
        return {"denied": self.denied, "reason": self.reason, "assigned": self.assigned, "rules": rows}

    def __repr__(self) -> str:
        lines = [self.reason]
        for row in self._frame.to_dict(orient="records") if self.denied else ():
            if row["satisfied"] or not self._frame["satisfied"].any():
                applies = "applies" if row["rule"] == self.assigned else "satisfied too"
                flips = "approved after it" if row["flips"] else "still denied after it"
                does = f"{flips}; cost {row['cost']:.4g}" if row["possible"] else "impossible for this person"
                lines.append(
                    f"  rule {row['rule']}: {row['text']}  [{applies if row['satisfied'] else row['fails']}; {does}]"
                )
        return "\n".join(lines[:6])


class TwoLevelRecourseSet(reports.Report):
    """Rules that tell a population what recourse it has; made by `summarize`.

    rules : the rules, by subgroup, and within it by the people they cover
    value, bound, gap, status : the objective (people covered − λ-weighted costs), an upper bound on that of
    any set of candidate rules within the limits, their relative difference, and what is proven
    candidates : how many effective rules there were to choose from
    limits, space : the settings
    """

    def __init__(
        self, evidence: Evidence, limits: Limits, *, promising: IntArray | None = None, held_out: Any = None
    ) -> None:
        """Choose from the evidence; `promising` are candidates to look at first, `held_out` other people."""
        self._evidence, self.limits, self._held_out = evidence, limits, held_out
        self._candidates = evidence.candidates(limits.subgroups, limits.max_width, apart=limits.apart)
        self._numbers, selection = choose_numbers(evidence, limits, self._candidates, promising)
        self._promising = selection.promising
        self.value, self.bound, self.status = selection.value, selection.bound, selection.status
        self.rules = rules_of(evidence, limits, self._candidates, self._numbers)
        self.candidates = len(self._candidates)

    @property
    def space(self) -> Any:
        """The settings of the candidate space, which only new evidence could change."""
        return self._evidence.space

    @property
    def gap(self) -> float:
        """How far the value may be from the best, relative to the bound; 0 where it is proven best."""
        return 0.0 if self.bound <= self.value else (self.bound - self.value) / max(abs(self.bound), 1e-12)

    @property
    def model(self) -> Any:
        """The model that was asked."""
        return self._evidence.model

    # -- what the rules do ---------------------------------------------------------------------------

    def measures(self, X: Any = None) -> pd.DataFrame:
        """Return what the rules achieve, in sample and (with `X`, or `held_out=` in `summarize`) on other people.

        denied : affected people, the denominator of all shares
        incorrect_recourse, cover, feature_cost, feature_change, size, max_width, num_rsets : the paper's
        Table 1. All but cover count *per rule*: somebody who satisfies two rules can be wrong twice;
        feature_cost adds up each rule's mean price over the people it covers.
        objective : the paper's, with its constants U; reach : share who satisfy a rule
        accuracy : share whom the rule *assigned* to them flips (no rule: a failure)
        accuracy_any_rule : share whom at least one rule they satisfy flips; they would have to know which
        fcost : mean price *per person* of the assigned action over the `successes` alone. Fewer successes can
        lower it: compare it at the same accuracy.
        overlap : share who satisfy several rules
        """
        columns = {"in sample": self._all_measures(self._applied_in_sample())}
        held_out = self._held_out if X is None else X
        if held_out is not None:
            columns["held out"] = self._all_measures(self._applied(self._denied(held_out)))
        index = pd.Index(columns["in sample"], name="measure")
        return pd.DataFrame({name: pd.Series(one, index=index, dtype=object) for name, one in columns.items()})

    def _all_measures(self, applied: Applied) -> dict[str, Any]:
        found = applied.measures()
        widths = [max(len(r.group), len(r.condition)) if self.limits.apart else r.width for r in self.rules]
        found |= {
            "size": len(self.rules),
            "max_width": max(widths, default=0),
            "num_rsets": len({rule.group for rule in self.rules}),
        }
        weights, evidence = self.limits.lambdas, self._evidence
        dearest = float(np.max(evidence.prices(self.limits.cost), initial=0.0))
        farthest = float(np.max(evidence.sizes(), initial=0.0))
        e1, e2 = self.limits.max_rules, self.limits.max_width
        found["objective"] = (
            weights["incorrect_recourse"] * (e1 * found["denied"] - found["incorrect_recourse"])
            + weights["cover"] * found["cover"]
            + weights["feature_cost"] * (dearest * e1 * e2 - found["feature_cost"])
            + weights["feature_change"] * (farthest * e1 * e2 - found["feature_change"])
        )
        return found

    def compare(self, by: Name) -> pd.DataFrame:
        """Put the same rules side by side across the levels of a column, whatever their own subgroup.

        One row for each rule (its inner condition and action) and level: `n` denied people of that level who
        satisfy the condition, `precision` of the action among them, its mean `cost`; then, as rule 0, one row a
        level for the rules as assigned: `n` who satisfy one, in `precision` the accuracy (approved, of all denied
        of that level), mean `cost` over the successes. Who lacks a value is in the level "missing". A rule that works
        for one level and not for another shows a difference that the model makes, by this column or by what goes
        with it.
        """
        people = self._evidence.people
        if not isinstance(by, Hashable) or by not in people.columns:
            raise InputError(f"X has no column {by!r}. {nearest(by, people.columns)}")
        levels = self._evidence.levels.get(by)
        column = people[by]
        if levels is not None:
            names = [p.value_text() for p in levels.predicates]
            codes = levels.codes(column)
        else:
            codes, distinct = pd.factorize(column, sort=True)
            names = [str(level) for level in distinct]
            if len(names) > 100:
                raise InputError(f"{by!r} has {len(names):,} levels; bin its values into a column of their own first.")
        applied = self._applied_in_sample()
        counted = self._evidence.counted
        if (codes < 0).any():
            codes, names = np.where(codes < 0, len(names), codes), [*names, "missing"]
        rows = []
        for k, rule in enumerate(self.rules):
            inner = replace(rule, group=()).holds(people) & counted
            success, price = applied.success[k], applied.price[k]
            for level, name in enumerate(names):
                mine = inner & (codes == level)
                n = int(mine.sum())
                rows.append(
                    {"rule": k + 1, "condition": rule.condition_text, "action": rule.action_text, "level": name,
                     "denied": int(((codes == level) & counted).sum()), "n": n,
                     "precision": float(success[mine].mean()) if n else None,
                     "cost": float(price[mine].mean()) if n else None}
                )  # fmt: skip
        for level, name in enumerate(names):
            mine = np.flatnonzero((codes == level) & counted)
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
        evidence = self._evidence
        dtypes = {name: evidence.people[name].dtype for name in evidence.columns}
        row = self._checked(tables.read_row(x, evidence.columns, dtypes), "x")
        evidence.model.check_rows(row[list(evidence.read)])
        denied = not bool(approves(evidence.model, row, evidence.read)[0])
        applied = self._applied(row)
        assigned = int(applied.assigned[0])
        rows = []
        for k, rule in enumerate(self.rules):
            wrong = [str(p) for p in (*rule.group, *rule.condition) if not p.holds(row[p.feature])[0]]
            rows.append(
                {"rule": k + 1, "text": str(rule), "satisfied": not wrong,
                 "fails": "fails: " + " and ".join(wrong) if wrong else "", "failures": len(wrong),
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
        """Return for each row which rule applies, on X's index; the model isn't asked.

        rule : its number from 1, 0 for none; satisfied : how many rules the person satisfies; action : in
        words; possible : whether the action set lets this person take it; cost : its price. Rules are for
        people who are denied; that isn't checked here.
        """
        frame = self._table(X)
        applied = self._applied(frame, ask=False)
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
        evidence = self._evidence
        assigned = self._applied(frame, ask=False).assigned
        effects = self._effects(frame)
        plain = frame.reset_index(drop=True)
        stays, parts, order = np.ones(len(frame), dtype=bool), [], []
        for k in np.unique(assigned[assigned >= 0]):
            action = tuple(effects.moves.index(move) for move in self.rules[k].action)
            who = np.flatnonzero((assigned == k) & effects.possible[list(action)].all(axis=0))
            moved = effects.apply(action, who)
            admitted = effects.admits(effects.people.take(who).reset_index(drop=True), moved)
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

    def refit(self, **changes: Any) -> TwoLevelRecourseSet:
        """Choose again under other limits, prices or subgroups, without asking the model.

        Takes `subgroups`, `cost`, `max_rules`, `max_width`, `max_subgroups`, `min_precision`, `max_overlap`,
        `cost_weight`, `weights`, `tie_break`, `apart`, `method` and `time_limit`; what isn't named stays. What needs
        the model again (`min_support`, bins, operators, moves, people) is a new `summarize`.
        """
        known = {one.name for one in fields(Limits)}
        for name in changes:
            if name in {one.name for one in fields(Space)} | {"held_out", "desired", "threshold", "batch"}:
                raise InputError(
                    f"refit can't change {name!r}: the model would have to be asked again. Call summarize."
                )
            if name not in known:
                raise InputError(f"refit can't change {name!r}. {nearest(name, sorted(known))}")
        limits = limits_from(self._evidence, replace(self.limits, **plain_settings(changes)))
        same = {"subgroups", "max_width", "apart"}.isdisjoint(changes)
        promising = self._promising if same else None
        return TwoLevelRecourseSet(self._evidence, limits, promising=promising, held_out=self._held_out)

    def tune(self, *, held_out: float = 0.05, random_state: Any = 0) -> dict[str, float]:
        """Return weights tuned as in the paper (A.2.1), for `refit(weights=…)`; the model isn't asked.

        Every λ starts at 1000 and is lowered, one after the other, while on a held-out share of the denied at
        least 95 % satisfy a rule, at most 2 % satisfy several, and at most 15 % of the recourses are wrong. The
        paper doesn't say by how much; here a λ is halved, and set to 0 below 1, with the greedy choice at each
        step. Where the start breaks these conditions already, nothing is lowered. What the weights mean is hard
        to tell; `min_precision`, `max_rules`, `max_overlap` and `cost_weight` say it directly.
        """
        return tuned_weights(self._evidence, self.limits, held_out=held_out, random_state=random_state)

    def stability(self, *, splits: int = 5, random_state: Any = 0) -> dict[str, float]:
        """Say how much the rules owe to chance: choose from random halves, measure on the other halves.

        accuracy_mean, accuracy_min, accuracy_max : of the other half; reach_mean; rules_kept : mean share of
        these rules (same subgroup, condition and action) that a half chooses again. The model isn't asked.
        """
        found = carried_over(self._evidence, self.limits, splits=splits, random_state=random_state)
        candidates, actions = self._candidates, self._evidence.outcomes.actions
        mine = {
            (
                candidates.descriptors.sets[candidates.descriptor[k]],
                candidates.conditions.sets[candidates.condition[k]],
                actions[candidates.action[k]],
            )
            for k in self._numbers.tolist()
        }
        accuracy = [one["accuracy"] for one in found]
        return {
            "accuracy_mean": float(np.mean(accuracy)),
            "accuracy_min": float(np.min(accuracy)),
            "accuracy_max": float(np.max(accuracy)),
            "reach_mean": float(np.mean([one["cover"] for one in found])),
            "rules_kept": float(np.mean([len(mine & set(one["rules"])) / max(len(mine), 1) for one in found])),
        }

    def front(self, cost_weights: Sequence[float] = (0, 1, 2, 5, 10, 20, 50, 100)) -> pd.DataFrame:
        """Return what can be had for what: one row for each cost weight, to choose from without another fit.

        Indexed by `cost_weight`, for `refit(cost_weight=…)`: size, reach, accuracy, fcost (mean over the
        successes: read it beside the accuracy), status, and `dominated`, true where another row is at least as
        accurate at no higher mean cost. The model isn't asked.
        """
        rows = []
        for weight in cost_weights:
            found = self.refit(cost_weight=float(weight), weights=None)
            measures = found._all_measures(found._applied_in_sample())
            kept = {name: measures[name] for name in ("size", "reach", "accuracy", "accuracy_any_rule", "fcost")}
            rows.append({"cost_weight": float(weight), **kept, "status": found.status.label})
        frame = pd.DataFrame(rows).astype({"fcost": float}).set_index("cost_weight")
        cost, good = frame["fcost"].fillna(np.inf).to_numpy(), frame["accuracy"].to_numpy()
        better = (good[None, :] >= good[:, None]) & (cost[None, :] <= cost[:, None])
        strictly = better & ((good[None, :] > good[:, None]) | (cost[None, :] < cost[:, None]))
        frame["dominated"] = np.asarray(strictly.any(axis=1), dtype=bool).tolist()
        return frame

    # -- views ---------------------------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule: group, condition, action, n, correct, reach, precision, wilson, cost, change."""
        denied = self._evidence.n
        rows = [
            {"rule": k + 1, "group": rule.group_text, "condition": rule.condition_text, "action": rule.action_text,
             "n": rule.n, "correct": rule.correct, "reach": rule.n / denied, "precision": rule.precision,
             "wilson": rule.wilson, "cost": rule.cost, "change": rule.change}
            for k, rule in enumerate(self.rules)
        ]  # fmt: skip
        names = ["rule", "group", "condition", "action", "n", "correct", "reach", "precision", "wilson", "cost"]
        return pd.DataFrame(rows, columns=[*names, "change"]).set_index("rule")

    def to_dict(self) -> dict[str, Any]:
        """Return the whole result as plain values: the document that views are rendered from."""
        evidence, limits = self._evidence, self.limits
        measures = self.measures()
        groups: dict[str, list[dict[str, Any]]] = {}
        for k, rule in enumerate(self.rules):
            groups.setdefault(rule.group_text, []).append(
                {
                    "rule": k + 1,
                    "condition": [p.to_dict() for p in rule.condition],
                    "action": [m.to_dict() for m in rule.action],
                    "condition_text": rule.condition_text,
                    "action_text": rule.action_text,
                    "text": rule.inner_text[:1].upper() + rule.inner_text[1:],
                    "n": rule.n,
                    "correct": rule.correct,
                    "reach": rule.n / evidence.n,
                    "precision": rule.precision,
                    "wilson": rule.wilson,
                    "cost": rule.cost,
                    "change": rule.change,
                }
            )
        weights = {str(how.feature.name): limits.cost.weight(how.feature) for how in evidence.how.values()
                   if how.feature is not None and how.actionable}  # fmt: skip
        frozen = [str(name) for name in evidence.read if not evidence.how[name].actionable]
        return {
            "document": "openrecourse/summary",
            "version": 1,
            "model": {"name": evidence.model.name, "approved_if": evidence.model.rule},
            "cost": {"name": limits.cost.name, "weights": weights, "text": _cost_text(limits.cost.name, weights)},
            "people": evidence.rows_total,
            "denied": evidence.n,
            "support": {"share": evidence.space.min_support, "people": evidence.space.people(evidence.n)},
            "subgroups": None if limits.subgroups is None else [str(name) for name in limits.subgroups],
            "immutable": frozen,
            "actionable": [str(name) for name in evidence.read if evidence.how[name].actionable],
            "limits": {
                "max_rules": limits.max_rules,
                "max_width": limits.max_width,
                "max_subgroups": limits.max_subgroups,
                "min_precision": limits.min_precision,
                "max_overlap": limits.max_overlap,
                "tie_break": TIE_BREAKS[limits.tie_break],
                "weights": limits.lambdas,
            },
            "candidates": {"rules": len(self._candidates), "triples": self._candidates.triples,
                           "actions": len(evidence.outcomes.actions), "model_rows": evidence.outcomes.rows},
            "value": float(self.value),
            "bound": float(self.bound),
            "gap": float(self.gap),
            "status": self.status.label,
            "statuses": {status.label: status.value for status in SelectionStatus},
            "groups": [
                {"group": name, "everyone": name == "everyone", "rules": rules} for name, rules in groups.items()
            ],
            "measures": {column: measures[column].to_dict() for column in measures.columns},
        }  # fmt: skip

    def __len__(self) -> int:
        return len(self.rules)

    # -- applying ------------------------------------------------------------------------------------

    def _applied_in_sample(self) -> Applied:
        evidence, n = self._evidence, len(self._evidence.people)
        actions = self._candidates.action[self._numbers]
        satisfied = unpack(self._candidates.covers(self._numbers), n)
        success = unpack(evidence.outcomes.success[actions], n)
        prices, sizes = evidence.prices(self.limits.cost), evidence.sizes()
        price = np.array([prices[list(evidence.outcomes.actions[a])].sum(axis=0) for a in actions]).reshape(-1, n)
        change = np.array([sizes[list(evidence.outcomes.actions[a])].sum(axis=0) for a in actions]).reshape(-1, n)
        return Applied(satisfied, success, price, change, self._assign(satisfied))

    def _applied(self, frame: pd.DataFrame, *, ask: bool = True) -> Applied:
        """Apply the rules to other people's rows; prices are NaN where the action set doesn't allow an action."""
        evidence, n = self._evidence, len(frame)
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
            new = effects.apply(action, who)
            good = effects.admits(effects.people.take(who).reset_index(drop=True), new)
            price[k, who[~good]] = np.nan
            if ask and len(who):
                success[k, who] = good & approves(evidence.model, new, evidence.read)
        return Applied(satisfied, success, price, change, self._assign(satisfied))

    def _assign(self, satisfied: BoolArray) -> IntArray:
        """Of the rules a person satisfies, the one with the highest precision; more people, then the first."""
        by_wilson = self.limits.tie_break == "wilson"
        keys = [(-(rule.wilson if by_wilson else rule.precision), -rule.n, k) for k, rule in enumerate(self.rules)]
        order = [key[2] for key in sorted(keys)]
        assigned = np.full(satisfied.shape[1], -1, dtype=np.int64)
        for k in reversed(order):
            assigned[satisfied[k]] = k
        return assigned

    def _effects(self, frame: pd.DataFrame) -> Effects:
        evidence = self._evidence
        moves = [move for rule in self.rules for move in rule.action]
        order = {name: k for k, name in enumerate(evidence.read)}
        moves = sorted(dict.fromkeys(moves), key=lambda move: (order[move.feature], str(move)))
        people = frame[list(evidence.read)].reset_index(drop=True)
        return Effects(people, moves, evidence.how, evidence.levels, evidence.effects.constraints)

    def _table(self, X: Any) -> pd.DataFrame:
        frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=list(self._evidence.columns))
        return self._checked(tables.select(frame, list(self._evidence.columns)), "X")

    def _checked(self, frame: pd.DataFrame, what: str) -> pd.DataFrame:
        """The same table, found to hold numbers where rules compare numbers."""
        for name, how in self._evidence.how.items():
            values = tables.values_of(frame[name], what=what) if how.order is None else np.empty(0)
            words = [value for value in values.tolist() if isinstance(value, str) and value not in how.missing]
            if words:
                raise InputError(f"column {name!r} of {what} holds {words[0]!r}, but the rules read it as a number.")
        return frame

    def _denied(self, X: Any) -> pd.DataFrame:
        frame = self._table(X)
        if frame.empty:
            raise InputError("X has no rows: there is nobody to measure the rules on.")
        self.model.check_rows(frame[list(self._evidence.read)])
        denied: pd.DataFrame = frame[~approves(self.model, frame, self._evidence.read)].reset_index(drop=True)
        return denied


def _cost_text(name: str, weights: Mapping[str, float]) -> str:
    """The cost's name, and the features' weights where they differ from 1."""
    if all(weight == 1 for weight in weights.values()):
        return name
    return f"{name} ({', '.join(f'{feature} {weight:.3g}' for feature, weight in weights.items())})"
