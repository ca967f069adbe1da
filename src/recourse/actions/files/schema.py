"""What an action file can say: the settings of features, file-level defaults, and joint constraints.

These models are the one definition of the format: reading checks a file against them, the published JSON
Schema is generated from them, and writing goes through them. The first sentence of a description completes
"must be …" in an error; the rest explains the setting to whoever writes the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Union

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model
from pydantic_core import PydanticCustomError

from recourse.actions import constraints as joint
from recourse.actions.constraints.constraint import FileEntry, Setting
from recourse.errors import InputError
from recourse.tables import Name, plain_value

VERSION = 1
UNSAID: Any = None  # what was left out; `said` tells
ORDER = ("<", "<=", ">", ">=")
OPERATORS = ("=", "!=", *ORDER, "in")


def _no(message: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{message}", {"message": message})


def _different(values: list[Any]) -> list[Any]:
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise _no(f"lists {value!r} twice")
        seen.add(value)
    return values


def _ascending(bounds: list[Any]) -> list[Any]:
    low, high = bounds
    if isinstance(low, str) != isinstance(high, str):
        raise _no("must be two numbers or two levels, not one of each")
    if not isinstance(low, str) and low > high:
        raise _no(f"are reversed: {low:g} is above {high:g}")
    return bounds


def _clause(clause: list[Any]) -> list[Any]:
    feature, operator, value = clause
    if not isinstance(feature, str) or operator not in OPERATORS:
        raise _no(f"must be [feature, operator, value] with one of {' '.join(OPERATORS)} as the operator")
    if isinstance(value, list) != (operator == "in"):
        raise _no("must have a list of values after 'in', and one value after any other operator")
    return clause


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise _no(f'must be "up", "down" or "any", not {str(value).lower()}')
    return value


class _Strict(BaseModel):
    """Nothing is converted and nothing unknown is ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    def said(self, setting: str) -> bool:
        """Whether the file says this, rather than leaving it to the default."""
        return setting in self.model_fields_set


Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Real = Annotated[float, Field(allow_inf_nan=False)]
Number = Real  # whole numbers are numbers, too
Level = bool | Whole | Real | str
Levels = Annotated[list[Level], AfterValidator(_different)]
Names = Annotated[list[str], AfterValidator(_different)]
Direction = Annotated[Literal["up", "down", "any", -1, 0, 1], BeforeValidator(_no_truth)]
Percentile = Annotated[Number, Field(ge=0, le=100)]
Pair = Annotated[list[Number], Field(min_length=2, max_length=2), AfterValidator(_ascending)]
LevelPair = Annotated[list[Number | str], Field(min_length=2, max_length=2), AfterValidator(_ascending)]
Clause = Annotated[
    list[Level | list[Level]],
    Field(min_length=3, max_length=3),
    AfterValidator(_clause),
    WithJsonSchema(
        {
            "type": "array",
            "prefixItems": [{"type": "string"}, {"enum": list(OPERATORS)}, {}],
            "minItems": 3,
            "maxItems": 3,
        }
    ),
]


class Percentiles(_Strict):
    """Bounds as percentiles of the population, from 0 to 100."""

    percentile: Annotated[list[Percentile], Field(min_length=2, max_length=2), AfterValidator(_ascending)]


class Relative(_Strict):
    """A step as a share of the range, above 0 and at most 1."""

    relative: Annotated[Number, Field(gt=0, le=1)]


Step = Annotated[Number, Field(gt=0)] | Relative
_STEP = (
    "a number above 0, or { relative = 0.01 } with a share of at most 1. The distance between neighbouring target "
    "values: in the feature's units, or as a share of its range."
)


class Defaults(_Strict):
    """What holds for every feature that does not say otherwise, mentioned in the file or not."""

    actionable: bool = Field(True, description="true or false. Whether a person can change a feature at all.")
    bounds: Pair | Percentiles = Field(
        UNSAID,
        description="[lowest, highest], or { percentile = [1, 99] }. The range of the values that actions lead to, "
        "for integers and reals.",
    )
    step: Step = Field(UNSAID, description=_STEP)
    grid: Literal["steps", "observed"] = Field(
        "steps",
        description='"steps" or "observed". Target values in equal steps, or those that people in the table have.',
    )
    missing: Levels = Field(
        UNSAID, description='a list of different values. What means "missing" in the table, such as ["?", -9].'
    )


