"""Which kind of file this is, how large it may be, and what is inside it."""

from __future__ import annotations

import pickle
import zipfile

import pytest
from click.testing import CliRunner

import recourse as rs
from recourse.cli.main import main


def test_two_gigabytes_are_refused_by_their_size_alone(tmp_path):
    file = tmp_path / "model.json"
    with file.open("wb") as handle:
        handle.write(b"{")
        handle.truncate(2 << 30)
    with pytest.raises(rs.ModelError, match="2.0 GiB; model files above 1 GiB are refused"):
        rs.load_model(file)
    with pytest.raises(rs.ModelError, match="2.0 GiB"):
        rs.inspect_model(file)


def test_the_command_line_inspects_and_says_when_a_file_would_be_refused(tmp_path):
    (tmp_path / "model.csv").write_text("feature,coefficient\nincome,0.5\n")
    result = CliRunner().invoke(main, ["model", "inspect", str(tmp_path / "model.csv")])
    assert result.exit_code == 0
    assert "coefficient of income" in result.stdout
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": 1}))
    result = CliRunner().invoke(main, ["model", "inspect", str(tmp_path / "model.pkl")])
    assert result.exit_code == 3
    assert "trust_pickle" in result.stdout
    assert CliRunner().invoke(main, ["model", "inspect", str(tmp_path / "none")]).exit_code == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x00\x01\xff\xfe\x80", "neither a model file of a known kind nor text"),
        (b"hello", "no coefficient table"),
        (b"feature,coefficient\n", "at least one coefficient"),
        (b"feature,coefficient\na,1\na,2\n", "'a' has two coefficients"),
        (b"feature,coefficient\na,1,2\n", "must have two cells"),
        (b"feature,coefficient\na,x\n", "coefficient of 'a' must be a finite number, not 'x'"),
        (b"feature,coefficient\na,nan\n", "must be a finite number"),
        (b"{", "not valid JSON"),
        (b'{"coefficients": {}}', "must have 'coefficients'"),
        (b'{"coefficients": {"a": 1}, "interccept": 2}', "not 'interccept'"),
        (b'{"coefficients": {"a": true}}', "finite number, not True"),
        (b'{"coefficients": {"a": 1%s}}' % (b"0" * 400), "finite number, not an integer beyond all floats"),
    ],
)
def test_files_that_are_no_model_are_refused_with_the_reason(tmp_path, content, message):
    file = tmp_path / "model"
    file.write_bytes(content)
    with pytest.raises(rs.ModelError, match=message):
        rs.load_model(file)


def test_a_zip_that_is_no_skops_file_and_a_file_that_is_not_there(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(rs.ModelError, match="no readable skops file"):
        rs.load_model(tmp_path / "model.skops")
    with pytest.raises(rs.ModelError, match="can't read the model file"):
        rs.load_model(tmp_path / "nothing.skops")
