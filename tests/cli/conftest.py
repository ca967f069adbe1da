"""A table that commands are run on, and the options that fit a model to it."""

from __future__ import annotations

import pytest

from helpers import world


@pytest.fixture(scope="module")
def loans(tmp_path_factory):
    """A table with a target, a group column in words, and four numeric features."""
    w = world(31, n=150)
    path = tmp_path_factory.mktemp("data") / "loans.csv"
    frame = w.X.assign(region=["north", "south"] * 75, good=w.y)
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def common(loans):
    return [loans, "--target", "good", "--fit", "logistic", "--drop", "region"]
