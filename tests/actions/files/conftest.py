"""The table that the tests of action files read."""

from __future__ import annotations

import pytest

from action_file_worlds import table


@pytest.fixture
def X():
    return table()
