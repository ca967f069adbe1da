"""The table that most of these tests read."""

from __future__ import annotations

import pytest

from action_worlds import five_people


@pytest.fixture
def X():
    return five_people()
