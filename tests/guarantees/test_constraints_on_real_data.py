"""Each kind of joint constraint on German Credit, against HiGHS on a formulation written by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import recourse as rs
from recourse.actions import constraints as c

PEOPLE = 100
CHECKING = ["CheckingAccountBalance_geq_0", "CheckingAccountBalance_geq_200"]
SAVINGS = ["SavingsAccountBalance_geq_100", "SavingsAccountBalance_geq_500"]
CHOSEN = [
    "LoanDuration",
    "LoanAmount",
    "LoanRateAsPercentOfIncome",
    "YearsAtCurrentHome",
    "NumberOfOtherLoansAtBank",
    "HasTelephone",
    *CHECKING,
    *SAVINGS,
    "HasGuarantor",
    "OwnsHouse",
    "RentsHouse",
]


@dataclass
class Program:
    """One person's integer program: one binary for each feature and value."""

    person: Any
    menus: dict[str, Any]
    need: float
    weights: dict[str, float]
    h: Any = field(default_factory=highspy.Highs)

    def __post_init__(self) -> None:
        for option, value in (
            ("output_flag", False),
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 0.0),
            ("mip_feasibility_tolerance", 1e-9),
            ("primal_feasibility_tolerance", 1e-9),
        ):
            self.h.setOptionValue(option, value)
        self.z = {name: [self.h.addBinary() for _ in menu.prices] for name, menu in self.menus.items()}
        for z in self.z.values():
            self.h.addConstr(sum(z) == 1)
        self.shift = 0

    def value(self, name: str) -> Any:
        """The feature's new value, as an expression (or a number where nobody can change it)."""
        if name not in self.z:
            return float(self.person[name])
        return sum(float(v) * z for v, z in zip(self.menus[name].values[0], self.z[name], strict=True))

    def moved(self, name: str) -> Any:
        return 1 - self.z[name][0] if name in self.z else 0

    def at(self, name: str, test: Any) -> Any:
        """1 if the new value passes a test."""
        if name not in self.z:
            return float(test(self.person[name]))
        return sum(z for v, z in zip(self.menus[name].values[0], self.z[name], strict=True) if test(v)) + 0

    def solve(self) -> float | None:
        score = sum(
            self.weights[name] * float(v - menu.values[0][0]) * z
            for name, menu in self.menus.items()
            for v, z in zip(menu.values[0], self.z[name], strict=True)
        )
        unit = max(abs(w) * float(np.ptp(self.menus[n].values[0])) for n, w in self.weights.items() if n in self.menus)
        self.h.addConstr((1 / unit) * (score + self.shift) >= self.need / unit)
        self.h.minimize(
            sum(float(p) * z for n, m in self.menus.items() for p, z in zip(m.prices, self.z[n], strict=True))
        )
        if self.h.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return None
        assert self.h.getModelStatus() == highspy.HighsModelStatus.kOptimal
        chosen = np.array(self.h.getSolution().col_value) > 0.5
        return float(np.concatenate([m.prices for m in self.menus.values()])[chosen].sum())


def _linked(p: Program, source: str, target: str, scale: float) -> None:
    p.shift = p.shift + p.weights[target] * scale * (p.value(source) - float(p.person[source]))


