"""Models and the one definition of "approved"; whatever a model knows of itself, it states as data."""

from __future__ import annotations

from recourse.models.as_model import as_model
from recourse.models.estimator import EstimatorModel
from recourse.models.files.inspect import ModelFile, inspect_model
from recourse.models.files.load import load_model
from recourse.models.identity import identity_of
from recourse.models.labels import choose_label, label_of_sign
from recourse.models.linear_table import LinearModel
from recourse.models.model import Model
from recourse.models.scorecard import Scorecard
from recourse.models.statements.additive import Additive
from recourse.models.statements.network import NetworkStatement
from recourse.models.statements.trees import TreeEnsemble

__all__ = [
    "Additive",
    "EstimatorModel",
    "LinearModel",
    "Model",
    "ModelFile",
    "NetworkStatement",
    "Scorecard",
    "TreeEnsemble",
    "as_model",
    "choose_label",
    "identity_of",
    "inspect_model",
    "label_of_sign",
    "load_model",
]
