"""The classes of actionable-recourse 1.0.1, thin over today's verbs, so that what used it runs unchanged.

A `Flipset`, a `RecourseAuditor` and a `RecourseBuilder` hold a classifier and an action set and ask
`flipset` and `audit`; nothing is solved here. What they answer differs from the old library where that
was wrong: docs/migration.md lists it.
"""

from recourse.legacy.auditor import RecourseAuditor
from recourse.legacy.builder import RecourseBuilder
from recourse.legacy.flipset import Flipset
from recourse.legacy.printed_report import print_recourse_audit_report

__all__ = ["Flipset", "RecourseAuditor", "RecourseBuilder", "print_recourse_audit_report"]
