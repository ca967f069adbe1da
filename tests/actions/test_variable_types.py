"""What kind of feature a column holds."""

from __future__ import annotations

import recourse as rs


def test_types_are_inferred_from_the_values(X):
    assert rs.ActionSet(X).variable_type == ["boolean", "integer", "real", "boolean"]
