"""The answer: rules in two levels, what they do for whom, and how good any other set could be.

"If sex = Female: if debts = 5 to 9, then debts = 0 to 4." A `TwoLevelRecourseSet` holds such rules together
with the evidence they were chosen from, so that it can be asked again under other limits, prices or
subgroups without asking the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from recourse import reports, tables
from recourse.costs import Cost
from recourse.errors import InputError, nearest
from recourse.metrics import wilson_interval
from recourse.summaries.candidates import Candidates
from recourse.summaries.evidence import Evidence
from recourse.summaries.itemsets import BoolArray, count, unpack
from recourse.summaries.outcomes import Effects
from recourse.summaries.predicates import AnyMove, Predicate
from recourse.summaries.selection import Problem, Selection, SelectionStatus, select
from recourse.tables import Name

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WEIGHTS = ("incorrect_recourse", "cover", "feature_cost", "feature_change")
"""The terms of the objective, by their names in the paper's Table 1."""


@dataclass(frozen=True)
class Limits:
    """What a set of rules may be and what it is worth; everything that `refit` may change.

    See `summarize` for the meaning of each.
    """

    subgroups: tuple[Name, ...] | None
    cost: Cost
    max_rules: int = 20
    max_width: int = 7
    max_subgroups: int = 10
    apart: bool = False
    min_precision: float = 0.0
    max_overlap: float | None = None
    cost_weight: float = 1.0
    weights: Mapping[str, float] | None = None
    tie_break: str = "precision"
    method: str = "exact"
    time_limit: float = 10.0

    def __post_init__(self) -> None:
        for setting in ("max_rules", "max_width", "max_subgroups"):
            value = getattr(self, setting)
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
                raise InputError(f"{setting} must be a whole number ≥ 1, not {value!r}.")
        for setting in ("min_precision", "max_overlap"):
            value = getattr(self, setting)
            if value is not None and not 0 <= value <= 1:
                raise InputError(f"{setting} is a share from 0 to 1, not {value!r}.")
        for name, value in {"cost_weight": self.cost_weight, **(self.weights or {})}.items():
            if name not in (*WEIGHTS, "cost_weight"):
                raise InputError(f"weights: {name!r} is no term of the objective. {nearest(name, WEIGHTS)}")
            if not (np.isfinite(value) and value >= 0):
                raise InputError(f"the weight {name} must be a finite number ≥ 0, not {value!r}.")
        for setting, options in (("method", ("exact", "local", "greedy")), ("tie_break", ("precision", "wilson"))):
            if getattr(self, setting) not in options:
                raise InputError(
                    f"{setting}={getattr(self, setting)!r} is unknown. {nearest(getattr(self, setting), options)}"
                )
        if not self.time_limit > 0:
            raise InputError(f"time_limit must be seconds above 0, not {self.time_limit!r}.")

    @property
    def lambdas(self) -> dict[str, float]:
        """The weights of the objective's terms: those given, or people minus `cost_weight` × costs.

        By default one person covered, one wrong recourse less and 1/`cost_weight` of feature cost weigh the same;
        a hundredth of that goes to the magnitude of changes, which only settles ties between near equals.
        """
        if self.weights is not None:
            return {name: float(self.weights.get(name, 0.0)) for name in WEIGHTS}
        return {
            "incorrect_recourse": 1.0,
            "cover": 1.0,
            "feature_cost": self.cost_weight,
            "feature_change": 0.01 * self.cost_weight,
        }


