"""Children, housemates and rented homes of an applicant, from the circle of persons around him."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from scheduler.folding.addresses import same_home
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Known, Spell, Text, Unknown, merge_records, until_next
from scheduler.folding.partner_facts import Circle
from scheduler.folding.persons import Childcare, Home, Housemate, PersonId, Relation
from scheduler.folding.sources import childcare as told_childcare
from specs.records import KINDERBIJSLAG_SET, Recurring

Partners = Sequence[Spell[PersonId | Unknown | None]]

NO_KINDERBIJSLAG: Final = Text(
    "De beslissing van de SVB over kinderbijslag ontbreekt.",
    "The kinderbijslag decision of the SVB is missing.",
)
NO_CHILDCARE: Final = Unknown(
    missing=Text("De uren en kosten van de opvang ontbreken.", "Childcare hours are missing."),
    article="Wet kinderopvang, artikel 1.7",
)
NO_RENT: Final = Unknown(
    missing=Text("De huur van uw woning ontbreekt.", "The rent of your home is missing."),
    article="Wet op de huurtoeslag, artikel 5",
)


def own_children(circle: Circle, partners: Partners) -> tuple[Spell[PersonId], ...]:
    """Children of the applicant or his partner, while they live at the applicant's address."""
    spells: list[Spell[PersonId]] = []
    for child, parents in sorted(circle.parents.items()):
        if circle.applicant not in parents and not any(
            isinstance(spell.value, str) and spell.value in parents for spell in partners
        ):
            continue
        for start, end, records in _together(circle, child):
            named = merge_records(records, circle.parent_records.get(child, ()))
            spells.append(Spell(value=child, start=start, end=end, records=named))
    return tuple(spells)


def with_kinderbijslag(
    facts: Sequence[Fact], circle: Circle, partners: Partners, family: Sequence[Spell[PersonId]]
) -> tuple[Spell[PersonId], ...] | Unknown:
    """The children for whom the applicant or his partner is paid kinderbijslag (WKB 2 lid 1, 9).

    A decision on kinderbijslag that stands counts for all own children in the home, also for a
    newborn whose first quarter is still to come; where it ended, the children end with it.
    """
    if not family:
        return ()
    receivers = {circle.applicant, *(spell.value for spell in partners)}
    decided = [fact for fact in facts if fact.type == KINDERBIJSLAG_SET]
    if not decided:
        return Unknown(missing=NO_KINDERBIJSLAG, article="Algemene Kinderbijslagwet, artikel 18")
    mine = [fact for fact in decided if fact.subject() in receivers]
    if not mine:
        return ()
    records = tuple(sorted(fact.record for fact in mine))
    latest = max(mine, key=lambda fact: (fact.valid_from, fact.known, fact.record))
    stop = latest.valid_from if isinstance(latest.data, Recurring) and latest.data.ended else None
    return tuple(
        Spell(
            value=spell.value, start=spell.start, end=_earliest(spell.end, stop),
            records=merge_records(spell.records, records),
        )
        for spell in family
    )  # fmt: skip


def housemates(
    circle: Circle, partners: Partners, family: Sequence[Spell[PersonId]]
) -> tuple[Spell[Housemate], ...] | Unknown:
    """Everybody else at the address. What they pay for living there is unknown to the registers:
    they are `other`, or `family` when related in the first degree.
    """
    if not circle.addresses.get(circle.applicant):
        return Unknown(
            missing=Text("Uw adres ontbreekt.", "Your address is missing."),
            article="Algemene wet inkomensafhankelijke regelingen, artikel 2 lid 1 e",
        )
    children = {spell.value for spell in family}
    spells: list[Spell[Housemate]] = []
    for other in sorted(circle.addresses):
        if other == circle.applicant or other in children:
            continue
        mate = Housemate(person=other, relation=_relation(circle, other))
        for start, end, records in _together(circle, other):
            spells.extend(_outside(partners, other, Spell(value=mate, start=start, end=end,
                                                          records=records)))  # fmt: skip
    return tuple(spells)


def _relation(circle: Circle, other: SubjectId) -> Relation:
    if circle.applicant in circle.parents.get(other, ()):
        return "child"
    return "family" if other in circle.parents.get(circle.applicant, ()) else "other"


def _outside(
    partners: Partners, other: PersonId, spell: Spell[Housemate]
) -> Iterator[Spell[Housemate]]:
    """The parts of a spell in which this person is not the partner."""
    for partner in partners:
        if partner.value == other:
            continue
        start, end = _latest(spell.start, partner.start), _earliest(spell.end, partner.end)
        if start is None or end is None or start < end:
            yield Spell(value=spell.value, start=start, end=end, records=spell.records)


