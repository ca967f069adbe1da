"""A population: who is denied, who of them can change that and at what cost, and for which groups it is harder."""

from recourse.audits.audit import audit, audit_batch
from recourse.audits.result import Audit, AuditRows, AuditSpec
from recourse.audits.tally import MEASURES, MISSING, AuditPartial, Tally

__all__ = ["MEASURES", "MISSING", "Audit", "AuditPartial", "AuditRows", "AuditSpec", "Tally", "audit", "audit_batch"]
