"""A model with a planted bias, explained twice: by local models averaged by subgroup, and by two-level rules.

    python examples/planted_bias.py [--people 400]

The contrast in the user study of Rawal & Lakkaraju, "Beyond Individualized Recourse" (NeurIPS 2020). Two black boxes
treat groups A and B differently, and we know how, because we wrote them. AR-LIME fits a linear model to what the black
box says around each denied person (LIME: Ribeiro, Singh & Guestrin, KDD 2016) and finds the cheapest action on that
(actionable recourse: Ustun, Spangher & Liu, FAT* 2019; here with our exact search). All actions are checked on the
black box. An average over a group can mislead even where each person's action is right, so that is shown, too.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.summaries import CandidateSpace


class BlackBox:
    """A condition that approves, with the methods of a classifier."""

    classes_ = np.array([0, 1])

    def __init__(self, approves: Callable[[pd.DataFrame], Any], columns: pd.Index) -> None:
        self.approves, self.feature_names_in_ = approves, columns.to_numpy()

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.approves(X), dtype=np.int64)


def twice_the_changes(people: int, rng: np.random.Generator) -> tuple[BlackBox, pd.DataFrame]:
    """The paper's planted black box (A.2.2): a two-level recourse set that asks one group for twice the changes.

    A needs a job, B a job and a home. Here most of B have one of the two.
    """
    in_b = rng.random(people) < 0.5
    works, neither = rng.random(people) < 0.5, rng.random(people) < 0.1
    X = pd.DataFrame(
        {
            "group": np.where(in_b, "B", "A"),
            "job": np.where(in_b, works & ~neither, rng.random(people) < 0.3).astype(int),
            "home": np.where(in_b, ~works & ~neither, rng.random(people) < 0.5).astype(int),
            "guarantor": rng.integers(0, 2, people),
        }
    )
    return BlackBox(lambda X: (X["job"] == 1) & ((X["group"] == "A") | (X["home"] == 1)), X.columns), X


def another_feature(people: int, rng: np.random.Generator) -> tuple[BlackBox, pd.DataFrame]:
    """A lender that looks at the savings of A and at how long the loan of B runs."""
    lender = rs.datasets.lender(people, random_state=int(rng.integers(1000))).X
    X = lender[["income", "savings", "loan_amount", "loan_duration"]].round(1)
    X.insert(0, "group", np.where(lender["gender"] == 0, "A", "B"))
    return BlackBox(lambda X: np.where(X["group"] == "A", X["savings"] - 1, -1 - X["loan_duration"]) >= 0, X.columns), X


BLACK_BOXES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "B is asked for twice the changes": (
        twice_the_changes,
        {},
        "By the averages the groups are asked for about the same: {changes_A:.2f} changes a person in A, and "
        "{changes_B:.2f} in B. They would say so even if everybody's own action were exact, because most of B lack one "
        "thing. The rules keep apart whom an average mixes: who has neither job nor home needs a job in A, and a job "
        "and a home in B. (That nobody needs a guarantor, both explanations say.)",
    ),
    "B is asked for another feature": (
        another_feature,
        {"moves": ["at_least", "at_most"], "max_condition": 1, "min_support": 0.05},
        "With its own percentile cost AR-LIME tells {loan_duration_A:.0%} of A to shorten a loan whose length does not "
        "matter for them, and {savings_B:.0%} of B to save: a line fitted to both groups at once wants some of each. "
        "{works_A:.0%} and {works_B:.0%} of the denied are approved after it. Who reads the averages alone sees two "
        "groups asked for the same two things. Settings matter: at a cost of 1 a feature, or with neighbours "
        "from the own group, the averages show the right feature, though with these neighbours many actions still fall "
        "short. The rules say it in one line a group, and the last table shows that neither line works for the other "
        "group.",
    ),
}


def numbers(X: pd.DataFrame) -> pd.DataFrame:
    """The table as a linear model reads it: group B is 1, A is 0."""
    return X.assign(group=(X["group"] == "B").astype(int)).astype(float)


def can_change(X: pd.DataFrame) -> rs.ActionSet:
    """Everything can change within the values seen, except the group."""
    A = rs.ActionSet(X, default_bounds=(0, 100, "percentile"))
    A["group"].actionable = False
    return A


def local_model(
    black_box: BlackBox,
    x: pd.DataFrame,
    X: pd.DataFrame,
    rng: np.random.Generator,
    *,
    hold_group: bool = False,
    n: int = 300,
) -> LogisticRegression | None:
    """Fit a linear model to what the black box says around one person; None where it always says the same.

    With `hold_group` all neighbours are in the person's own group.
    """
    # a neighbour has each of the person's values with a chance of one half, otherwise somebody else's
    near = pd.DataFrame({name: rng.choice(X[name].to_numpy(), n) for name in X})
    keep = pd.DataFrame(rng.random(near.shape) < 0.5, columns=near.columns)
    keep["group"] |= hold_group
    near = near.where(~keep, x.iloc[0], axis=1).astype(X.dtypes)
    approved = black_box.predict(near)
    if len(np.unique(approved)) == 1:
        return None

    # the nearer, the more it counts: LIME's kernel
    Z, everybody = numbers(near), numbers(X)
    squared = (((Z - numbers(x).iloc[0]) / everybody.std()) ** 2).sum(axis=1)
    weight = np.exp(-squared / (0.75**2 * Z.shape[1]))
    return LogisticRegression(C=100, max_iter=1000).fit(Z, approved, sample_weight=weight)


def individual(black_box: BlackBox, X: pd.DataFrame, denied: pd.DataFrame) -> pd.DataFrame:
    """Per explanation one action for each denied person: what they are told to change, and whether it works.

    Whoever is told nothing (no local model, or one that approves them already) is not approved.
    """
    # the local models read numbers, the black box reads the table itself
    rng = np.random.default_rng(1)
    tables = {"local": numbers(X), "exact": X}
    actions = {kind: can_change(table) for kind, table in tables.items()}
    actionable = [feature.name for feature in actions["exact"] if feature.actionable]
    rows = []
    for label in denied.index:
        x = denied.loc[[label]]
        lime = local_model(black_box, x, X, rng)
        own_group = local_model(black_box, x, X, rng, hold_group=True)
        explanations = {
            "AR-LIME, percentile cost": ("local", lime, "total"),
            "AR-LIME, 1 a feature": ("local", lime, "feature"),
            "AR-LIME in own group, percentile cost": ("local", own_group, "total"),
            "exact for each person": ("exact", black_box, "feature"),
        }
        for name, (kind, model, cost) in explanations.items():
            row: dict[str, Any] = {"explanation": name, "group": x["group"].iloc[0]} | dict.fromkeys(actionable, 0.0)
            row |= {"changes": 0.0, "approved": 0.0}
            if model is not None:
                plans = rs.flipset(model, tables[kind].loc[label], actions[kind], cost=cost, total_items=1)
                # what they would do, and whether the black box approves them then
                for item in plans:
                    after = x.assign(**{changed: plans.x_new[changed].iloc[0] for changed in item.features})
                    row |= dict.fromkeys(item.features, 1.0)
                    row |= {"changes": len(item.features), "approved": black_box.predict(after)[0]}
            rows.append(row)
    return pd.DataFrame(rows)


def main(people: int = 200) -> dict[str, dict[str, Any]]:
    """Print and return both explanations of each black box: averages of local models, and two-level rules."""
    results = {}
    for title, (plant, settings, reading) in BLACK_BOXES.items():
        black_box, X = plant(people, np.random.default_rng(0))
        denied = X[black_box.predict(X) == 0]
        print(f"=== {title}: {len(denied)} of {people} are denied\n")

        # one explanation: everybody's own action, averaged
        averaged = individual(black_box, X, denied).groupby(["explanation", "group"]).mean()
        print("One action for each person, averaged by group: the share told to change a feature, how many")
        print(f"changes, and the share whom the black box approves after it.\n\n{averaged.round(2).to_string()}\n")

        # the other: rules for each group, tried on both
        space = CandidateSpace(**settings)
        rules = rs.summarize(black_box, X, can_change(X), subgroups=["group"], max_rules=4, space=space)
        compared = rules.compare("group")[["condition", "action", "n", "precision", "cost"]]
        print(f"{rules}\n\nEach rule tried on both groups:\n\n{compared.round(2).to_string()}\n")

        # what one should have read, with the numbers
        lime = averaged.loc["AR-LIME, percentile cost"].rename(columns={"approved": "works"})
        said = {f"{column}_{group}": lime.loc[group, column] for column in lime for group in ("A", "B")}
        print(f"{textwrap.fill(reading.format(**said), 100)}\n")
        results[title] = {"averaged": averaged, "rules": rules}
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=200, help="how many there are, denied or not")
    main(parser.parse_args().people)
