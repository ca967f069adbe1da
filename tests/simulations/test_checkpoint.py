"""Checkpoints: whose numbers they are, what they refuse, and what two writers do to each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.actions.constraints import Predicate
from recourse.generators import Generic
from recourse.identity import digest
from recourse.simulations import Behaviour, Design, Optimal, OracleLabels, Places, Renewal, Selector, TopLabels
from recourse.simulations.checkpoint import COLUMNS, FinishedRepeat, add, read

QUICK = Design(permutations=0, measure_every=2)
STUDY = "a" * 64


@pytest.fixture(scope="module")
def blobs():
    data = rs.datasets.overlapping(200, random_state=0)
    return data.X, data.y, rs.ActionSet(data.X, default_bounds=(-10, 10))


def move_right(model, actions, X):
    return X.assign(x1=4.0)


def move_up(model, actions, X):
    return X.assign(x2=4.0)


def always(X, rng):
    return np.ones(len(X), dtype=bool)


def never(X, rng):
    return np.zeros(len(X), dtype=bool)


def below(today, new):
    return (new["x1"] < 9).to_numpy()


def above(today, new):
    return (new["x1"] > -9).to_numpy()


def simulate(blobs, models=None, recourse="optimal", design=QUICK, actions=None, **settings):
    X, y, A = blobs
    settings = {"rounds": 2, "repeats": 1} | settings
    model = LogisticRegression() if models is None else models
    return rs.simulate(model, X, y, A if actions is None else actions, recourse=recourse, design=design, **settings)


def frozen_model(weight):
    """An estimator whose coefficients were set, and not learned here."""
    clf = LogisticRegression().fit([[0.0, 0.0], [1.0, 1.0]], [0, 1])
    clf.coef_, clf.intercept_ = np.array([[weight, 0.1]]), np.array([-weight])
    clf.feature_names_in_ = np.array(["x1", "x2"], dtype=object)
    return clf


# -- whose numbers they are ----------------------------------------------------------------------------

NEVER = {"design": QUICK.replace(retrainer="none")}


def bounded(A):
    A["x1"].bounds = (-9, 9)


def constrained(function):
    def change(A):
        A.add_constraint(Predicate(function, ["x1"]))

    return change


PAIRS = {
    "weights of a cost": (
        {"recourse": Optimal(rs.TotalCost({"x1": 1}))},
        {"recourse": Optimal(rs.TotalCost({"x1": 1000}))},
    ),
    "kinds of costs": ({"recourse": Optimal(rs.TotalCost())}, {"recourse": Optimal(rs.L1Cost())}),
    "linear models": (
        NEVER | {"models": rs.LinearModel({"x1": 1.0, "x2": 0.0}, intercept=-1.2)},
        NEVER | {"models": rs.LinearModel({"x1": 1.0, "x2": 0.5}, intercept=-1.2)},
    ),
    "coefficients of models that are not fitted here": (
        {"models": frozen_model(1.0), "refit": False},
        {"models": frozen_model(2.0), "refit": False},
    ),
    "parameters of models": ({}, {"models": LogisticRegression(C=0.01)}),
    "functions": ({"recourse": {"go": move_right}}, {"recourse": {"go": move_up}}),
    "recipes": ({"recourse": {"go": Generic()}}, {"recourse": {"go": Generic(max_steps=7)}}),
    "selectors": ({}, {"design": QUICK.replace(selector=Selector(0.3))}),
    "behaviours": ({}, {"design": QUICK.replace(behaviour=Behaviour(comply=0.5))}),
    "truths": (
        {"design": QUICK.replace(labeller=OracleLabels(always))},
        {"design": QUICK.replace(labeller=OracleLabels(never))},
    ),
    "labels": ({"design": QUICK.replace(labeller=TopLabels(30))}, {"design": QUICK.replace(labeller=TopLabels(31))}),
    "places": ({"design": QUICK.replace(decision=Places(30))}, {"design": QUICK.replace(decision=Places(31))}),
    "flows": ({"design": QUICK.replace(flow=Renewal(0.5))}, {"design": QUICK.replace(flow=Renewal(0.4))}),
    "retraining": ({}, {"design": QUICK.replace(retrainer="warm"), "models": LogisticRegression(warm_start=True)}),
    "measures": ({}, {"design": QUICK.replace(measures=("mmd",))}),
    "seeds": ({}, {"random_state": 1}),
    "rounds": ({}, {"rounds": 3}),
    "thresholds": ({}, {"threshold": 0.6}),
    "names": ({"identity": "one"}, {"identity": "two"}),
}


@pytest.mark.parametrize("what", PAIRS)
def test_simulations_that_differ_do_not_share_a_checkpoint(what, blobs, tmp_path):
    one, other = (dict(said) for said in PAIRS[what])
    path = tmp_path / "run.json"
    simulate(blobs, checkpoint=path, time_limit=0, **one)
    simulate(blobs, checkpoint=path, time_limit=0, **one)
    with pytest.raises(rs.InputError, match="another simulation"):
        simulate(blobs, checkpoint=path, time_limit=0, **other)


@pytest.mark.parametrize("change", [bounded, constrained(below)], ids=["bounds", "constraint"])
def test_action_sets_that_differ_do_not_share_a_checkpoint(change, blobs, tmp_path):
    path = tmp_path / "run.json"
    simulate(blobs, checkpoint=path, time_limit=0)
    other = blobs[2].copy()
    change(other)
    with pytest.raises(rs.InputError, match="another simulation"):
        simulate(blobs, actions=other, checkpoint=path, time_limit=0)


def test_constraints_that_are_other_functions_and_other_populations_are_other_action_sets(blobs, tmp_path):
    sets = [blobs[2].copy() for _ in range(2)]
    for A, function in zip(sets, (below, above), strict=True):
        A.add_constraint(Predicate(function, ["x1"]))
    sets.append(rs.ActionSet(blobs[0].iloc[:150], default_bounds=(-10, 10)))
    path = tmp_path / "run.json"
    simulate(blobs, actions=sets[0], checkpoint=path, time_limit=0)
    for other in sets[1:]:
        with pytest.raises(rs.InputError, match="another simulation"):
            simulate(blobs, actions=other, checkpoint=path, time_limit=0)


def test_other_people_or_labels_do_not_share_a_checkpoint(blobs, tmp_path):
    X, y, A = blobs
    path = tmp_path / "run.json"
    simulate(blobs, checkpoint=path, time_limit=0)
    moved, flipped = X.copy(), y.copy()
    moved.iloc[3, 0] += 1e-9
    flipped.iloc[3] = 1 - flipped.iloc[3]
    for other in ((moved, y, A), (X, flipped, A)):
        with pytest.raises(rs.InputError, match="another simulation"):
            simulate(other, checkpoint=path, time_limit=0)


def test_the_numbers_of_one_cost_are_never_returned_as_those_of_another(blobs, tmp_path):
    told = {k: Optimal(rs.TotalCost({"x1": weight})) for k, weight in (("cheap", 1), ("dear", 1000))}
    share = QUICK.replace(selector=Selector(0.5))
    cheap, dear = (simulate(blobs, recourse={"go": one}, design=share).to_frame() for one in told.values())
    assert not cheap["value"].equals(dear["value"])
    simulate(blobs, recourse={"go": told["cheap"]}, design=share, checkpoint=tmp_path / "run.json")
    with pytest.raises(rs.InputError, match="another simulation"):
        simulate(blobs, recourse={"go": told["dear"]}, design=share, checkpoint=tmp_path / "run.json")


def test_the_identity_is_the_same_in_another_process_with_another_hash_seed(blobs, tmp_path):
    script = (
        "import recourse as rs, sys\nfrom sklearn.linear_model import LogisticRegression\n"
        "from test_checkpoint import *\n"
        "data = rs.datasets.overlapping(200, random_state=0)\n"
        "blobs = data.X, data.y, rs.ActionSet(data.X, default_bounds=(-10, 10))\n"
        "blobs[2].add_constraint(Predicate(below, ['x1']))\n"
        "told = {'e': Optimal(rs.TotalCost({'x1': 2})), 'f': move_right, 'g': Generic()}\n"
        "print(simulate(blobs, frozen_model(1.0), told, refit=False, time_limit=0).study.identity)\n"
    )
    found = set()
    for seed in ("1", "2"):
        places = os.pathsep.join([os.path.dirname(__file__), os.path.dirname(os.path.dirname(__file__)), *sys.path])
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": places}
        run = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        found.add(run.stdout)
    assert len(found) == 1
    assert len(found.pop().strip()) == 64


# -- what has no identity ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"recourse": {"go": lambda model, actions, X: X.assign(x1=4.0)}},
        {"recourse": Optimal(lambda feature, x, values: np.abs(values - x))},
        {"design": QUICK.replace(labeller=OracleLabels(lambda X, rng: np.ones(len(X))))},
        {"design": QUICK.replace(measures=["mmd", lambda start, now, seed: iter(())])},
    ],
    ids=["recourse", "cost", "truth", "measure"],
)
def test_a_lambda_is_refused_before_the_first_round_until_it_is_given_a_name(said, blobs, tmp_path):
    path, rounds = tmp_path / "run.json", []
    with pytest.raises(rs.InputError, match="identity="):
        simulate(blobs, checkpoint=path, progress=lambda done, total: rounds.append(done), **said)
    assert rounds == []
    assert not path.exists()
    assert simulate(blobs, **said).complete, "it is no obstacle without a checkpoint"
    first = simulate(blobs, checkpoint=path, identity="v1", **said)
    assert simulate(blobs, checkpoint=path, identity="v1", **said).to_frame().shape == first.to_frame().shape
    with pytest.raises(rs.InputError, match="another simulation"):
        simulate(blobs, checkpoint=path, identity="v2", **said)


def test_a_cost_of_ones_own_with_a_name_needs_no_name_for_the_simulation(blobs, tmp_path):
    cost = rs.FunctionCost(lambda feature, x, values: np.abs(values - x), identity="distance")
    assert simulate(blobs, recourse=Optimal(cost), checkpoint=tmp_path / "run.json").complete
    assert simulate(blobs, recourse=Optimal(cost), checkpoint=tmp_path / "run.json").complete
    other = rs.FunctionCost(lambda feature, x, values: np.abs(values - x) * 2, identity="double")
    with pytest.raises(rs.InputError, match="another simulation"):
        simulate(blobs, recourse=Optimal(other), checkpoint=tmp_path / "run.json")


# -- the format ----------------------------------------------------------------------------------------


def finished(repeat, value=0.5):
    row = dict.fromkeys(COLUMNS) | {"repeat": repeat, "round": 0, "arm": "m/control", "value": value}
    return FinishedRepeat(repeat, (row,), {})


def rewrite(path, change, *, hashed=True):
    """Change a checkpoint's content; `hashed` gives it the hash of what it holds then."""
    document = json.loads(path.read_text())
    change(document)
    if hashed:
        document["sha256"] = digest({key: value for key, value in document.items() if key != "sha256"})
    path.write_text(json.dumps(document))