@dataclass(frozen=True)
class Rule:
    """One rule: if `group`, then if `condition`, then `action`.

    n : denied people who satisfy it; correct : of these, approved after the action
    cost : mean price of the action over the n people; change : mean magnitude
    """

    group: tuple[Predicate, ...]
    condition: tuple[Predicate, ...]
    action: tuple[AnyMove, ...]
    n: int
    correct: int
    cost: float
    change: float

    @property
    def precision(self) -> float:
        """The share of correct recourses among the people who satisfy the rule."""
        return self.correct / self.n if self.n else 0.0

    @property
    def wilson(self) -> float:
        """The lower end of the precision's 95 % Wilson interval: what n people can vouch for."""
        return float(wilson_interval(self.correct, self.n)[0])

    @property
    def group_text(self) -> str:
        """The subgroup in words; 'anyone' for everybody."""
        return " and ".join(map(str, self.group)) or "anyone"

    @property
    def condition_text(self) -> str:
        """The inner condition in words."""
        return " and ".join(map(str, self.condition)) or "anything"

    @property
    def action_text(self) -> str:
        """The action in words."""
        return " and ".join(map(str, self.action))

    @property
    def width(self) -> int:
        """Predicates of the descriptor and the condition together."""
        return len(self.group) + len(self.condition)

    def __str__(self) -> str:
        return f"If {self.group_text}: if {self.condition_text}, then {self.action_text}"

    def holds(self, frame: pd.DataFrame) -> BoolArray:
        """Return for each row whether its person satisfies the rule."""
        true = np.ones(len(frame), dtype=bool)
        for predicate in (*self.group, *self.condition):
            true &= predicate.holds(frame[predicate.feature])
        return true


@dataclass(frozen=True, eq=False)
class Applied:
    """What rules do to some denied people: satisfied, success : bool[rules, n]; price : float64[rules, n].

    assigned : int64[n], the rule prescribed to each, −1 for none
    """

    satisfied: BoolArray
    success: BoolArray
    price: FloatArray
    change: FloatArray
    assigned: IntArray

    def measures(self) -> dict[str, Any]:
        """Count what happens: see `TwoLevelRecourseSet.measures`."""
        n = self.satisfied.shape[1]
        reached = self.satisfied.any(axis=0)
        who = np.flatnonzero(self.assigned >= 0)
        works = self.success[self.assigned[who], who] if len(who) else np.zeros(0, dtype=bool)
        paid = self.price[self.assigned[who], who][works] if len(who) else np.zeros(0)
        anyhow = (self.satisfied & self.success).any(axis=0)
        people = self.satisfied.sum(axis=1)
        means = [np.divide((q * self.satisfied).sum(axis=1), people, out=np.zeros(len(people)), where=people > 0)
                 for q in (self.price, self.change)]  # fmt: skip
        return {
            "denied": n,
            "incorrect_recourse": int((self.satisfied & ~self.success).sum()),
            "cover": int(reached.sum()),
            "feature_cost": float(means[0].sum()),
            "feature_change": float(means[1].sum()),
            "reach": float(reached.mean()) if n else None,
            "accuracy": float(works.sum() / n) if n else None,
            "accuracy_any_rule": float(anyhow.mean()) if n else None,
            "fcost": float(paid.mean()) if len(paid) else None,
            "successes": len(paid),
            "overlap": float((self.satisfied.sum(axis=0) > 1).mean()) if n else None,
        }


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
        for row in self._frame.itertuples():
            if row.satisfied or not self._frame["satisfied"].any():
                state = "applies" if row.rule == self.assigned else "satisfied too" if row.satisfied else row.fails
                flips = "approved after it" if row.flips else "still denied after it" if row.possible else "impossible"
                lines.append(f"  rule {row.rule}: {row.text}  [{state}; {flips}; cost {row.cost:.4g}]")
        return "\n".join(lines[:6])


