"""Which simulation this is: a hash of everything that its numbers depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recourse.actions import ActionSet
from recourse.errors import InputError
from recourse.identity import digest, plain_setting
from recourse.models.identity import identity_of


def model_identity(name: str, model: Any, told: str | None) -> Any:
    """Which model this is: its settings if it will be fitted, its content if it is taken as it is."""
    try:
        return identity_of(model)
    except InputError as error:
        if told is not None:
            return {"told": told}
        raise InputError(f"model {name!r}: {error} Or name it yourself: simulate(..., identity='…').") from None


def actions_identity(actions: ActionSet, told: str | None) -> dict[str, Any]:
    """What people can do: every setting, the values and counts that prices rest on, and the constraints."""
    features = {}
    for feature in actions:
        observed = feature.observed
        content = {"settings": feature.stated(), "percentiles": feature.percentiles, "values": observed.values}
        said = plain_setting(f"feature {feature.name!r}", content | {"counts": observed.counts}, told)
        features[f"{type(feature.name).__name__} {feature.name}"] = said
    constraints = list(actions.constraints.values())
    return {
        "features": features,
        "constraints": [plain_setting(f"the constraint on {one.features}", one, told) for one in constraints],
        "y_desired": plain_setting("y_desired", actions.y_desired),
    }


def study_identity(
    models: Mapping[str, Any],
    recourse: Mapping[str, Any],
    actions: ActionSet,
    design: Any,
    rest: Mapping[str, Any],
    told: str | None,
) -> str:
    """Return the SHA-256 of a simulation's parts and content.

    models : as they go in, not yet fitted to the training people; rest : people, labels, seeds, numbers of rounds
    told : the user's own name for parts that have no identity; it is part of the hash

    Raises `InputError` for a part without an identity, and says what to do.
    """
    return digest(
        {
            "models": {name: model_identity(name, one, told) for name, one in models.items()},
            "recourse": {name: plain_setting(f"recourse {name!r}", one, told) for name, one in recourse.items()},
            "actions": actions_identity(actions, told),
            "design": plain_setting("the design", design, told),
            "told": told,
            **{name: plain_setting(name, value, told) for name, value in rest.items()},
        }
    )


def described(part: Any) -> Any:
    """Return a part as plain data for a report, where what has no identity is named by its kind."""
    return plain_setting("a part", part, "not identified")
