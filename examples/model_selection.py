"""Two models can predict equally well and leave different people without recourse.

    python examples/model_selection.py [--people 5000]

The first demonstration of Ustun, Spangher & Liu (FAT* 2019): how strongly a model is penalised decides
which features it keeps, and so how many of those denied can do something about it. (All ten models, with the
paper's numbers: benchmarks/figure2.py.)
"""

from __future__ import annotations

import argparse

import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import recourse as rs


def main(people: int | None = None, data_home: str | None = None) -> pd.DataFrame:
    """Print and return one row a model: how well it predicts, what it uses, and who has recourse."""
    credit = rs.datasets.load("credit", data_home=data_home)
    X, y = credit.X.iloc[:people], credit.y.iloc[:people]

    # what people can change, and in which direction
    A = rs.ActionSet(X)
    A[["Married", "Single", *(name for name in X if "Age" in name or "Overdue" in name)]].actionable = False
    A["EducationLevel"].step_direction = 1  # nobody unlearns

    # the stronger the penalty, the fewer features a model uses
    rows = {}
    for penalty in (1, 30, 100, 300, 1000, 3000):
        lasso = LinearSVC(penalty="l1", C=30_000 / len(X) / penalty, dual=False)
        clf = make_pipeline(StandardScaler(), lasso).fit(X, y)
        audit = rs.audit(clf, X, A, cost="max")
        weights = dict(zip(X, clf[-1].coef_[0], strict=True))
        rows[penalty] = {
            "AUC": roc_auc_score(y, clf.decision_function(X)),
            "features used": sum(weight != 0 for weight in weights.values()),
            "of them actionable": sum(weights[feature.name] != 0 for feature in A if feature.actionable),
            **audit.overall[["denied", "recourse", "no_recourse", "feasible", "cost_median"]],
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("ℓ1 penalty")
    print(table.to_string(float_format="{:.3f}".format))
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, help="use only the first so many")
    main(parser.parse_args().people)