class TwoLevelRecourseSet:
    """Rules that tell a population what recourse it has; made by `summarize`.

    rules : the rules, by subgroup, and within it by the people they cover
    value, bound, gap, status : the objective (people covered − λ-weighted costs), an upper bound on that of
    any set of candidate rules within the limits, their relative difference, and what is proven
    candidates : how many effective rules there were to choose from
    limits, space : the settings
    """

    def __init__(
        self, evidence: Evidence, limits: Limits, candidates: Candidates, numbers: IntArray, selection: Selection,
        *, reference: FloatArray, test: Any = None, source: Any = None,
    ) -> None:  # fmt: skip
        self._evidence, self.limits, self._numbers = evidence, limits, numbers
        self._candidates, self._test, self._source = candidates, test, source
        self._reference, self._promising = reference, selection.promising
        self.value, self.bound, self.status = selection.value, selection.bound, selection.status
        self.rules = rules_of(evidence, limits, candidates, numbers)
        self.candidates = len(candidates)

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
        Table 1. The first four count *per rule*: somebody who satisfies two rules can be wrong twice;
        feature_cost adds up each rule's mean price over the people it covers.
        objective : the paper's, with its constants U; reach : share who satisfy a rule
        accuracy : share whom the rule *assigned* to them flips (no rule: a failure)
        accuracy_any_rule : share whom at least one rule they satisfy flips; they would have to know which
        fcost : mean price *per person* of the assigned action over the `successes` alone. Fewer successes can
        lower it: compare it at the same accuracy.
        overlap : share who satisfy several rules
        """
        columns = {"in sample": self._all_measures(self._applied_in_sample())}
        held_out = self._test if X is None else X
        if held_out is not None:
            columns["held out"] = self._all_measures(self._applied(self._denied(held_out)))
        return pd.DataFrame(columns, dtype=object).rename_axis("measure")

    def _all_measures(self, applied: Applied) -> dict[str, Any]:
        found = applied.measures()
        widths = [max(len(r.group), len(r.condition)) if self.limits.apart else r.width for r in self.rules]
        found |= {
            "size": len(self.rules),
            "max_width": max(widths, default=0),
            "num_rsets": len({rule.group for rule in self.rules}),
        }
        weights, reference = self.limits.lambdas, self._reference
        e1, e2 = self.limits.max_rules, self.limits.max_width
        found["objective"] = (
            weights["incorrect_recourse"] * (e1 * found["denied"] - found["incorrect_recourse"])
            + weights["cover"] * found["cover"]
            + weights["feature_cost"] * (reference[0] * e1 * e2 - found["feature_cost"])
            + weights["feature_change"] * (reference[1] * e1 * e2 - found["feature_change"])
        )
        return found

    def compare(self, by: Name) -> pd.DataFrame:
        """Put the same rules side by side across the levels of a column, whatever their own subgroup.

        One row for each rule (its inner condition and action) and level: `n` denied people of that level who
        satisfy the condition, `precision` of the action among them, its mean `cost`; then one row a level for
        the rules as assigned: `denied`, `reach`, `accuracy`, mean `cost` over the successes. A rule that works
        for one level and not for another is a difference that the model makes.
        """
        people = self._evidence.people
        if by not in people.columns:
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
        row = tables.read_row(x, evidence.columns, dtypes)
        denied = not bool(evidence.model.approves(row[list(evidence.read)])[0])
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
            more = f" Of the {others + 1} rules satisfied it has the highest precision." if others else ""
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
        new = frame.copy()
        for k in np.unique(assigned[assigned >= 0]):
            action = tuple(effects.moves.index(move) for move in self.rules[k].action)
            who = np.flatnonzero((assigned == k) & effects.possible[list(action)].all(axis=0))
            moved = effects.apply(action, who)
            for move in self.rules[k].action:
                column = new[move.feature].to_numpy().copy()
                values = moved[move.feature].to_numpy()
                column = column.astype(np.result_type(column, values)) if column.dtype != object else column
                column[who] = values
                new[move.feature] = pd.Series(column, index=new.index)
        assert set(evidence.read) <= set(new.columns)
        return tables.like(X, new)

    def refit(self, **changes: Any) -> TwoLevelRecourseSet:
        """Choose again under other limits, prices or subgroups, without asking the model.

        Takes `subgroups`, `cost`, `max_rules`, `max_width`, `max_subgroups`, `min_precision`, `max_overlap`,
        `cost_weight`, `weights`, `tie_break`, `apart`, `method` and `time_limit`; what isn't named stays. What needs
        the model again (`min_support`, bins, operators, moves, people) is a new `summarize`.
        """
        from recourse.summaries.summarize import choose, limits_from

        known = {one.name for one in fields(Limits)}
        for name in changes:
            if name not in known:
                raise InputError(f"refit can't change {name!r}. {nearest(name, sorted(known))}")
        limits = limits_from(self._evidence, replace(self.limits, **_plain(changes)))
        same = {"subgroups", "max_width", "apart"}.isdisjoint(changes)
        promising = self._promising if same else self._promising[:0]
        return choose(self._evidence, limits, promising, test=self._test, source=self._source)

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
                    "n": rule.n,
                    "correct": rule.correct,
                    "reach": rule.n / evidence.n,
                    "precision": rule.precision,
                    "wilson": rule.wilson,
                    "cost": rule.cost,
                    "change": rule.change,
                }
            )
        frozen = [str(name) for name in evidence.read if not evidence.how[name].actionable]
        return {
            "document": "openrecourse/summary",
            "version": 1,
            "model": {"name": evidence.model.name, "approved_if": evidence.model.rule},
            "cost": {"name": limits.cost.name},
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
                "weights": limits.lambdas,
            },
            "candidates": {"rules": len(self._candidates), "triples": self._candidates.triples,
                           "actions": len(evidence.outcomes.actions), "model_rows": evidence.outcomes.rows},
            "value": float(self.value),
            "bound": float(self.bound),
            "gap": float(self.gap),
            "status": self.status.label,
            "statuses": {status.label: status.value for status in SelectionStatus},
            "groups": [{"group": name, "rules": rules} for name, rules in groups.items()],
            "measures": {column: measures[column].to_dict() for column in measures.columns},
        }  # fmt: skip

    def to_html(self) -> str:
        """Return a small static HTML report."""
        return reports.html(self.to_dict())

    def __repr__(self) -> str:
        return reports.text(self.to_dict())

    def _repr_html_(self) -> str:
        return self.to_html()

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
        satisfied = np.array([rule.holds(frame) for rule in self.rules], dtype=bool).reshape(-1, n)
        success = np.zeros_like(satisfied)
        price, change = np.full(satisfied.shape, np.nan), np.zeros(satisfied.shape)
        prices, sizes = effects.prices(self.limits.cost), effects.magnitudes()
        for k, rule in enumerate(self.rules):
            action = tuple(effects.moves.index(move) for move in rule.action)
            possible = effects.possible[list(action)].all(axis=0)
            price[k, possible] = prices[list(action)].sum(axis=0)[possible]
            change[k, possible] = sizes[list(action)].sum(axis=0)[possible]
            who = np.flatnonzero(possible & effects.changes[list(action)].any(axis=0))
            if ask and len(who):
                new = effects.apply(action, who)
                good = evidence.model.approves(new)
                if evidence.admits is not None:
                    good = good & evidence.admits(effects.people.take(who).reset_index(drop=True), new)
                success[k, who] = good
        paid = np.nan_to_num(price) if ask and n != 1 else price
        return Applied(satisfied, success, paid, change, self._assign(satisfied))

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
        return Effects(frame[list(evidence.read)].reset_index(drop=True), moves, evidence.how, evidence.levels)

    def _table(self, X: Any) -> pd.DataFrame:
        frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=list(self._evidence.columns))
        return tables.select(frame, list(self._evidence.columns))

    def _denied(self, X: Any) -> pd.DataFrame:
        frame = self._table(X)
        return frame[~self.model.approves(frame[list(self._evidence.read)])].reset_index(drop=True)


def rules_of(evidence: Evidence, limits: Limits, candidates: Candidates, numbers: IntArray) -> tuple[Rule, ...]:
    """Spell out the rules behind some candidates' numbers."""
    cost = evidence.mean_over(candidates, evidence.prices(limits.cost), numbers)
    change = evidence.mean_over(candidates, evidence.sizes(), numbers)
    rules = []
    for k, number in enumerate(numbers.tolist()):
        group = candidates.descriptors.sets[candidates.descriptor[number]]
        condition = candidates.conditions.sets[candidates.condition[number]]
        action = evidence.outcomes.actions[candidates.action[number]]
        rules.append(
            Rule(
                tuple(evidence.predicates[item] for item in group),
                tuple(evidence.predicates[item] for item in condition),
                tuple(evidence.effects.moves[move] for move in action),
                int(candidates.n[number]),
                int(candidates.correct[number]),
                float(cost[k]),
                float(change[k]),
            )
        )
    return tuple(rules)


