"""The lender follows its equations, and no public table is used or stored unless its bytes are right."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recourse.datasets import available, cache_folder, fetch, lender, lender_intervene, load
from recourse.datasets.registry import SOURCES
from recourse.errors import InputError, RecourseError

FEATURES = ["gender", "age", "education", "loan_amount", "loan_duration", "income", "savings"]


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


# --- the lender -------------------------------------------------------------------------------------------


def test_the_lender_approves_as_many_as_published():
    data = lender(1_000_000, random_state=1)
    rates = data.y.groupby(data.X["gender"]).mean()
    assert data.y.mean() == pytest.approx(0.519, abs=0.003)
    assert rates[0] == pytest.approx(0.563, abs=0.006)
    assert rates[1] == pytest.approx(0.475, abs=0.006)


def test_the_lender_follows_each_published_equation():
    X = lender(200_000, random_state=2).X
    g, a, e, loan, time, income, savings = (X[column].to_numpy(float) for column in FEATURES)

    def sigmoid(v):
        return 1 / (1 + np.exp(-v))

    noise = {  # what is left of each column is N(0, variance), unrelated to what causes it
        0.25: np.log((e + 0.5) / (0.5 - e)) - (-1 + 0.5 * g + sigmoid(0.1 * a)),
        4: loan - (1 + 0.01 * (a - 5) * (5 - a) + g),
        9: time - (-1 + 0.1 * a + 2 * g + loan),
        4.0001: income - (-4 + 0.1 * (a + 35) + 2 * g + g * e),
        25: savings - (-4 + 1.5 * (income > 0) * income),
    }
    for variance, left in noise.items():
        assert left.mean() == pytest.approx(0, abs=0.03)
        assert left.var() == pytest.approx(variance, rel=0.02)
        assert abs(np.corrcoef(left, a)[0, 1]) < 0.01
        assert abs(np.corrcoef(left, g)[0, 1]) < 0.01
    assert g.mean() == pytest.approx(0.5, abs=0.005)
    assert a.mean() == pytest.approx(-35 + 10 * 3.5, abs=0.1)
    assert a.var() == pytest.approx(10 * 3.5**2, rel=0.02)


def test_the_same_seed_gives_the_same_people_and_leaves_the_global_one_alone():
    before = np.random.get_state()[1].copy()
    pd.testing.assert_frame_equal(lender(50, random_state=3).frame, lender(50, random_state=3).frame)
    assert not lender(50, random_state=3).X.equals(lender(50, random_state=4).X)
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "10", None])
def test_the_lender_refuses_a_number_of_people_that_is_none(n):
    with pytest.raises(InputError, match="whole number"):
        lender(n)


def test_a_dataset_is_frozen_and_says_what_it_is():
    data = lender(1000)
    assert repr(data).startswith("Dataset('lender': 1,000 people × 7 features, favourable approved = 1 for ")
    assert any("not evidence about lending" in harm for harm in data.known_harms)
    with pytest.raises(FrozenInstanceError):
        data.name = "other"


# --- its interventions ------------------------------------------------------------------------------------


def test_changing_nothing_changes_nothing():
    X = lender(100).X
    pd.testing.assert_frame_equal(lender_intervene(X, {}), X, check_dtype=False, check_exact=True)
    same = lender_intervene(X, {"age": X["age"], "income": X["income"]})
    pd.testing.assert_frame_equal(same, X, check_dtype=False, check_exact=True)


@given(st.sampled_from(FEATURES), st.floats(-3, 3))
def test_an_intervention_moves_only_what_it_causes(column, value):
    X = lender(30, random_state=5).X
    causes = {
        "gender": ["education", "loan_amount", "loan_duration", "income", "savings"],
        "age": ["education", "loan_amount", "loan_duration", "income", "savings"],
        "education": ["income", "savings"],
        "loan_amount": ["loan_duration"],
        "income": ["savings"],
    }
    after = lender_intervene(X, {column: value})
    assert (after[column] == value).all()
    for other in FEATURES:
        if other != column and other not in causes.get(column, []):
            assert (after[other] == X[other]).all()


def test_interventions_keep_everyones_own_noise():
    X = lender(1000, random_state=6).X.set_axis(range(500, 1500))
    after = lender_intervene(X, {"age": X["age"] + 10})
    assert after.index.equals(X.index)
    np.testing.assert_allclose(
        after["loan_duration"] - X["loan_duration"], 1.0 + after["loan_amount"] - X["loan_amount"]
    )
    kink = 1.5 * (after["income"].clip(lower=0) - X["income"].clip(lower=0))
    np.testing.assert_allclose(after["savings"] - X["savings"], kink)
    logit = [np.log((table["education"] + 0.5) / (0.5 - table["education"])) for table in (X, after)]
    shift = 1 / (1 + np.exp(-0.1 * after["age"])) - 1 / (1 + np.exp(-0.1 * X["age"]))
    np.testing.assert_allclose(logit[1] - logit[0], shift)
    back = lender_intervene(after, {"age": X["age"]})
    np.testing.assert_allclose(back.to_numpy(), X.to_numpy(float), atol=1e-9)


def test_an_intervention_gives_the_population_that_the_model_would_generate():
    women = lender_intervene(lender(300_000, random_state=7).X, {"gender": 1})
    drawn = lender(300_000, random_state=8).X.query("gender == 1")
    for column in FEATURES:
        assert women[column].mean() == pytest.approx(drawn[column].mean(), abs=0.12)


def test_interventions_refuse_what_they_cannot_mean():
    X = lender(3).X
    with pytest.raises(InputError, match="Did you mean 'income'"):
        lender_intervene(X, {"incom": 1})
    with pytest.raises(InputError, match="'savings' is not in this table"):
        lender_intervene(X.drop(columns="savings"), {"income": 1})
    for bad in ([1, 2], "much"):
        with pytest.raises(InputError, match="one for each of 3 people"):
            lender_intervene(X, {"income": bad})


# --- loading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rows", "features", "favourable"),
    [
        ("credit", 30_000, 17, 23_364),
        ("german", 1_000, 27, 700),
        ("german_raw", 1_000, 20, 700),
        ("compas", 6_907, 9, None),
        ("adult", 32_561, 13, 7_841),
    ],
)
def test_each_public_table_loads_as_described(needs_data, name, rows, features, favourable):
    data = load(name, data_home=needs_data(name).parent)
    assert data.X.shape == (rows, features)
    assert data.y.index.equals(data.X.index)
    assert len(data.frame) == SOURCES[name].rows
    assert not data.X.isna().any(axis=None)
    assert data.target not in data.X
    assert data.y.nunique() == 2
    pd.testing.assert_frame_equal(data.frame.loc[data.X.index, list(data.X)], data.X)
    if favourable:
        assert (data.y == data.desired).sum() == favourable
    assert data.licence
    assert data.citation
    assert data.known_harms


def test_compas_features_are_the_benchmarks_and_never_the_outcome(needs_data):
    data = load("compas", data_home=needs_data("compas").parent)
    assert set(data.X) == {
        *("sex", "age", "race", "juv_fel_count", "juv_misd_count", "juv_other_count"),
        *("priors_count", "length_of_stay_days", "c_charge_degree"),
    }
    assert data.desired == 0


def test_the_oddities_that_the_docstrings_state_are_there(needs_data):
    credit = load("credit", data_home=needs_data("credit").parent).X
    ages = credit[["Age_lt_25", "Age_in_25_to_40", "Age_in_40_to_59", "Age_geq_60"]].sum(axis=1)
    assert (ages > 1).any()
    assert (credit["Married"] + credit["Single"] == 0).any()
    german = load("german", data_home=needs_data("german").parent).frame
    raw = load("german_raw", data_home=needs_data("german_raw").parent).frame
    assert ((german["MissedPayments"] == 0) == (raw["credit_history"] == "A33")).all()
    assert ((german["ForeignWorker"] == 1) == (raw["foreign_worker"] == "A202")).all()
    assert (german.loc[german["Gender"] == "Female", "Single"] == 0).all()
    assert (german["OtherLoansAtStore"] == 0).all()
    compas = load("compas", data_home=needs_data("compas").parent).X
    assert (compas["length_of_stay_days"] < 0).any()
    adult = load("adult", data_home=needs_data("adult").parent).frame
    assert adult.duplicated().sum() == 24
    assert (adult == "?").any(axis=1).mean() == pytest.approx(0.07, abs=0.005)


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


# --- fetching ---------------------------------------------------------------------------------------------


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


# --- conversions ------------------------------------------------------------------------------------------


def body(table: bytes) -> bytes:
    return table.split(b"\n", 1)[1]


def test_the_published_adult_file_becomes_our_table(needs_data):
    table = needs_data("adult").read_bytes()
    raw = body(table).replace(b",", b", ") + b"\n"
    assert sha256(raw) == SOURCES["adult"].url_sha256  # so this is UCI's adult.data, byte for byte
    assert SOURCES["adult"].convert(raw) == table


def test_the_published_german_file_becomes_both_our_tables(needs_data):
    raw = body(needs_data("german_raw").read_bytes()).replace(b",", b" ")
    assert sha256(raw) == SOURCES["german"].url_sha256 == SOURCES["german_raw"].url_sha256
    assert SOURCES["german_raw"].convert(raw) == needs_data("german_raw").read_bytes()
    assert SOURCES["german"].convert(raw) == needs_data("german").read_bytes()


def test_the_credit_conversion_undoes_its_inverse(needs_data):
    table = needs_data("credit").read_bytes()
    header, rows = table.split(b"\n", 1)
    raw = b"\n".join([header, *(row.replace(b",", b".0,", 1) for row in rows.split(b"\n"))])
    assert sha256(raw) == SOURCES["credit"].url_sha256
    assert len(raw) == 1_362_894  # the published file's size
    assert SOURCES["credit"].convert(raw) == table


def test_the_compas_conversion_keeps_no_names_and_counts_days():
    raw = (
        b"id,name,dob,sex,age,race,juv_fel_count,decile_score,juv_misd_count,juv_other_count,priors_count,"
        b"days_b_screening_arrest,c_jail_in,c_jail_out,c_charge_degree,is_recid,decile_score,score_text,"
        b"priors_count,two_year_recid\n"
        b"1,a b,1950-01-01,Male,60,Other,0,1,0,0,2,-1,2013-01-01 06:00:00,2013-01-02 05:30:00,F,0,1,Low,2,0\n"
        b"2,c d,1990-01-01,Female,30,Other,0,7,0,0,0,,,,M,1,7,Medium,0,1\n"
    )
    assert SOURCES["compas"].convert(raw).decode().splitlines() == [
        "sex,age,race,juv_fel_count,juv_misd_count,juv_other_count,priors_count,days_b_screening_arrest,"
        "length_of_stay_days,c_charge_degree,is_recid,two_year_recid,decile_score,score_text",
        "Male,60,Other,0,0,0,2,-1.0,0.98,F,0,0,1,Low",
        "Female,30,Other,0,0,0,0,,,M,1,1,7,Medium",
    ]


def test_the_compas_table_is_written_as_the_conversion_writes(needs_data):
    table = needs_data("compas").read_bytes()
    frame = pd.read_csv(needs_data("compas"))
    days = frame["length_of_stay_days"]
    seconds = (days * 86_400).round()  # these round to the days in the table; the real ones are not known here
    seconds = seconds.where((days != 0) | ~np.signbit(days), -60)  # a stay of −1 minute is written −0.0
    start = pd.Timestamp("2013-01-01")
    frame["c_jail_in"] = start
    frame["c_jail_out"] = start + pd.to_timedelta(seconds, unit="s")
    frame.loc[frame["length_of_stay_days"].isna(), "c_jail_in"] = pd.NaT
    raw = frame.drop(columns="length_of_stay_days").to_csv(index=False).encode()
    assert SOURCES["compas"].convert(raw) == table
