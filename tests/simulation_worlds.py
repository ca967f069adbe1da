"""Small simulations that the tests share: people, quick settings, and how to read the table."""

from __future__ import annotations

import dataclasses

from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.simulations import (
    PRESETS,
    Design,
)

DESIGN = {field.name for field in dataclasses.fields(Design)} | {"share"}


def as_design(settings, preset=None):
    """Settings of `simulate` in which those of a design have been put into one."""
    base = PRESETS[preset] if isinstance(preset, str) and preset in PRESETS else Design()
    said = {name: settings.pop(name) for name in list(settings) if name in DESIGN}
    if "share" in said:
        said["selector"] = dataclasses.replace(base.selector, share=said.pop("share"))
    if preset is not None and preset not in PRESETS:
        return settings | {"preset": preset}
    return settings | {"design": base.replace(**said)}


def move_right(model, actions, X):
    """A recourse that always works: far into the favourable blob, at once."""
    return X.assign(x1=4.0)


def stay(model, actions, X):
    return X


def quick(blobs, models=None, recourse=move_right, **settings):
    X, y, A = blobs
    settings = {"rounds": 4, "repeats": 2, "permutations": 0, "measure_every": 2} | settings
    settings = as_design(settings, settings.pop("preset", None))
    return rs.simulate(LogisticRegression() if models is None else models, X, y, A, recourse=recourse, **settings)


def values(sim, name, group=""):
    frame = sim.to_frame()
    return frame[(frame["name"] == name) & (frame["group"] == group)]


def town(seed, n=250):
    """Two blobs, what people can do in fine steps, and a classifier fitted to them."""
    data = rs.datasets.overlapping(n, random_state=seed)
    A = rs.ActionSet(data.X, default_bounds=(-10, 10))
    return data.X, data.y, A, LogisticRegression().fit(data.X, data.y)


def run(seed=0, preset="fonseca2023", recourse="optimal", model=None, **settings):
    X, y, A, clf = town(seed)
    settings = as_design({"rounds": 8, "repeats": 1, "random_state": seed} | settings, preset)
    return rs.simulate({"linear": clf if model is None else model}, X, y, A, recourse={"exact": recourse}, **settings)


def series(sim, name, generator="exact", group=""):
    frame = sim.to_frame()
    mine = frame[(frame["name"] == name) & (frame["generator"] == generator) & (frame["group"] == group)]
    return mine.groupby("round")["value"].mean()


def log(sim, generator="exact"):
    frame = sim.to_frame().drop_duplicates(["repeat", "round", "arm"])
    return frame[frame["generator"] == generator].set_index("round")


def beyond(model, actions, X):
    """A recourse that puts everybody at one point, ahead of all others."""
    return X.assign(x1=9.0, x2=9.0)