def test_what_is_read_is_what_was_written(tmp_path):
    path = tmp_path / "run.json"
    stopped = FinishedRepeat(1, finished(1).rows, {("m", "go"): "stopped in round 1: ValueError: no"})
    add(path, STUDY, [finished(0), stopped])
    assert read(path, STUDY) == [finished(0), stopped]


@pytest.mark.parametrize(
    ("change", "hashed", "says"),
    [
        (lambda d: d["repeats"][0]["rows"][0].update(value=0.9), False, "changed after"),
        (lambda d: d.update(study="b" * 64), False, "changed after"),
        (lambda d: d["repeats"].pop(), False, "changed after"),
        (lambda d: d.pop("sha256"), False, "changed after"),
        (lambda d: d.update(study="b" * 64), True, "another simulation"),
        (lambda d: d.update(document="openrecourse/audit"), True, "not a checkpoint"),
        (lambda d: d.update(version=3), True, "newer version"),
        (lambda d: d.update(version=1), True, "version 1"),
        (lambda d: d["repeats"][0]["rows"][0].pop("value"), True, "not a whole"),
        (lambda d: d["repeats"][0]["rows"][0].update(repeat=7), True, "not a whole"),
        (lambda d: d.update(repeats=3), True, "not a whole"),
    ],
)
def test_content_that_is_edited_partial_foreign_or_newer_is_refused_and_left_alone(change, hashed, says, tmp_path):
    path = tmp_path / "run.json"
    add(path, STUDY, [finished(0), finished(1)])
    rewrite(path, change, hashed=hashed)
    before = path.read_bytes()
    for use in (lambda: read(path, STUDY), lambda: add(path, STUDY, [finished(2)])):
        with pytest.raises(rs.InputError, match=says):
            use()
    assert path.read_bytes() == before


