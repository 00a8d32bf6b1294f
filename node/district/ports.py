"""What the social workers' pages ask of a municipality's node. Blocking, but for what is `async`.

`staff` is the keyed id of an employee: audit data of this node (desk/acts_sql.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from node.desk.ports import ProposalPort
from node.district.views import FileView, HouseholdRow, TailoringRequest


class HouseholdsPort(Protocol):
    """Households with signals, and one file."""

    def households(self) -> Sequence[HouseholdRow]:
        """Those with a signal, by the day of the oldest, without content."""
        ...

    def state(self, staff: str, household: str, activity: str) -> None:
        """State what a file is opened for; raises LookupError."""
        ...

    def file(self, staff: str, household: str) -> FileView:
        """One household; raises LookupError, NoPurposeError."""
        ...

    def propose(self, staff: str, request: TailoringRequest) -> None:
        """Propose an exception; raises LookupError, NoPurposeError, RefusedError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictPorts:
    """The social workers' side of one node."""

    households: HouseholdsPort
    proposals: ProposalPort