def best_actions(
    evidence: Evidence, candidates: Candidates, limits: Limits
) -> tuple[IntArray, FloatArray]:
    """Keep for each descriptor and set of people covered the action with the lowest price to the objective.

    Returns the candidates kept and their prices λ₁·incorrect + λ₃·feature_cost + λ₄·feature_change. It depends on
    costs and weights, so it is part of choosing and not of the candidates.
    """
    weights = limits.lambdas
    numbers = np.arange(len(candidates))
    if limits.min_precision > 0:
        good = candidates.correct >= limits.min_precision * candidates.n - 1e-9
        if limits.tie_break == "wilson":
            low = wilson_lower(candidates.correct, candidates.n)
            good = low >= limits.min_precision
        numbers = numbers[good]
    if not len(numbers):
        return numbers, np.zeros(0)
    price = weights["incorrect_recourse"] * (candidates.n - candidates.correct)[numbers].astype(np.float64)
    if weights["feature_cost"]:
        price += weights["feature_cost"] * evidence.mean_over(candidates, evidence.prices(limits.cost), numbers)
    if weights["feature_change"]:
        price += weights["feature_change"] * evidence.mean_over(candidates, evidence.sizes(), numbers)
    useful = weights["cover"] * candidates.n[numbers] > price
    numbers, price = numbers[useful], price[useful]
    if not len(numbers):
        return numbers, price
    order = np.lexsort((numbers, price, candidates.coverage[numbers]))
    coverage = candidates.coverage[numbers[order]]
    first = np.r_[True, coverage[1:] != coverage[:-1]]
    return numbers[order[first]], price[order[first]]


