"""Priced menus: for every person, the values that can be had and what each costs."""

from recourse.menus.menus import LinearRow, Menu, Menus

__all__ = ["LinearRow", "Menu", "Menus"]