def homes(
    facts: Iterable[Fact], circle: Circle, partners: Partners
) -> tuple[Spell[Home], ...] | Unknown:
    """Rented homes of the applicant or his partner, from the landlord's records."""
    tenants = {circle.applicant, *(spell.value for spell in partners)}
    found = [
        (fact, fact.data) for fact in facts
        if isinstance(fact.data, Recurring) and fact.data.kind == "rent"
        and fact.subject() in tenants
    ]  # fmt: skip
    if not found:
        return NO_RENT
    spells: list[Spell[Home]] = []
    for flow in sorted({data.flow for _, data in found}):
        mine = [(fact, data) for fact, data in found if data.flow == flow]
        mine.sort(key=lambda item: (item[0].known, item[0].record))
        steps = {fact.valid_from: (fact, data) for fact, data in mine}
        for day, end in until_next(steps):
            fact, data = steps[day]
            if data.ended:
                continue
            home = Spell(value=_home(data, fact.record), start=day,
                         end=_earliest(end, fact.valid_until), records=(fact.record,))  # fmt: skip
            tenant = fact.subject()
            spells.extend((home,) if tenant == circle.applicant else _while_together(
                circle, str(tenant), home))  # fmt: skip
    return tuple(spells)


def _while_together(circle: Circle, tenant: SubjectId, home: Spell[Home]) -> Iterator[Spell[Home]]:
    """A home that the partner rents is the applicant's home only while they share the address."""
    for start, end, records in _together(circle, tenant):
        first, last = _latest(home.start, start), _earliest(home.end, end)
        if first is None or last is None or first < last:
            yield Spell(value=home.value, start=first, end=last,
                        records=merge_records(home.records, records))  # fmt: skip


def _home(data: Recurring, record: str) -> Home:
    def told(value: int | bool | None, nl: str, en: str) -> Known[int] | Unknown:
        if value is None:
            return Unknown(missing=Text(nl, en), article=NO_RENT.article)
        return Known(value=int(value), records=(record,))

    independent = told(data.independent_home, "Wij weten niet of uw woning zelfstandig is.",
                       "We do not know whether your home is independent.")  # fmt: skip
    return Home(
        independent=independent
        if isinstance(independent, Unknown)
        else Known(value=bool(independent.value), records=independent.records),
        bare_rent=told(data.bare_rent_cents, "De kale huur ontbreekt.", "Bare rent is missing."),
        service_costs=told(data.service_costs_cents, "De servicekosten ontbreken.",
                           "The service costs are missing."),
    )  # fmt: skip


def childcare(
    facts: Sequence[Fact], circle: Circle, partners: Partners, family: Sequence[Spell[PersonId]]
) -> tuple[Spell[Childcare], ...] | Unknown:
    """Childcare of the applicant and his partner, by the providers' records; unknown where none
    came and there are children who could go there.
    """
    parents = {circle.applicant, *(str(spell.value) for spell in partners)}
    told = told_childcare(facts, frozenset(parents))
    if told is not None:
        return told
    return NO_CHILDCARE if family else ()


def together(circle: Circle) -> tuple[Spell[PersonId], ...]:
    """Who is registered at the applicant's address, and when (Wht 1a lid 3, 9)."""
    others = sorted(set(circle.addresses) - {circle.applicant})
    return tuple(
        Spell(value=other, start=start, end=end, records=records)
        for other in others
        for start, end, records in _together(circle, other)
    )


def _together(
    circle: Circle, other: SubjectId
) -> Iterator[tuple[date | None, date | None, tuple[str, ...]]]:
    """When somebody lives at the applicant's address and is alive."""
    died = circle.deaths.get(other)
    for mine in circle.addresses.get(circle.applicant, ()):
        for theirs in circle.addresses.get(other, ()):
            if not same_home(mine.value, theirs.value):
                continue
            start = _latest(mine.start, theirs.start)
            end = _earliest(_earliest(mine.end, theirs.end), died)
            if start is None or end is None or start < end:
                yield start, end, merge_records(mine.records, theirs.records)


def _latest(left: date | None, right: date | None) -> date | None:
    if left is None or right is None:
        return left or right
    return max(left, right)


def _earliest(left: date | None, right: date | None) -> date | None:
    if left is None or right is None:
        return left or right
    return min(left, right)
