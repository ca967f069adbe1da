"""Which build of the kernels runs, and that a build of another source is not trusted."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest

from recourse.search.kernels import builds


def test_the_build_says_what_it_is(monkeypatch):
    monkeypatch.delenv("RECOURSE_INTERPRETED", raising=False)
    build, reason = builds.build_info()
    assert (build == "compiled") == (reason is None)
    monkeypatch.setenv("RECOURSE_INTERPRETED", "1")
    assert builds.build_info() == ("interpreted", "RECOURSE_INTERPRETED is set")
    assert not builds.load("additive").is_compiled()


def test_without_a_compiled_build_the_twins_run(monkeypatch):
    monkeypatch.delenv("RECOURSE_INTERPRETED", raising=False)
    for name in builds.KERNELS:
        monkeypatch.setitem(sys.modules, f"recourse.search.kernels.{name}_kernel", None)
    assert builds.build_info() == (
        "interpreted",
        "there is no compiled build; installing with a C++ compiler makes one",
    )
    assert not builds.load("trees").is_compiled()


def test_a_build_of_another_source_is_refused(monkeypatch, tmp_path):
    monkeypatch.delenv("RECOURSE_INTERPRETED", raising=False)
    if builds.build_info()[0] == "interpreted" or not builds._source("additive").is_dir():
        pytest.skip("there is no compiled build to refuse, or no checkout to edit")
    shutil.copytree(builds._source("additive"), tmp_path / "additive")
    shutil.copy(builds._source("arrays.hpp"), tmp_path)
    monkeypatch.setattr(builds, "_source", lambda name: tmp_path / name)
    assert builds._why_interpreted("additive") is None
    edited = tmp_path / "additive" / "core.cpp"
    edited.write_text(edited.read_text() + "\n")
    assert "pip install -e ." in builds._why_interpreted("additive")
    with pytest.warns(RuntimeWarning, match="another version of its source"):
        assert not builds.load("additive").is_compiled()


def test_arrays_of_another_type_or_length_are_refused():
    kernel = builds.load("additive")
    if not kernel.is_compiled():
        pytest.skip("Python looks at what it is given when it uses it")
    with pytest.raises(TypeError):
        kernel.Menus(np.zeros((2, 2), np.int64), np.zeros(1), np.zeros(1), False)
    with pytest.raises(TypeError):
        kernel.Menus([0, 1], np.zeros(1), np.zeros(1), False)
