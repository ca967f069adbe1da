"""What a model returns is checked before it is believed: nothing is proven from an output that was misread."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.errors import ModelError
from recourse.models.outputs import known_labels

X = pd.DataFrame({"income": [20, 25, 30, 35, 40], "age": [50, 40, 30, 60, 20]})


class Wrapped:
    """Two labels, and a `predict` that answers what `output` makes of the incomes."""

    classes_ = np.array([0, 1])
    feature_names_in_ = np.array(["income", "age"])

    def __init__(self, output):
        self.output = output

    def predict(self, table):
        return self.output(table["income"].to_numpy(dtype=float))


def sigmoid(income):
    return 1 / (1 + np.exp(31 - income))


STRANGE = {
    "probabilities": (sigmoid, "none of its labels"),
    "a column of probabilities": (lambda x: sigmoid(x)[:, None], "look like probabilities"),
    "a probability for each label": (lambda x: np.c_[1 - sigmoid(x), sigmoid(x)], r"shape \(.*, 2\)"),
    "missing values": (lambda x: np.where(x > 31, 1.0, np.nan), "nan"),
    "words": (lambda x: np.where(x > 31, "yes", "no"), "none of its labels"),
    "too few rows": (lambda x: np.ones(len(x) - 1), "shape"),
    "a number": (lambda x: 1, "shape"),
    "nothing": (lambda x: None, "shape"),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_label_is_refused_in_words(kind):
    output, words = STRANGE[kind]
    with pytest.raises(ModelError, match=words):
        rs.audit(Wrapped(output), X, rs.ActionSet(X))


@pytest.mark.parametrize(
    "as_labels",
    [lambda good: good.astype(int), lambda good: good.astype(float), lambda good: good, lambda good: good[:, None] * 1],
    ids=["integers", "floats", "truth values", "a column"],
)
def test_labels_of_any_type_count(as_labels):
    audit = rs.audit(Wrapped(lambda x: as_labels(x > 31)), X, rs.ActionSet(X))
    assert audit.overall["denied"] == 3
    assert audit.overall["recourse"] == 3


@pytest.mark.parametrize("classes", [[0, 1], ["bad", "good"], ("bad", "good")])
def test_labels_may_be_a_plain_list(classes):
    model = Wrapped(lambda x: np.array(classes)[(x > 31).astype(int)])
    model.classes_ = classes
    audit = rs.audit(rs.as_model(model, desired=classes[1]), X, rs.ActionSet(X))
    assert audit.overall["recourse"] == 3


def test_several_outputs_are_refused():
    model = Wrapped(lambda x: np.zeros(len(x)))
    model.classes_ = [np.array([0, 1]), np.array([0, 1])]
    with pytest.raises(ModelError, match="several outputs"):
        rs.as_model(model, desired=1)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (lambda p: np.where(p > 0.5, p, np.nan)[:, None] * [1, 1], "NaN"),
        (lambda p: p, "shape"),
        (lambda p: np.c_[p, p, p], "shape"),
    ],
)
def test_probabilities_are_checked_too(output, words):
    class WithProbabilities(Wrapped):
        def predict_proba(self, table):
            return output(sigmoid(table["income"].to_numpy(dtype=float)))

    model = rs.as_model(WithProbabilities(lambda x: (x > 31).astype(int)), threshold=0.7)
    with pytest.raises(ModelError, match=words):
        model.approves(X)


def test_many_labels_are_looked_up():
    labels = np.array([f"label {k}" for k in range(30)])
    np.testing.assert_array_equal(known_labels(labels[[3, 7]], labels, 2, "model"), labels[[3, 7]])
    with pytest.raises(ModelError, match="label 31"):
        known_labels(["label 31"], labels, 1, "model")


def test_a_model_that_changes_its_mind_is_said_to_be_not_deterministic():
    noise = np.random.default_rng(0)
    moody = Wrapped(lambda x: (x + noise.normal(0, 4, len(x)) > 31).astype(int))
    many = pd.DataFrame({"income": np.tile(X["income"], 20), "age": np.arange(100)})
    with pytest.raises(ModelError, match="not deterministic"):
        rs.audit(moody, many, rs.ActionSet(many))


def test_a_model_that_depends_on_the_batch_alone_is_no_reason_to_stop():
    steady = Wrapped(lambda x: (x > 31 + 1e-9 * len(x)).astype(int))
    assert rs.audit(steady, X, rs.ActionSet(X)).overall["recourse"] == 3
