"""Which model this is: equal content is told as equal in every process, other content never is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import recourse as rs
from recourse.models import identity_of
from recourse.models.fingerprint import fingerprint


def fitted(seed: int = 0) -> dict[str, object]:
    """One classifier of each make, fitted on people drawn with this seed."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"income": rng.normal(size=120), "age": rng.normal(size=120)})
    X["housing"] = np.where(rng.random(120) < 0.5, "own", "rent")
    y = (X["income"] + X["age"] ** 2 > 0.5).astype(int)
    columns = make_column_transformer((OneHotEncoder(), ["housing"]), remainder=StandardScaler())
    numbers = X[["income", "age"]]
    return {
        "pipeline": make_pipeline(columns, LogisticRegression()).fit(X, y),
        "forest": RandomForestClassifier(4, random_state=0).fit(numbers, y),
        "boosted": HistGradientBoostingClassifier(max_iter=4, random_state=0).fit(numbers, y),
        "network": MLPClassifier((3,), max_iter=300, tol=0.1, random_state=0).fit(numbers, y),
        "own network": rs.NetworkClassifier((3,), epochs=2, random_state=0).fit(numbers, y),
        "search": GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}).fit(numbers, y),
        "calibrated": CalibratedClassifierCV(LogisticRegression()).fit(numbers, y),
        "function": make_pipeline(FunctionTransformer(np.tanh), LogisticRegression()).fit(numbers, y),
    }


def identities(seed: int = 0) -> dict[str, object]:
    found: dict[str, object] = {name: identity_of(one) for name, one in fitted(seed).items()}
    found["model"] = identity_of(rs.as_model(fitted(seed)["pipeline"], threshold=0.6))
    found["sets"] = fingerprint({frozenset({"b", "a", "c"}): {"x", "y", "z"}, "other": {"k": [1.5]}})
    return found


def test_equal_fits_have_equal_identities_in_every_process_and_with_every_hash_seed():
    code = (
        f"import sys, json; sys.path.insert(0, {os.path.dirname(__file__)!r}); import test_identity; "
        "print(json.dumps(test_identity.identities(), sort_keys=True))"
    )
    here = json.dumps(identities(), sort_keys=True)
    for hash_seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
        assert ran.stdout.strip() == here


@pytest.mark.parametrize("name", sorted(fitted()))
def test_estimators_fitted_on_other_people_are_other_models(name):
    assert identity_of(fitted(0)[name]) == identity_of(fitted(0)[name])
    assert identity_of(fitted(0)[name]) != identity_of(fitted(1)[name])


def test_one_coefficient_one_parameter_or_one_threshold_makes_another_model():
    clf = fitted()["pipeline"]
    plain = identity_of(rs.as_model(clf))
    assert plain == identity_of(rs.as_model(clf))
    assert plain != identity_of(rs.as_model(clf, threshold=0.6))
    assert plain != identity_of(rs.as_model(clf, margin=0.1))
    assert plain != identity_of(rs.as_model(clf, desired=0))
    clf[-1].coef_[0, 0] = np.nextafter(clf[-1].coef_[0, 0], 9)
    assert plain != identity_of(rs.as_model(clf))
    assert identity_of(LogisticRegression()) != identity_of(LogisticRegression(C=2.0)), "also where nothing is fitted"
    assert identity_of(LogisticRegression())["parameters"]["C"] == 1.0


