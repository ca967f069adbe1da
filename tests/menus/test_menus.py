"""Menus: what they show of themselves."""

from __future__ import annotations

import recourse as rs


def test_menus_print_as_what_they_are():
    A = rs.ActionSet({"overdue": [0, 1, 2, 2], "age": [20, 30, 40, 50]})
    A["age"].actionable = False
    menus = A.menus({"overdue": [1, 2], "age": [30, 40]})
    assert repr(menus) == "Menus of 2 people: 3 to 3 actions a person, over overdue"
    assert repr(menus.menu(0)[0]) == "Menu of overdue: 3 states, today's first"
