"""The architecture's table of layers and its list of lazy imports, checked against the imports in the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import recourse

SOURCE = Path(recourse.__file__).parent

# From the ground up: a room may import what stands in earlier lines, and nothing else of recourse.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "_version"),
    ("checks", "arrays", "budget", "progress", "identity"),
    ("tables",),
    ("statistics", "reports", "datasets"),
    ("costs",),
    ("actions",),
    ("menus",),
    ("models",),
    ("search", "generators"),
    ("flipsets", "audits", "summaries", "simulations"),
    ("legacy", "cli", "__main__"),
)
WITHIN_A_LAYER = {("budget", "checks")}
"""Pairs (importer, imported) of one layer; rooms of a layer are strangers otherwise."""

LAZY = {
    ("actions/action_set.py", "recourse.menus.build"): "`ActionSet.menus` reads as it should",
    ("actions/action_set.py", "recourse.menus.menus"): "the type that `ActionSet.menus` returns",
    (
        "actions/action_set.py",
        "recourse.actions.files.write",
    ): "`to_dict` and `to_toml`; pydantic and tomlkit are slow to load",
    ("generators/recipes.py", "recourse.generators.descent"): "`Recipe.generate` runs the search that reads recipes",
    ("simulations/result.py", "recourse.simulations.plots"): "matplotlib is optional",
}
"""Imports of recourse's own modules inside functions or for types only: (file, module) and the reason."""

PUBLIC_API_ONLY = {"cli", "__main__"}


def name_of(path: Path) -> str:
    """The dotted name of a source file."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


def room_of(module: str) -> str:
    """The top-level module or package that a dotted name belongs to."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """The modules of recourse that a file imports, and whether it does so as it is loaded.

    What stands under `if TYPE_CHECKING` or in a function is not loaded with the file, and yet it is an import.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        or (isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test))
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "recourse":
                    yield alias.name, id(node) not in late
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "recourse":
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield (submodule if submodule in MODULES else node.module), id(node) not in late


def allowed(room: str) -> set[str]:
    """The rooms that a room may import."""
    below: set[str] = set()
    for layer in LAYERS:
        if room in layer:
            return below | {other for one, other in WITHIN_A_LAYER if one == room} | {room}
        below |= set(layer)
    raise AssertionError(f"{room} has no place in the table of layers yet")


@pytest.mark.parametrize("module", [name for name in MODULES if name != "recourse"])
def test_imports_point_down_only(module):
    path = MODULES[module]
    if room_of(module) in PUBLIC_API_ONLY:
        wrong = {one for one, _ in imports(path) if one != "recourse" and room_of(one) not in PUBLIC_API_ONLY}
        assert not wrong, f"the command line uses the public API, but {path.name} imports {sorted(wrong)}"
        return
    here = path.relative_to(SOURCE).as_posix()
    wrong = {
        one for one, _ in imports(path) if room_of(one) not in allowed(room_of(module)) and (here, one) not in LAZY
    }
    assert not wrong, f"{here} imports {sorted(wrong)}"


def test_no_two_files_import_each_other_in_circles():
    graph = {
        name: {one for one, _ in imports(path) if (path.relative_to(SOURCE).as_posix(), one) not in LAZY} - {name}
        for name, path in MODULES.items()
        if name != "recourse" and path.name != "__init__.py"
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_own_modules_are_imported_late_only_where_the_list_says_why():
    for path in MODULES.values():
        here = path.relative_to(SOURCE).as_posix()
        if here == "__init__.py":
            continue
        late = {one for one, loaded in imports(path) if not loaded} - {one for one, loaded in imports(path) if loaded}
        assert late <= {module for file, module in LAZY if file == here}, here


def test_the_list_of_late_imports_has_none_that_is_not_there():
    for file, module in LAZY:
        assert module in {one for one, _ in imports(SOURCE / file)}, (file, module)


def test_the_check_sees_an_import_that_points_up(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("from recourse.audits import audit\ndef f():\n    from recourse import cli\n")
    assert set(imports(bad)) == {("recourse.audits.audit", True), ("recourse.cli", False)}
    assert "audits" not in allowed("search")
    assert "search" not in allowed("generators")


def test_no_module_is_named_for_what_it_might_contain():
    names = {path.stem for path in SOURCE.rglob("*.py")} | {path.name for path in SOURCE.rglob("*/")}
    assert not names & {"utils", "helpers", "managers", "base", "core", "common", "misc"}


def test_every_module_opens_with_what_it_is():
    for path in SOURCE.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_no_class_name_is_used_twice():
    seen: dict[str, Path] = {}
    for path in MODULES.values():
        if path.stem.endswith("_twin"):  # a twin has the names of the kernel that it stands in for
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                assert node.name not in seen, f"{node.name} in {path} and in {seen[node.name]}"
                seen[node.name] = path


def test_public_names_are_all_there_and_listed_once():
    assert len(recourse.__all__) == len(set(recourse.__all__))
    for name in recourse.__all__:
        getattr(recourse, name)
    listed = {name for names in recourse._HOME.values() for name in names}
    assert set(dir(recourse)) == set(recourse.__all__) == listed | set(recourse._MODULES) | {"__version__"}
    with pytest.raises(AttributeError, match="no attribute 'audits_'"):
        recourse.audits_  # noqa: B018


def test_an_editor_knows_exactly_the_names_that_can_be_imported():
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    said = [alias.asname for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(name for name in said if name is not None) == dir(recourse)


def test_the_old_librarys_names_resolve_and_stay_out_of_completion():
    for name in recourse._LEGACY:
        assert getattr(recourse, name) is getattr(recourse.legacy, name)
        assert name not in dir(recourse)
        assert name not in recourse.__all__


def test_importing_the_package_loads_none_of_its_dependencies():
    heavy = ("pandas", "sklearn", "scipy", "rich", "pydantic", "tomlkit", "torch", "matplotlib")
    code = f"import sys, recourse; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
