"""What went wrong, in words a clerk can act on. What to do about it is left to the rooms."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal


class SpecsError(Exception):
    """Root of this room's errors. No text of it ever holds a person's data."""


class ValueFaultError(SpecsError, ValueError):
    """A value that cannot be what it claims: what is wrong and what to do, without the value."""


class SpecFileError(SpecsError):
    """A regulation, pay-day or competence file that may not be loaded."""

    def __init__(self, path: str, line: int | None, message: str) -> None:
        place = path if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {message}")
        self.path = path
        self.line = line
        self.message = message


Severity = Literal["problem", "tolerated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a batch; `tolerated` means read nevertheless, by a named tolerance.

    Every text is free of personal data: the place is told, never the value.
    """

    source: str  # file or format, as the sender knows it
    where: str  # "row 17", "ClientSuwi/Inkomstenverhouding[2]"
    field: str  # "01.03.10", "Geboortedat"; "" when the whole row or file is meant
    reason: str  # what is wrong
    repair: str  # what the sender does now
    severity: Severity = "problem"

    def __str__(self) -> str:
        at = f"{self.where}, {self.field}" if self.field else self.where
        return f"{self.source}: {at}: {self.reason}; {self.repair}"

    def as_json(self) -> dict[str, str]:
        """The same as a JSON object."""
        return {key: str(value) for key, value in asdict(self).items()}
