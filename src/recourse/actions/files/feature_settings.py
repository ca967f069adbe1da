"""Set what an action file says of each feature, and report what can't be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recourse.actions.feature import FeatureActions
from recourse.actions.files import schema
from recourse.actions.files.problems import Findings, Place, shown
from recourse.actions.files.schema import Defaults, Feature, Relative
from recourse.actions.variable_types import LEVEL_TYPES
from recourse.errors import InputError, nearest

NO_ORDER = 'a categorical feature has no order. List its levels, with type = "ordinal" if they have one.'


def apply_settings(feature: FeatureActions, said: Feature, defaults: Defaults, findings: Findings) -> None:
    """Set what the file says of one feature, in the order in which settings depend on each other."""
    place: Place = ("features", str(feature.name))
    if findings.about((*place, "type")) or findings.about((*place, "levels")):
        return  # without them the rest can't be judged

    # What kind of feature it is decides what the other settings mean.
    if not _set_type(feature, said, place, findings):
        return
    note_unseen(feature, "levels", said.levels or [], findings)

    # Settings that mean nothing here are reported and not set.
    wrong = contradictions(feature, said)
    for setting, message in wrong.items():
        findings.report((*place, setting), getattr(said, setting), message)

    fits = _set_step(feature, said, defaults, findings)
    if said.said("bounds") and "bounds" not in wrong:
        _set(feature, "bounds", said_bounds(said.bounds), (*place, "bounds"), findings)
    if said.said("direction") and "direction" not in wrong:
        feature.step_direction = schema.sign(said.direction)
    feature.actionable = said.actionable if said.said("actionable") else defaults.actionable
    feature.from_missing = said.from_missing if said.said("from_missing") else None
    feature.label, feature.unit = said.label, said.unit

    # What only becomes wrong together is refused when the target values are made.
    if fits and not wrong:
        try:
            feature.codes  # noqa: B018 - asked for its errors
        except InputError as error:
            setting = next((one for one in ("step", "bounds") if said.said(one)), "")
            findings.report((*place, setting) if setting else ("defaults",), None, str(error))


def note_unseen(feature: FeatureActions, setting: str, values: Iterable[Any], findings: Findings) -> None:
    """Note the values that no row of the table has."""
    seen = feature.stated()["seen"]
    for value in values:
        if value not in seen:
            findings.notes.append(f"{feature.name!r}, {setting}: {shown(value)} is in no row. {nearest(value, seen)}")


def contradictions(feature: FeatureActions, said: Feature) -> dict[str, str]:
    """Return the settings that mean nothing, or something else than they say, for a feature of this type."""
    kind = feature.variable_type
    wrong: dict[str, str] = {}

    # bounds and direction need an order
    bounds = said.bounds if said.said("bounds") else None
    if kind == "categorical":
        if bounds is not None:
            wrong["bounds"] = NO_ORDER
        if said.said("direction") and schema.sign(said.direction):
            wrong["direction"] = NO_ORDER
    elif bounds is not None:
        message = _wrong_level_bounds(feature, bounds) if kind == "ordinal" else _wrong_number_bounds(kind, bounds)
        if message:
            wrong["bounds"] = message

    # steps need numbers, and whole numbers whole steps
    step = said.step if said.said("step") else None
    if step is not None and kind in LEVEL_TYPES:
        wrong["step"] = f"means nothing here: the feature is {kind} and moves from level to level."
    elif step is not None and not _step_fits(kind, step):
        wrong["step"] = f'must be a whole number, because the feature is {kind}; type = "real" takes fractions.'
    return wrong


def said_bounds(bounds: Any) -> tuple[Any, ...]:
    """Return bounds of a file as the setting of a feature."""
    if isinstance(bounds, list):
        return (*bounds, "absolute")
    return (*bounds.percentile, "percentile")


def _set_type(feature: FeatureActions, said: Feature, place: Place, findings: Findings) -> bool:
    """Set levels and type; whether that could be done."""
    if said.said("levels") and said.type not in LEVEL_TYPES:
        message = 'need type = "ordinal" (levels in this order) or type = "categorical" (without order).'
        findings.report((*place, "levels"), said.levels, message)
        return False
    if said.said("levels") and not _set(feature, "levels", said.levels, (*place, "levels"), findings):
        return False
    return not said.said("type") or _set(feature, "variable_type", said.type, (*place, "type"), findings)


def _set_step(feature: FeatureActions, said: Feature, defaults: Defaults, findings: Findings) -> bool:
    """Set the step, the feature's own or the file's default; whether a default fits the feature."""
    own = said.said("step")
    step = said.step if own else defaults.step
    if step is None or feature.variable_type in LEVEL_TYPES:
        return True
    if isinstance(step, Relative):
        feature.step_type, feature.step_size = "relative", step.relative
    else:
        feature.step_type, feature.step_size = "absolute", step
    if own or not defaults.said("step") or _step_fits(feature.variable_type, step):
        return True  # of a step of its own, `contradictions` says what is wrong
    findings.report(
        ("defaults", "step"),
        step,
        f"{shown(step)} is no whole number, but {feature.name!r} is {feature.variable_type}: give it a "
        'step of its own, or type = "real".',
    )
    return False


def _step_fits(kind: str, step: Relative | float) -> bool:
    """Whether a feature that holds numbers of this kind can move in such steps."""
    return kind == "real" or isinstance(step, Relative) or step == round(step)


def _set(feature: FeatureActions, attribute: str, value: Any, place: Place, findings: Findings) -> bool:
    """Set one setting, or report why it can't be; whether it could."""
    try:
        setattr(feature, attribute, value)
    except InputError as error:
        message = str(error)
        if attribute == "variable_type" and value == "ordinal":
            message = f"say in which order the levels are: levels = {shown(feature.levels[:4])[:-1]}, …]."
        findings.report(place, value, message)
        return False
    return True


def _wrong_level_bounds(feature: FeatureActions, bounds: Any) -> str:
    """What is wrong with the bounds of an ordinal feature; nothing if they are two of its levels, in order."""
    levels = feature.levels
    if not isinstance(bounds, list):
        return f"of an ordinal feature are two of its levels, not percentiles. {nearest('', levels)}"
    for bound in bounds:
        if bound not in levels:
            return f"{shown(bound)} is none of its levels. {nearest(bound, levels)}"
    if levels.index(bounds[0]) > levels.index(bounds[1]):
        return f"are reversed: {shown(bounds[0])} comes after {shown(bounds[1])}."
    return ""


def _wrong_number_bounds(kind: str, bounds: Any) -> str:
    """What is wrong with the bounds of a number; nothing if they are percentiles or numbers of its kind."""
    if not isinstance(bounds, list):
        return ""
    words = [bound for bound in bounds if isinstance(bound, str)]
    if words:
        return f"must be numbers, because the feature is {kind}, not {shown(words[0])}."
    if kind != "real" and any(float(bound) % 1 for bound in bounds):
        return f'must be whole numbers, because the feature is {kind}; type = "real" takes fractions.'
    return ""
