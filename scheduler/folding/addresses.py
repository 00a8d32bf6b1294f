"""Where each person is registered, by date, and who lives at the same address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Spell, Text, Unknown, merge_records, until_next
from specs.records import Address, AddressInvestigation, Birth, Move

NETHERLANDS: Final = "6030"  # national table 34
ABROAD: Final = Unknown(
    missing=Text(
        "U woont in het buitenland. Dat kunnen wij niet berekenen.",
        "You live abroad. We cannot calculate that.",
    ),
    article="Wet op de zorgtoeslag, artikel 4a",
)
IN_INVESTIGATION: Final = Unknown(
    missing=Text(
        "De gemeente onderzoekt of uw adres klopt. Tot dan kunnen wij niet rekenen.",
        "The municipality is checking your address. Until then we cannot calculate.",
    ),
    article="Wet basisregistratie personen, artikel 2.26",
)


def address_spells(facts: Iterable[Fact], subject: SubjectId) -> tuple[Spell[Address], ...]:
    """The addresses of a person; each move ends the one before. Of two with one first day the last
    known one is here; where they are two homes, `address_clashes` says that neither counts.
    """
    starts = {day: max(told) for day, told in _told(facts, subject).items()}
    return tuple(
        Spell(value=starts[day][-1], start=day, end=end, records=(starts[day][1],))
        for day, end in until_next(starts)
    )


def address_clashes(
    facts: Iterable[Fact], subject: SubjectId
) -> tuple[Spell[tuple[Address, ...]], ...]:
    """When records put a person in two homes from the same first day, up to the next address."""
    told = _told(facts, subject)
    found: list[Spell[tuple[Address, ...]]] = []
    for day, end in until_next(told):
        homes = tuple(each[-1] for each in sorted(told[day], key=lambda each: each[:2]))
        if any(not _same_place(homes[0], other) for other in homes):
            records = merge_records(each[1] for each in told[day])
            found.append(Spell(value=homes, start=day, end=end, records=records))
    return tuple(found)


def _told(facts: Iterable[Fact], subject: SubjectId) -> dict[date, list[tuple[int, str, Address]]]:
    """Addresses by first day. A move on the day of birth says more than the address of the birth,
    which counts only where no move was told.
    """
    moves: dict[date, list[tuple[int, str, Address]]] = {}
    births: dict[date, list[tuple[int, str, Address]]] = {}
    for fact in facts:
        data = fact.data
        if not isinstance(data, Birth | Move) or fact.subject() != subject or data.address is None:
            continue
        into = moves if isinstance(data, Move) else births
        into.setdefault(fact.valid_from, []).append((fact.known, fact.record, data.address))
    return {**births, **moves}


def _same_place(left: Address, right: Address) -> bool:
    """One home, or two addresses that do not tell enough to be two (abroad: one country)."""
    if left.country != NETHERLANDS or right.country != NETHERLANDS:
        return left.country == right.country
    told = (left.bag_id is not None and right.bag_id is not None) or (
        None not in (left.postcode, left.number, right.postcode, right.number)
    )
    return same_home(left, right) if told else True


def same_home(left: Address, right: Address) -> bool:
    """Whether two addresses are one home: by BAG id when both have one, else by postcode and
    number. Places abroad and addresses without a number are never the same home.
    """
    if left.country != NETHERLANDS or right.country != NETHERLANDS:
        return False
    if left.bag_id is not None and right.bag_id is not None:
        return left.bag_id == right.bag_id
    if left.postcode is None or left.number is None:
        return False
    return (left.postcode, left.number) == (right.postcode, right.number)


def address_on(
    spells: Mapping[SubjectId, tuple[Spell[Address], ...]], subject: SubjectId, day: date
) -> Spell[Address] | None:
    """The address of a person on a day, None when unknown."""
    return next((spell for spell in spells.get(subject, ()) if spell.holds(day)), None)


def abroad(spells: Iterable[Spell[Address]]) -> tuple[Spell[Unknown], ...]:
    """The time a person is registered abroad: not covered by our rules."""
    return tuple(
        Spell(value=ABROAD, start=spell.start, end=spell.end, records=spell.records)
        for spell in spells
        if spell.value.country != NETHERLANDS
    )


def investigations(facts: Iterable[Fact], subject: SubjectId) -> tuple[Spell[Unknown], ...]:
    """The time the address of a person is *in onderzoek* (LO3 83.10)."""
    events = sorted(
        (fact.valid_from, not fact.data.ended, fact.known, fact.record)
        for fact in facts
        if isinstance(fact.data, AddressInvestigation) and fact.subject() == subject
    )
    found: list[Spell[Unknown]] = []
    open_since: tuple[date, str] | None = None
    for day, begins, _, record in events:
        if begins and open_since is None:
            open_since = (day, record)
        elif not begins and open_since is not None:
            start, first = open_since
            found.append(Spell(value=IN_INVESTIGATION, start=start, end=day,
                               records=(first, record)))  # fmt: skip
            open_since = None
    if open_since is not None:
        start, first = open_since
        found.append(Spell(value=IN_INVESTIGATION, start=start, records=(first,)))
    return tuple(found)
