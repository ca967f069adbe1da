"""Views: a document is rendered without the result that it came from, and everything in it is escaped."""

from __future__ import annotations

import json

import jinja2
import pytest

import recourse as rs
from helpers import world
from recourse.audits.views import VIEW as AUDIT
from recourse.flipsets.views import VIEW as FLIPSET
from recourse.reports import Report, View


@pytest.fixture(scope="module")
def results():
    w = world(21, n=60)
    X = w.X.assign(sex="<i>f</i>")
    return [
        (AUDIT, rs.audit(w.clf, X, w.actions, group_by=["sex"])),
        (FLIPSET, rs.flipset(w.clf, w.denied.iloc[0], w.actions)),
    ]


def test_a_document_read_back_from_json_is_rendered_as_the_result_is(results):
    for view, result in results:
        document = json.loads(json.dumps(result.to_dict()))
        assert view.text(document) == repr(result)
        assert view.html(document) == result._repr_html_()
        assert view.page(document) == result.to_html()


def test_pages_are_self_contained_and_escaped(results):
    for _, result in results:
        page = result.to_html()
        assert page.startswith("<!doctype html>")
        assert "<script" not in page
        assert "<i>f</i>" not in page


def test_a_name_that_a_template_does_not_know_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="'dict object' has no attribute 'overall'"):
        View(str, package="recourse.audits", template="audit.html").html({})


def test_a_result_needs_a_document_of_its_own():
    with pytest.raises(NotImplementedError):
        Report().to_dict()
