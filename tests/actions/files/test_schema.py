"""The published schema and the guide to action files say what reading does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from action_file_worlds import VALIDATOR, WRONG, written
from recourse.actions.files.schema import KINDS, Document, schema

ROOT = Path(__file__).parents[3]


SCHEMA = ROOT / "src" / "recourse" / "actions" / "files" / "actions.schema.json"


GUIDE = (ROOT / "docs" / "action_files.md").read_text(encoding="utf-8")


def test_the_published_schema_is_that_of_the_models():
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(schema())), (
        "write json.dumps(recourse.actions.files.schema.schema(), indent=2, ensure_ascii=False) to actions.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(published)


def test_the_schema_says_no_where_reading_does():
    for case in ("unknown setting", "not a truth", "three bounds", "no step", "unknown type", "direction", "no label"):
        feature, entry, _, _ = WRONG[case]
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate({"features": {feature: entry}})
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({"constraints": [{"kind": "onehot"}]})


def test_every_setting_of_a_file_has_a_description():
    for definition in [schema(), *schema()["$defs"].values()]:
        assert definition["description"]
        for name, field in definition["properties"].items():
            assert "description" in field or name in ("kind", "percentile", "relative"), name


def test_the_guide_runs_and_names_every_setting_and_kind(tmp_path, monkeypatch):
    (toml,) = re.findall(r"```toml\n(.*?)```", GUIDE, flags=re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    rng = np.random.default_rng(0)
    n = 60
    loans = pd.DataFrame(
        {
            "age": rng.integers(20, 60, n), "years_at_job": rng.integers(0, 5, n), "sex": rng.choice(["f", "m"], n),
            "income": np.where(rng.random(n) < 0.2, -9, rng.integers(800, 9000, n)),
            "education": rng.choice(["school", "college", "degree", "?"], n), "housing": rng.choice(["rent", "own"], n),
            "purpose_car": [1, 0, 0] * 20, "purpose_home": [0, 1, 0] * 20, "approved": [0, 1] * 30,
        }
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    written(tmp_path, toml)
    session = {"loans": loans}
    exec(compile(code, "action_files.md", "exec"), session)
    said = session["said"]
    assert said.weights == {"income": 2.0}
    assert said.group_only == ("sex",)
    assert len(said.actions.constraints) == toml.count("[[constraints]]")
    assert len(said.actions.menus(loans.head(5), session["cost"])) == 5
    names = {field.alias or name for entry in KINDS.values() for name, field in entry.model_fields.items()}
    names |= {name for part in ("Feature", "Defaults") for name in schema()["$defs"][part]["properties"]}
    assert not [name for name in (names - {"kind"}) | set(KINDS) if f"`{name}`" not in GUIDE and name != "grid"]
    assert set(Document.model_fields) == {"schema_", "version", "defaults", "features", "constraints"}