def test_tables_of_coefficients_and_points_are_told_apart_by_each_number():
    base = rs.LinearModel({"x1": 1.0, "x2": 2.0}, intercept=-1)
    same = rs.LinearModel({"x1": 1.0, "x2": 2.0}, intercept=-1)
    assert identity_of(base) == identity_of(same)
    for other in (
        rs.LinearModel({"x1": 1000.0, "x2": 2.0}, intercept=-1),
        rs.LinearModel({"x1": 1.0, "x3": 2.0}, intercept=-1),
        rs.LinearModel({"x1": 1.0, "x2": 2.0}, intercept=-2),
        rs.LinearModel({"x1": 1.0, "x2": 2.0}, intercept=-1, strict=False),
        rs.LinearModel({"x1": 1.0, "x2": 2.0}, intercept=-1, margin=0.5),
    ):
        assert identity_of(base) != identity_of(other)
    card = rs.Scorecard({"age": {"(-inf, 25)": 0, "[25, inf)": 20}}, cutoff=10)
    assert identity_of(card) == identity_of(rs.Scorecard({"age": {"(-inf, 25)": 0, "[25, inf)": 20}}, cutoff=10))
    assert identity_of(card) != identity_of(rs.Scorecard({"age": {"(-inf, 25)": 0, "[25, inf)": 21}}, cutoff=10))
    assert identity_of(card) != identity_of(rs.Scorecard({"age": {"(-inf, 25)": 0, "[25, inf)": 20}}, cutoff=11))


@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "catboost", "torch"])
def test_models_of_other_libraries_are_told_by_what_they_learned(library):
    pytest.importorskip(library)

    def make(seed):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(80, 2))
        y = (X.sum(axis=1) > 0).astype(int)
        if library == "xgboost":
            import xgboost

            return xgboost.XGBClassifier(n_estimators=3).fit(X, y)
        if library == "lightgbm":
            import lightgbm

            return lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(X, y)
        if library == "catboost":
            import catboost

            settings = {"iterations": 3, "verbose": False, "allow_writing_files": False, "random_seed": 0}
            return catboost.CatBoostClassifier(**settings).fit(X, y)
        import torch

        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))

    assert identity_of(make(0)) == identity_of(make(0))
    assert identity_of(make(0)) != identity_of(make(1))


def test_what_has_no_content_to_compare_is_refused_by_name():
    def local(X):
        return X

    for function, name in ((lambda X: X, "is a lambda"), (local, "defined inside another function")):
        clf = make_pipeline(FunctionTransformer(function), LogisticRegression())
        with pytest.raises(rs.InputError, match=f"func {name}.*|func is the function local.*{name}") as error:
            identity_of(clf)
        assert "identity=" in str(error.value)

    class Local(ClassifierMixin, BaseEstimator):
        pass

    with pytest.raises(rs.InputError, match="Local, which is defined inside a function"):
        identity_of(Local())
    with open(__file__) as file, pytest.raises(rs.InputError, match="shows no state"):
        fingerprint({"file": file})


def test_functions_are_told_apart_by_name_code_and_arguments():
    assert fingerprint(identities) == fingerprint(identities)
    assert fingerprint(identities) != fingerprint(fitted)
    assert fingerprint(partial(fitted, 1)) != fingerprint(partial(fitted, 2))
    renamed = type(fitted)(fitted.__code__.replace(co_consts=(*fitted.__code__.co_consts, 7)), fitted.__globals__)
    assert fingerprint(fitted) != fingerprint(renamed), "the same name, but other code"


def test_arrays_count_with_dtype_and_shape_and_objects_may_hold_themselves():
    values = np.arange(6.0)
    assert fingerprint(values) == fingerprint(values[::1].copy())
    different = [values.reshape(2, 3), values.reshape(2, 3).T, values.astype(np.float32), values.tolist(), values[:5]]
    assert len({fingerprint(one) for one in (values, *different)}) == 6
    assert fingerprint(pd.DataFrame({"a": [1, 2]})) != fingerprint(pd.DataFrame({"a": [1, 3]}))
    assert fingerprint(pd.DataFrame({"a": ["u", None]})) != fingerprint(pd.DataFrame({"a": ["u", "v"]}))
    ring: list[object] = [1]
    ring.append(ring)
    assert fingerprint(ring) == fingerprint(ring)
    padded = np.zeros(2, dtype=np.dtype([("flag", "u1"), ("value", "f8")], align=True))
    noisy = padded.copy()
    noisy.view(np.uint8)[3] = 9  # between the fields
    assert fingerprint(padded) == fingerprint(noisy)
