"""Damaged tables and odd options end in one line; what is written is safe to open."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import pandas as pd
import pytest

import recourse as rs

HONEST = b"a,b,y\n" + b"".join(b"%d,%d,%d\n" % (k % 7, k % 5, k % 7 > 3) for k in range(40))


def zipped(*members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


BOMB = b"a\n" + b"1\n" * (140 << 20)
PACKED = {
    "gz cut short": (".csv.gz", lambda: gzip.compress(HONEST)[:-12], "can't read"),
    "gz of words": (".csv.gz", lambda: b"hello", "can't read"),
    "gz damaged": (".csv.gz", lambda: gzip.compress(HONEST)[:20] + b"\xff" * 30, "can't read"),
    "bz2 cut short": (".csv.bz2", lambda: bz2.compress(HONEST)[:-12], "can't read"),
    "bz2 of words": (".csv.bz2", lambda: b"hello", "can't read"),
    "xz cut short": (".csv.xz", lambda: lzma.compress(HONEST)[:-12], "can't read"),
    "xz of words": (".csv.xz", lambda: b"hello", "can't read"),
    "zip of words": (".csv.zip", lambda: b"hello", "can't read"),
    "zip cut short": (".csv.zip", lambda: zipped(("a.csv", HONEST))[:-12], "can't read"),
    "zip of two": (".csv.zip", lambda: zipped(("a.csv", HONEST), ("b.csv", HONEST)), "holds 2 files"),
    "zip of none": (".csv.zip", lambda: zipped(), "holds 0 files"),
    "gz of 280 MiB": (".csv.gz", lambda: gzip.compress(BOMB, 1), "unpacks to more than 256 MiB"),
    "xz of 280 MiB": (".csv.xz", lambda: lzma.compress(BOMB, preset=0), "unpacks to more than 256 MiB"),
    "zip of 280 MiB": (".csv.zip", lambda: zipped(("a.csv", BOMB)), "unpacks to more than 256 MiB"),
    "nothing": (".csv", lambda: b"", "can't read"),
    "a BOM alone": (".csv", lambda: b"\xef\xbb\xbf", "can't read"),
    "a BOM and a line": (".csv", lambda: b"\xef\xbb\xbf\n", ""),
    "a head alone": (".csv", lambda: b"a,b,y\n", "has no rows"),
    "bytes that are no text": (".csv", lambda: b"a,b\n\xff\xfe,1\n", "has no column 'y'"),
    "a quote that never ends": (".csv", lambda: b'a,b\n"1,2\n3,4\n', "can't read"),
    "rows of other lengths": (".csv", lambda: b"a,b\n1,2\n1,2,3,4\n", "can't read"),
}


@pytest.mark.parametrize("kind", PACKED)
def test_a_damaged_or_swelling_table_is_one_line_and_exit_code_2(kind, child, tmp_path):
    ending, make, words = PACKED[kind]
    file = tmp_path / f"people{ending}"
    file.write_bytes(make())
    done = child.run("audit", file, "--target", "y", "--fit", "logistic")
    assert done.returncode == 2, (done.returncode, done.stderr[-1500:])
    *notes, error = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert all(note.startswith("note: ") for note in notes)
    assert words in error


@pytest.mark.parametrize(
    ("ending", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zip", lambda x: zipped(("a", x)))],
)
def test_an_honest_packed_table_is_read(ending, pack, child, tmp_path):
    file = tmp_path / f"people.csv{ending}"
    file.write_bytes(pack(HONEST))
    done = child.run("audit", file, "--target", "y", "--fit", "logistic")
    assert done.returncode == 0, done.stderr[-1500:]


FITTED = ("--target", "y", "--fit", "logistic")
OPTIONS = {
    "a target without a name": (("audit", "DATA", "--target", "", "--fit", "logistic"), "has no column ''"),
    "a long target": (("audit", "DATA", "--target", "y" * 300, "--fit", "logistic"), "has no column"),
    "a long output": (("audit", "DATA", *FITTED, "-o", "/tmp/" + "o" * 300), "File name too long"),
    "a long draft": (("init", "DATA", "-o", "/tmp/" + "o" * 300), "File name too long"),
    "a long model": (("audit", "DATA", "--model", "m" * 300), "File name too long"),
    "a long table": (("audit", "t" * 300, *FITTED), "File name too long"),
    "a long action file": (("audit", "DATA", *FITTED, "--actions", "t" * 300 + ".toml"), "File name too long"),
    "a seed below 0 of a simulation": (("simulate", "DATA", *FITTED, "--seed", "-1"), "--seed"),
    "a seed below 0 of the demo": (("demo", "--seed", "-1"), "--seed"),
    "a seed of 5,000 digits": (("demo", "--seed", "7" * 5000), "--seed"),
    "a row of 5,000 digits": (("flipset", "DATA", *FITTED, "--row", "7" * 5000), "--row"),
}


@pytest.mark.parametrize("kind", OPTIONS)
def test_odd_options_end_in_words_and_no_traceback(kind, child, tmp_path):
    given, words = OPTIONS[kind]
    (tmp_path / "people.csv").write_bytes(HONEST)
    done = child.run(*[tmp_path / "people.csv" if one == "DATA" else one for one in given])
    assert done.returncode in (2, 3), (done.returncode, done.stderr[-1500:])
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def hostile_people(tmp_path):
    levels = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "-9", "plain"]
    frame = pd.DataFrame({"=a": [k % 7 - 3 for k in range(70)], "word": [levels[k % 7] for k in range(70)]})
    frame["y"] = (frame["=a"] > 0).astype(int)
    frame.to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv"


def test_words_that_a_spreadsheet_would_run_get_a_quote_and_numbers_none(child, tmp_path):
    file = hostile_people(tmp_path)
    given = ("flipset", file, *FITTED, "--row", 0, "--items", 20, "--format", "csv", "--max-changes", 2)
    raw = child.run(*given, "--raw-csv")
    done = child.run(*given)
    assert (raw.returncode, done.returncode) == (0, 0), raw.stderr + done.stderr
    safe, plain = (pd.read_csv(io.StringIO(one.stdout), dtype=str).fillna("") for one in (done, raw))
    cells = [*safe.columns, *safe.to_numpy().ravel()]
    dangerous = [one for one in cells if one.startswith(("=", "+", "@", "\t"))]
    assert dangerous == []
    assert any(one.startswith("'=") for one in cells)
    assert any(one.startswith("=") for one in [*plain.columns, *plain.to_numpy().ravel()])
    assert [one.removeprefix("'") for one in cells] == [*plain.columns, *plain.to_numpy().ravel()]
    assert not any(one.startswith("'-3") for one in cells)


def test_what_a_terminal_obeys_is_spelled_out_in_text_and_html(child, tmp_path):
    name = "a\x1b[2J\u202eb"
    text = HONEST.decode().replace("a,b,y", f"{name},b,y", 1)
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    for kind in ("text", "html"):
        done = child.run("flipset", tmp_path / "people.csv", *FITTED, "--row", 0, "--format", kind)
        assert done.returncode == 0, done.stderr[-1500:]
        assert "a\\x1b[2J\\u202eb" in done.stdout
        assert "\x1b" not in done.stdout + done.stderr
        assert "\u202e" not in done.stdout + done.stderr
    done = child.run("audit", tmp_path / "people.csv", "--target", "\x1b[31m", "--fit", "logistic")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr


def test_lines_and_tabs_stay():
    assert rs.errors.spelled_out("a\n\tb é") == "a\n\tb é"
