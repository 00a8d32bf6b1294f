"""Who is toeslagpartner, from facts: Awir 3 and AWR 5a.

Exceptions on request (shelter 3a, Ukraine 3b, missing or detained 3c, business rent 3 lid 2 e) are
an applicant's statement that somebody is not his partner (`toeslagpartner` with value 0).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from scheduler.folding.addresses import address_on, same_home
from scheduler.folding.ages import birthday
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Spell, Text, Unknown, merge_records, until_next
from scheduler.folding.partner import ARTICLE, NO_STATEMENT, TWO_PARTNERS
from specs.records import (
    UNION_CLOSED,
    UNION_DISSOLVED,
    Address,
    Birth,
    DivorceRequest,
    Statement,
    Union,
)

ADULT: Final = 18
NO_ADDRESS: Final = Unknown(
    missing=Text("Uw adres ontbreekt.", "Your address is missing."),
    article=f"{ARTICLE} lid 2",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """The persons around an applicant, as facts tell them."""

    applicant: SubjectId
    births: Mapping[SubjectId, date]
    deaths: Mapping[SubjectId, date]
    parents: Mapping[SubjectId, frozenset[SubjectId]]
    parent_records: Mapping[SubjectId, tuple[str, ...]]
    addresses: Mapping[SubjectId, tuple[Spell[Address], ...]]
    unions: tuple[Spell[SubjectId], ...]
    statements: tuple[tuple[date, SubjectId | None, bool, str], ...]
    investigated: tuple[Spell[Unknown], ...]
    divorcing: tuple[Spell[SubjectId], ...] = ()  # from the request at the court on


Found = tuple[SubjectId | Unknown | None, tuple[str, ...]]


def unions_of(facts: Iterable[Fact], subject: SubjectId) -> tuple[Spell[SubjectId], ...]:
    """Marriages and registered partnerships of a person, by date (AWR 5a lid 1 a).

    A union ends where it is dissolved. For the toeslagen it counts no longer once a divorce was
    requested and the two live at different addresses (AWR 5a lid 4); an address alone does not do.
    """
    closed: dict[SubjectId, list[tuple[date, str]]] = {}
    ended: dict[SubjectId, list[tuple[date, str]]] = {}
    for fact in facts:
        if not isinstance(fact.data, Union):
            continue
        pair = (fact.subject("persons.0"), fact.subject("persons.1"))
        if subject not in pair:
            continue
        other = pair[1] if pair[0] == subject else pair[0]
        if other is None:
            continue
        if fact.type == UNION_CLOSED:
            closed.setdefault(other, []).append((fact.valid_from, fact.record))
        elif fact.type == UNION_DISSOLVED:
            ended.setdefault(other, []).append((fact.valid_from, fact.record))
    others = sorted({*closed, *ended})
    pairs = (_pairs(other, closed.get(other, []), ended.get(other, [])) for other in others)
    return tuple(spell for spells in pairs for spell in spells)


def divorcing_of(facts: Iterable[Fact], subject: SubjectId) -> tuple[Spell[SubjectId], ...]:
    """From when a divorce from somebody is requested, up to a withdrawal (AWR 5a lid 4)."""
    told: dict[SubjectId, dict[date, tuple[bool, int, str]]] = {}
    for fact in facts:
        pair = (fact.subject("persons.0"), fact.subject("persons.1"))
        if not isinstance(fact.data, DivorceRequest) or subject not in pair:
            continue
        other = pair[1] if pair[0] == subject else pair[0]
        if other is not None:
            days = told.setdefault(other, {})
            entry = (not fact.data.withdrawn, fact.known, fact.record)
            days[fact.valid_from] = max(days.get(fact.valid_from, entry), entry)
    return tuple(
        Spell(value=other, start=day, end=end, records=(days[day][2],))
        for other, days in sorted(told.items())
        for day, end in until_next(days)
        if days[day][0]
    )


def _pairs(
    other: SubjectId, closed: Sequence[tuple[date, str]], ended: Sequence[tuple[date, str]]
) -> Iterator[Spell[SubjectId]]:
    """Each closing with the first dissolution after it; both may be told more than once."""
    starts = dict(sorted(closed, reverse=True))
    ends = dict(sorted(ended, reverse=True))
    used: set[date] = set()
    last_end: date | None = None
    for start in sorted(starts):
        if last_end is not None and start < last_end:
            continue  # the same union once more, or a conversion while it lasts
        end = next((day for day in sorted(ends) if day > start), None)
        records = (starts[start],) if end is None else (starts[start], ends[end])
        if end is not None:
            used.add(end)
        last_end = date.max if end is None else end
        yield Spell(value=other, start=start, end=end, records=records)
    for end in sorted(set(ends) - used):
        if not starts or end < min(starts):
            yield Spell(value=other, end=end, records=(ends[end],))


def partner_spells(circle: Circle) -> tuple[Spell[SubjectId | Unknown | None], ...]:
    """The toeslagpartner by date; equal neighbours are one spell."""
    spells: list[Spell[SubjectId | Unknown | None]] = []
    earlier: dict[int, set[SubjectId]] = {}
    for start, end in _segments(circle):
        day = start or date.min
        before = earlier.get(day.year, set()) | earlier.get(day.year - 1, set())
        partner, records = _partner_on(circle, day, frozenset(before))
        if isinstance(partner, str):
            earlier.setdefault(day.year, set()).add(partner)
        last = spells[-1] if spells else None
        if last is not None and last.value == partner and last.records == records:
            spells[-1] = Spell(value=partner, start=last.start, end=end, records=records)
        else:
            spells.append(Spell(value=partner, start=start, end=end, records=records))
    return tuple(spells)


def _segments(circle: Circle) -> Iterator[tuple[date | None, date | None]]:
    """Stretches in which nothing changes; each 1 January starts a new one (Awir 3 lid 3)."""
    days: set[date] = set()
    for spells in circle.addresses.values():
        days.update(day for spell in spells for day in (spell.start, spell.end) if day is not None)
    for unions in circle.unions:
        days.update(day for day in (unions.start, unions.end) if day is not None)
    for request in circle.divorcing:
        days.update(day for day in (request.start, request.end) if day is not None)
    for spell in circle.investigated:
        days.update(day for day in (spell.start, spell.end) if day is not None)
    days.update(day for day, _, _, _ in circle.statements)
    days.update(circle.deaths.values())
    days.update(circle.births.values())
    days.update(birthday(birth, ADULT) for birth in circle.births.values())
    if days:
        days.update(date(year, 1, 1) for year in range(min(days).year, max(days).year + 3))
    ordered = sorted(days)
    starts: list[date | None] = [None, *ordered]
    ends: list[date | None] = [*ordered, None]
    return iter(zip(starts, ends, strict=True))


def _partner_on(circle: Circle, day: date, earlier: frozenset[SubjectId]) -> Found:
    """Who is partner on a day; `earlier` were partner earlier this year or last year."""
    spouses = [
        spell for spell in circle.unions
        if spell.holds(day) and _alive(circle, spell.value, day)
        and not _living_apart_for_good(circle, spell.value, day)
    ]  # fmt: skip
    records = merge_records(*(spell.records for spell in spouses))
    if len({spell.value for spell in spouses}) > 1:
        return Unknown(missing=TWO_PARTNERS, article=f"{ARTICLE} lid 4", records=records), records
    for spouse in spouses:
        if not _denied(circle, spouse.value, day, since=spouse.start):
            return spouse.value, records
    return _cohabitant_on(circle, day, earlier)


def _living_apart_for_good(circle: Circle, spouse: SubjectId, day: date) -> bool:
    """A divorce is requested and the two are registered at different addresses (AWR 5a lid 4)."""
    if not any(spell.value == spouse and spell.holds(day) for spell in circle.divorcing):
        return False
    mine = address_on(circle.addresses, circle.applicant, day)
    theirs = address_on(circle.addresses, spouse, day)
    return mine is not None and theirs is not None and not same_home(mine.value, theirs.value)


def _cohabitant_on(circle: Circle, day: date, earlier: frozenset[SubjectId]) -> Found:
    """Lid 2: somebody at the same address; of several the first category counts (lid 4)."""
    stated = _stated(circle, day)
    for spell in circle.investigated:
        if spell.holds(day):
            return spell.value, spell.records
    home = address_on(circle.addresses, circle.applicant, day)
    if home is None:
        if stated is not None:
            other, is_partner, record = stated
            return (other if is_partner else None), (record,)
        return NO_ADDRESS, ()
    best: tuple[int, SubjectId, tuple[str, ...]] | None = None
    open_question: tuple[str, ...] | None = None
    for other in sorted(circle.births):
        if not _could_be_partner(circle, other, day):
            continue
        category = _category(circle, other, home, day, earlier)
        if category is not None and (best is None or category < best):
            best = category
        elif category is None and not _denied(circle, other, day):
            open_question = merge_records(home.records, _records_at(circle, other, day))
    if best is not None:
        return best[1], merge_records(home.records, best[2])
    if open_question is not None and (stated is None or stated[1]):
        return Unknown(missing=NO_STATEMENT, article=ARTICLE, records=open_question), open_question
    return None, home.records


def _category(
    circle: Circle, other: SubjectId, home: Spell[Address], day: date, earlier: frozenset[SubjectId]
) -> tuple[int, SubjectId, tuple[str, ...]] | None:
    """The place of the ground in the law, the person and the records; None without a ground."""
    if _denied(circle, other, day):
        return None
    records = _records_at(circle, other, day)
    stated = _stated(circle, day)
    if stated is not None and stated[0] == other and stated[1]:
        return 0, other, merge_records(records, (stated[2],))
    for child, parents in sorted(circle.parents.items()):
        if {circle.applicant, other} <= parents:
            return 1, other, merge_records(records, circle.parent_records.get(child, ()))
    for child, parents in sorted(circle.parents.items()):
        born = circle.births.get(child)
        minor = born is not None and born <= day < birthday(born, ADULT)
        here = address_on(circle.addresses, child, day)
        theirs = bool(parents & {circle.applicant, other})
        if minor and theirs and here is not None and same_home(here.value, home.value):
            return 5, other, merge_records(records, here.records)
    return (6, other, records) if other in earlier else None


def _could_be_partner(circle: Circle, other: SubjectId, day: date) -> bool:
    """Adult, alive, at the same address and no relative in the first degree (lid 2 and 5)."""
    if other == circle.applicant or not _alive(circle, other, day):
        return False
    if circle.applicant in circle.parents.get(other, ()) or other in circle.parents.get(
        circle.applicant, ()
    ):
        return False
    both = [circle.births.get(person) for person in (circle.applicant, other)]
    if any(born is None or day < birthday(born, ADULT) for born in both):
        return False
    mine = address_on(circle.addresses, circle.applicant, day)
    theirs = address_on(circle.addresses, other, day)
    return mine is not None and theirs is not None and same_home(mine.value, theirs.value)


def _records_at(circle: Circle, other: SubjectId, day: date) -> tuple[str, ...]:
    spell = address_on(circle.addresses, other, day)
    return () if spell is None else spell.records


def _alive(circle: Circle, person: SubjectId, day: date) -> bool:
    died = circle.deaths.get(person)
    return died is None or day < died


def _stated(circle: Circle, day: date) -> tuple[SubjectId | None, bool, str] | None:
    """The applicant's latest statement on his partner."""
    found = [item for item in circle.statements if item[0] <= day]
    return found[-1][1:] if found else None


