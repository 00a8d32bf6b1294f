"""What went wrong in this room. A regulation file that does not load is a SpecFileError."""

from __future__ import annotations


class SchedulerError(Exception):
    """Root of this room's errors. No text of it ever holds a person's data."""


class RuleError(SchedulerError):
    """A regulation that does not load or is asked for what it does not hold."""


class FactError(SchedulerError):
    """Facts that no household can be folded from: the caller mixed them up."""
