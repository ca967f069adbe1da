"""Examples in docstrings: those marked ``# doctest: +NEEDS_TORCH`` are skipped where torch is missing.

With RECOURSE_REQUIRE_ALL=1 they are run all the same, and fail.
"""

from __future__ import annotations

import doctest
import importlib.util
import os

import pytest

NEEDS_TORCH = doctest.register_optionflag("NEEDS_TORCH")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if importlib.util.find_spec("torch") is not None or os.environ.get("RECOURSE_REQUIRE_ALL") == "1":
        return
    skip = pytest.mark.skip(reason="needs torch: pip install 'openrecourse[torch]'")
    for item in items:
        if isinstance(item, pytest.DoctestItem) and any(NEEDS_TORCH in one.options for one in item.dtest.examples):
            item.add_marker(skip)
