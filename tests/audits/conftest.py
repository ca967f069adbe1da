"""A world to audit."""

from __future__ import annotations

import pytest

from helpers import world


@pytest.fixture
def w():
    return world(21, n=120)
