"""What the command line makes of tables as other programs and other countries write them."""

from __future__ import annotations

import sys
from io import BytesIO, TextIOWrapper

import pandas as pd
import pytest

import recourse as rs
from recourse.cli.read import feature_columns, read_table

FRAME = pd.DataFrame({"age": [20, 30, 41], "income": [1.5, 2.25, 1003.0], "job": ["clerk", "infirmière", "clerk"]})


@pytest.mark.parametrize(
    ("options", "encoding"),
    [
        ({"sep": ";"}, "utf-8"),
        ({"sep": "\t"}, "utf-8-sig"),
        ({"sep": ";", "decimal": ","}, "utf-8"),
        ({}, "latin-1"),
        ({"sep": "\t"}, "utf-16"),
    ],
)
def test_separators_decimal_commas_and_encodings_are_recognised(tmp_path, options, encoding):
    path = tmp_path / "people.csv"
    FRAME.to_csv(path, index=False, encoding=encoding, **options)
    pd.testing.assert_frame_equal(read_table(path), FRAME)


def test_parquet_arrow_and_standard_input_are_read(tmp_path, monkeypatch):
    FRAME.to_parquet(tmp_path / "people.parquet")
    FRAME.to_feather(tmp_path / "people.arrow")
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(FRAME.to_csv(index=False).encode())))
    for name in (tmp_path / "people.parquet", tmp_path / "people.arrow"):
        pd.testing.assert_frame_equal(read_table(name), FRAME)
    pd.testing.assert_frame_equal(read_table(type(tmp_path)("-")), FRAME)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,234", "56", "1,000,000"], [1234, 56, 1000000]),
        (["$12.50", "-$3", "($4.25)"], [12.5, -3, -4.25]),
        (["7.5%", "10%", "NA"], [7.5, 10, None]),
        (["1.234,50 €", "3,00 €", ""], [1234.5, 3, None]),
        (["12 345", "1 000", "7"], [12345, 1000, 7]),
        (["EUR 5", "EUR 6.5", "n/a"], [5, 6.5, None]),
    ],
)
def test_numbers_as_people_write_them_are_numbers(tmp_path, texts, numbers):
    path = tmp_path / "people.csv"
    pd.DataFrame({"a": texts, "b": [1, 2, 3]}).to_csv(path, index=False)
    assert read_table(path)["a"].astype(object).where(read_table(path)["a"].notna(), None).tolist() == numbers


@pytest.mark.parametrize("texts", [["1.2.3.4", "5.6.7.8"], ["12 34", "56 7"], ["100ABC", "7XYZ"], ["2020-01-01", "1"]])
def test_what_only_looks_like_a_number_stays_a_word(tmp_path, texts):
    path = tmp_path / "people.csv"
    pd.DataFrame({"a": texts}).to_csv(path, index=False)
    assert read_table(path)["a"].tolist() == texts


@pytest.mark.parametrize("word", ["None", "NA", "null", "n/a"])
def test_a_word_for_nothing_is_a_level_among_words_and_a_gap_among_numbers(tmp_path, word):
    path = tmp_path / "people.csv"
    path.write_text(f"job,income\nclerk,1\n{word},{word}\n,3\n")
    frame = read_table(path)
    assert frame["job"].fillna("missing").tolist() == ["clerk", word, "missing"]
    assert frame["income"].isna().tolist() == [False, True, False]


def test_a_column_without_values_is_left_out_with_one_note(tmp_path, capsys):
    features = feature_columns(tmp_path / "people.csv", FRAME.assign(blank=float("nan")), None, ())
    assert list(features) == list(FRAME)
    assert capsys.readouterr().err == "note: 'blank' has no value in any row and is left out.\n"


def test_a_name_that_occurs_twice_is_refused(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("age,income,age\n1,2,3\n")
    with pytest.raises(rs.InputError, match="more than one column named 'age'"):
        read_table(path)
