"""Files that are no action files are refused in words."""

from __future__ import annotations

import pytest

import recourse as rs
from action_file_worlds import problems, written


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("actions.toml", b"", "is empty; `recourse init`"),
        ("actions.toml", b"  \n", "is empty"),
        ("actions.json", b"", "is empty"),
        ("actions.toml", b"\xff\xfe[\x00", "is not text in UTF-8: byte 0 is 0xff"),
        ("actions.toml", b"\x80\x04K\x01.", "is not text in UTF-8"),
        ("actions.toml", b"a\x00b = 1", "is not TOML: .* line 1"),
        ("actions.toml", b"[features.a]\nbounds = [1, 2", r"is not TOML: Unclosed array .*"),
        ("actions.toml", b"version = 1\nversion = 1", r"is not TOML: "),
        ("actions.json", b"{", "is not JSON: .* line 1"),
        ("actions.json", b"[]", r"must be a JSON object with features, not \[\]"),
        ("actions.json", b'{"version": NaN}', "is not JSON: NaN is no JSON number"),
        ("actions.json", b'{"features": {"a": {}, "a": {}}}', "is not JSON: the key 'a' occurs twice"),
        ("actions.json", b"[" * 100_000, "nested too deeply"),
        ("actions.yaml", b"features: {}", "TOML or JSON, not YAML, which turns the levels"),
        ("actions.txt", b"version = 1", "must end in .toml or .json"),
    ],
)
def test_what_is_no_action_file_is_refused_in_a_sentence(X, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(rs.InputError, match=message):
        rs.read_actions(tmp_path / name, X)


def test_a_file_that_can_not_be_opened_says_why(X, tmp_path):
    with pytest.raises(rs.InputError, match=r"can't read .*nothing\.toml: No such file"):
        rs.read_actions(tmp_path / "nothing.toml", X)
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(rs.InputError, match="can't read .*: Is a directory"):
        rs.read_actions(tmp_path / "folder.toml", X)


def test_a_very_long_value_costs_no_time_to_locate(X, tmp_path):
    levels = "\n".join(f'"level {i}",' for i in range(20_000))
    path = written(tmp_path, f"[features.overdue]\nbounds = [3, 1]\n[features.housing]\nlevels = [\n{levels}\n]\n")
    assert [problem.line for problem in problems(path, X)] == [2, 3]
