"""What the clients of a fault run did and were told: the other side of every check."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ledger.formats.proof import Receipt


@dataclass
class Journal:
    """What the clients did: every record is first invoked, then ok, refused or left unknown."""

    file: Path
    invoked: dict[bytes, str] = field(default_factory=dict)
    receipts: dict[bytes, Receipt] = field(default_factory=dict)
    refused: dict[bytes, bytes] = field(default_factory=dict)
    unknown: int = 0

    def invoke(self, raw: bytes, what: str) -> None:
        """About to send."""
        self.invoked[raw] = what
        self._line(what, "invoke")

    def ok(self, raw: bytes, receipt: Receipt) -> None:
        """Acknowledged."""
        before = self.receipts.setdefault(raw, receipt)
        assert before.index == receipt.index, f"{self.invoked[raw]}: two places"
        self._line(self.invoked[raw], f"ok {receipt.index}")

    def in_doubt(self, raw: bytes) -> None:
        """No answer, or one that says that the outcome is unknown."""
        self.unknown += 1
        self._line(self.invoked[raw], "unknown")

    def refuse(self, raw: bytes, body: bytes) -> None:
        """Refused for good: it may never appear."""
        self.refused[raw] = body
        self._line(self.invoked[raw], "refused")

    def _line(self, what: str, state: str) -> None:
        with self.file.open("a") as file:
            file.write(f"{what} {state}\n")
