"""Settings as plain data: the same in every process, and refused where nothing could tell two of them apart."""

from __future__ import annotations

import dataclasses
import functools
import json
import subprocess
import sys

import numpy as np
import pytest

from recourse import identity
from recourse.errors import InputError
from recourse.generators import Distance


@dataclasses.dataclass(frozen=True)
class Part(identity.PlainSettings):
    """A part of a user's, at the top of a module."""

    value: object = 1.0


class Silent:
    """Something that does not say its settings."""

    def twice(self):
        """Return nothing."""


def made(power):
    @functools.wraps(np.median)
    def function(x):
        return x**power

    return function


def test_functions_and_classes_have_the_name_that_imports_them():
    assert identity.importable_name("f", np.median) == "numpy:median"
    assert identity.importable_name("f", Silent.twice).endswith(":Silent.twice")
    assert identity.importable_name("f", Silent).endswith(":Silent")


@pytest.mark.parametrize(
    "function",
    [lambda x: x, made(2), functools.partial(max, 3), Silent(), np.random.default_rng(0).normal],
    ids=["a lambda", "one under another's name", "a partial", "an object", "a bound method"],
)
def test_what_can_not_be_imported_by_its_name_asks_for_an_identity(function):
    with pytest.raises(InputError, match=r"the cost is .* identity='…'"):
        identity.importable_name("the cost", function)
    named = identity.OwnFunction(function, identity="mine")
    assert named.to_dict() == {"kind": "OwnFunction", "identity": "mine"}


def test_settings_are_values_that_json_has():
    part = Part({"a": (np.float64(0.5), None), 2: Distance(), "f": len})
    written = part.to_dict()
    assert written["kind"].endswith(":Part"), "a class of the user's with its module"
    assert written["value"] == {"a": [0.5, None], "2": Distance().to_dict(), "f": "builtins:len"}
    assert json.loads(json.dumps(written)) == written


def test_a_part_that_does_not_say_its_settings_is_refused():
    with pytest.raises(InputError, match=r"value is a Silent that does not say its settings"):
        Part(Silent()).to_dict()


def test_a_hash_follows_values_shapes_and_types():
    x = np.arange(6.0)
    arrays = [x, x + 1, x.reshape(2, 3), x.astype(np.float32), x[::-1]]
    assert len({identity.content_hash(array) for array in arrays}) == len(arrays)
    assert identity.content_hash(x, x) != identity.content_hash(x)
    assert identity.content_hash(x[::2]) == identity.content_hash(np.array([0.0, 2.0, 4.0]))


def test_another_process_with_another_hash_seed_says_the_same():
    code = "from recourse.generators import DiCE; import json; print(json.dumps(DiCE().to_dict()))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
