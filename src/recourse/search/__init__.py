"""Searches for the cheapest approved action, and the statuses that say what each answer proves."""

from recourse.search.distinct import solve_items
from recourse.search.exclusions import Exclusions
from recourse.search.find import find, solve
from recourse.search.solutions import STATUSES, Solutions, Status

__all__ = ["STATUSES", "Exclusions", "Solutions", "Status", "find", "solve", "solve_items"]