def test_half_a_file_and_other_files_are_refused(tmp_path):
    path = tmp_path / "run.json"
    add(path, STUDY, [finished(0)])
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"[]", b"\xff\xfe", b"no JSON"):
        path.write_bytes(content)
        with pytest.raises(rs.InputError, match="not a checkpoint"):
            read(path, STUDY)


def test_a_checkpoint_is_there_and_empty_before_the_first_round(blobs, tmp_path):
    path, seen = tmp_path / "run.json", []

    def look(done, total):
        seen.append(json.loads(path.read_text())["repeats"])

    simulate(blobs, checkpoint=path, progress=look)
    assert seen[0] == []
    assert len(json.loads(path.read_text())["repeats"]) == 1


@pytest.mark.parametrize("where", ["nowhere/run.json", "folder", ""])
def test_a_path_that_can_not_be_written_fails_before_the_first_round(where, blobs, tmp_path):
    (tmp_path / "folder").mkdir()
    path, rounds = tmp_path / where if where else 3, []
    with pytest.raises(rs.InputError, match="run.json|folder|checkpoint"):
        simulate(blobs, checkpoint=path, progress=lambda done, total: rounds.append(done))
    assert rounds == []


def test_two_writers_lose_none_of_each_others_repeats(tmp_path):
    path = tmp_path / "run.json"
    writers = [
        threading.Thread(target=lambda k=k: [add(path, STUDY, [finished(10 * k + i)]) for i in range(5)])
        for k in range(4)
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            read(path, STUDY)  # never torn
    for writer in writers:
        writer.join()
    assert [one.repeat for one in read(path, STUDY)] == sorted(10 * k + i for k in range(4) for i in range(5))
    left = {one.name for one in tmp_path.iterdir()}
    assert left == {"run.json", ".run.json.lock"}


def test_the_first_to_finish_a_repeat_keeps_it(tmp_path):
    path = tmp_path / "run.json"
    add(path, STUDY, [finished(0, 0.25)])
    assert add(path, STUDY, [finished(0, 0.75), finished(1)])[0].rows[0]["value"] == 0.25


def test_a_writer_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    add(path, STUDY, [finished(0)])
    before = path.read_bytes()

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(rs.InputError, match="No space left"):
        add(path, STUDY, [finished(1)])
    assert path.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {"run.json", ".run.json.lock"}


def test_more_repeats_go_on_from_fewer_and_stops_are_remembered(blobs, tmp_path):
    path = tmp_path / "run.json"
    whole = simulate(blobs, repeats=3)
    simulate(blobs, repeats=1, checkpoint=path)
    more = simulate(blobs, repeats=3, checkpoint=path)
    pd.testing.assert_frame_equal(more.to_frame(), whole.to_frame(), check_dtype=False)
    few = simulate(blobs, repeats=2, checkpoint=path)
    assert set(few.to_frame()["repeat"]) == {0, 1}

    stops = {"recourse": {"go": broken}, "checkpoint": tmp_path / "stopped.json"}
    first, again = (simulate(blobs, **stops) for _ in range(2))
    assert first.stopped == again.stopped
    assert "STOPPED EARLY" in repr(again).splitlines()[0]


def broken(model, actions, X):
    raise ValueError("this recourse is broken")
