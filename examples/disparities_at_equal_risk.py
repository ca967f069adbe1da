"""People at the same predicted risk, with the same outcome, can need different effort to be approved.

    python examples/disparities_at_equal_risk.py [--people 500]

The third demonstration of Ustun, Spangher & Liu (FAT* 2019): a model of German credit that does not use
gender denies everybody below the median score. Men and women are compared where they were equally risky to
the model, and turned out equally.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import recourse as rs


def main(people: int | None = None, data_home: str | None = None) -> pd.DataFrame:
    """Print and return who has recourse at what mean cost, by outcome, risk and gender."""
    german = rs.datasets.load("german", data_home=data_home)
    X, y = german.X.drop(columns="OtherLoansAtStore").iloc[:people], german.y.iloc[:people]

    # what people can change, and in which direction
    A = rs.ActionSet(X)
    A[["Age", "Single", "JobClassIsSkilled", "ForeignWorker", "OwnsHouse", "RentsHouse"]].actionable = False
    A["CriticalAccountOrLoansElsewhere"].step_direction = -1
    A["CheckingAccountBalance_geq_0"].step_direction = 1

    # a model that does not use gender, and groups of people at equal risk with the same outcome
    clf = make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(X, y)
    chance = clf.predict_proba(X)[:, 1]
    groups = X.assign(
        gender=german.frame["Gender"],  # in this data sex and marital status share a field, so it is a guess
        risk=pd.cut(1 - chance, np.arange(0, 1.1, 0.2)).astype(str),  # of a bad outcome, in fifths
        outcome=np.where(y == 1, "good", "bad"),
    )

    # everybody below the median score is denied
    audit = rs.audit(
        clf,
        groups,
        A,
        cost="max",
        threshold=float(np.median(chance)),
        group_by=[("outcome", "risk", "gender"), "gender"],
    )
    print(audit)

    # men and women side by side
    levels = audit.by_group.loc["outcome × risk × gender"]
    levels.index = pd.MultiIndex.from_tuples(list(levels.index), names=["outcome", "risk", "gender"])
    compared = levels.loc[levels["denied"] > 0, ["denied", "feasible", "cost_mean"]].unstack("gender")
    print(f"\nDenied people, the share with recourse, and its mean cost:\n{compared.to_string()}")
    return compared


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, help="use only the first so many")
    main(parser.parse_args().people)
