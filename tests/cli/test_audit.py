"""`recourse audit`: everybody, by group, and what is left undecided."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pandas as pd
import pytest

import recourse as rs
from command_line import run, run_process


def test_an_audit_prints_who_has_recourse_by_group(common):
    done = run("audit", *common, "--group-by", "region", "--group-by", "owns", "--cross")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Audit of 150 people")
    assert "region × owns" in done.stdout
    assert "note: " in done.stderr


def test_json_and_csv_are_complete_and_the_same_every_time(common):
    one, other = (run_process("audit", *common, "--format", "json", PYTHONHASHSEED=seed) for seed in "12")
    assert one.stdout == other.stdout
    document = json.loads(one.stdout)
    assert document["overall"]["n"] == 150
    table = run("audit", *common, "--format", "csv")
    rows = pd.read_csv(io.StringIO(table.stdout))
    assert len(rows) == 150
    assert rows["denied"].sum() == document["overall"]["denied"]


def test_undecided_people_show_in_the_exit_code(common):
    done = run("audit", *common, "--time-limit", 0)
    assert done.returncode == 4
    assert "undecided" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_ctrl_c_prints_what_is_done_and_says_so(tmp_path):
    lender = rs.datasets.lender(20_000).frame
    lender.to_csv(tmp_path / "loans.csv", index=False)
    code = (
        "import recourse as rs, os, signal\n"
        "from recourse.cli.main import main\n"
        "whole = rs.audit\n"
        "def audit(*args, **kwargs):\n"
        "    kwargs['progress'] = lambda done, total: os.kill(os.getpid(), signal.SIGINT)\n"
        "    return whole(*args, **kwargs)\n"
        "rs.audit = audit\n"
        "main(['audit', 'loans.csv', '--target', 'approved', '--fit', 'logistic'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 4, done.stderr
    assert "Stopped early" in done.stdout
