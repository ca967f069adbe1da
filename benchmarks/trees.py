"""Measure the search over tree ensembles: time a person, gaps, joint constraints, CP-SAT and DiCE beside it.

    RECOURSE_DATA=data python benchmarks/trees.py                    # everything that is at hand
    RECOURSE_DATA=data python benchmarks/trees.py speed constraints  # some of it

OR-Tools cannot share a process with HiGHS, and DiCE brings its own dependencies, so each runs in a Python of its
own: set RECOURSE_ORTOOLS_PYTHON and RECOURSE_DICE_PYTHON to interpreters that have them. CPU times are of one
thread; pricing the menus, stating the trees, incumbents and the final check by the estimator are included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import joblib
import numpy as np
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

import recourse as rs
from recourse.search import trees
from recourse.search.kernels import builds

IMMUTABLE = {
    "credit": ["Married", "Single", "Age_lt_25", "Age_in_25_to_40", "Age_in_40_to_59", "Age_geq_60"],
    "german": ["ForeignWorker", "Single", "Age"],
}
LEAF = {"german": 5, "credit": 20, "synthetic": 20}
MODELS = {
    "boosted, depth 3": lambda leaf: GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=0),
    "forest, depth 5": lambda leaf: RandomForestClassifier(100, max_depth=5, min_samples_leaf=leaf, random_state=0),
    "forest, depth 8": lambda leaf: RandomForestClassifier(100, max_depth=8, min_samples_leaf=leaf, random_state=0),
    "forest, fully grown": lambda leaf: RandomForestClassifier(100, random_state=0),
}
TARGET = {"boosted, depth 3": 1.0, "forest, depth 5": 2.0, "forest, depth 8": 20.0}


class Case:
    """A model fitted to a data set, an action set, and people whom it denies."""

    def __init__(self, data: str, model: str, people: int, *, steps: bool = True) -> None:
        self.data, self.kind = data, model
        self.X, y = _table(data)
        self.clf = MODELS[model](LEAF[data]).fit(self.X, y)
        self.model = rs.as_model(self.clf)
        self.actions = rs.ActionSet(self.X) if steps else rs.ActionSet(self.X, grid="observed")
        if data in IMMUTABLE:
            self.actions[IMMUTABLE[data]].actionable = False
        denied = self.X[~self.model.approves(self.X)].drop_duplicates()
        self.denied = denied.sample(min(people, len(denied)), random_state=0)

    def solve(self, most_boxes: int = trees.MOST_BOXES) -> tuple[Any, Any, float]:
        """Price, state and search; returns the grid, the answers, and CPU milliseconds a person."""
        began = time.process_time()
        menus = self.actions.menus(self.denied)
        statement = self.model.trees(menus)
        answers = trees.solve(self.model, menus, statement=statement, threads=1, most_boxes=most_boxes)
        return menus, answers, 1e3 * (time.process_time() - began) / len(self.denied)


def _table(data: str) -> tuple[pd.DataFrame, np.ndarray]:
    if data == "synthetic":
        X, y = make_classification(6000, 20, n_informative=10, n_redundant=0, class_sep=0.8, random_state=0)
        return pd.DataFrame(X, columns=[f"x{k}" for k in range(20)]), y
    dataset = rs.datasets.load(data)
    return dataset.X.select_dtypes("number"), (dataset.y == dataset.desired).to_numpy().astype(int)


def statuses(answers: Any) -> str:
    counts = np.bincount(answers.codes, minlength=4)
    return ", ".join(f"{n} {status.label}" for n, status in zip(counts, rs.search.STATUSES, strict=True) if n)


def speed() -> None:
    """The targets, people and all: 100 trees, one thread."""
    print("\nspeed: CPU ms a person, everything included, one thread")
    for data in ("german", "credit"):
        for model, target in TARGET.items():
            for steps in (True, False):
                case = Case(data, model, 500, steps=steps)
                case.solve()  # the first call reads the kernel
                menus, answers, ms = case.solve()
                items = np.diff(menus.row_ptr)[menus.rows].sum(axis=1).mean()
                menu = "steps" if steps else "observed values"
                print(
                    f"  {data:7} {model:16} {menu:15} {len(menus):4} people, {items:6.0f} items: {ms:6.2f} ms "
                    f"(target {target:g}); {statuses(answers)}"
                )


def hard() -> None:
    """Fully grown forests, and 20 free continuous features: what is proven, and the gap where it isn't."""
    print("\nhard: CPU ms a person, and the gap (cost − bound) / cost where the budget of boxes ends first")
    cases = [("german", "forest, fully grown", 100), ("credit", "forest, fully grown", 50)]
    cases += [("synthetic", model, 20) for model in MODELS]
    for data, model, people in cases:
        case = Case(data, model, people)
        budget = 5_000 if data == "synthetic" and "grown" in model else trees.MOST_BOXES // 2
        _, answers, ms = case.solve(budget)
        open_ = answers.codes == 1
        gap = (answers.cost[open_] - answers.bound[open_]) / answers.cost[open_]
        shown = f"gap mean {gap.mean():.1%}, largest {gap.max():.1%}" if open_.any() else "no gap"
        print(f"  {data:9} {model:19} {len(answers):3} people: {ms:8.2f} ms; {statuses(answers)}; {shown}")


