"""The result: tables in kind, documents, views, and what was proven of all."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import recourse as rs


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda frame: pa.Table.from_pandas(frame, preserve_index=False)])
def test_other_tables_come_back_in_kind(w, convert):
    w.X["sex"] = np.where(np.arange(len(w.X)) % 2, "f", "m")
    table = convert(w.X)
    result = rs.audit(w.clf, table, w.actions, group_by=["sex"])
    expected = rs.audit(w.clf, w.X, w.actions, group_by=["sex"])
    assert type(result.to_frame()) is type(table)
    assert result.to_dict() == expected.to_dict()
    back = result.to_frame().to_pandas()
    np.testing.assert_allclose(back["cost"].astype(float), expected.to_frame()["cost"])
    assert back["action"].tolist() == expected.to_frame()["action"].tolist()


def test_nobody_denied_is_an_empty_result_with_the_reason(w):
    approved = w.X[w.model.approves(w.X)]
    result = rs.audit(w.clf, approved, w.actions, group_by=["owns"])
    assert result.overall["denied"] == 0
    assert result.overall["feasible"] is None
    assert "Nobody is denied" in repr(result)


def test_nothing_actionable_is_said(w):
    w.actions.actionable = False
    result = rs.audit(w.clf, w.X, w.actions)
    assert result.overall["no_recourse"] == result.overall["denied"]
    assert "No feature is actionable" in repr(result)


def test_the_document_is_plain_and_the_same_every_time(w):
    one = rs.audit(w.clf, w.X, w.actions, group_by=["owns"]).to_dict()
    other = rs.audit(w.clf, w.X, w.actions, group_by=["owns"]).to_dict()
    assert json.dumps(one, allow_nan=False) == json.dumps(other, allow_nan=False)
    assert one["document"] == "openrecourse/audit"


def test_views_show_the_numbers_of_the_document(w):
    result = rs.audit(w.clf, w.X.assign(sex="<b>f</b>"), w.actions, group_by=["sex"])
    text, html = repr(result), result._repr_html_()
    assert f"{result.overall['denied']:,}" in text
    assert f"{result.overall['denied']:,}" in html
    assert "<b>f</b>" not in html, "escaped"
    assert len(html) < 30_000
    assert result.to_html().startswith("<!doctype html>")


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda frame: pa.Table.from_pandas(frame, preserve_index=False)])
def test_columns_keep_their_types_where_everybody_is_approved(w, convert):
    approved = w.X[w.model.approves(w.X)].reset_index(drop=True)
    some, none = (rs.audit(w.clf, convert(X), w.actions).to_frame() for X in (w.X, approved))
    kinds = [getattr(table, "schema", None) for table in (some, none)]
    assert kinds[0] == kinds[1]


def test_an_audit_says_what_was_proven_of_all(w):
    assert rs.audit(w.clf, w.X, w.actions).status is rs.Status.OPTIMAL
    assert rs.audit(w.clf, w.X, w.actions, time_limit=0).status is rs.Status.UNKNOWN
    assert rs.audit(w.clf, w.X[w.model.approves(w.X)], w.actions).status is None
    w.actions.actionable = False
    none = rs.audit(w.clf, w.X, w.actions)
    assert none.status is rs.Status.INFEASIBLE
    assert none.notes == ["No feature is actionable, so nobody who is denied can change anything."]


def test_nothing_of_a_result_can_be_assigned(w):
    result = rs.audit(w.clf, w.X, w.actions)
    with pytest.raises(AttributeError):
        result.interrupted = True
