"""Records that cannot all be true: what they leave open, and whom to ask (Wet BRP 2.34).

A contradiction is never settled by a guess. The schemes that need the fact answer `unknown`; the
records named here go back to their sources as a *terugmelding*, which is the node's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from scheduler.folding.addresses import address_clashes, same_home
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Spell, Text, Unknown, merge_records
from scheduler.folding.partner import ARTICLE, TWO_PARTNERS
from scheduler.folding.persons import Contradiction, ContradictionKind
from specs.records import Address

Addresses = Mapping[SubjectId, tuple[Spell[Address], ...]]

TWO_ADDRESSES: Final = Unknown(
    missing=Text(
        "De gegevens noemen twee adressen tegelijk. De gemeente moet dat herstellen.",
        "The data name two addresses at once. The municipality must correct this.",
    ),
    article="Wet basisregistratie personen, artikel 2.34",
)


def of_addresses(
    facts: Mapping[SubjectId, Sequence[Fact]], subjects: Iterable[SubjectId]
) -> tuple[tuple[Contradiction, tuple[Address, ...]], ...]:
    """Persons in two homes from one first day, with the homes."""
    return tuple(
        (
            Contradiction(
                kind="two_addresses", person=subject, start=clash.start, end=clash.end,
                records=clash.records, says=TWO_ADDRESSES.missing, article=TWO_ADDRESSES.article,
            ),
            clash.value,
        )
        for subject in sorted(subjects)
        for clash in address_clashes(facts.get(subject, ()), subject)
    )  # fmt: skip


def of_partners(
    applicant: SubjectId, unions: Sequence[Spell[SubjectId]], deaths: Mapping[SubjectId, date]
) -> tuple[Contradiction, ...]:
    """Two unions of one person at the same time (BW 1:33; AWR 5a lid 4)."""
    found: list[Contradiction] = []
    for place, one in enumerate(unions):
        for other in unions[place + 1 :]:
            if one.value == other.value:
                continue
            start = max((day for day in (one.start, other.start) if day), default=None)
            stops = (one.end, other.end, deaths.get(one.value), deaths.get(other.value))
            end = min((day for day in stops if day), default=None)
            if start is None or end is None or start < end:
                found.append(Contradiction(
                    kind="two_partners", person=applicant, start=start, end=end,
                    records=merge_records(one.records, other.records),
                    says=TWO_PARTNERS, article=f"{ARTICLE} lid 4",
                ))  # fmt: skip
    return tuple(found)


def of_dates(
    kind: ContradictionKind, unknown: Mapping[SubjectId, Unknown]
) -> tuple[Contradiction, ...]:
    """Two birth dates or two dates of death, as the fold found them."""
    return tuple(
        Contradiction(kind=kind, person=subject, start=None, end=None, records=told.records,
                      says=told.missing, article=told.article)
        for subject, told in sorted(unknown.items())
    )  # fmt: skip


def unsettled_homes(
    applicant: SubjectId,
    clashes: Iterable[tuple[Contradiction, tuple[Address, ...]]],
    addresses: Addresses,
) -> tuple[Spell[Unknown], ...]:
    """When it is open who lives with the applicant: his own address is contradicted, or somebody
    else's where one of the two is the applicant's home.
    """
    mine = addresses.get(applicant, ())
    found: list[Spell[Unknown]] = []
    for clash, homes in clashes:
        value = replace(TWO_ADDRESSES, records=clash.records)
        whole = Spell(value=value, start=clash.start, end=clash.end, records=clash.records)
        if clash.person == applicant:
            found.append(whole)
            continue
        for own in mine:
            if any(same_home(own.value, home) for home in homes):
                start = max((day for day in (own.start, whole.start) if day), default=None)
                end = min((day for day in (own.end, whole.end) if day), default=None)
                if start is None or end is None or start < end:
                    found.append(replace(whole, start=start, end=end))
    return tuple(found)


def child_unsettled(
    contradictions: Iterable[Contradiction], persons: Iterable[SubjectId], day: date
) -> Unknown | None:
    """Why it is open on a day whether one of these persons lives in the home, if it is open."""
    wanted = set(persons)
    for told in contradictions:
        begun = told.start is None or told.start <= day
        goes_on = told.end is None or day < told.end
        if told.kind == "two_addresses" and told.person in wanted and begun and goes_on:
            return replace(TWO_ADDRESSES, records=told.records)
    return None
