"""Two invented households of the stories, and the records that agencies send about them."""

from __future__ import annotations

from datetime import date

from specs.records import (
    CHARGE_SET,
    ENROLLED,
    INCOME_BEGUN,
    INCOME_ENDED,
    INCOME_STATED,
    MOVED_BETWEEN,
    MOVED_WITHIN,
    RENT_SET,
    STATED,
    UNION_CLOSED,
    UNION_DISSOLVED,
    Address,
    Enrolment,
    IncomeRelation,
    IncomeStatement,
    Move,
    PersonRef,
    RecordData,
    RecordDraft,
    Recurring,
    Statement,
    Union,
)
from specs.values import Month

ANNA = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")
BRAM = PersonRef(bsn="999990019", birth_date=date(1988, 2, 29), surname="Jansma")
CLEO = PersonRef(bsn="999902003", birth_date=date(1991, 3, 3), surname="Wit")
NEW_YEAR = date(2026, 1, 1)
BAKERY, UWV = "Bakkerij Halverwege", "UWV"


def home(number: str) -> Address:
    return Address(municipality="0344", street="Oudegracht", postcode="3511AA", number=number)


def draft(record_type: str, data: RecordData, since: date, name: str) -> RecordDraft:
    return RecordDraft(type=record_type, source_event_id=name, data=data, valid_from=since)


def lives(person: PersonRef, number: str, since: date = date(2020, 1, 1)) -> RecordDraft:
    kind = MOVED_BETWEEN if since.year < 2026 else MOVED_WITHIN
    data = Move(person=person, address=home(number))
    return draft(kind, data, since, f"adres {person.bsn} {since}")


def states(person: PersonRef, fact: str, value: int, year: int | None = None) -> RecordDraft:
    data = Statement(person=person, fact=fact, value=value, year=year)  # type: ignore[arg-type]
    return draft(STATED, data, NEW_YEAR, f"{fact} {person.bsn}")


def joins(person: PersonRef, *members: PersonRef) -> RecordDraft:
    data = Enrolment(person=person, members=members, agreed_on=date(2026, 1, 5))
    return draft(ENROLLED, data, date(2026, 1, 5), f"aanmelding {person.bsn}")


def relation(person: PersonRef, kind: str, payer: str, day: date, *, ends: bool) -> RecordDraft:
    data = IncomeRelation(
        person=person, relation=f"{kind}-{person.bsn}", payer=payer, kind=kind, source_code="15",
        rhythm="month",
    )  # fmt: skip
    name = f"{kind} {person.bsn} {day} {'einde' if ends else 'begin'}"
    return draft(INCOME_ENDED if ends else INCOME_BEGUN, data, day, name)


def earned(person: PersonRef, kind: str, payer: str, month: Month, cents: int) -> RecordDraft:
    data = IncomeStatement(
        person=person, relation=f"{kind}-{person.bsn}", payer=payer, kind=kind, source_code="15",
        period_start=month.first_day, period_end=month.last_day, taxable_cents=cents,
    )  # fmt: skip
    return draft(INCOME_STATED, data, month.first_day, f"{kind} {person.bsn} {month}")


def comes_in(
    person: PersonRef, kind: str, party: str, cents: int, since: date, *, ends: bool = False
) -> RecordDraft:
    """Net pay on the account on the 24th, as the household told its municipality."""
    data = Recurring(
        person=person, flow=f"{kind}-{party}", kind=kind, direction="in", party=party,
        amount_cents=cents, every="month", day=24, shift="preceding", earlier_days=5,
        later_days=5, ended=ends,
    )  # fmt: skip
    return draft(CHARGE_SET, data, since, f"{kind} {party} {person.bsn} {since}")


def rents(person: PersonRef, cents: int) -> RecordDraft:
    data = Recurring(
        person=person, flow=f"huur-{person.bsn}", kind="rent", direction="out", party="woonstad",
        amount_cents=cents, every="month", day=1, later_days=27, bare_rent_cents=cents,
        service_costs_cents=0, independent_home=True,
    )  # fmt: skip
    return draft(RENT_SET, data, NEW_YEAR, f"huur {person.bsn}")


def union(one: PersonRef, other: PersonRef, day: date, *, ends: bool) -> RecordDraft:
    first, second = sorted((one, other), key=lambda person: str(person.bsn))
    data = Union(persons=(first, second), kind="marriage", reason="divorce" if ends else "closed")
    return draft(UNION_DISSOLVED if ends else UNION_CLOSED, data, day, f"huwelijk {day}")


def wages(person: PersonRef, payer: str, cents: int, months: tuple[int, ...]) -> list[RecordDraft]:
    """A job since 2020, with the wage statements of some months of 2026."""
    begun = relation(person, "wage", payer, date(2020, 1, 1), ends=False)
    return [begun, *(earned(person, "wage", payer, Month(2026, each), cents) for each in months)]
