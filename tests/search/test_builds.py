"""Which build of the kernels runs, and that a build of another source is not trusted."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from recourse.search.kernels import builds


def test_the_build_says_what_it_is(monkeypatch):
    monkeypatch.delenv("RECOURSE_INTERPRETED", raising=False)
    build, reason = builds.build_info()
    assert (build == "compiled") == (reason is None)
    monkeypatch.setenv("RECOURSE_INTERPRETED", "1")
    assert builds.build_info() == ("interpreted", "RECOURSE_INTERPRETED is set")
    assert not builds.load("additive_kernel").is_compiled()


def test_a_build_of_another_source_is_refused(monkeypatch, tmp_path):
    monkeypatch.delenv("RECOURSE_INTERPRETED", raising=False)
    if builds.build_info()[0] == "interpreted":
        pytest.skip("there is no compiled build to refuse")
    edited = tmp_path / "additive_kernel.py"
    shutil.copy(builds._source("additive_kernel"), edited)
    assert builds._why_interpreted("additive_kernel") is None
    edited.write_text(edited.read_text() + "\n")
    monkeypatch.setattr(builds, "_source", lambda name: edited)
    assert "pip install -e ." in builds.build_info()[1]
    with pytest.warns(RuntimeWarning, match="another version of its source"):
        assert not builds.load("additive_kernel").is_compiled()


def test_setup_hashes_as_the_package_does(tmp_path):
    source = tmp_path / "kernel.py"
    source.write_bytes(b"one\r\ntwo\n")
    unix = tmp_path / "unix.py"
    unix.write_bytes(b"one\ntwo\n")
    assert builds.source_hash(source) == builds.source_hash(unix) < 2**63
    assert importlib.util.find_spec("recourse.search.kernels.additive_kernel") is not None