def _denied(circle: Circle, other: SubjectId, day: date, since: date | None = None) -> bool:
    """Whether the latest statement on this person, or on nobody, says that he is no partner. For a
    spouse only a statement made since the union counts.
    """
    found = [
        item for item in circle.statements
        if item[0] <= day and item[1] in (other, None) and (since is None or since <= item[0])
    ]  # fmt: skip
    return bool(found) and not found[-1][2]


def statements_of(
    facts: Iterable[Fact], applicant: SubjectId
) -> tuple[tuple[date, SubjectId | None, bool, str], ...]:
    """The applicant's statements on his partner, oldest first: day, whom, whether, record."""
    found = [
        (fact.valid_from, fact.known, fact.subject("other"), fact.data.value != 0, fact.record)
        for fact in facts
        if isinstance(fact.data, Statement)
        and fact.data.fact == "toeslagpartner"
        and fact.subject() == applicant
    ]
    found.sort(key=lambda item: (item[0], item[1], item[4]))
    return tuple((day, other, yes, record) for day, _, other, yes, record in found)


def parents_of(
    facts: Iterable[Fact],
) -> tuple[dict[SubjectId, frozenset[SubjectId]], dict[SubjectId, tuple[str, ...]]]:
    """Parents by child, from all births told of it together, and the records behind them."""
    parents: dict[SubjectId, frozenset[SubjectId]] = {}
    records: dict[SubjectId, tuple[str, ...]] = {}
    for fact in facts:
        child = fact.subject()
        if not isinstance(fact.data, Birth) or child is None:
            continue
        named = (fact.subject(f"parents.{index}") for index in range(len(fact.data.parents)))
        parents[child] = parents.get(child, frozenset()) | {each for each in named if each}
        records[child] = merge_records(records.get(child, ()), (fact.record,))
    return parents, records
