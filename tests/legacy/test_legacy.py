"""What actionable-recourse got wrong, point by point, and that its names and numbers are otherwise kept."""

from __future__ import annotations

import importlib
import itertools
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import interp1d
from scipy.stats import gaussian_kde
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import recourse as rs


@pytest.fixture
def people():
    """A table, a classifier, an action set, and somebody denied."""
    rng = np.random.default_rng(7)
    X = pd.DataFrame(
        {
            "owns": rng.integers(0, 2, 200),
            "overdue": rng.integers(0, 9, 200),
            "income": np.round(rng.gamma(4.0, 2.0, 200), 1),
        }
    )
    y = (X["income"] - X["overdue"] + 2 * X["owns"] + rng.normal(size=200) > 5).astype(int)
    clf = LogisticRegression().fit(X, y)
    return X, y, clf, rs.ActionSet(X)


def denied(X, clf):
    return X[clf.predict(X) == 0]


# -- the 18 points -----------------------------------------------------------------------------------


def test_1_setting_bounds_step_size_or_step_type_changes_the_actions(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    A[["owns", "income"]].actionable = False
    A["overdue"].bounds = (0, 8)
    assert A["overdue"].grid.tolist() == list(range(9))
    A["overdue"].step_size = 0.5
    assert A["overdue"].grid.tolist() == [0, 4, 8]
    A["overdue"].step_size, A["overdue"].step_type = 3, "absolute"
    assert A["overdue"].grid.tolist() == [0, 3, 6, 8]
    A["overdue"].bounds = (1, 3)
    assert A["overdue"].grid.tolist() == [1, 3]
    found = rs.Flipset(x, A, clf=clf).populate().df
    assert all(new in (1, 3) for values in found["x_new"] for new in values)


def test_2_an_unknown_attribute_raises(people):
    *_, A = people
    for place in (A, A["owns"], A[["owns", "income"]]):
        with pytest.raises(AttributeError, match="Did you mean 'mutable'"):
            place.mutabel = False


def test_3_the_users_action_set_frame_and_seeds_are_never_changed(people):
    X, y, clf, A = people
    frame, settings, state = X.copy(), A.df, np.random.get_state()[1].copy()
    x = denied(X, clf).iloc[0]
    rs.Flipset(x, A, clf=clf).populate(total_items=3)
    rs.RecourseBuilder(A, x=x, clf=clf).fit()
    audited = rs.RecourseAuditor(A, clf=clf).audit(X)
    rs.print_recourse_audit_report(X, audited, y)
    pd.testing.assert_frame_equal(X, frame)
    pd.testing.assert_frame_equal(A.df, settings)
    assert (np.random.get_state()[1] == state).all()


def test_3_an_alignment_with_another_model_never_gives_a_false_no_recourse(people):
    X, _, clf, A = people
    expected = rs.RecourseAuditor(A, clf=clf).audit(X)
    A.align(coefficients=-clf.coef_)
    assert not any(A.compatible) or A.flip_direction == [-1, 1, -1]
    pd.testing.assert_frame_equal(rs.RecourseAuditor(A, clf=clf).audit(X), expected)


def test_4_grids_never_overshoot_the_upper_bound(people):
    *_, A = people
    A["income"].bounds, A["income"].step_type, A["income"].step_size = (1, 6), "absolute", 4
    assert A["income"].grid.tolist() == [1, 5, 6]
    for feature in A:
        assert feature.grid.max() == feature.ub


@pytest.mark.parametrize("percentiles", ["empirical", "kde"])
@pytest.mark.parametrize("grid", ["steps", "legacy"])
def test_5_constant_and_near_constant_features_work(people, percentiles, grid):
    X, y, _, _ = people
    X = X.assign(same=3, rare=[1.5, *[2.5] * (len(X) - 1)], off=0)
    clf = LogisticRegression().fit(X, y)
    A = rs.ActionSet(X, percentiles=percentiles, grid=grid)
    audited = rs.RecourseAuditor(A, clf=clf).audit(X)
    assert audited["feasible"].notna().sum() == (clf.predict(X) == 0).sum()
    assert np.isfinite(rs.Flipset(denied(X, clf).iloc[0], A, clf=clf).populate().df["cost"].astype(float)).all()


def test_6_subset_limits_attach_to_the_right_columns_and_accept_immutable_members():
    X = pd.DataFrame({"z": [5, 6, 7], "a": [1, 0, 0], "b": [0, 1, 0], "c": [0, 0, 1]})
    A = rs.ActionSet(X)
    A[["z", "c"]].actionable = False
    number = A.add_constraint("subset_limit", names=["c", "a", "b"], lb=0, ub=1)
    model = {"coefficients": [0, -2, 2, 3], "intercept": -1}
    fs = rs.Flipset([5, 1, 0, 0], A, **model).populate()
    assert fs.items == [{"z": 0, "a": -1, "b": 1, "c": 0}]
    assert rs.Flipset([7, 0, 0, 1], A, coefficients=[0, -2, 5, 3], intercept=-4).populate().items == []
    A.remove_constraint(number)
    assert {"z": 0, "a": 0, "b": 1, "c": 0} in rs.Flipset([5, 0, 0, 0], A, **model).populate().items


def test_6_a_subset_limit_of_one_means_exactly_one_unless_a_reference_level_is_dropped():
    whole = pd.DataFrame({"a": [1, 0, 0], "b": [0, 1, 0], "c": [0, 0, 1]})
    model = {"coefficients": [-1, -1, -1], "intercept": 0.5}
    A = rs.ActionSet(whole)
    A.add_constraint("subset_limit", names=["a", "b", "c"], lb=0, ub=1)
    fs = rs.Flipset([1, 0, 0], A, **model).populate()
    assert len(fs) == 0, "nobody has none of the three"
    dropped = whole[["a", "b"]]
    A = rs.ActionSet(dropped)
    A.add_constraint("subset_limit", names=["a", "b"], lb=0, ub=1)
    fs = rs.Flipset([1, 0], A, coefficients=[-1, -1], intercept=0.5).populate()
    assert fs.items == [{"a": -1, "b": 0}]


def test_7_order_never_depends_on_hashing():
    code = (
        "import pandas as pd, recourse as rs;"
        "X = pd.DataFrame({n: [0, 1, 2, 3] for n in ('delta', 'alpha', 'charlie', 'bravo')});"
        "print(rs.Flipset([0, 0, 0, 0], rs.ActionSet(X), coefficients=[1, 1, 1, 1], intercept=-1).populate().df)"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
    assert b"delta" in answers.pop()


def test_8_a_time_limit_is_never_no_recourse(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    fs = rs.Flipset(x, A, clf=clf).populate(time_limit=0)
    assert len(fs) == 0
    assert "No Recourse" not in fs.to_html() + fs.to_latex()
    assert "the budget ran out" in fs.to_html()
    info = rs.RecourseBuilder(A, x=x, clf=clf).fit(time_limit=0)
    assert np.isnan(info["feasible"])
    assert info["status"] == "unknown"
    assert info["lowerbound"] < np.inf


def test_8_running_out_of_time_keeps_the_actions_at_hand(monkeypatch):
    X = pd.DataFrame({f"x{k}": [0, 1, 2] for k in range(8)})
    whole = rs.Flipset([0] * 8, rs.ActionSet(X), coefficients=[1] * 8, intercept=-0.5).populate(float("inf"))
    assert len(whole) == 255, "every set of features but the empty one"
    assert whole.reason == "There are no more than 255 such actions."
    module = importlib.import_module("recourse.flipsets.flipset")
    ask = module.solve_items
    late = {"budget": rs.Budget(0)}
    monkeypatch.setattr(
        module,
        "solve_items",
        lambda *a, total_items, **k: ask(*a, total_items=total_items, **{**k, **(late if total_items > 64 else {})}),
    )
    part = rs.Flipset([0] * 8, rs.ActionSet(X), coefficients=[1] * 8, intercept=-0.5).populate(float("inf"))
    assert [info["cost"] for info in part.solutions_info] == [info["cost"] for info in whole.solutions_info[:64]]
    assert "Stopped after 64 items" in part.reason


def test_8_an_interrupted_audit_is_never_no_recourse(people, monkeypatch):
    X, _, clf, A = people
    audit = rs.audit
    monkeypatch.setattr("recourse.legacy.auditor.audit", lambda *a, **k: audit(*a, **k, time_limit=0))
    with pytest.warns(UserWarning, match="people are undecided"):
        audited = rs.RecourseAuditor(A, clf=clf).audit(X)
    assert not (audited["feasible"] == False).any()  # noqa: E712
    assert np.isinf(audited["cost"]).sum() == len(denied(X, clf))


def test_8_a_model_that_is_not_linear_is_solved_too(people):
    X, y, _, _ = people
    clf = RandomForestClassifier(5, max_depth=3, random_state=0).fit(X, y)
    A = rs.ActionSet(X, default_bounds=(10, 90, "percentile"))
    A["income"].step_size = 0.25
    fs = rs.Flipset(denied(X, clf).iloc[0], A, clf).populate(total_items=2)
    assert fs.df["flipped"].all()
    assert len(fs)


def test_9_nothing_to_change_nobody_denied_and_somebody_approved_are_empty_results_with_a_reason(people):
    X, _, clf, A = people
    approved = X[clf.predict(X) == 1]
    fs = rs.Flipset(approved.iloc[0], A, clf=clf).populate()
    assert (len(fs), list(fs.df.columns)[:2]) == (0, ["cost", "size"])
    assert "approved already" in fs.reason
    assert "approved already" in fs.to_html()
    info = rs.RecourseBuilder(A, x=approved.iloc[0], clf=clf).fit()
    assert info["status"] == "approved already"
    assert rs.RecourseAuditor(A, clf=clf).audit(approved).isna().all(axis=None)
    A.actionable = False
    fs = rs.Flipset(denied(X, clf).iloc[0], A, clf=clf).populate()
    assert "no feature is actionable" in fs.reason
    assert "No Recourse" in fs.to_html()
    assert "No Recourse" in fs.to_latex()
    assert len(fs.to_flat_df()) == 0
    assert rs.RecourseBuilder(A, x=denied(X, clf).iloc[0], clf=clf).fit()["feasible"] is False


@pytest.mark.parametrize("labels", [(0, 1), (-1, 1)])
@pytest.mark.parametrize("y_desired", [1, 0, -1])
def test_10_a_score_exactly_on_the_boundary_follows_the_models_own_predict(labels, y_desired):
    X = pd.DataFrame({"a": np.arange(-4, 5)})
    clf = LogisticRegression().fit(X, np.array(labels)[(X["a"] > 0).astype(int)])
    clf.coef_[:], clf.intercept_[:] = [[1.0]], 0.0
    A = rs.ActionSet(X, y_desired=y_desired, default_bounds=(-4, 4))
    wanted = labels[1] if y_desired == 1 else labels[0]
    audited = rs.RecourseAuditor(A, clf).audit(X)
    assert (audited["feasible"].isna() == (clf.predict(X) == wanted)).all()
    start = [-2] if y_desired == 1 else [2]
    fs = rs.Flipset(start, A, clf=clf).populate(total_items=1)
    assert fs.df["x_new"].tolist() == [[1]] if y_desired == 1 else [[0]]
    same = rs.RecourseAuditor(A, coefficients=[1.0], intercept=[0.0]).audit(X)
    pd.testing.assert_frame_equal(same, audited)


def test_10_thresholds_and_margins_are_offered(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    chance = clf.predict_proba(rs.flipset(rs.as_model(clf, threshold=0.9), x, A, cost="local").x_new)[:, 1]
    fs = rs.Flipset(x, A, clf=clf, threshold=0.9).populate()
    assert (chance >= 0.9).all()
    assert (1 / (1 + np.exp(-fs.df["score_new"].astype(float))) >= 0.9 - 1e-12).all()
    assert (rs.Flipset(x, A, clf=clf, margin=0.5).populate().df["score_new"] >= 0.5).all()
    assert (
        rs.Flipset(x, A, coefficients=clf.coef_, intercept=clf.intercept_, margin=0.5).populate().df["flipped"]
    ).all()


def test_11_flipped_compares_labels(people):
    X, _, clf, A = people
    fs = rs.Flipset(denied(X, clf).iloc[0], A, clf=clf).populate()
    assert (fs.df["yhat_new"] == 1).all()
    assert fs.df["flipped"].all()
    assert fs.df["flipped"].map(type).eq(bool).all()


def test_flipsets_are_never_padded_with_moves_that_hurt(people):
    X, _, clf, A = people
    for _, x in denied(X, clf).iloc[:5].iterrows():
        for info in rs.Flipset(x, A, clf=clf).populate(total_items=float("inf")).solutions_info:
            assert (info["actions"] * clf.coef_[0] >= 0).all()


def test_12_populate_again_starts_afresh(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    fs = rs.Flipset(x, A, clf=clf)
    assert fs.populate(total_items=4) is fs
    first = fs.df
    pd.testing.assert_frame_equal(fs.populate(total_items=4).df, first)
    pd.testing.assert_frame_equal(
        fs.populate(total_items=4, cost_type="max").df, rs.Flipset(x, A, clf=clf).populate(4, cost_type="max").df
    )
    builder = rs.RecourseBuilder(A, x=x, clf=clf)
    counts = [len(builder.populate(total_items=3)) for _ in range(2)]
    assert counts == [len(fs.populate(3))] * 2
    builder.x = denied(X, clf).iloc[1]
    assert builder.fit()["cost"] == rs.RecourseBuilder(A, x=denied(X, clf).iloc[1], clf=clf).fit()["cost"]


def test_13_y_desired_is_honoured_everywhere_and_idempotent(people):
    X, _, clf, A = people
    A.align(clf)
    up = A.flip_direction
    for _ in range(2):
        A.y_desired = 0
        assert A.y_desired == -1
        assert A.flip_direction == [-one for one in up]
    approved = X[clf.predict(X) == 1]
    after = rs.Flipset(approved.iloc[0], A, clf=clf).populate().df
    assert (after["yhat_new"] == 0).all()
    assert after["flipped"].all()
    audited = rs.RecourseAuditor(A, clf=clf).audit(X)
    assert (audited["feasible"].isna() == (clf.predict(X) == 0)).all()
    assert rs.RecourseBuilder(A, x=approved.iloc[0], clf=clf).fit()["feasible"]
    assert rs.flipset(clf, approved.iloc[0], A).rule == "prediction = 0"
    assert rs.audit(clf, X, A).overall["denied"] == len(approved)
    assert (rs.RecourseAuditor(A, clf=clf).audit(X, y_desired=1)["feasible"].isna() == (clf.predict(X) == 1)).all()
    A.y_desired = 1
    assert A.flip_direction == up
    with pytest.raises(rs.InputError, match="y_desired must be 1, 0 or −1"):
        A.y_desired = "good"


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


def test_15_moves_at_no_price_are_kept():
    X = pd.DataFrame({"a": np.arange(10.0)})
    A = rs.ActionSet(X, percentiles="kde", grid="legacy")
    A["a"].bounds, A["a"].step_type, A["a"].step_size = (0, 20), "absolute", 1
    info = rs.RecourseBuilder(A, x=[25.0], coefficients=[-1.0], intercept=20.5).fit()
    assert info["feasible"]
    A = rs.ActionSet(X)
    A["a"].bounds, A["a"].step_type, A["a"].step_size = (0, 20), "absolute", 1
    info = rs.RecourseBuilder(A, x=[15.0], coefficients=[1.0], intercept=-18.5).fit()
    assert (info["feasible"], info["cost"]) == (True, 0.0)


@pytest.mark.parametrize("percentiles", ["empirical", "kde"])
def test_15_percentiles_are_monotone_everywhere_outside_the_bounds_too(people, percentiles):
    X, *_ = people
    A = rs.ActionSet(X, percentiles=percentiles)
    for feature in A:
        F = feature.percentile(np.linspace(-50, 80, 500))
        assert (np.diff(F) >= 0).all()
        assert ((F > 0) & (F < 1)).all()


def test_16_numpy_scalars_integer_names_any_index_and_any_column_order_work(people):
    X, y, *_ = people
    X = X.assign(owns=X["owns"].astype(bool)).rename(columns={"overdue": 7})
    clf = LogisticRegression().fit(X.rename(columns=str), y)
    X = X.rename(columns=str)
    A = rs.ActionSet(X)
    A["7"].bounds, A["7"].step_size = (np.int64(0), np.float32(8)), np.float64(0.5)
    twice = pd.concat([X.iloc[:40], X.iloc[:40]])[["income", "owns", "7"]]
    audited = rs.RecourseAuditor(A, clf=clf).audit(twice)
    assert audited.index.equals(twice.index)
    pd.testing.assert_frame_equal(audited.iloc[:40], audited.iloc[40:])
    x = X[clf.predict(X) == 0].iloc[0]
    forms = [x, x.to_dict(), x.to_list(), x.to_numpy(), X[clf.predict(X) == 0].iloc[[0]], x[["income", "7", "owns"]]]
    frames = [rs.Flipset(one, A, clf=clf).populate(total_items=np.int64(3)).df for one in forms]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0])
    numbers = rs.ActionSet(X.rename(columns={"owns": 0, "7": 1, "income": 2}))
    by_position = LogisticRegression().fit(X.to_numpy(dtype=float), y)
    found = rs.Flipset(x.to_numpy(), numbers, by_position).populate(1)
    assert set(found.items[0]) == {0, 1, 2}


def test_16_unknown_columns_and_missing_values_are_errors_that_name_the_column(people):
    X, _, clf, A = people
    with pytest.raises(rs.InputError, match="no column 'income'. Did you mean 'incom'"):
        rs.RecourseAuditor(A, clf=clf).audit(X.rename(columns={"income": "incom"}))
    with pytest.raises(rs.InputError, match="no value for 'income'"):
        rs.Flipset({"owns": 1, "overdue": 2}, A, clf=clf)
    with pytest.raises(rs.InputError, match=r"column 'income' is missing in 1 row \(0\)"):
        rs.RecourseAuditor(A, clf=clf).audit(X.assign(income=X["income"].where(X.index > 0)))


def test_17_standardised_and_encoded_models_are_solved_in_raw_units(people):
    X, y, *_ = people
    clf = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    A = rs.ActionSet(X)
    A.align(clf)
    assert A.flip_direction == [1, -1, 1]
    fs = rs.Flipset(denied(X, clf).iloc[0], A, clf=clf).populate()
    for line in fs.df.itertuples():
        for name, new in zip(line.features, line.x_new, strict=True):
            assert new in A[name].grid
    table = X.assign(job=np.where(X["income"] > 8, "office", "field"))
    encode = make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough")
    clf = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(table, y)
    A = rs.ActionSet(table)
    A[["overdue", "income"]].actionable = False
    found = rs.Flipset(denied(table, clf).iloc[0], A, clf=clf).populate()
    assert found.df["flipped"].all()
    jobs = [action["job"] for action in found.items]
    assert set(jobs) <= {0.0, "office", "field"}


def test_18_zero_coefficients_matter_when_a_joint_constraint_needs_the_feature():
    X = pd.DataFrame({"a": [1, 0], "b": [0, 1]})
    A = rs.ActionSet(X)
    A.add_constraint("subset_limit", names=["a", "b"], lb=1, ub=1)
    fs = rs.Flipset([1, 0], A, coefficients=[0.0, 1.0], intercept=-0.5).populate()
    assert fs.items == [{"a": -1, "b": 1}]


# -- the old definitions, on their own ---------------------------------------------------------------


def old_grid(values, lb, ub, step, step_type, whole):
    start, stop = (np.floor(lb), np.ceil(ub)) if whole else (lb, ub)
    step = step * (stop - start) if step_type == "relative" else step
    return np.arange(start, stop + (np.ceil(step) if whole else step), np.ceil(step) if whole else step)


def old_percentile(values, menus):
    pdf = gaussian_kde(values)(menus)
    cdf = (1e-6 + np.cumsum(pdf)) / (pdf.sum() + 2e-6)
    return interp1d(menus, cdf, bounds_error=False, fill_value=(1e-6, 1 - 1e-6))


@pytest.mark.parametrize("cost", ["local", "total", "max"])
@pytest.mark.parametrize("seed", range(4))
def test_costs_equal_the_old_definitions_under_the_compatibility_settings(cost, seed):
    """Every action of three features that helps, by the definitions: the cheapest of each set of changed features."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "owns": rng.integers(0, 2, 60),
            "overdue": rng.integers(0, 12, 60),
            "income": np.round(rng.gamma(3.0, 2.0, 60), 2),
        }
    )
    steps = {"owns": (1, "absolute"), "overdue": (5, "absolute"), "income": (0.17, "relative")}
    A = rs.ActionSet(X, percentiles="kde", grid="legacy", default_bounds=(5, 95, "percentile"))
    for name, (size, kind) in steps.items():
        A[name].step_type, A[name].step_size = kind, size
    A["income"].step_direction = 1
    weights = {"owns": 0.7, "overdue": -0.4, "income": 0.3}
    w, b = np.array(list(weights.values())), -2.0
    start = X[X.to_numpy() @ w + b <= 0].iloc[seed]
    person_menus = []
    for name in X:
        low, high = (0, 1) if name == "owns" else np.percentile(X[name], (5, 95))
        menus = old_grid(X[name], low, high, *steps[name], name != "income")
        np.testing.assert_allclose(A[name].grid, menus, rtol=1e-12)
        F = old_percentile(X[name].to_numpy(dtype=float), menus)
        np.testing.assert_allclose(A[name].percentile(menus), F(menus), rtol=1e-9)
        values = [v for v in menus if (v - start[name]) * weights[name] > 0]  # the moves that help
        shift = [
            abs(np.log((1 - F(v)) / (1 - F(start[name])))) if cost == "local" else abs(F(v) - F(start[name]))
            for v in values
        ]
        person_menus.append([(start[name], 0.0), *zip(values, shift, strict=True)])
    best: dict[frozenset[str], tuple[float, float]] = {}
    for point in itertools.product(*person_menus):
        values, prices = np.array([v for v, _ in point]), [p for _, p in point]
        if values @ w + b > 0:
            changed = frozenset(n for n, v in zip(X, values, strict=True) if v != start[n])
            key = (max(prices), sum(prices)) if cost == "max" else (sum(prices), sum(prices))
            best[changed] = min(best.get(changed, (np.inf, np.inf)), key)
    fs = rs.Flipset(start, A, coefficients=list(weights.values()), intercept=b)
    fs.populate(total_items=float("inf"), cost_type=cost)
    found = {frozenset(info): cost for info, cost in zip(map(tuple, fs.df["features"]), fs.df["cost"], strict=True)}
    assert set(found) == set(best)
    for changed, price in found.items():
        assert price == pytest.approx(best[changed][0], rel=1e-9, abs=1e-9)
    builder = rs.RecourseBuilder(A, start, coefficients=list(weights.values()), intercept=b, mip_cost_type=cost)
    assert builder.fit()["cost"] == pytest.approx(min(best.values())[0], rel=1e-9, abs=1e-9)
    exclusive = rs.Flipset(start, A, list(weights.values()), b).populate(enumeration_type="mutually_exclusive")
    names = [name for features in exclusive.df["features"] for name in features]
    assert len(names) == len(set(names))


OLD_WEIGHTS = [
    -0.0753,
    0.0601,
    0.0,
    0.109,
    0.0,
    -0.0777,
    -0.00303,
    1.14e-05,
    5.48e-05,
    0.0843,
    -0.00434,
    -0.0407,
    0.0,
    0.000306,
    -0.451,
    -0.121,
    -0.511,
]
OLD_COSTS = {
    (21368, "local"): [1.219218427427, 1.237469243151, 1.289423355357],
    (21368, "max"): [0.231642171628, 0.266668641972, 0.276766459968],
    (21368, "total"): [0.276766459968, 0.288833544673, 0.320508709076],
    (15517, "local"): [1.219218427427, 1.237694403657, 1.273732650365],
    (15517, "max"): [0.276766459968, 0.276766459968, 0.276766459968],
    (15517, "total"): [0.276766459968, 0.289358835209, 0.312331855769],
    (28364, "local"): [3.397739299148, 3.419183257996, 3.518228396897],
    (28364, "max"): [0.386233044857, 0.386233044857, 0.386233044857],
    (28364, "total"): [0.391233041125, 0.402570225689, 0.470998984648],
    (14392, "local"): [3.985922241279, 3.997824370659, 4.008668125399],
    (14392, "max"): [0.39283303993, 0.39283303993, 0.39283303993],
    (14392, "total"): [0.633207594176, 0.643239187649, 0.652161830601],
}
"""The costs of the three cheapest actions for four people of the credit data, from actionable-recourse 1.0.1 itself.

With its CBC solver on NumPy 1.23; the action set is that of Figure 2, the weights are those here, intercept 1.84.
"""


def test_costs_equal_what_the_old_package_itself_answered(needs_data):
    X = rs.datasets.load("credit", data_home=needs_data("credit").parent).X
    A = rs.ActionSet(X, default_bounds=(0.1, 99.9, "percentile"), percentiles="kde", grid="legacy")
    A[[name for name in X if name in ("Single", "Married") or "Age" in name or "Overdue" in name]].mutable = False
    A["EducationLevel"].step_direction = 1
    amounts = A[[name for name in X if "Amount" in name]]
    amounts.step_type, amounts.step_size = "absolute", 50
    for (person, cost), expected in OLD_COSTS.items():
        builder = rs.RecourseBuilder(A, X.iloc[person], OLD_WEIGHTS, 1.84, mip_cost_type=cost)
        np.testing.assert_allclose([info["cost"] for info in builder.populate(total_items=3)], expected, atol=1e-9)


# -- the names ---------------------------------------------------------------------------------------


def test_action_sets_take_the_old_positional_arguments(people):
    X, *_ = people
    A = rs.ActionSet(X.to_numpy(), ["a", "b", "c"], -1, {"b": (0, 50, "p")}, (5, 95), "absolute")
    assert (A.y_desired, A["b"].bound_type, A["c"].bounds, A.step_type[0]) == (-1, "percentile", (5, 95), "absolute")
    assert rs.ActionSet(X, custom_bounds={}).y_desired == 1


def test_the_table_of_an_action_set_has_the_old_columns(people):
    X, _, clf, A = people
    columns = ["name", "variable_type", "lb", "ub", "grid_size", "step_size", "actionable", "compatible"]
    assert list(A.df.columns) == [*columns, "step_direction", "flip_direction"]
    assert A.compatible == [None] * 3
    A["overdue"].step_direction = 1
    A.set_alignment(clf)
    assert A.compatible == [True, False, True]
    assert A.alignment_known
    assert "flip_direction" in str(A)
    assert A["owns"].values.tolist() == sorted(X["owns"])
    assert A.size == [len(feature.grid) for feature in A]
    with pytest.raises(TypeError, match="align takes one of"):
        A.align()
    with pytest.raises(rs.InputError, match="2 coefficients for 3 features"):
        A.align([1, 2])


def test_feasible_grid_shows_changes_and_percentiles_that_help(people):
    _, _, clf, A = people
    A["overdue"].step_type, A["overdue"].step_size, A["overdue"].bounds = "absolute", 2, (0, 8)
    changes, shares = A.feasible_grid([0, 3, 5.0])
    assert changes["overdue"].tolist() == [-3, -1, 0, 1, 3, 5]
    A.align(clf)
    changes, shares = A.feasible_grid([0, 3, 5.0])
    assert changes["overdue"].tolist() == [-3, -1, 0]
    np.testing.assert_allclose(shares["overdue"], A["overdue"].percentile([0, 2, 3]))
    A["overdue"].step_direction = 1
    assert "overdue" not in A.feasible_grid([0, 3, 5.0])[0]
    values = A.feasible_grid([0, 3, 5.0], return_actions=False, return_percentiles=False, return_compatible=False)
    assert values["overdue"].tolist() == [3, 4, 6, 8]


def test_action_files_refuse_what_they_cannot_say(people):
    X, *_ = people
    for setting, value in (("grid", "legacy"), ("percentiles", "kde"), ("y_desired", -1)):
        with pytest.raises(rs.InputError, match=f"can't say {setting}="):
            rs.ActionSet(X, **{setting: value}).to_dict()


def test_a_subset_limit_is_for_columns_of_0_and_1(people):
    *_, A = people
    with pytest.raises(rs.InputError, match="'overdue' is not one"):
        A.add_constraint("subset_limit", names=["owns", "overdue"])
    with pytest.raises(rs.InputError, match="'onehot' is no constraint: give one of recourse.constraints"):
        A.add_constraint("onehot", names=["owns"])
    with pytest.raises(TypeError, match="go with 'subset_limit'"):
        A.add_constraint(rs.constraints.AtMost(2), names=["owns"])


def test_flipsets_know_items_actions_and_views(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    fs = rs.Flipset(x=x.to_numpy(), action_set=A, clf=clf, solver="cplex").populate(total_items=float("inf"))
    assert len(fs) == len(fs.items) == len(fs.actions) == len(fs.solutions_info) == len(fs.df)
    assert fs.view().equals(fs.df)
    np.testing.assert_array_equal(fs.x, x)
    costs = [info["cost"] for info in fs.solutions_info]
    assert costs == sorted(costs)
    for action, info in zip(fs.actions, fs.solutions_info, strict=True):
        assert clf.predict(pd.DataFrame([x + action], columns=X.columns))[0] == 1
        assert info["costs"].sum() == pytest.approx(info["cost"])
        assert (info["costs"] > 0).tolist() == (action != 0).tolist()
    assert fs.df["size"].is_monotonic_increasing
    fs.sort(by=["cost"])
    assert fs.df["cost"].is_monotonic_increasing
    fs.sort(by=["cost"], ascending=False)
    assert fs.df["cost"].is_monotonic_decreasing
    fs.sort(score_new=True)
    with pytest.raises(rs.InputError, match="no column 'costs'"):
        fs.sort(by=["costs"])
    flat = fs.to_flat_df()
    assert list(flat.columns) == ["Features to Change", "Current Value", "Required Value"]
    assert len(flat) == fs.df["size"].sum()
    assert "Flipset with" in repr(fs)
    assert fs._repr_html_() == fs.to_html()


def test_a_flipset_that_was_not_populated_says_so(people):
    X, _, clf, A = people
    fs = rs.Flipset(X.iloc[0], A, clf=clf)
    assert "populate() has not been called" in fs.to_html()
    assert "populate() has not been called" in repr(fs)


def test_latex_escapes_what_latex_reads(people):
    X, y, *_ = people
    X = X.rename(columns={"overdue": "over_due & 50%"})
    clf = LogisticRegression().fit(X, y)
    text = rs.Flipset(denied(X, clf).iloc[0], rs.ActionSet(X), clf=clf).populate().to_latex()
    assert r"\textit{over\_due \& 50\%}" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    assert "textit" not in rs.Flipset(denied(X, clf).iloc[0], rs.ActionSet(X), clf=clf).populate().to_latex(None)


def test_html_escapes_what_html_reads(people):
    X, y, *_ = people
    X = X.rename(columns={"overdue": "<script>"})
    clf = LogisticRegression().fit(X, y)
    assert "<script>" not in rs.Flipset(denied(X, clf).iloc[0], rs.ActionSet(X), clf=clf).populate().to_html()


def test_builders_return_plain_dictionaries(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    builder = rs.RecourseBuilder(action_set=A, x=x, clf=clf, solver="python-mip", print_flag=False)
    info = builder.fit()
    keys = {"feasible", "status", "cost", "costs", "actions", "upperbound", "lowerbound", "gap", "runtime"}
    assert set(info) == keys
    assert (info["feasible"], info["status"], info["gap"]) == (True, "optimal", 0.0)
    assert info["cost"] == info["costs"].max() == info["upperbound"] == info["lowerbound"]
    assert all(set(one) == keys for one in builder.populate(total_items=2))
    builder.max_items = 0
    none = builder.fit()
    assert set(none) == keys
    assert (none["feasible"], none["cost"], none["lowerbound"]) == (False, np.inf, np.inf)
    with pytest.raises(rs.InputError, match="no person yet"):
        rs.RecourseBuilder(A, clf=clf).fit()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, TypeError, "give one classifier"),
        ({"coefficients": [1, 1, 1], "clf": "clf"}, TypeError, "give one classifier"),
        ({"coefficients": [1, 1]}, rs.InputError, "2 coefficients for 3 names"),
        ({"coefficients": [1, 1, 1], "intercept": [1, 2]}, rs.InputError, "intercept must be one number"),
        ({"coefficients": [1, 1, 1], "solver": "gurobi"}, rs.InputError, "'gurobi' is not a solver"),
        ({"coefficient": [1, 1, 1]}, TypeError, "unknown argument 'coefficient'. Did you mean 'coefficients'"),
    ],
)
def test_classifier_arguments_that_do_not_fit_are_errors(people, arguments, error, message):
    X, _, clf, A = people
    arguments = {key: clf if value == "clf" else value for key, value in arguments.items()}
    for make in (lambda: rs.Flipset(X.iloc[0], A, **arguments), lambda: rs.RecourseAuditor(A, **arguments)):
        with pytest.raises(error, match=message):
            make()


def test_populate_checks_its_arguments(people):
    X, _, clf, A = people
    fs = rs.Flipset(X.iloc[0], A, clf)
    with pytest.raises(rs.InputError, match="enumeration_type .* Did you mean 'distinct_subsets'"):
        fs.populate(enumeration_type="distinct_subset")
    with pytest.raises(rs.InputError, match="total_items must be at least 1"):
        fs.populate(total_items=0)
    with pytest.raises(rs.InputError, match="'l3' is not a cost"):
        fs.populate(cost_type="l3")
