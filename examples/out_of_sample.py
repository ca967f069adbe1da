"""A model fitted on other people can make recourse harder for those it never saw.

    python examples/out_of_sample.py [--people 5000]

The second demonstration of Ustun, Spangher & Liu (FAT* 2019), on public data: one model is fitted on
everybody, the other on people aged 25 and over alone; neither is told anybody's age. Both are audited on
everybody, by age. On these data the young are denied more often and need more effort under either model, and
leaving them out changes little; on others it need not be so, which is why one asks.
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
    """Print and return both audits by age: how many are denied, who has recourse, and what it costs."""
    credit = rs.datasets.load("credit", data_home=data_home)
    X, y = credit.X.iloc[:people], credit.y.iloc[:people]
    ages = ["Age_lt_25", "Age_in_25_to_40", "Age_in_40_to_59", "Age_geq_60"]

    # people of 40 are in two bands; the first counts
    age = X[ages].to_numpy().argmax(axis=1)
    bands = ["under 25", "25 to 40", "40 to 59", "60 and over"]
    table = X.assign(age=np.array(bands)[age])
    features = X.drop(columns=ages)  # age is not a feature of either model

    # what people can change, and in which direction
    A = rs.ActionSet(features)
    A[["Married", "Single", *(name for name in features if "Overdue" in name)]].actionable = False
    A["EducationLevel"].step_direction = 1

    # one model for each training set, audited on everybody
    parts = {}
    for name, rows in {"everybody": age >= 0, "aged 25 and over": age > 0}.items():
        clf = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(features[rows], y[rows])
        audit = rs.audit(clf, table, A, cost="max", group_by=["age"])
        measures = audit.by_group[["n", "denied_share", "feasible", "cost_mean", "cost_median"]]
        parts[name] = measures.droplevel(0).reindex(bands)
    result = pd.concat(parts, axis=1, names=["model fitted on"])
    print(result.to_string(float_format="{:.3f}".format))
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, help="use only the first so many")
    main(parser.parse_args().people)