def problem_of(
    evidence: Evidence, candidates: Candidates, limits: Limits, numbers: IntArray, price: FloatArray
) -> Problem:
    """State the choice among candidates over cells of identical people."""
    cells = evidence.cells
    n_cells = int(cells.max(initial=0)) + 1
    example = np.zeros(n_cells, dtype=np.int64)
    example[cells[::-1]] = np.arange(len(cells))[::-1]
    size = np.bincount(cells, weights=evidence.counted.astype(np.float64), minlength=n_cells)
    indices, lengths = [], []
    for start in range(0, len(numbers), 8192):
        inside = unpack(candidates.covers(numbers[start : start + 8192]), len(cells))[:, example]
        indices.append((np.flatnonzero(inside) % n_cells).astype(np.int32))
        lengths.append(inside.sum(axis=1))
    pointers = np.concatenate([[0], np.cumsum(np.concatenate(lengths or [np.empty(0, dtype=np.int64)]))])
    columns = np.concatenate(indices or [np.empty(0, dtype=np.int32)])
    shape = (len(numbers), n_cells)
    cover = sparse.csr_matrix((np.ones(len(columns)), columns, pointers.astype(np.int32)), shape=shape)
    return Problem(
        cover,
        limits.lambdas["cover"] * size,
        size,
        price,
        candidates.descriptor[numbers],
        int(limits.max_rules),
        int(limits.max_subgroups),
        None if limits.max_overlap is None else limits.max_overlap * evidence.n + 1e-9,
    )


def choose_numbers(
    evidence: Evidence, limits: Limits, candidates: Candidates, promising: IntArray
) -> tuple[IntArray, Selection]:
    """Choose candidates under the limits; returned by descriptor, and within it by the people covered.

    promising : candidates that an earlier choice from the same evidence looked at; likewise in what is returned
    """
    numbers, price = best_actions(evidence, candidates, limits)
    problem = problem_of(evidence, candidates, limits, numbers, price)
    start = np.flatnonzero(np.isin(candidates.coverage[numbers], candidates.coverage[promising]))
    selection = select(problem, method=limits.method, time_limit=limits.time_limit, start=start)
    selection = replace(selection, promising=numbers[selection.promising])
    chosen = numbers[selection.chosen]
    order = np.lexsort((chosen, -candidates.n[chosen], candidates.descriptor[chosen]))
    return chosen[order], selection


def wilson_lower(correct: IntArray, n: IntArray, z: float = 1.959963984540054) -> FloatArray:
    """The lower end of the 95 % Wilson interval of many shares at once."""
    share = correct / np.maximum(n, 1)
    centre = share + z * z / (2 * n)
    spread = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.asarray((centre - spread) / (1 + z * z / n), dtype=np.float64)


def _plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as `Limits` stores them."""
    done = dict(changes)
    if done.get("subgroups") is not None:
        given: Sequence[Any] = [done["subgroups"]] if isinstance(done["subgroups"], str) else list(done["subgroups"])
        done["subgroups"] = tuple(given)
    return done


__all__ = ["Explanation", "Limits", "Rule", "TwoLevelRecourseSet", "count"]
