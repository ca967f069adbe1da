"""Searches for the cheapest approved action, and the statuses that say what each answer proves."""

from recourse.budget import deadline_after
from recourse.search.find import find, find_items
from recourse.search.solutions import STATUSES, Exclusions, Solutions, Status

__all__ = ["STATUSES", "Exclusions", "Solutions", "Status", "deadline_after", "find", "find_items"]