def constraints() -> None:
    """What joint constraints cost in time, folded into menus and across blocks."""
    print("\nconstraints: CPU ms a person against none")
    c = rs.constraints
    amounts = ["LoanAmount", "LoanDuration"]
    kinds = {
        "none": [],
        "at most 3 changes": [c.AtMost(3)],
        "at most one of three": [c.GroupLimit(["HasCoapplicant", "HasGuarantor", "Unemployed"], ub=1)],
        "if-then": [c.IfThen(("LoanDuration", "<", 12), ("LoanAmount", "<=", 3000))],
        "sum of two changes": [c.Sum({"LoanAmount": 1.0, "LoanDuration": 100.0}, lb=-2000, of_changes=True)],
        "sum of four changes": [
            c.Sum(dict.fromkeys(("LoanAmount", "LoanDuration", "YearsAtCurrentHome", "NumberOfOtherLoansAtBank"), 1.0),
                  lb=-1500, of_changes=True)
        ],
        "predicate on four": [
            c.Predicate(lambda today, new: new["LoanAmount"] / new["LoanDuration"] > 100,
                        [*amounts, "YearsAtCurrentHome", "NumberOfOtherLoansAtBank"])
        ],
    }  # fmt: skip
    for model in ("boosted, depth 3", "forest, depth 5"):
        case = Case("german", model, 100)
        case.solve()
        plain = None
        for name, added in kinds.items():
            numbers = [case.actions.add_constraint(one) for one in added]
            menus, answers, ms = case.solve()
            for number in numbers:
                case.actions.remove_constraint(number)
            plain = ms if plain is None else plain
            where = "across blocks" if menus.wide else "in the menus" if added else ""
            print(f"  {model:16} {name:20} {where:13} {ms:7.2f} ms ({ms / plain:4.1f} ×); {statuses(answers)}")


def cpsat() -> None:
    """The same people by CP-SAT, one worker: costs must be equal; how much longer it takes."""
    python = os.environ.get("RECOURSE_ORTOOLS_PYTHON")
    if python is None:
        print("\ncp-sat: set RECOURSE_ORTOOLS_PYTHON to compare")
        return
    print("\ncp-sat: CPU ms a person, one worker, and the largest difference in cost")
    for data in ("german", "credit"):
        for model, people in (("boosted, depth 3", 50), ("forest, depth 5", 50), ("forest, depth 8", 10)):
            case = Case(data, model, people)
            case.solve()
            menus, answers, ms = case.solve()
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "case.json"
                file.write_text(json.dumps(_program(case, menus)))
                script = Path(__file__).with_name("trees_cpsat.py")
                run = subprocess.run([python, script, file], capture_output=True, text=True, check=True)
            rows = json.loads(run.stdout)
            theirs = np.array([np.inf if row["cost"] is None else row["cost"] for row in rows])
            proven = np.array([row["proven"] for row in rows])
            same = np.isfinite(theirs) & proven
            apart = np.abs(theirs - answers.cost)[same].max(initial=0.0)
            agree = int((np.isfinite(theirs) == answers.found)[proven].sum())
            mean = np.mean([row["ms"] for row in rows])
            print(
                f"  {data:7} {model:16} {len(rows):3} people: ours {ms:6.2f} ms, CP-SAT {mean:8.1f} ms "
                f"({mean / ms:6.0f} ×), {int(proven.sum())} proven, {agree} agree on feasibility, "
                f"costs within {apart:.1e}"
            )


