"""What a part is as plain data: the same in every process, other where anything in it is other."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.identity import OwnFunction, Settings, content_hash, digest, importable_name, plain_setting


def identity(thing, told=None):
    return plain_setting("the thing", thing, told)


@dataclass(frozen=True)
class Rule(Settings):
    share: float = 0.5
    by: object = None


class Plain:
    def __init__(self, value):
        self.value = value


def named(x):
    return x


THINGS = {
    "nothing": None,
    "number": 1.5,
    "infinite": float("inf"),
    "missing": float("nan"),
    "word": "1.5",
    "list": [1, "a", (2.0, None)],
    "set": {"b", "a", "c"},
    "pairs": {1: "a", "1": "b"},
    "array": np.arange(6.0).reshape(2, 3),
    "other shape": np.arange(6.0).reshape(3, 2),
    "other kind": np.arange(6).reshape(2, 3),
    "objects": np.array(["a", None, 3], dtype=object),
    "table": pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]}),
    "other table": pd.DataFrame({"a": [1.0, np.nan], "b": ["y", None]}),
    "categories": pd.Series(["x", "y"], dtype="category"),
    "function": named,
    "class": Plain,
    "partial": functools.partial(named, 3),
    "object": Plain({"a": 1}),
    "other object": Plain({"a": 2}),
    "settings": Rule(),
    "other settings": Rule(0.25, named),
    "cost": rs.TotalCost({"x1": 1}),
    "other cost": rs.TotalCost({"x1": 1000}),
}


def test_things_that_differ_have_different_identities_fit_for_json():
    seen = {}
    for name, thing in THINGS.items():
        found = identity(thing)
        assert found == identity(thing) == json.loads(json.dumps(found, allow_nan=False)), name
        assert digest(found) not in seen, (name, seen.get(digest(found)))
        seen[digest(found)] = name


def test_the_identity_is_the_same_in_another_process_with_another_hash_seed():
    script = "from test_identity import *; print(digest({k: identity(v) for k, v in THINGS.items()}))"
    found = set()
    for seed in ("1", "2"):
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *sys.path]),
        }
        run = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        found.add(run.stdout)
    assert len(found) == 1


def test_what_no_process_can_find_again_is_refused_or_goes_by_the_name_it_is_given():
    class Local:
        pass

    circle = Plain(None)
    circle.value = [circle]
    for thing in (lambda x: x, Local, Local(), Rule(by=lambda x: x), [lambda x: x], {"a": Local()}, circle, object()):
        with pytest.raises(rs.InputError, match="identity="):
            identity(thing)
        assert identity(thing, "mine") == identity(thing, "mine") != identity(thing, "yours")
    cost = rs.FunctionCost(lambda feature, x, values: values)
    with pytest.raises(rs.InputError, match="identity="):
        identity(cost)
    assert identity(cost, "mine") != identity(cost, "yours")


def made(power):
    @functools.wraps(np.median)
    def function(x):
        return x**power

    return function


def test_functions_and_classes_have_the_name_that_imports_them():
    assert importable_name("f", np.median) == "numpy:median"
    assert importable_name("f", Plain).endswith(":Plain")


@pytest.mark.parametrize(
    "function",
    [lambda x: x, made(2), functools.partial(max, 3), Plain(1), np.random.default_rng(0).normal],
    ids=["a lambda", "one under another's name", "a partial", "an object", "a bound method"],
)
def test_what_can_not_be_imported_by_its_name_asks_for_an_identity(function):
    with pytest.raises(rs.InputError, match=r"the cost is .* identity='…'"):
        importable_name("the cost", function)
    told = OwnFunction(function, identity="mine")
    assert told.to_dict() == {"kind": "OwnFunction", "identity": "mine"}


def test_a_hash_follows_values_shapes_and_types():
    x = np.arange(6.0)
    arrays = [x, x + 1, x.reshape(2, 3), x.astype(np.float32), x[::-1]]
    assert len({content_hash(array) for array in arrays}) == len(arrays)
    assert content_hash(x, x) != content_hash(x)
    assert content_hash(x[::2]) == content_hash(np.array([0.0, 2.0, 4.0]))
