"""The period a payment is for, told from the month in which it falls due. Labels are the JSON's."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from specs.values import Month

Covers: TypeAlias = Literal[
    "same_month", "next_month", "previous_month",
    "same_quarter", "next_quarter", "previous_quarter",
    "year", "next_year", "previous_year",
]  # fmt: skip

_STEP: Final[dict[Covers, tuple[str, int]]] = {
    "same_month": ("month", 0),
    "next_month": ("month", 1),
    "previous_month": ("month", -1),
    "same_quarter": ("quarter", 0),
    "next_quarter": ("quarter", 1),
    "previous_quarter": ("quarter", -1),
    "year": ("year", 0),
    "next_year": ("year", 1),
    "previous_year": ("year", -1),
}
COVERS: Final = tuple(_STEP)


def period_of(covers: Covers, due: Month) -> str:
    """The label of the period: `2026-02`, `2025-Q4` or `2026`."""
    unit, step = _STEP[covers]
    if unit == "month":
        return str(due.plus(step))
    if unit == "quarter":
        month = due.plus(3 * step)
        return f"{month.year:04d}-Q{(month.month + 2) // 3}"
    return f"{due.year + step:04d}"
