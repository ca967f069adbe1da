"""Pictures of a simulation, as matplotlib axes: measures over rounds, and people with the decision boundary.

Nothing global is touched: colours and sizes are set on the artists themselves, whatever style is in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recourse.errors import InputError, RecourseError, nearest
from recourse.simulations.arms import CONTROL
from recourse.simulations.result import Arm, Simulation

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8c6d31")
"""Okabe and Ito's colours, which colour-blind readers can tell apart, and two more."""
GREY = "#6b7280"
TITLES = {
    "mmd": "domain MMD²",
    "pp_mmd": "model MMD² (people)",
    "mmd_grid": "model MMD² (grid)",
    "perturbation": "perturbation",
    "perturbation_squared": "perturbation, squared",
    "disagreement": "disagreement",
    "decisiveness": "decisiveness",
    "decisiveness_mean_square": "decisiveness, squared",
    "model_performance": "change of macro-F1",
    "success_rate": "success rate",
    "distance": "distance",
    "redundancy": "redundancy",
    "favourable_labels": "favourable labels",
    "fail_to_recourse": "fail-to-recourse rate",
    "reliability": "recourse reliability",
    "threshold": "threshold",
    "standard": "standard",
}
DEFAULT = (
    "mmd", "mmd_grid", "disagreement", "model_performance", "reliability", "fail_to_recourse", "standard", "threshold",
)  # fmt: skip
"""What is drawn if no names are given: the first four that were measured."""


def measures(
    simulation: Simulation,
    names: Sequence[str] | None = None,
    *,
    models: Sequence[str] | None = None,
    group: str = "",
    ax: Any = None,
) -> Any:
    """Draw measures over rounds: one facet for each name and model, a line for each recourse.

    Lines are means over repeats, ribbons reach from the smallest to the largest. The control arm is grey and
    dashed: what differs from it is the effect of recourse.

    Parameters
    ----------
    simulation : Simulation
        What is drawn.
    names : list of str or None
        Measures, top to bottom; None for domain and grid MMD, disagreement and performance, and where these are not
        measured, what is known of reliability and standards.
    models : list of str or None
        Names of models, left to right; None for all.
    group : str
        Empty for everybody, else "column=level".
    ax : array of Axes or None
        Names × models axes to draw into; None for a new figure.

    Returns
    -------
    array of Axes
        Names × models.

    Raises
    ------
    InputError
        If there are no such measurements.
    """
    pyplot = import_pyplot()
    # what there is to draw
    frame = simulation.to_frame()
    frame = frame[frame["group"] == group]
    if frame.empty:
        raise InputError(f"there are no measurements of group {group!r}.")
    measured = list(dict.fromkeys(frame["name"]))
    names = [name for name in DEFAULT if name in measured][:4] if names is None else _listed(names)
    for name in names:
        if name not in measured:
            raise InputError(f"{name!r} was not measured. {nearest(name, measured)}")
    models = list(simulation.study.models) if models is None else _listed(models)
    if ax is None:
        size = (1.2 + 3.4 * len(models), 0.9 + 2.1 * len(names))
        _, ax = pyplot.subplots(len(names), len(models), figsize=size, sharex=True, squeeze=False, layout="constrained")
    axes = np.asarray(ax, dtype=object).reshape(len(names), len(models))
    # a facet for each
    for i, name in enumerate(names):
        for j, model in enumerate(models):
            rows = frame[(frame["name"] == name) & (frame["model"] == model)]
            _lines(axes[i, j], rows, list(simulation.study.recourse))
            axes[i, j].set_ylabel(TITLES.get(name, name) if j == 0 else "")
            if i == 0:
                axes[i, j].set_title(model, fontsize=10)
            if i == len(names) - 1:
                axes[i, j].set_xlabel("round")
    # the control arm has no line where only recourse is measured, so the legend is that of all facets
    lines = {line.get_label(): line for axis in axes.flat for line in axis.get_legend_handles_labels()[0]}
    known = [name for name in (CONTROL, *simulation.study.recourse) if name in lines]
    axes[0, 0].figure.legend(
        [lines[name] for name in known], known, loc="outside upper center", ncols=min(len(known), 6), frameon=False,
        fontsize=9,
    )  # fmt: skip
    return axes


