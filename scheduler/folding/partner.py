"""The toeslagpartner by month, and who was it the whole year. Who is partner at all: partner_facts.

Not to be confused with the spouse of the Participatiewet or the huurtoeslag partner, who must be
registered at the address (Wht 1a lid 3).
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.folding.known import Known, Text, Unknown, Value
from scheduler.folding.persons import Household, Person
from specs.values import Month, months_of_year

NO_STATEMENT = Text(
    "Wij weten niet of u een toeslagpartner heeft. Uw opgave ontbreekt.",
    "We do not know whether you have an allowance partner. Your statement is missing.",
)
TWO_PARTNERS = Text(
    "De gegevens noemen twee partners tegelijk. De gemeente moet dat herstellen.",
    "The data name two partners at once. The municipality must correct this.",
)
ARTICLE = "Algemene wet inkomensafhankelijke regelingen, artikel 3"


def partner_in(household: Household, month: Month) -> Value[Person | None]:
    """The toeslagpartner that counts in a month: who it is on the first day (Awir 5)."""
    day = month.first_day
    holding = [spell for spell in household.partners if spell.holds(day)]
    if not holding:
        return Unknown(missing=NO_STATEMENT, article=ARTICLE)
    records = tuple(sorted({record for spell in holding for record in spell.records}))
    for spell in holding:
        if isinstance(spell.value, Unknown):
            return spell.value
    partners = {spell.value for spell in holding if spell.value is not None}
    if len(partners) > 1:
        return Unknown(missing=TWO_PARTNERS, article=f"{ARTICLE} lid 4", records=records)
    for partner in partners:
        return Known(value=household.persons[str(partner)], records=records)
    return Known(value=None, records=records)


def partner_whole_year(household: Household, year: int) -> Value[Person | None]:
    """The person who is partner in every month of the year, else None (Awir 7 lid 3)."""
    return same_all_year([partner_in(household, month) for month in months_of_year(year)])


def same_all_year(partners: Sequence[Value[Person | None]]) -> Value[Person | None]:
    """The same person in twelve months, else None. An unknown month leaves it unknown only while
    the known months could still be those of one partner.
    """
    known = [partner for partner in partners if isinstance(partner, Known)]
    records = tuple(sorted({record for partner in known for record in partner.records}))
    ids = {None if partner.value is None else partner.value.id for partner in known}
    if None in ids or len(ids) > 1:
        return Known(value=None, records=records)
    for partner in partners:
        if isinstance(partner, Unknown):
            return partner
    return Known(value=known[0].value, records=records)
