"""A population: who is denied, who of them can change that and at what cost, and for which groups it is harder."""

from recourse.audits.audit import audit
from recourse.audits.groupings import MISSING
from recourse.audits.measures import MEASURES, AuditTallies, Tally
from recourse.audits.part import AuditPart, AuditSpec, audit_part
from recourse.audits.result import Audit

__all__ = ["MEASURES", "MISSING", "Audit", "AuditPart", "AuditSpec", "AuditTallies", "Tally", "audit", "audit_part"]
