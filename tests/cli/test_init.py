"""`recourse init`: drafts of action files."""

from __future__ import annotations

import json

from command_line import run


def test_a_draft_of_the_actions_is_written_checked_and_used(loans, common, tmp_path):
    text = run("init", loans, "--target", "good")
    assert text.returncode == 0, text.stderr
    assert run("init", loans, "--target", "good", "-o", "actions.toml", cwd=tmp_path).returncode == 0
    path = tmp_path / "actions.toml"
    assert path.read_text(encoding="utf-8") == text.stdout
    done = run("check", path, loans, "--target", "good")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("actions.toml is sound: 5 features, 5 of them actionable; constraints: 0\n")
    assert "note: 'income': 4 of 150 people are outside the bounds" in done.stdout
    plain, read = (run("audit", *common, *more, "--format", "json") for more in ([], ["--actions", path]))
    assert json.loads(plain.stdout)["overall"] == json.loads(read.stdout)["overall"]
