"""The architecture's table of layers, checked against the imports in the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import recourse

SOURCE = Path(recourse.__file__).parent

# What each module (or package) of recourse may import of the others, at run time.
GROUND = {"errors", "checks", "arrays", "budget", "identity", "tables", "_version"}
BELOW_VERBS = GROUND | {"statistics", "reports", "datasets", "costs", "actions", "menus", "models"}
MAY_IMPORT = {
    "errors": set(),
    "_version": set(),
    "arrays": set(),
    "checks": {"errors"},
    "budget": {"errors", "checks"},
    "identity": {"errors"},
    "tables": {"errors", "checks", "arrays"},
    "statistics": GROUND,
    "reports": GROUND,
    "datasets": GROUND,
    "costs": GROUND,
    "actions": GROUND | {"costs", "menus"},
    "menus": GROUND | {"costs", "actions"},
    "models": GROUND | {"costs", "actions", "menus"},
    "search": GROUND | {"costs", "actions", "menus", "models"},
    "generators": GROUND | {"costs", "actions", "menus", "models"},
    "flipsets": BELOW_VERBS | {"search"},
    "audits": BELOW_VERBS | {"search"},
    "summaries": BELOW_VERBS,
    "simulations": BELOW_VERBS | {"search", "generators"},
    "legacy": BELOW_VERBS | {"search", "flipsets", "audits"},
}
PUBLIC_API_ONLY = {"cli", "__main__"}


def modules() -> dict[str, list[Path]]:
    """Every top-level module or package of recourse, with its files."""
    found: dict[str, list[Path]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        top = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if top != "__init__":
            found.setdefault(top, []).append(path)
    return found


def imported(path: Path) -> set[str]:
    """The parts of recourse that a file imports outside `if TYPE_CHECKING`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for node in ast.walk(branch)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "recourse":
            parts = node.module.split(".")
            names |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("recourse.")}
    return names


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_point_down_only(module):
    if module in PUBLIC_API_ONLY:
        return
    assert module in MAY_IMPORT, f"{module} has no place in the table of layers yet"
    for path in modules()[module]:
        wrong = imported(path) - MAY_IMPORT[module] - {module}
        assert not wrong, f"{path.name} imports {sorted(wrong)}"


def test_the_check_sees_an_import_that_points_up(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("from __future__ import annotations\nfrom recourse.audits import audit\nfrom recourse import cli\n")
    assert imported(bad) == {"audits", "cli"}


def test_no_module_is_named_for_what_it_might_contain():
    names = {path.stem for path in SOURCE.rglob("*.py")} | {path.name for path in SOURCE.rglob("*/")}
    assert not names & {"utils", "helpers", "managers", "base", "core", "common", "misc"}


def test_every_module_opens_with_what_it_is():
    for path in SOURCE.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_public_names_are_all_there_and_listed_once():
    assert len(recourse.__all__) == len(set(recourse.__all__))
    for name in recourse.__all__:
        getattr(recourse, name)
    listed = {name for names in recourse._HOME.values() for name in names}
    assert listed <= set(recourse.__all__) <= listed | set(recourse._MODULES) | {"__version__"}
    with pytest.raises(AttributeError, match="no attribute 'audits_'"):
        recourse.audits_  # noqa: B018


def test_importing_the_package_loads_none_of_its_dependencies():
    heavy = ("pandas", "sklearn", "scipy", "rich", "pydantic", "tomlkit", "torch", "matplotlib")
    code = f"import sys, recourse; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
