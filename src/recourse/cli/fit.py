"""The model that `--fit logistic` makes of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import recourse as rs

if TYPE_CHECKING:
    import pandas as pd


def fit_logistic(X: pd.DataFrame, y: pd.Series[Any], desired: str | None) -> Any:
    """Fit logistic regression to prepared columns.

    Parameters
    ----------
    X : DataFrame
        The features: numbers are standardised, words one-hot.
    y : Series
        The labels: two different ones, none missing.
    desired : str or None
        The favourable label, checked before anything is fitted.

    Returns
    -------
    Pipeline
        Fitted, of scikit-learn.

    Raises
    ------
    InputError
        If labels are missing or not two, or if a column of words is too varied to learn from.
    ModelError
        If `desired` is not one of the labels.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if y.isna().any():
        raise rs.InputError(f"--target: {y.name!r} is missing in {int(y.isna().sum())} rows.")
    labels = y.unique()
    if len(labels) != 2:
        shown = ", ".join(map(repr, sorted(map(str, labels))[:6]))
        raise rs.InputError(f"--target: {y.name!r} has {len(labels)} labels ({shown}), but fitting needs two.")

    y = y if y.dtype.kind in "biuf" else y.astype(str)
    rs.models.choose_label(np.unique(y.to_numpy()), desired)
    return make_pipeline(_prepared(X), LogisticRegression(max_iter=1000)).fit(X, y)


def _prepared(X: pd.DataFrame) -> Any:
    """What `--fit` does to the columns: numbers standardised, words one-hot; missing numbers filled and marked.

    A missing word is a level of its own.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    # which columns are numbers, and whether any of these has gaps
    numbers, words, gaps = [], [], False
    for feature in rs.ActionSet(X):
        if feature.variable_type in ("boolean", "integer", "real") and feature.dtype.kind in "biuf":
            numbers.append(feature.name)
            gaps |= bool(X[feature.name].isna().any())
            continue
        words.append(feature.name)
        if len(feature.levels) > max(20, len(X) / 5):
            raise rs.InputError(
                f"column {feature.name!r} holds {len(feature.levels):,} different words in {len(X):,} rows, such as "
                f"{feature.levels[0]!r}: too many to learn from. Leave it out with --drop."
            )

    # one step for each kind of column
    if not words and not gaps:
        return StandardScaler()
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()) if gaps else StandardScaler()
    return make_column_transformer((scaled, numbers), (OneHotEncoder(handle_unknown="ignore"), words))
