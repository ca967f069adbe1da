"""What an action file can say: the settings of features, file-level defaults, and joint constraints.

These models are the one definition of the format: reading checks a file against them, the published JSON
Schema is generated from them, and writing goes through them. The first sentence of a description completes
"must be …" in an error; the rest explains the setting to whoever writes the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from recourse.actions import constraints as joint
from recourse.errors import InputError
from recourse.tables import Name

VERSION = 1
UNSAID: Any = None  # what was left out; `said` tells
NUMERIC = ("boolean", "integer", "real")
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


class Entry(_Strict):
    """Base of the constraints of a file.

    kind : which one; needs : the types its features must have, empty if any will do.
    """

    kind: str
    needs: ClassVar[tuple[str, ...]] = ()

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield every feature it is about, with the setting that says so."""
        for name in getattr(self, "features", None) or ():
            yield "features", name

    def values(self) -> Iterator[tuple[str, str, str, Any]]:
        """Yield the values it compares features with: setting, feature, operator, value."""
        return iter(())

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        """Return the constraint; `name` turns names of the file into columns."""
        raise NotImplementedError


_TWO_OR_MORE = "a list of two or more different features"
_MOVES = '"up", "down" or "any" (1, -1 or 0). Which way the level can go.'
_RATES = Annotated[dict[str, Number], Field(min_length=1)]


class OneHot(Entry):
    """Exactly one of a group of 0/1 features is on; at most one if the encoding left a level out."""

    needs = ("boolean",)
    kind: Literal["one_hot"]
    features: Annotated[Names, Field(min_length=2)] = Field(description=f"{_TWO_OR_MORE}. The columns of the group.")
    at_most: bool = Field(False, description="true or false. Whether all of them may be off.")

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        return joint.OneHot(list(map(name, self.features)), at_most=self.at_most)


class GroupLimit(Entry):
    """At least `lb` and at most `ub` of a group of 0/1 features are on."""

    needs = ("boolean",)
    kind: Literal["group_limit"]
    features: Annotated[Names, Field(min_length=1)] = Field(description="a list of different features. The group.")
    lb: Annotated[Whole, Field(ge=0)] = Field(0, description="a whole number of 0 or more. How many are on at least.")
    ub: Annotated[Whole, Field(ge=0)] = Field(UNSAID, description="a whole number of 0 or more. How many at most.")

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        return joint.GroupLimit(list(map(name, self.features)), self.lb, self.ub)


class AtMost(Entry):
    """At most `k` of these features change at once (of all, if none are listed)."""

    kind: Literal["at_most"]
    k: Annotated[Whole, Field(ge=0)] = Field(description="a whole number of 0 or more. How many may change.")
    features: Annotated[Names, Field(min_length=1)] = Field(
        UNSAID, description="a list of different features. Those that are counted; all if left out."
    )

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        return joint.AtMost(self.k, None if self.features is None else list(map(name, self.features)))


class IfThen(Entry):
    """If one feature ends up on one side of a value, another must too."""

    kind: Literal["if_then"]
    condition: Clause = Field(
        alias="if", description='[feature, operator, value], such as ["employed", "=", 0]. The condition.'
    )
    consequence: Clause = Field(
        alias="then", description='[feature, operator, value], such as ["hours", "<=", 0]. What then must hold.'
    )

    def names(self) -> Iterator[tuple[str, str]]:
        yield "if", str(self.condition[0])
        yield "then", str(self.consequence[0])

    def values(self) -> Iterator[tuple[str, str, str, Any]]:
        for setting, (feature, operator, value) in (("if", self.condition), ("then", self.consequence)):
            for one in value if isinstance(value, list) else [value]:
                yield setting, str(feature), str(operator), one

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        one, other = ((name(str(a)), str(b), c) for a, b, c in (self.condition, self.consequence))
        return joint.IfThen(one, other)


class OrdinalEncoding(Entry):
    """A one-hot encoding of ordered levels: 0/1 features, listed from the lowest level to the highest."""

    needs = ("boolean",)
    kind: Literal["ordinal_encoding"]
    features: Annotated[Names, Field(min_length=2)] = Field(description=f"{_TWO_OR_MORE}. From lowest to highest.")
    direction: Direction = Field("any", description=_MOVES)
    at_most: bool = Field(False, description="true or false. Whether all of them may be off.")

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        features = list(map(name, self.features))
        return joint.OrdinalEncoding(features, sign(self.direction), at_most=self.at_most)


class Thermometer(Entry):
    """0/1 features of the form "at least level k", in ascending order: each implies the one before it."""

    needs = ("boolean",)
    kind: Literal["thermometer"]
    features: Annotated[Names, Field(min_length=2)] = Field(description=f"{_TWO_OR_MORE}. From lowest to highest.")
    direction: Direction = Field("any", description=_MOVES)

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        return joint.Thermometer(list(map(name, self.features)), sign(self.direction))


class Linkage(Entry):
    """Changing one feature moves others along, actionable or not: each by so much per unit."""

    needs = NUMERIC
    kind: Literal["linkage"]
    source: str = Field(description="the name of a feature. The one that people change.")
    targets: _RATES = Field(
        description="a table of numbers by feature, such as { age = 1 }. By how much each moves per unit."
    )

    def names(self) -> Iterator[tuple[str, str]]:
        yield "source", self.source
        for target in self.targets:
            yield "targets", target

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        return joint.Linkage(name(self.source), {name(target): rate for target, rate in self.targets.items()})


