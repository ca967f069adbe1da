"""Every public function, and every public method of a public class, says what each of its parameters means."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import recourse

PACKAGE = Path(recourse.__file__).parent


def packages() -> list[str]:
    """The dotted names of all packages that say what is public."""
    inits = sorted(PACKAGE.rglob("__init__.py"))
    public = [path.parent for path in inits if re.search(r"^__all__ = ", path.read_text("utf-8"), re.MULTILINE)]
    return [".".join(("recourse", *folder.relative_to(PACKAGE).parts)) for folder in public]


def parameters(function: Callable[..., Any]) -> list[str]:
    """The names of a function's parameters, without self and cls."""
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def documented(docstring: str) -> set[str]:
    """The names that a docstring's Parameters section explains: `a : int`, `a, b : int`, `*args : object`."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+$|\Z)", docstring, re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*) :", section[1] if section else "", re.MULTILINE)
    return {name.lstrip("*") for head in heads for name in head.split(", ")}


def missing(function: Callable[..., Any], docstring: str | None) -> list[str]:
    """The parameters that a docstring does not explain."""
    explained = documented(inspect.cleandoc(docstring or ""))
    return [name for name in parameters(function) if name not in explained]


def callables(name: str, value: Any) -> Iterator[tuple[str, Callable[..., Any], str | None]]:
    """A public name's functions, each with its name and the docstring that must explain its parameters."""
    if isinstance(value, click.Command):
        return  # the help text of each option is its documentation
    if inspect.isfunction(value):
        yield name, value, value.__doc__
    if not inspect.isclass(value):
        return
    if writes_init(value):
        yield name, value.__init__, value.__doc__
    for attribute, member in vars(value).items():
        function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if inspect.isfunction(function) and not attribute.startswith("_"):
            yield f"{name}.{attribute}", function, function.__doc__


def writes_init(kind: type) -> bool:
    """Whether somebody wrote the `__init__` of a class itself: those of data classes come from their fields."""
    written = kind.__dict__.get("__init__")
    return inspect.isfunction(written) and written.__code__.co_filename == inspect.getsourcefile(kind)


def public_names() -> dict[str, dict[str, Any]]:
    """For each room, the public functions and classes that are defined in it, wherever they are offered."""
    rooms: dict[str, dict[str, Any]] = {}
    for package in packages():
        module = importlib.import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            home = str(getattr(value, "__module__", "")).split(".")
            if callable(value) and home[0] == "recourse":
                rooms.setdefault(home[1], {})[name] = value
    return rooms


ROOMS = public_names()


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_docstrings_explain_every_parameter_of_what_is_public(room):
    lines = []
    for name, value in ROOMS[room].items():
        for called, function, docstring in callables(name, value):
            if left := missing(function, docstring):
                code = inspect.unwrap(function).__code__
                lines.append(f"{called} ({Path(code.co_filename).name}:{code.co_firstlineno}): {', '.join(left)}")
    assert not lines, "these parameters have no entry in a numpydoc Parameters section:\n" + "\n".join(lines)


def test_public_names_are_looked_at_in_the_rooms_that_define_them():
    assert {"actions", "audits", "budget", "costs", "flipsets", "generators", "legacy", "menus", "models"} <= set(ROOMS)
    assert {"find", "solve", "solve_items", "Solutions"} <= set(ROOMS["search"])


def test_every_public_function_and_class_has_a_docstring():
    silent = [name for names in ROOMS.values() for name, value in names.items() if not inspect.getdoc(value)]
    assert not silent, f"these have no docstring: {', '.join(silent)}"


# -- the check can fail --------------------------------------------------------------------------------


def half_said(one, *others, both, either, **settings):
    """Say half of it.

    Parameters
    ----------
    one : int
        A number.
    both, either : bool
        Two of them.

    Returns
    -------
    others : int
        This is no parameter.
    """


def test_a_parameter_without_an_entry_is_found():
    assert documented(inspect.cleandoc(half_said.__doc__)) == {"one", "both", "either"}
    assert missing(half_said, half_said.__doc__) == ["others", "settings"]
    assert missing(half_said, "Parameters: one, others, both, either, settings.") == parameters(half_said)
    assert missing(half_said, None) == parameters(half_said)


def test_methods_and_constructors_are_looked_at_and_commands_are_not():
    class Thing:
        """A thing."""

        def __init__(self, size):
            self.size = size

        @classmethod
        def of(cls, size):
            """Return one."""

        @staticmethod
        def add(a, b):
            """Return both."""

        def _private(self, a): ...

        @property
        def half(self):
            """Half of it."""

    found = {name: missing(function, doc) for name, function, doc in callables("Thing", Thing)}
    assert found == {"Thing": ["size"], "Thing.of": ["size"], "Thing.add": ["a", "b"]}

    @click.command()
    @click.option("--size")
    def command(size):
        """Do it."""

    assert list(callables("command", command)) == []
