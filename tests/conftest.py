"""What every test may need: the real data, or an honest reason why it is not there."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small tables: threads would only wait for each other

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# On CI the same examples every time: a landing must not hang on luck. Elsewhere new ones at every run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def needs_data() -> Callable[[str], Path]:
    """Find NAME.csv in RECOURSE_DATA; where it is missing skip, or fail if RECOURSE_REQUIRE_ALL=1."""

    def path(name: str) -> Path:
        folder = os.environ.get("RECOURSE_DATA")
        file = Path(folder or "") / f"{name}.csv"
        if folder and file.is_file():
            return file
        reason = f"needs {name}.csv: set RECOURSE_DATA to a folder that has it"
        if os.environ.get("RECOURSE_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    return path


@pytest.fixture(scope="session")
def needs_torch() -> Any:
    """Return torch; where it is missing skip, or fail if RECOURSE_REQUIRE_ALL=1."""
    try:
        import torch
    except ImportError:
        reason = "needs torch: pip install 'openrecourse[torch]'"
        if os.environ.get("RECOURSE_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return torch
