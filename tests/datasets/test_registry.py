"""The public tables: each is as described, and made of its public file by its conversion."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from recourse.datasets import load
from recourse.datasets.registry import SOURCES


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def body(table: bytes) -> bytes:
    return table.split(b"\n", 1)[1]


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


def test_every_source_states_all_that_must_be_known():
    assert list(SOURCES) == [source.name for source in SOURCES.values()]
    for source in SOURCES.values():
        assert all(len(checksum) == 64 for checksum in (source.sha256, source.url_sha256))
        assert source.licence
        assert source.citation
        assert source.description
        assert source.known_harms
        assert all(harm.endswith(".") for harm in source.known_harms)
