"""The audit log as admins read it: who changed what, when, from where, and what it was before."""

from services.audit_log.reading import AuditPage, choices, read
from services.audit_log.wanted import Wanted, address, wanted_by

__all__ = ["AuditPage", "Wanted", "address", "choices", "read", "wanted_by"]