class Feature(_Strict):
    """What people can do about one column of the table; whatever is left out is inferred from the table."""

    actionable: bool = Field(UNSAID, description="true or false. Whether a person can change it at all.")
    type: Literal["boolean", "integer", "real", "ordinal", "categorical"] = Field(
        UNSAID,
        description='"boolean", "integer", "real", "ordinal" or "categorical". '
        "The kind of feature; an ordinal one has levels in an order, a categorical one levels without.",
    )
    direction: Direction = Field(
        "any",
        description='"up", "down" or "any" (1, -1 or 0). Which way it can go: an ordinal feature to later or '
        "earlier levels.",
    )
    bounds: LevelPair | Percentiles = Field(
        UNSAID,
        description="[lowest, highest] or { percentile = [1, 99] }. The range of the values that actions lead to, in "
        "the feature's units; for an ordinal feature two of its levels.",
    )
    step: Step = Field(UNSAID, description=_STEP)
    levels: Annotated[Levels, Field(min_length=1)] = Field(
        UNSAID,
        description="a list of different values. The levels that actions lead to, of an ordinal feature in their "
        "order. Say the type, too.",
    )
    missing: Levels = Field(
        UNSAID,
        description='a list of different values. What means "missing" in this column; replaces the default list.',
    )
    from_missing: Annotated[Number, Field(ge=0)] = Field(
        UNSAID,
        description="a price of 0 or more. What it costs to give a value where it is missing today; left out, it "
        "can't be done.",
    )
    weight: Annotated[Number, Field(ge=0)] = Field(
        1.0, description="a number of 0 or more. A factor on the feature's prices: 2 makes every change twice as dear."
    )
    label: str = Field("", description="words in quotes. What people call it.")
    unit: str = Field("", description="words in quotes. What its values are measured in.")
    group_only: bool = Field(
        False,
        description="true or false. A column that groups people in a report, and that neither the model nor the "
        "actions have as a feature.",
    )


def _clauses_values(clause: Any) -> list[Any]:
    value = clause[2]
    return value if isinstance(value, list) else [value]


class Entry(_Strict):
    """Base of the constraints of a file; `entry_model` makes one of what a constraint says of itself.

    kind : which one; constraint : the class that it stands for
    """

    kind: str
    constraint: ClassVar[type[joint.Constraint]]

    @classmethod
    def entry(cls) -> FileEntry:
        """What the constraint says of its place in a file."""
        assert cls.constraint.entry is not None
        return cls.constraint.entry

    def said_settings(self) -> Iterator[tuple[Setting, Any]]:
        """Yield each setting that has a value, with the value."""
        for setting in self.entry().settings:
            value = getattr(self, setting.attribute or setting.name)
            if value is not None:
                yield setting, value

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield every feature it is about, with the setting that says so."""
        for setting, value in self.said_settings():
            for name in _KINDS[setting.kind].features(value):
                yield setting.name, str(name)

    def values(self) -> Iterator[tuple[str, str, str, Any]]:
        """Yield the values it compares features with: setting, feature, operator, value."""
        said = {setting.name: value for setting, value in self.said_settings()}
        for setting, value in self.said_settings():
            if setting.kind == "clause":
                feature, operator, _ = value
                for one in _clauses_values(value):
                    yield setting.name, str(feature), str(operator), one
            if setting.kind == "value":
                yield setting.name, said[setting.of], "=", value
            if setting.kind == "states":
                for state in value:
                    state = state if isinstance(state, list) else [state]
                    for feature, one in zip(said[setting.of], state, strict=False):
                        yield setting.name, feature, "=", one

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        """Return the constraint; `name` turns names of the file into columns."""
        arguments = {}
        for setting, value in self.said_settings():
            parameter = "names" if setting.name == "features" else setting.attribute or setting.name
            arguments[parameter] = _KINDS[setting.kind].read(value, name)
        return self.constraint(**arguments)


class _Kind(NamedTuple):
    """What may be said of one kind of setting of a constraint, and how it is read and written.

    type : what pydantic checks; features : the features that a value names
    read : turns what a file says, and names into columns, into an argument of the constraint
    write : turns it back; None for what need not be said
    """

    type: Any
    features: Callable[[Any], Iterable[str]] = lambda value: ()
    read: Callable[[Any, Callable[[str], Name]], Any] = lambda value, name: value
    write: Callable[[Any], Any] = plain_value


_KINDS: dict[str, _Kind] = {
    "names": _Kind(
        Names,
        features=lambda value: value,
        read=lambda value, name: [name(one) for one in value],
        write=lambda value: [str(one) for one in value] or None,
    ),
    "name": _Kind(str, features=lambda value: [value], read=lambda value, name: name(value), write=str),
    "rates": _Kind(
        Annotated[dict[str, Number], Field(min_length=1)],
        features=lambda value: value,
        read=lambda value, name: {name(one): rate for one, rate in value.items()},
        write=lambda value: {str(one): rate for one, rate in value.items()},
    ),
    "whole": _Kind(Annotated[Whole, Field(ge=0)]),
    "number": _Kind(Number, write=lambda value: value if math.isfinite(value) else None),
    "truth": _Kind(bool, write=lambda value: True if value else None),
    "direction": _Kind(
        Direction,
        read=lambda value, name: sign(value),
        write=lambda value: {1: "up", -1: "down", 0: None}[value],
    ),
    "clause": _Kind(
        Clause,
        features=lambda value: [value[0]],
        read=lambda value, name: (name(str(value[0])), str(value[1]), value[2]),
        write=lambda value: [
            str(value[0]),
            value[1],
            [plain_value(one) for one in value[2]] if value[1] == "in" else plain_value(value[2]),
        ],
    ),
    "value": _Kind(Level),
    "states": _Kind(
        Annotated[list[Annotated[list[Level], Field(min_length=1)]] | list[Level], Field(min_length=1)],
        write=lambda value: [[plain_value(one) for one in state] for state in value],
    ),
    "matrix": _Kind(list[list[Literal[0, 1]]], write=lambda value: value.astype(int).tolist()),
}
"""What the settings of constraints may be, by the kinds that `Setting` names."""


def entry_model(constraint: type[joint.Constraint]) -> type[Entry]:
    """Return the model of one constraint's entry, made of what the constraint says of itself."""
    entry = constraint.entry
    assert entry is not None
    fields: dict[str, Any] = {"kind": (Literal[entry.kind], ...)}
    for setting in entry.settings:
        type_ = _KINDS[setting.kind].type
        if setting.kind == "names":
            type_ = Annotated[Names, Field(min_length=setting.least)]
        default = "any" if setting.kind == "direction" else setting.default
        alias = setting.name if setting.attribute else None
        field = Field(default, description=setting.works, alias=alias)
        fields[setting.attribute or setting.name] = (type_, field)
    model: type[Entry] = create_model(constraint.__name__, __base__=Entry, __doc__=entry.about, **fields)
    model.constraint = constraint
    return model


