"""Views of a simulation: one document, text, HTML and pictures."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import recourse as rs
from simulation_worlds import quick, run


def test_the_table_is_tidy_and_complete(blobs):
    sim = quick(blobs, {"a": LogisticRegression(), "b": DecisionTreeClassifier(max_depth=3)}, permutations=20)
    frame = sim.to_frame()
    assert list(frame.columns) == [
        "repeat", "round", "arm", "model", "generator", "group", "scope", "name", "value", "p_value", "n_drawn",
        "n_moved", "pool", "convergence_rate", "retrained",
    ]  # fmt: skip
    assert not frame.duplicated(["repeat", "round", "arm", "group", "scope", "name"]).any()
    assert set(frame["scope"]) == {"domain", "model", "recourse"}
    shifts = frame[frame["scope"] != "recourse"]
    assert sorted(shifts["round"].unique()) == [0, 2, 4]
    tested = shifts["name"].isin(["mmd", "pp_mmd", "mmd_grid"])
    assert shifts["p_value"].notna().equals(tested)
    assert shifts[tested]["p_value"].between(1 / 21, 1).all()
    assert set(shifts[shifts["model"] == "b"]["name"]) == set(shifts["name"]) - {"perturbation", "perturbation_squared"}
    assert frame[frame["round"] == 0]["retrained"].eq(False).all()
    assert list(sim.arms) == [("a", "control"), ("a", "move_right"), ("b", "control"), ("b", "move_right")]


def test_views_are_rendered_from_one_document(blobs):
    sim = quick(blobs, permutations=5)
    document = sim.to_dict()
    assert document == json.loads(json.dumps(document, allow_nan=False))
    assert " at 0x" not in json.dumps(document)
    text = repr(sim)
    assert "Simulation of 240 people over 4 rounds, 2 repeats" in text
    assert "move_right" in text
    html = sim.to_html()
    assert html.count("<svg") == 4
    assert "<script" not in html
    assert sim.summary()["repeats"].eq(2).all()


def test_plots_return_axes_and_touch_nothing_global(blobs):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    before = dict(matplotlib.rcParams)
    sim = quick(blobs, {"a": LogisticRegression(), "b": LogisticRegression(C=0.1)})
    axes = sim.plot()
    assert axes.shape == (4, 2)
    assert len(axes[0, 0].lines) == 3, "two arms and the zero line"
    assert sim.plot("mmd", models=["a"]).shape == (1, 1)
    population = sim.plot_population(round=2)
    assert population.shape == (2, 3)
    assert population[0, 0].get_title() == "a: start"
    assert dict(matplotlib.rcParams) == before
    with pytest.raises(rs.InputError, match="measured rounds"):
        sim.plot_population(round=3)
    with pytest.raises(rs.InputError, match="was not measured"):
        sim.plot("mdm")
    plt.close("all")


def test_views_show_what_a_preset_measures_and_the_rule_of_the_day(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    sim = run(rounds=3, repeats=2)
    assert "failed" in repr(sim)
    assert "threshold" in repr(sim)
    assert "grid MMD²" not in repr(sim), "it is not measured"
    assert sim.to_html().count("<svg") == 2
    document = sim.to_dict()
    assert document == json.loads(json.dumps(document, allow_nan=False))
    moved = sim.to_frame().query("name == 'fail_to_recourse'")
    (arm,) = (one for one in document["arms"] if one["recourse"] == "exact")
    assert arm["failed_share"] == pytest.approx(np.average(moved["value"], weights=moved["n_moved"]))
    axes = sim.plot()
    assert axes.shape == (4, 1)
    (legend,) = axes[0, 0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["control", "exact"]
    rules = sim.arms["linear", "exact"].rules
    assert sorted(rules) == [0, 1, 2, 3]
    assert sim.plot_population(round=3).shape == (1, 3)
    plt.close("all")
