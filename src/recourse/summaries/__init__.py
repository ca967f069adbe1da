"""Recourse summaries: a page of rules that tells a decision maker what recourse a whole population has."""

from __future__ import annotations

from recourse.summaries.choosing import Limits
from recourse.summaries.recourse_set import Explanation, TwoLevelRecourseSet
from recourse.summaries.rules import Rule
from recourse.summaries.selection import SelectionStatus
from recourse.summaries.summarizing import summarize

__all__ = ["Explanation", "Limits", "Rule", "SelectionStatus", "TwoLevelRecourseSet", "summarize"]