def _program(case: Case, menus: Any) -> dict[str, Any]:
    """Trees and priced menus in raw values, for a formulation that shares no code with ours."""
    forest, names = case.model.recognised.trees.forest, list(case.X.columns)
    people = []
    for person in range(len(menus)):
        person_menus = {}
        for menu in menus.menu(person):
            values = menu.values[0].astype(np.float32).astype(float)
            person_menus[names.index(menu.features[0])] = [values.tolist(), menu.prices.tolist()]
        row = case.denied.iloc[person].to_numpy(dtype=np.float32).astype(float)
        people.append({"row": row.tolist(), "menus": person_menus})
    trees = [
        {key: getattr(tree, key).tolist() for key in ("feature", "threshold", "left", "right", "value")}
        for tree in forest.trees
    ]
    return {"trees": trees, "base": forest.base, "people": people}


def dice() -> None:
    """DiCE on the same people, model and limits: validity, share inside the action set, cost, time."""
    python = os.environ.get("RECOURSE_DICE_PYTHON")
    if python is None:
        print("\ndice: set RECOURSE_DICE_PYTHON to compare")
        return
    print("\ndice: the same people, model, features and ranges")
    for data, model in (("german", "boosted, depth 3"), ("german", "forest, depth 5")):
        case = Case(data, model, 20)
        case.solve()
        menus, answers, ms = case.solve()
        mean = answers.cost[answers.found].mean()
        print(f"  {data} {model:16} exact        : {statuses(answers)}; {ms:8.1f} ms; cost {mean:.4f}")
        features = [feature for feature in case.actions if feature.actionable]
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            joblib.dump(case.clf, place / "model.joblib")
            case.X.assign(label=case.clf.predict(case.X)).to_csv(place / "table.csv", index=False)
            case.denied.to_csv(place / "people.csv", index=False)
            limits = {str(f.name): [float(f.target_values.min()), float(f.target_values.max())] for f in features}
            (place / "task.json").write_text(json.dumps(limits))
            script = Path(__file__).with_name("trees_dice.py")
            run = subprocess.run([python, script, place], capture_output=True, text=True, check=True)
        for method, rows in json.loads(run.stdout).items():
            _judge(f"  {data} {model:16} DiCE {method:8}", case, menus, answers, rows)


def _judge(title: str, case: Case, menus: Any, answers: Any, rows: list[Any]) -> None:
    """Hold suggestions against the model and the action set; those inside it are priced as ours are."""
    valid = inside = both = 0
    ratios = []
    given = [
        (person, pd.DataFrame([row["row"]])[list(case.X.columns)]) for person, row in enumerate(rows) if row["row"]
    ]
    for person, row in given:
        approved = bool(case.model.approves(row.astype(case.X.dtypes.to_dict()))[0])
        person_menus = {menu.features[0]: menu for menu in menus.menu(person)}
        price, possible = 0.0, True
        for name in case.X.columns:
            new, today = float(row[name].iloc[0]), float(case.denied[name].iloc[person])
            if np.isclose(new, today):
                continue
            at = (
                np.flatnonzero(np.isclose(person_menus[name].values[0].astype(float), new))
                if name in person_menus
                else []
            )
            possible = possible and len(at) > 0
            price += float(person_menus[name].prices[at[0]]) if len(at) else 0.0
        valid, inside, both = valid + approved, inside + possible, both + (approved and possible)
        if approved and possible and answers.cost[person] > 0:
            ratios.append(price / answers.cost[person])
    cost = f"{np.median(ratios):.1f} × the optimum" if ratios else "–"
    ms = np.mean([row["ms"] for row in rows])
    print(
        f"{title}: {len(given)}/{len(rows)} given, {valid} approved, {inside} inside the action set, {both} both; "
        f"median cost {cost}; {ms:.0f} ms"
    )


PARTS = {"speed": speed, "hard": hard, "constraints": constraints, "cpsat": cpsat, "dice": dice}

if __name__ == "__main__":
    print("kernels:", *builds.build_info())
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
