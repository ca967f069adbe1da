"""Recourse summaries: a page of rules that tells a decision maker what recourse a whole population has."""

from __future__ import annotations

from recourse.summaries.choice.limits import Limits
from recourse.summaries.choice.select import SelectionStatus
from recourse.summaries.evidence.candidate_space import CandidateSpace
from recourse.summaries.explain import Explanation
from recourse.summaries.front import Front
from recourse.summaries.global_actions import GlobalActions
from recourse.summaries.recourse_set import RecourseSet
from recourse.summaries.rules import Rule
from recourse.summaries.summarize import summarize
from recourse.summaries.tree import RecourseTree
from recourse.summaries.two_level import TwoLevelRecourseSet

__all__ = [
    "CandidateSpace",
    "Explanation",
    "Front",
    "GlobalActions",
    "Limits",
    "RecourseSet",
    "RecourseTree",
    "Rule",
    "SelectionStatus",
    "TwoLevelRecourseSet",
    "summarize",
]
