"""Pictures of a simulation: which facets, lines and people they show."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.simulations import plots as module
from simulation_worlds import quick, run

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def closed():
    """Close whatever a test drew."""
    yield
    plt.close("all")


def test_plots_return_axes_and_touch_nothing_global(blobs):
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


def test_pictures_show_what_a_preset_measures_and_the_rule_of_the_day():
    sim = run(rounds=3, repeats=2)
    axes = sim.plot()
    assert axes.shape == (4, 1)
    (legend,) = axes[0, 0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["control", "exact"]
    assert sim.plot_population(round=3).shape == (1, 3)


def test_lines_are_means_over_repeats_in_the_colour_of_their_recourse(blobs):
    sim = quick(blobs)
    (axis,) = sim.plot("mmd")[0]
    lines = {line.get_label(): line for line in axis.lines}
    rows = sim.to_frame().query("name == 'mmd' and group == '' and generator == 'move_right'")
    means = rows.groupby("round")["value"].mean()
    np.testing.assert_array_equal(lines["move_right"].get_xdata(), means.index)
    np.testing.assert_allclose(lines["move_right"].get_ydata(), means)
    assert lines["move_right"].get_color() == module.COLOURS[0]
    assert (lines["control"].get_color(), lines["control"].get_linestyle()) == (module.GREY, "--")


def test_axes_of_ones_own_are_drawn_into(blobs):
    _, own = plt.subplots(1, 1)
    drawn = quick(blobs).plot("mmd", ax=own)
    assert drawn[0, 0] is own
    assert len(plt.get_fignums()) == 1


def test_the_features_of_a_picture_are_two_that_exist(blobs):
    sim = quick(blobs)
    swapped = sim.plot_population(features=["x2", "x1"])
    assert (swapped[-1, 0].get_xlabel(), swapped[0, 0].get_ylabel()) == ("x2", "x1")
    with pytest.raises(rs.InputError, match="needs two features, not 1"):
        sim.plot_population(features=["x1"])
    with pytest.raises(rs.InputError, match="'x3' is not a feature"):
        sim.plot_population(features=["x1", "x3"])
