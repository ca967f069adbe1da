"""`recourse flipset`: one person of a table."""

from __future__ import annotations

import io
import json

import pandas as pd

from command_line import run


def test_a_flipset_lists_what_one_person_can_do(common, loans):
    document = json.loads(run("audit", *common, "--format", "json").stdout)
    assert document["overall"]["denied"] > 0
    rows = pd.read_csv(io.StringIO(run("audit", *common, "--format", "csv").stdout))
    row = rows.index[rows["denied"]][0]
    done = run("flipset", *common, "--row", row, "--items", 3, "--immutable", "owns", "--only-down", "overdue")
    assert done.returncode == 0, done.stderr
    assert "item" in done.stdout
    assert "owns" not in done.stdout
    approved = rows.index[~rows["denied"]][0]
    assert "approved already" in run("flipset", *common, "--row", approved).stdout