KINDS: dict[str, type[Entry]] = {model.entry().kind: model for model in map(entry_model, joint.IN_FILES)}
"""The constraints of a file by their kind."""

AnyEntry: Any = Annotated[Union[tuple(KINDS.values())], Field(discriminator="kind")]  # noqa: UP007 - made of a tuple


class Document(_Strict):
    """Actions that people can take: an action file of openrecourse, as TOML or JSON."""

    schema_: str = Field(UNSAID, alias="$schema", description="a URL or path. Where editors find this schema.")
    version: Literal[1] = Field(1, description="1. The version of this format.")
    defaults: Defaults = Field(UNSAID, description="a table of settings.")
    features: dict[str, Feature] = Field(
        default_factory=dict, description="a table with one table of settings a column."
    )
    constraints: list[AnyEntry] = Field(default_factory=list, description="a list of tables, each with a kind.")


def sign(direction: str | int) -> int:
    """Return 1, −1 or 0 for a direction as a file says it.

    >>> sign("down"), sign(1)
    (-1, 1)
    """
    words = {"up": 1, "down": -1, "any": 0}
    return words[direction] if isinstance(direction, str) else direction


def entry_of(constraint: joint.Constraint) -> dict[str, Any]:
    """Return a constraint as an action file says it; a function of the user's own can't be said.

    >>> entry_of(joint.OneHot(["rents", "owns"], at_most=True))
    {'kind': 'one_hot', 'features': ['rents', 'owns'], 'at_most': True}
    """
    entry = constraint.entry if type(constraint) in joint.IN_FILES else None
    if entry is None:
        raise InputError(
            f"{constraint!r} can't be written to an action file: it is code. Leave it out of the set that is written, "
            "and add it again after reading."
        )
    written: dict[str, Any] = {"kind": entry.kind}
    for setting in entry.settings:
        value = getattr(constraint, setting.attribute or setting.name)
        written[setting.name] = _KINDS[setting.kind].write(value)
    return {key: value for key, value in written.items() if value is not None}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of action files, as published in ``actions.schema.json``."""

    def tidy(node: Any) -> Any:
        if isinstance(node, list):
            return [tidy(one) for one in node]
        if not isinstance(node, dict):
            return node
        kept = {key: tidy(value) for key, value in node.items() if not (key == "default" and value is None)}
        if isinstance(kept.get("title"), str):
            del kept["title"]
        return kept

    document = tidy(Document.model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Action file", **document}