KINDS = {
    "one-hot, a level dropped": (
        c.OneHot(["OwnsHouse", "RentsHouse"], at_most=True),
        lambda p: p.h.addConstr(p.value("OwnsHouse") + p.value("RentsHouse") <= 1),
    ),
    "group limit": (
        c.GroupLimit(["HasGuarantor", "HasTelephone", "OwnsHouse"], 0, 2),
        lambda p: p.h.addConstr(p.value("HasGuarantor") + p.value("HasTelephone") + p.value("OwnsHouse") <= 2),
    ),
    "at most two changes": (c.AtMost(2), lambda p: p.h.addConstr(sum(p.moved(n) for n in p.menus) <= 2)),
    "at most one of some": (
        c.AtMost(1, ["LoanDuration", "LoanAmount", "LoanRateAsPercentOfIncome", *CHECKING]),
        lambda p: p.h.addConstr(
            sum(p.moved(n) for n in ["LoanDuration", "LoanAmount", "LoanRateAsPercentOfIncome", *CHECKING]) <= 1
        ),
    ),
    "if-then": (
        c.IfThen(("LoanDuration", "<", 20), ("LoanAmount", "<=", 2000)),
        lambda p: p.h.addConstr(p.at("LoanDuration", lambda v: v < 20) - p.at("LoanAmount", lambda v: v <= 2000) <= 0),
    ),
    "thermometer": (
        c.Thermometer(CHECKING, direction=1),
        lambda p: (
            p.h.addConstr(p.value(CHECKING[1]) - p.value(CHECKING[0]) <= 0),
            p.h.addConstr(p.value(CHECKING[0]) + p.value(CHECKING[1]) >= float(p.person[CHECKING].sum())),
        ),
    ),
    "ordinal encoding": (
        c.OrdinalEncoding(["RentsHouse", "OwnsHouse"], direction=1, at_most=True),
        lambda p: (
            p.h.addConstr(p.value("OwnsHouse") + p.value("RentsHouse") <= 1),
            p.h.addConstr(
                p.value("RentsHouse") + 2 * p.value("OwnsHouse")
                >= float(p.person["RentsHouse"] + 2 * p.person["OwnsHouse"])
            ),
        ),
    ),
    "sum": (
        c.Sum({"LoanDuration": 1, "LoanAmount": 0.001}, ub=30),
        lambda p: p.h.addConstr(p.value("LoanDuration") + 0.001 * p.value("LoanAmount") <= 30 + 1e-7),
    ),
    "switch": (
        c.Switch("HasGuarantor", 1, ["LoanDuration", "LoanAmount"]),
        lambda p: [
            p.h.addConstr(p.at("HasGuarantor", lambda v: v == 1) + p.moved(n) <= 1)
            for n in ("LoanDuration", "LoanAmount")
        ],
    ),
    "linkage": (
        c.Linkage("YearsAtCurrentHome", {"Age": 1.0}),
        lambda p: _linked(p, "YearsAtCurrentHome", "Age", 1.0),
    ),
    "reachability": (
        c.Reachability("LoanRateAsPercentOfIncome", [1, 2, 3, 4], np.tri(4) - np.tri(4, k=-2)),
        lambda p: p.h.addConstr(
            p.at("LoanRateAsPercentOfIncome", lambda v: p.person["LoanRateAsPercentOfIncome"] - v in (0, 1)) == 1
        ),
    ),
}


@pytest.fixture(scope="module")
def german(needs_data):
    data = rs.datasets.load("german", data_home=needs_data("german").parent)
    X = data.X.select_dtypes("number")
    clf = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, data.y)
    threshold = float(np.quantile(clf.predict_proba(X)[:, 1], 0.6))
    actions = rs.ActionSet(X)
    actions.actionable = False
    actions[CHOSEN].actionable = True
    actions[["LoanDuration", "LoanAmount"]].step_size = 0.05
    model = rs.as_model(clf, threshold=threshold)
    weights = dict(zip(X.columns, clf[-1].coef_.ravel() / clf[0].scale_, strict=True))
    denied = X[~model.approves(X)].drop_duplicates().sample(PEOPLE, random_state=0)
    need = np.log(threshold / (1 - threshold)) - clf.decision_function(denied)
    return model, actions, denied, weights, need


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_costs_under_a_constraint_equal_those_of_a_formulation_by_hand(german, kind):
    model, actions, denied, weights, need = german
    constraint, by_hand = KINDS[kind]
    free = actions.menus(denied)
    tied = actions.copy()
    tied.add_constraint(constraint)
    menus = tied.menus(denied)
    answers = rs.search.solve(model, menus)
    differ = 0
    unconstrained = rs.search.solve(model, free)
    for person in range(len(denied)):
        row = denied.iloc[person]
        person_menus = {menu.features[0]: menu for menu in free.menu(person)}
        program = Program(row, person_menus, float(need[person]), weights)
        touched = set(constraint.features or actions.names)
        expected = _expected(program, by_hand, constraint, row, touched, model, free, person)
        if expected is None:
            assert answers.status(person) is rs.Status.INFEASIBLE
        else:
            assert answers.status(person) is rs.Status.OPTIMAL
            assert answers.cost[person] == pytest.approx(expected, rel=1e-9, abs=1e-9)
        differ += bool(answers.cost[person] > unconstrained.cost[person] + 1e-9)
    found = np.flatnonzero(answers.found)
    after = menus.points(found, answers.picks[found])
    assert model.approves(after).all()
    assert constraint.holds(denied.iloc[found].reset_index(drop=True), after).all()
    if kind not in ("linkage", "group limit", "one-hot, a level dropped", "ordinal encoding", "thermometer"):
        assert differ > 0, "the constraint must bind for somebody, or this test says nothing"


def _expected(program, by_hand, constraint, row, touched, model, free, person):
    """By hand; somebody whose row violates the condition today may also leave its features alone."""
    by_hand(program)
    best = program.solve()
    today = row.to_frame().T.reset_index(drop=True)
    if constraint.admits(today, today).all():
        return best
    rest = Program(row, {n: m for n, m in program.menus.items() if n not in touched}, program.need, program.weights)
    other = rest.solve()
    return best if other is None else other if best is None else min(best, other)