def population(
    simulation: Simulation,
    round: int | None = None,
    *,
    features: Sequence[Any] | None = None,
    arms: Sequence[Any] | None = None,
) -> Any:
    """Draw people and the decision boundary: the start, then each arm in a measured round of the first repeat.

    Filled points have the favourable label, hollow ones the other; those who moved have a dark rim.

    Parameters
    ----------
    simulation : Simulation
        What is drawn.
    round : int or None
        A measured round; None for the last one.
    features : list or None
        The two features to draw; None for the first two actionable ones. With more features than two the boundary is
        that of people who are typical (at the median) in all others.
    arms : list or None
        (model, recourse) pairs; None for all.

    Returns
    -------
    array of Axes
        Models × (start + arms).

    Raises
    ------
    InputError
        If people of that round or these features are not there.
    """
    # which arms, round and features there are to draw
    pyplot = import_pyplot()
    study = simulation.study
    keys = list(study.arms) if arms is None else [tuple(key) for key in arms]
    if not len(simulation.arms) or not simulation.arms[keys[0]].history:
        raise InputError("there are no people to draw: they are kept for the first repeat, and only where it was run.")
    held = {key: simulation.arms[key] for key in keys}
    rounds = sorted(set.intersection(*(set(arm.history) for arm in held.values())))
    chosen = rounds[-1] if round is None else round
    if chosen not in rounds:
        raise InputError(f"people are kept in the measured rounds, {rounds}; there is none for round {chosen!r}.")
    pair = _two(simulation, features)
    models = list(dict.fromkeys(key[0] for key in keys))
    columns = 1 + max(sum(key[0] == model for key in keys) for model in models)
    size = (2.5 * columns + 0.3, 2.5 * len(models) + 0.4)
    _, axes = pyplot.subplots(
        len(models), columns, figsize=size, sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    # one box for all pictures
    points = np.vstack([arm.history[t][0][pair].to_numpy(dtype=float) for arm in held.values() for t in (0, chosen)])
    margin = 0.05 * (points.max(axis=0) - points.min(axis=0))
    box = points.min(axis=0) - margin, points.max(axis=0) + margin
    # a row for each model: its start, then its arms
    for i, model in enumerate(models):
        own = [key for key in keys if key[0] == model]
        _scatter(axes[i, 0], simulation, held[own[0]], 0, pair, box)
        axes[i, 0].set_title(f"{model}: start", fontsize=9)
        for j, key in enumerate(own, start=1):
            _scatter(axes[i, j], simulation, held[key], chosen, pair, box)
            axes[i, j].set_title(f"{key[1]}: round {chosen}", fontsize=9)
        for j in range(1 + len(own), columns):
            axes[i, j].set_axis_off()
        axes[i, 0].set_ylabel(str(pair[1]))
    for axis in axes[-1]:
        axis.set_xlabel(str(pair[0]))
    if len(study.actions.names) > 2:
        axes[0, 0].figure.suptitle("boundary for people at the median of all other features", fontsize=9)
    return axes


def import_pyplot() -> Any:
    """Return matplotlib's pyplot, or say how to get it."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise RecourseError(
            "plots need matplotlib, which is not installed. Install it with: pip install 'openrecourse[plot]'."
        ) from None
    return pyplot


def _lines(axis: Any, rows: Any, order: list[str]) -> None:
    """One line a recourse, with its range over repeats; `order` gives each recourse its colour."""
    for generator in (CONTROL, *order):
        mine = rows[rows["generator"] == generator]
        if mine.empty:
            continue
        over = mine.groupby("round")["value"].agg(["mean", "min", "max"])
        control = generator == CONTROL
        colour = GREY if control else COLOURS[order.index(generator) % len(COLOURS)]
        t = over.index.to_numpy()
        axis.fill_between(t, over["min"], over["max"], color=colour, alpha=0.15, linewidth=0)
        axis.plot(
            t, over["mean"], color=colour, linestyle="--" if control else "-", linewidth=1.4, label=generator, zorder=3
        )
    axis.axhline(0, color=GREY, linewidth=0.6, zorder=1)
    axis.tick_params(labelsize=8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _scatter(axis: Any, simulation: Simulation, arm: Arm, t: int, pair: list[Any], box: Any) -> None:
    """People of one moment over the model's approval region."""
    study = simulation.study
    X, y, _ = arm.history[t]
    model = arm.rules[t]
    x_line, y_line = (np.linspace(box[0][k], box[1][k], 150) for k in range(2))
    mesh_x, mesh_y = np.meshgrid(x_line, y_line)
    typical = X.median()
    flat = X.iloc[np.zeros(mesh_x.size, dtype=np.int64)].reset_index(drop=True)
    for name in X.columns:
        flat[name] = mesh_x.ravel() if name == pair[0] else mesh_y.ravel() if name == pair[1] else typical[name]
    region = model.approves(flat).reshape(mesh_x.shape).astype(float)
    axis.contourf(mesh_x, mesh_y, region, levels=[-0.5, 0.5, 1.5], colors=["#ffffff", "#dbeafe"])
    if 0 < region.mean() < 1:
        axis.contour(mesh_x, mesh_y, region, levels=[0.5], colors=["#1e3a5f"], linewidths=1.2)
    good = y == study.labels.desired
    moved = _moved(arm, X, t)
    for favourable, face in ((False, "none"), (True, COLOURS[0])):
        for has_moved, rim in ((False, COLOURS[0] if favourable else GREY), (True, "#111827")):
            chosen = (good == favourable) & (moved == has_moved)
            axis.scatter(
                X.loc[chosen, pair[0]], X.loc[chosen, pair[1]], s=9, facecolors=face, edgecolors=rim,
                linewidths=0.7, alpha=0.75,
            )  # fmt: skip
    axis.set_xlim(box[0][0], box[1][0])
    axis.set_ylim(box[0][1], box[1][1])
    axis.tick_params(labelsize=8)


def _moved(arm: Arm, X: Any, t: int) -> Any:
    """Who had moved by round t."""
    return np.asarray((arm.moved_by[t] > 0) if t in arm.moved_by else np.zeros(len(X), dtype=bool))


def _two(simulation: Simulation, features: Sequence[Any] | None) -> list[Any]:
    actions = simulation.study.actions
    if features is not None:
        for name in features:
            if name not in actions.names:
                raise InputError(f"{name!r} is not a feature. {nearest(name, actions.names)}")
        if len(features) != 2:
            raise InputError(f"a picture needs two features, not {len(features)}.")
        return list(features)
    free = [feature.name for feature in actions if feature.actionable]
    names = [*free, *(name for name in actions.names if name not in free)]
    if len(names) < 2:
        raise InputError("a picture of the people needs two features; this action set has one.")
    return sorted(names[:2], key=actions.names.index)


def _listed(names: Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
