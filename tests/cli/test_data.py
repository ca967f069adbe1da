"""`recourse data`: public data sets."""

from __future__ import annotations

from command_line import run


def test_data_sets_are_listed():
    done = run("data", "list")
    assert done.returncode == 0
    for name in ("lender", "credit", "german", "compas", "adult"):
        assert name in done.stdout
