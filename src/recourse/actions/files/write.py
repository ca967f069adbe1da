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
    _check_sayable(actions, stated, weights, group_only)

    # what is the same everywhere is said once
    defaults: dict[str, Any] = {}
    untouched = [said["default_bounds"] for said in stated.values() if said["default_bounds"] is not None]
    if untouched:
        defaults["bounds"] = _bounds(untouched[0])
    codes = {said["missing"] for said in stated.values()}
    missing = list(codes.pop()) if len(codes) == 1 else []
    if missing:
        defaults["missing"] = [plain_value(code) for code in missing]
    defaults["grid"] = next(iter(stated.values()))["grid"]

    # the features, and the columns that are none
    features = {str(name): _settings(name, said, missing, weights.get(name)) for name, said in stated.items()}
    features |= {str(name): {"group_only": True} for name in group_only}

    document = {
        "version": VERSION,
        "defaults": defaults,
        "features": features,
        "constraints": [schema.entry_of(constraint) for constraint in actions.constraints.values()],
    }
    Document.model_validate(document)  # a file of ours is a valid file
    return document


def _check_sayable(
    actions: ActionSet, stated: Mapping[Name, Mapping[str, Any]], weights: Iterable[Name], group_only: list[Name]
) -> None:
    """Raise `InputError` for what an action file can't say."""
    known_names("weights", weights, list(stated))
    for name in group_only:
        if name in stated:
            raise InputError(f"group_only: {name!r} is a feature of the action set, so it is not only for groups.")
    names = [str(name) for name in [*stated, *group_only]]
    if len(set(names)) != len(names):
        raise InputError("two columns have the same name once names are written as text; rename one.")

    # what is there to compare with the older library
    grid = next(iter(stated.values()))["grid"]
    percentiles = next(iter(actions)).percentiles
    for setting, value, known in (
        ("grid", grid, ("steps", "observed")),
        ("percentiles", percentiles, ("empirical",)),
    ):
        if value not in known:
            raise InputError(f"an action file can't say {setting}={value!r}, which is for comparison with the past.")
    if actions.y_desired != 1:
        raise InputError("an action file can't say y_desired=-1; name the favourable label with desired= instead.")


def to_toml(actions: ActionSet, *, weights: Mapping[Name, float] | None = None, group_only: Iterable[Name] = ()) -> str:
    """Return an action set as the text of an action file (see `ActionSet.to_toml`)."""
    import tomlkit

    document = to_dict(actions, weights=weights, group_only=group_only)
    out = tomlkit.document()
    out["version"] = document["version"]
    out["defaults"] = {key: _inline(value) for key, value in document["defaults"].items()}

    # [features.age], each a table of its own
    features = tomlkit.table(is_super_table=True)
    for name, settings in document["features"].items():
        features[name] = {key: _inline(value) for key, value in settings.items()}
    out["features"] = features

    # [[constraints]], one after the other
    if document["constraints"]:
        entries = tomlkit.aot()
        for entry in document["constraints"]:
            table = tomlkit.table()
            for key, value in entry.items():
                table[key] = _inline(value)
            entries.append(table)
        out["constraints"] = entries
    return tomlkit.dumps(out)


def _inline(value: Any) -> Any:
    """A mapping as a table in braces on one line; anything else as it is."""
    import tomlkit

    if not isinstance(value, dict):
        return value
    table = tomlkit.inline_table()
    table.update(value)
    return table


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
