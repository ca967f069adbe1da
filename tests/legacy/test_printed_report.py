"""The printed audit report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs


def test_14_the_audit_report_counts_people_without_recourse_and_means_never_absorb_inf(capsys):
    X = pd.DataFrame({"owns": [0, 0, 1, 1, 1]}, index=[9, 9, 3, 4, 5])
    audited = pd.DataFrame(
        {"feasible": [np.nan, True, False, True, False], "cost": [np.nan, 0.25, np.inf, 0.75, np.inf]}, index=X.index
    )
    y = pd.Series([1, 1, 0, 1, 1], index=X.index)
    rs.print_recourse_audit_report(X, audited, y, group_by=["y", "owns"])
    printed = capsys.readouterr().out
    assert "5 people: 1 approved already, 2 with recourse, 2 with none" in printed
    rows = {line.split("  ")[0]: line.split()[-6:] for line in printed.splitlines() if "=" in line}
    assert rows["y = 1"] == ["4", "1", "2", "1", "0.5", "0.5"]
    assert rows["owns = 1 · y = 0"] == ["1", "0", "0", "1", "–", "–"]
    assert "inf" not in printed
    with pytest.raises(rs.InputError, match="group_by: 'own' is not a column of X. Did you mean 'owns'"):
        rs.print_recourse_audit_report(X, audited, y, group_by=["own"])
    with pytest.raises(rs.InputError, match="different indexes"):
        rs.print_recourse_audit_report(X, audited, y.reset_index(drop=True))
