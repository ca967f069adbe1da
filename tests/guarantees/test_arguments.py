"""Swapped, misspelt and wrong-kind arguments of the verbs on people are errors in words, before any work."""

from __future__ import annotations

import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs
from helpers import world


@pytest.fixture(scope="module")
def w():
    return world(21, n=60)


WRONG = {
    "a table instead of an action set": (lambda w, x: rs.flipset(w.clf, x, w.X), "actions must be an ActionSet"),
    "person and action set swapped": (lambda w, x: rs.flipset(w.clf, w.actions, x), "order .model, people, actions"),
    "all three rotated": (lambda w, x: rs.flipset(w.actions, w.clf, x), "actions must be an ActionSet"),
    "an action set as the person": (lambda w, x: rs.flipset(w.clf, w.actions, w.actions), "x must be one person"),
    "the class ActionSet": (lambda w, x: rs.flipset(w.clf, x, rs.ActionSet), "the class ActionSet itself"),
    "an action set as the model": (lambda w, x: rs.flipset(w.actions, x, w.actions), "no predict method"),
    "a class of models": (lambda w, x: rs.flipset(LogisticRegression, x, w.actions), "class LogisticRegression itself"),
    "a class of costs": (lambda w, x: rs.flipset(w.clf, x, w.actions, cost=rs.TotalCost), "the class TotalCost itself"),
    "a number of seconds as a budget": (lambda w, x: rs.flipset(w.clf, x, w.actions, budget=3), "must be a Budget"),
    "a truth value as a limit": (lambda w, x: rs.flipset(w.clf, x, w.actions, max_changes=True), "max_changes must be"),
    "table and action set swapped": (lambda w, x: rs.audit(w.clf, w.actions, w.X), "order .model, people, actions"),
    "a model as the table": (lambda w, x: rs.audit(w.clf, w.clf, w.actions), "X must be a table"),
    "a class of costs in an audit": (lambda w, x: rs.audit(w.clf, w.X, w.actions, cost=rs.L1Cost), "class L1Cost"),
    "a misspelt group": (lambda w, x: rs.audit(w.clf, w.X, w.actions, group_by="onws"), "'onws'. Did you mean 'owns'"),
    "a nested group": (lambda w, x: rs.audit(w.clf, w.X, w.actions, group_by=[[["owns"]]]), "is no column's name"),
    "a progress that is none": (lambda w, x: rs.audit(w.clf, w.X, w.actions, progress=True), "must be a function"),
    "a limit and a budget": (
        lambda w, x: rs.audit(w.clf, w.X, w.actions, time_limit=3, budget=rs.Budget(3)),
        "either budget= or time_limit=",
    ),
}


@pytest.mark.parametrize("wrong", list(WRONG))
def test_a_wrong_argument_is_told_in_words(w, wrong, monkeypatch):
    call, message = WRONG[wrong]
    x = w.denied.iloc[0]
    monkeypatch.setattr(LogisticRegression, "predict", lambda *a: pytest.fail("the model was asked"))
    with pytest.raises(rs.RecourseError, match=message):
        call(w, x)


@pytest.mark.parametrize("verb", [rs.flipset, rs.audit])
def test_an_unknown_argument_is_never_swallowed(w, verb):
    with pytest.raises(TypeError, match="continuous_features"):
        verb(w.clf, w.X, w.actions, continuous_features=["income"])
