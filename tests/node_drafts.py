"""Drafts of invented persons for tests of the node."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from specs.records import (
    BIRTH,
    BRP_CORRECTED,
    CHARGE_SET,
    INCOME_STATED,
    MOVED_BETWEEN,
    STATED,
    UNION_CLOSED,
    Address,
    Birth,
    Correction,
    IncomeStatement,
    Move,
    PersonRef,
    RecordDraft,
    Recurring,
    Statement,
    Union,
)

ANNA = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")
BRAM = PersonRef(bsn="999990019", birth_date=date(1988, 2, 29), surname="Jansma")
CHILD = PersonRef(bsn="999990482", birth_date=date(2019, 2, 3), surname="Moulin")
NAMELESS = PersonRef(bsn=None, birth_date=date(1988, 2, 29), surname="Jansma")


def move(
    person: PersonRef = ANNA, to: str | None = "0344", *, day: date = date(2025, 3, 1), n: int = 0
) -> RecordDraft:
    """A move to a municipality, or abroad (None)."""
    address = Address(municipality=to) if to else Address(country="5010")
    return RecordDraft(
        type=MOVED_BETWEEN,
        source_event_id=f"move {person.bsn} {to} {day} {n}",
        data=Move(person=person, address=address),
        valid_from=day,
    )


def birth(
    child: PersonRef = CHILD, *parents: PersonRef, address: Address | None = None
) -> RecordDraft:
    """A birth with these parents."""
    assert child.birth_date is not None
    return RecordDraft(
        type=BIRTH,
        source_event_id=f"birth {child.bsn}",
        data=Birth(person=child, parents=parents, address=address),
        valid_from=child.birth_date,
    )


def union(first: PersonRef = ANNA, second: PersonRef = BRAM) -> RecordDraft:
    """A marriage."""
    return RecordDraft(
        type=UNION_CLOSED,
        source_event_id=f"union {first.bsn} {second.bsn}",
        data=Union(persons=(first, second), kind="marriage", reason="closed"),
        valid_from=date(2024, 6, 1),
    )


def income(person: PersonRef = ANNA, cents: int = 215_032, n: int = 0) -> RecordDraft:
    """One month of wages."""
    return RecordDraft(
        type=INCOME_STATED,
        source_event_id=f"income {person.bsn} {n}",
        data=IncomeStatement(
            person=person,
            relation=f"123456789L01-{n}",
            payer="Bakkerij Halverwege",
            kind="wage",
            source_code="15",
            period_start=date(2026, 10, 1),
            period_end=date(2026, 10, 31),
            taxable_cents=cents,
        ),
        valid_from=date(2026, 10, 1),
        valid_until=date(2026, 11, 1),
    )


def statement(person: PersonRef = ANNA) -> RecordDraft:
    """An own statement, through the municipality."""
    return RecordDraft(
        type=STATED,
        source_event_id=f"statement {person.bsn}",
        data=Statement(person=person, fact="insured", value=1),
        valid_from=date(2026, 1, 1),
    )


def charge(person: PersonRef = ANNA, **changes: Any) -> RecordDraft:
    """An energy charge."""
    fields: dict[str, Any] = {
        "person": person,
        "flow": "contract-1",
        "kind": "energy",
        "direction": "out",
        "party": "lichtstroom",
        "amount_cents": 14_550,
        "every": "month",
        "day": 5,
    }
    return RecordDraft(
        type=CHARGE_SET,
        source_event_id=f"charge {person.bsn}",
        data=Recurring.model_validate(fields | changes),
        valid_from=date(2026, 1, 1),
    )


def correction(corrects: str, person: PersonRef = ANNA) -> RecordDraft:
    """A municipality takes back a record."""
    return RecordDraft(
        type=BRP_CORRECTED,
        source_event_id=f"correction {corrects}",
        data=Correction(person=person, corrects=corrects, reason="entered in error"),
        valid_from=date(2026, 11, 1),
    )


def with_type(draft: RecordDraft, record_type: str) -> RecordDraft:
    """The same draft under another type name."""
    return replace(draft, type=record_type)
