"""Write an action set down as plain data or as commented TOML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from recourse.actions.action_set import ActionSet
from recourse.actions.files import schema
from recourse.actions.files.schema import (
    VERSION,
    Document,
)
from recourse.actions.settings import LEVEL_TYPES
from recourse.checks import known_names
from recourse.errors import InputError
from recourse.tables import Name, plain_value


def to_dict(
    actions: ActionSet, *, weights: Mapping[Name, float] | None = None, group_only: Iterable[Name] = ()
) -> dict[str, Any]:
    """Return an action set as the content of an action file (see `ActionSet.to_dict`)."""
    weights, group_only = dict(weights or {}), list(group_only)
    stated = {feature.name: feature.stated() for feature in actions}
    known_names("weights", weights, list(stated))
    for name in group_only:
        if name in stated:
            raise InputError(f"group_only: {name!r} is a feature of the action set, so it is not only for groups.")
    names = [str(name) for name in [*stated, *group_only]]
    if len(set(names)) != len(names):
        raise InputError("two columns have the same name once names are written as text; rename one.")
    first = next(iter(stated.values()))
    kinds = {feature.percentiles for feature in actions}
    for setting, said in (("grid", {first["grid"]} - {"steps", "observed"}), ("percentiles", kinds - {"empirical"})):
        if said:
            raise InputError(
                f"an action file can't say {setting}={said.pop()!r}, which is for comparison with the past."
            )
    if actions.y_desired != 1:
        raise InputError("an action file can't say y_desired=-1; name the favourable label with desired= instead.")
    untouched = [said["default_bounds"] for said in stated.values() if said["default_bounds"] is not None]
    missing = list(first["missing"]) if len({said["missing"] for said in stated.values()}) == 1 else []
    defaults: dict[str, Any] = {"bounds": _bounds(untouched[0])} if untouched else {}
    if missing:
        defaults["missing"] = [plain_value(code) for code in missing]
    document = {
        "version": VERSION,
        "defaults": defaults | {"grid": first["grid"]},
        "features": {str(name): _settings(name, said, missing, weights.get(name)) for name, said in stated.items()}
        | {str(name): {"group_only": True} for name in group_only},
        "constraints": [schema.entry_of(constraint) for constraint in actions.constraints.values()],
    }
    Document.model_validate(document)  # a file of ours is a valid file
    return document


def to_toml(actions: ActionSet, *, weights: Mapping[Name, float] | None = None, group_only: Iterable[Name] = ()) -> str:
    """Return an action set as the text of an action file (see `ActionSet.to_toml`)."""
    import tomlkit

    def inline(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        table = tomlkit.inline_table()
        table.update(value)
        return table

    document = to_dict(actions, weights=weights, group_only=group_only)
    out = tomlkit.document()
    out["version"] = document["version"]
    out["defaults"] = {key: inline(value) for key, value in document["defaults"].items()}
    features = tomlkit.table(is_super_table=True)
    for name, settings in document["features"].items():
        features[name] = {key: inline(value) for key, value in settings.items()}
    out["features"] = features
    if document["constraints"]:
        entries = tomlkit.aot()
        for entry in document["constraints"]:
            table = tomlkit.table()
            for key, value in entry.items():
                table[key] = inline(value)
            entries.append(table)
        out["constraints"] = entries
    return tomlkit.dumps(out)


def _settings(name: Name, said: Mapping[str, Any], missing: list[Any], weight: float | None) -> dict[str, Any]:
    """What an action file says of one feature: always its kind and whether it can change, the rest where set."""
    levels = said["variable_type"] in LEVEL_TYPES
    categorical = said["variable_type"] == "categorical"
    settings: dict[str, Any] = {"type": said["variable_type"], "actionable": said["actionable"]}
    if said["levels"] is not None and levels:
        settings["levels"] = [plain_value(level) for level in said["levels"]]
    if said["step_direction"]:
        if categorical:
            raise InputError(
                f"a file can't give a direction to {name!r}: it is categorical. Set its levels, as ordinal."
            )
        settings["direction"] = "up" if said["step_direction"] > 0 else "down"
    if said["bounds"] is not None and not categorical:
        settings["bounds"] = _bounds(said["bounds"])
    if (said["step_type"], said["step_size"]) != ("relative", 0.01) and not levels:
        size = said["step_size"]
        settings["step"] = {"relative": size} if said["step_type"] == "relative" else size
    if list(said["missing"]) != missing:
        settings["missing"] = [plain_value(code) for code in said["missing"]]
    if said["from_missing"] is not None:
        settings["from_missing"] = said["from_missing"]
    if weight is not None:
        settings["weight"] = plain_value(weight)
    return settings | {key: said[key] for key in ("label", "unit") if said[key]}


def _bounds(said: tuple[Any, Any, str]) -> Any:
    low, high, kind = said
    return (
        {"percentile": [plain_value(low), plain_value(high)]}
        if kind == "percentile"
        else [plain_value(low), plain_value(high)]
    )
