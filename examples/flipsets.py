"""One denied person, and three lists of what they could do.

    python examples/flipsets.py [--people 5000]

The fourth demonstration of Ustun, Spangher & Liu (FAT* 2019), and its Figure 1: the actions that would flip
a decision. What counts as another action decides what such a list is good for.
"""

from __future__ import annotations

import argparse

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import recourse as rs

KINDS = {
    "minimal": "no action contains an earlier one, so that nothing in it is needless",
    "subsets": "another set of features each, which may pad an earlier one (as in the paper)",
    "exclusive": "no feature twice, for somebody who can't change what comes first",
}


def main(people: int | None = None, data_home: str | None = None) -> dict[str, rs.FlipsetResult]:
    """Print and return three lists of actions for the first person whom the model denies, one of each kind."""
    credit = rs.datasets.load("credit", data_home=data_home)
    X, y = credit.X.iloc[:people], credit.y.iloc[:people]
    clf = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)

    # what people can change, and in which direction
    A = rs.ActionSet(X)
    A[["Married", "Single", *(name for name in X if "Age" in name)]].actionable = False
    A["EducationLevel"].step_direction = 1
    A[["TotalOverdueCounts", "HistoryOfOverduePayments"]].actionable = False  # the past
    A["TotalMonthsOverdue"].step_direction = -1

    # the same person, three kinds of list
    somebody = X[clf.predict(X) == 0].iloc[0]
    lists = {}
    for kind, meaning in KINDS.items():
        lists[kind] = rs.flipset(clf, somebody, A, cost="local", distinct=kind, total_items=5)
        print(f"{kind}: {meaning}\n{lists[kind]}\n")
    return lists


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, help="use only the first so many")
    main(parser.parse_args().people)
