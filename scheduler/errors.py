"""What went wrong in this room. A regulation file that does not load is a SpecFileError."""

from __future__ import annotations


class SchedulerError(Exception):
    """Root of this room's errors. No text of it ever holds a person's data."""


class RuleError(SchedulerError):
    """A regulation that does not load or is asked for what it does not hold."""


class FactError(SchedulerError):
    """Facts that no household can be folded from: the caller mixed them up."""


class PayDayError(SchedulerError):
    """A payer calendar that is not known, or that says nothing about the year asked for."""


class PlanError(SchedulerError):
    """A flow or request that cannot be what it claims: the field, what is wrong, what to do."""

    def __init__(self, field: str, *, nl: str, en: str) -> None:
        super().__init__(f"{field}: {en}")
        self.field = field
        self.nl = nl
        self.en = en
