"""No public table is used or stored unless its bytes are right, and what goes wrong leaves no trace."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from recourse.datasets import available, cache_folder, fetch, load
from recourse.datasets.registry import SOURCES
from recourse.errors import InputError, RecourseError


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    """Give every test a cache of its own, and nothing from the developer's."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "openrecourse"


@pytest.fixture
def tiny(monkeypatch):
    """Stand in for 'adult' with a public file of two lines."""
    raw = b"39, State-gov, <=50K\n50, Private, >50K\n\n"
    table = b"age,workclass,income\n39,State-gov,<=50K\n50,Private,>50K\n"
    source = replace(
        SOURCES["adult"],
        rows=2,
        sha256=sha256(table),
        url="https://example.org/tiny.data",
        url_sha256=sha256(raw),
        convert=lambda given: table if given == raw else b"",
        left_out=(),
    )
    monkeypatch.setitem(SOURCES, "adult", source)
    monkeypatch.delenv("RECOURSE_DATA", raising=False)
    return raw, table


def test_folders_are_searched_in_order(tiny, tmp_path, monkeypatch, empty_cache):
    folders = {"home": tmp_path / "home", "env": tmp_path / "env", "cache": empty_cache}
    monkeypatch.setenv("RECOURSE_DATA", str(folders["env"]))
    where = lambda: available(data_home=folders["home"]).set_index("name").loc["adult", "where"]  # noqa: E731
    folders["home"].mkdir()
    assert where() == "not here"
    for key in ("cache", "env", "home"):  # each comes before the last
        folders[key].mkdir(parents=True, exist_ok=True)
        (folders[key] / "adult.csv").write_bytes(tiny[1])
        assert where() == str(folders[key] / "adult.csv")
        assert len(load("adult", data_home=folders["home"]).X) == 2


def test_a_changed_file_is_refused_and_marked(tiny, tmp_path):
    (tmp_path / "adult.csv").write_bytes(tiny[1].replace(b"\n", b"\r\n"))
    with pytest.raises(InputError, match=r"is not the data set 'adult': its SHA-256 is .* expected"):
        load("adult", data_home=tmp_path)
    listed = available(data_home=tmp_path).set_index("name")
    assert listed.loc["adult", "where"].endswith("(wrong checksum)")


def test_a_missing_table_says_the_three_ways_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("RECOURSE_DATA", str(tmp_path / "typo"))
    with pytest.raises(InputError) as caught:
        load("credit")
    message = str(caught.value)
    for hint in ("RECOURSE_DATA", "recourse data fetch credit", "--from FILE", "typo (no such folder)"):
        assert hint in message


def test_names_and_folders_that_do_not_exist_are_refused(tmp_path):
    with pytest.raises(InputError, match="Did you mean 'compas'"):
        load("compass")
    with pytest.raises(InputError, match=r"call lender\(n\)"):
        load("lender")
    with pytest.raises(InputError, match="not a folder"):
        load("credit", data_home=tmp_path / "nowhere")


def test_the_cache_is_where_pooch_would_put_it_on_linux():
    pooch = pytest.importorskip("pooch")
    assert cache_folder() == Path(pooch.os_cache("openrecourse"))


@pytest.mark.parametrize("platform", ["win32", "darwin", "linux"])
def test_every_platform_has_a_cache(platform, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("LOCALAPPDATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache_folder().is_relative_to(Path.home())


class FakeDownloader:
    """What pooch.HTTPDownloader does, without a network."""

    content = b""
    error: Exception | None = None
    calls = 0

    def __init__(self, **settings):
        assert settings["timeout"] > 0

    def __call__(self, url, output_file, pooch, check_only=False):
        type(self).calls += 1
        if self.error:
            raise self.error
        Path(output_file).write_bytes(self.content)


@pytest.fixture
def network(monkeypatch):
    pooch = pytest.importorskip("pooch")
    fake = type("Fake", (FakeDownloader,), {})
    monkeypatch.setattr(pooch, "HTTPDownloader", fake)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return fake


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_fetch_downloads_converts_verifies_and_stores(tiny, network, empty_cache, capfd):
    network.content = tiny[0]
    steps = []
    assert fetch("adult", progress=steps.append) == empty_cache / "adult.csv"
    assert [step.split()[0] for step in steps] == ["downloading", "converting", "verified"]
    assert (empty_cache / "adult.csv").read_bytes() == tiny[1]
    assert files_in(empty_cache) == ["adult.csv"]  # the public file is not kept
    assert len(load("adult").X) == 2
    fetch("adult", progress=steps.append)
    assert network.calls == 1  # the second time it is there
    assert capfd.readouterr() == ("", "")


def test_fetch_replaces_a_damaged_table(tiny, network, empty_cache):
    network.content = tiny[0]
    empty_cache.mkdir(parents=True)
    (empty_cache / "adult.csv").write_bytes(b"half")
    fetch("adult")
    assert (empty_cache / "adult.csv").read_bytes() == tiny[1]


def test_a_changed_or_unreachable_source_stores_nothing(tiny, network, empty_cache):
    network.content = b"something else"
    with pytest.raises(InputError, match="Nothing was stored"):
        fetch("adult")
    network.error = OSError("no route to host")
    with pytest.raises(InputError, match="no route to host"):
        fetch("adult")
    assert files_in(empty_cache) == []


def test_pooch_keeps_the_level_of_its_logger(tiny, network):
    pooch = pytest.importorskip("pooch")
    level = pooch.get_logger().level
    network.content = tiny[0]
    fetch("adult")
    assert pooch.get_logger().level == level


def test_without_pooch_the_message_names_the_extra(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(RecourseError, match=r"pip install 'openrecourse\[data\]'"):
        fetch("adult")


@pytest.mark.parametrize("which", [0, 1])
def test_a_local_copy_of_the_public_file_or_of_the_table_is_accepted(tiny, which, tmp_path, empty_cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)  # no network is needed
    (tmp_path / "copy").write_bytes(tiny[which])
    fetch("adult", from_file=tmp_path / "copy")
    assert (empty_cache / "adult.csv").read_bytes() == tiny[1]


def test_any_other_local_file_is_refused(tiny, tmp_path, empty_cache):
    (tmp_path / "copy").write_bytes(tiny[0] + b"x")
    with pytest.raises(InputError, match="Nothing was stored"):
        fetch("adult", from_file=tmp_path / "copy")
    with pytest.raises(InputError, match="can't be read"):
        fetch("adult", from_file=tmp_path / "missing")
    assert files_in(empty_cache) == []


def test_a_conversion_with_another_result_is_refused(tiny, tmp_path, empty_cache, monkeypatch):
    monkeypatch.setitem(SOURCES, "adult", replace(SOURCES["adult"], convert=lambda raw: raw))
    (tmp_path / "copy").write_bytes(tiny[0])
    with pytest.raises(InputError, match="did not give the table"):
        fetch("adult", from_file=tmp_path / "copy")
    assert files_in(empty_cache) == []


def test_an_interrupted_write_leaves_no_trace(tiny, tmp_path, empty_cache, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    (tmp_path / "copy").write_bytes(tiny[1])
    with pytest.raises(InputError, match="No space left"):
        fetch("adult", from_file=tmp_path / "copy")
    assert files_in(empty_cache) == []
