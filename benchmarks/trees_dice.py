"""DiCE on the people of trees.py: python trees_dice.py FOLDER, in an environment with dice-ml.

It gets the same fitted model, people, features to vary and ranges; what it knows no way to say (steps, today's
value outside the bounds) it does not get.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
import warnings
from pathlib import Path

import dice_ml
import joblib
import pandas as pd

warnings.simplefilter("ignore")


def run(folder: Path, method: str) -> list[dict]:
    table, people = pd.read_csv(folder / "table.csv"), pd.read_csv(folder / "people.csv")
    limits = json.loads((folder / "task.json").read_text())
    numbers = [name for name in people.columns if people[name].nunique() > 2 or table[name].nunique() > 2]
    words = [name for name in people.columns if name not in numbers]
    table[words], people[words] = table[words].astype(str), people[words].astype(str)
    data = dice_ml.Data(dataframe=table, continuous_features=numbers, outcome_name="label")
    explainer = dice_ml.Dice(data, dice_ml.Model(model=Numbers(folder), backend="sklearn"), method=method)
    ranges = {name: limits[name] for name in limits if name in numbers}
    rows = []
    for k in range(len(people)):
        began = time.process_time()
        row = None
        try:
            with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
                found = explainer.generate_counterfactuals(
                    people.iloc[[k]], total_CFs=1, desired_class="opposite", features_to_vary=list(limits),
                    permitted_range=ranges,
                )  # fmt: skip
            frame = found.cf_examples_list[0].final_cfs_df
            if frame is not None and len(frame):
                row = {name: float(frame[name].iloc[0]) for name in people.columns}
        except Exception as error:  # it raises when it finds nothing
            print(f"{method} {k}: {type(error).__name__}: {error}", file=sys.stderr)
        rows.append({"row": row, "ms": 1e3 * (time.process_time() - began)})
    return rows


class Numbers:
    """The model, fed with numbers again where DiCE passes words."""

    def __init__(self, folder: Path) -> None:
        self.model = joblib.load(folder / "model.joblib")
        self.classes_ = self.model.classes_

    def predict(self, X):
        return self.model.predict(X.astype(float)[list(self.model.feature_names_in_)])

    def predict_proba(self, X):
        return self.model.predict_proba(X.astype(float)[list(self.model.feature_names_in_)])


if __name__ == "__main__":
    out = sys.stdout
    result = {method: run(Path(sys.argv[1]), method) for method in ("random", "genetic")}
    print(json.dumps(result), file=out)
