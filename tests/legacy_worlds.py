"""People that the tests of the old classes share."""

from __future__ import annotations


def denied(X, clf):
    """The rows of those whom a classifier denies."""
    return X[clf.predict(X) == 0]