class Sum(Entry):
    """A weighted sum of features, or of their changes, stays between `lb` and `ub`."""

    needs = NUMERIC
    kind: Literal["sum"]
    coefficients: _RATES = Field(
        description="a table of numbers by feature, such as { years_at_job = 1, age = -1 }. The weights of the sum."
    )
    lb: Number = Field(UNSAID, description="a number. The smallest sum that is possible; left out, there is none.")
    ub: Number = Field(UNSAID, description="a number. The largest sum that is possible; left out, there is none.")
    of_changes: bool = Field(False, description="true or false. Whether changes are added up instead of values.")

    def names(self) -> Iterator[tuple[str, str]]:
        for feature in self.coefficients:
            yield "coefficients", feature

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        low = -float("inf") if self.lb is None else float(self.lb)
        high = float("inf") if self.ub is None else float(self.ub)
        coefficients = {name(feature): weight for feature, weight in self.coefficients.items()}
        return joint.Sum(coefficients, low, high, of_changes=self.of_changes)


class Reachability(Entry):
    """From a state only certain other states can be reached: joint values of features, and a matrix."""

    kind: Literal["reachability"]
    features: Annotated[Names, Field(min_length=1)] = Field(description="a list of different features.")
    states: Annotated[list[Annotated[list[Level], Field(min_length=1)]] | list[Level], Field(min_length=1)] = Field(
        description="a list of values, or of lists with one value a feature. The states."
    )
    reachable: list[list[Literal[0, 1]]] = Field(
        description="one row of 0s and 1s a state. From the state of a row to the state of a column."
    )

    def values(self) -> Iterator[tuple[str, str, str, Any]]:
        for state in self.states:
            state = state if isinstance(state, list) else [state]
            for feature, value in zip(self.features, state, strict=False):
                yield "states", feature, "=", value

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        if len({len(row) for row in self.reachable}) > 1:
            raise InputError("reachability: the rows of the matrix differ in length.")
        return joint.Reachability(list(map(name, self.features)), self.states, self.reachable)


class Switch(Entry):
    """While a feature has this value after the action, the targets can't change."""

    kind: Literal["switch"]
    switch: str = Field(description="the name of a feature. The switch.")
    value: Level = Field(description="a value of the switch. The one that holds the targets.")
    targets: Annotated[Names, Field(min_length=1)] = Field(description="a list of different features. What it holds.")

    def names(self) -> Iterator[tuple[str, str]]:
        yield "switch", self.switch
        for target in self.targets:
            yield "targets", target

    def values(self) -> Iterator[tuple[str, str, str, Any]]:
        yield "value", self.switch, "=", self.value

    def build(self, name: Callable[[str], Name]) -> joint.Constraint:
        return joint.Switch(name(self.switch), self.value, list(map(name, self.targets)))


AnyEntry = Annotated[
    OneHot | GroupLimit | AtMost | IfThen | OrdinalEncoding | Thermometer | Linkage | Sum | Reachability | Switch,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[Entry]] = {
    get_args(entry.model_fields["kind"].annotation)[0]: entry for entry in get_args(get_args(AnyEntry)[0])
}
"""The constraints of a file by their kind."""


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
    write = _WRITE.get(type(constraint))
    if write is None:
        raise InputError(
            f"{constraint!r} can't be written to an action file: it is code. Leave it out of the set that is written, "
            "and add it again after reading."
        )
    return {key: value for key, value in write(constraint).items() if value is not None}


def _way(direction: int) -> str | None:
    return {1: "up", -1: "down", 0: None}[direction]


def _finite(value: float) -> float | None:
    return value if abs(value) != float("inf") else None


def _listed(names: Any) -> list[str] | None:
    return list(map(str, names)) or None


def _rates(rates: Mapping[Name, float]) -> dict[str, float]:
    return {str(name): rate for name, rate in rates.items()}


def _part(clause: tuple[Any, ...]) -> list[Any]:
    feature, operator, value = clause
    return [str(feature), operator, [plain(one) for one in value] if operator == "in" else plain(value)]


def plain(value: Any) -> Any:
    """Return a NumPy scalar as the Python value that a file can hold, and anything else as it is."""
    return value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value


_WRITE: dict[type, Callable[[Any], dict[str, Any]]] = {
    joint.OneHot: lambda c: {"kind": "one_hot", "features": _listed(c.features), "at_most": c.lb == 0 or None},
    joint.GroupLimit: lambda c: {"kind": "group_limit", "features": _listed(c.features), "lb": c.lb, "ub": c.ub},
    joint.AtMost: lambda c: {"kind": "at_most", "k": c.k, "features": _listed(c.features)},
    joint.IfThen: lambda c: {"kind": "if_then", "if": _part(c.condition), "then": _part(c.consequence)},
    joint.OrdinalEncoding: lambda c: {
        "kind": "ordinal_encoding",
        "features": _listed(c.features),
        "direction": _way(c.direction),
        "at_most": c.at_most or None,
    },
    joint.Thermometer: lambda c: {
        "kind": "thermometer",
        "features": _listed(c.features),
        "direction": _way(c.direction),
    },
    joint.Linkage: lambda c: {"kind": "linkage", "source": str(c.source), "targets": _rates(c.targets)},
    joint.Sum: lambda c: {
        "kind": "sum",
        "coefficients": _rates(c.coefficients),
        "lb": _finite(c.lb),
        "ub": _finite(c.ub),
        "of_changes": c.of_changes or None,
    },
    joint.Reachability: lambda c: {
        "kind": "reachability",
        "features": _listed(c.features),
        "states": [[plain(value) for value in state] for state in c.states],
        "reachable": c.reachable.astype(int).tolist(),
    },
    joint.Switch: lambda c: {
        "kind": "switch",
        "switch": str(c.switch),
        "value": plain(c.value),
        "targets": _listed(c.targets),
    },
}


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
