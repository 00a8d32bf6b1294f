"""AOW: pension age, partner, and the years insured between 17 and 67.

The month in which the age is reached on another day than the first is not calculated: the pension
starts on the birthday itself, the rule for a part of a month was not sourced. The holiday allowance
is built up from May to April and paid in May (29). It belongs to those twelve months, so that it
stands in the trace beside the amounts and not in them.
"""

from __future__ import annotations

from typing import Final

from scheduler.folding.ages import pension_day
from scheduler.folding.known import Known, Text, Unknown, Value, merge_records
from scheduler.folding.partner import partner_in
from scheduler.folding.persons import Person
from scheduler.schemes.toeslagen import NONE, Inputs, YearView, alive_on_first
from specs.values import Month

SPANS: Final = ((-12, -10), (-10, -4), (-4, 0))  # months before May: May and June, to December, on
BUILT: Final = tuple(
    f"maanden_{how}_{place}" for place in range(1, len(SPANS) + 1) for how in ("alleen", "samen")
)
SUPPLIES: Final = frozenset({"in_leven", "aow_leeftijd", "partner", "opbouwjaren", "mei", *BUILT})
MAY: Final = 5
PART_MONTH: Final = Unknown(
    missing=Text("De AOW begint in de loop van deze maand. Dat deel rekenen wij niet.",
                 "The AOW starts during this month. We do not calculate that part."),
    article="Algemene Ouderdomswet, artikel 16",
)  # fmt: skip
NO_YEARS: Final = Unknown(
    missing=Text("Het aantal jaren AOW-opbouw ontbreekt.", "The number of AOW years is missing."),
    article="Algemene Ouderdomswet, artikel 13",
)


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/aow` in one month."""
    partner = view.partners[month]
    years = view.applicant.aow_years
    has_partner: Value[int] = (
        partner
        if isinstance(partner, Unknown)
        else Known(value=int(partner.value is not None), records=partner.records)
    )
    return {
        "in_leven": alive_on_first(view.applicant, month),
        "aow_leeftijd": _pension_age(view.applicant, month),
        "partner": has_partner,
        "opbouwjaren": NO_YEARS if years is None else years,
        **_holiday(view, month),
    }


def _holiday(view: YearView, month: Month) -> Inputs:
    """In May: the months with AOW since the last May, alone and together, by half-year (29)."""
    none = {"mei": NONE, **dict.fromkeys(BUILT, NONE)}
    if month.month != MAY:
        return none
    counts = dict.fromkeys(BUILT, 0)
    records: list[tuple[str, ...]] = []
    now = _pension_age(view.applicant, month)
    if isinstance(now, Known) and not now.value:
        return {"mei": Known(value=1), **dict.fromkeys(BUILT, NONE)}
    for place, (first, last) in enumerate(SPANS, 1):
        for built in (month.plus(offset) for offset in range(first, last)):
            told = [alive_on_first(view.applicant, built), _pension_age(view.applicant, built)]
            partner = partner_in(view.household, built)
            for value in (*told, partner):
                if isinstance(value, Unknown):
                    return {"mei": Known(value=1), **dict.fromkeys(BUILT, value)}
            assert isinstance(partner, Known)
            if all(isinstance(value, Known) and value.value for value in told):
                how = "alleen" if partner.value is None else "samen"
                counts[f"maanden_{how}_{place}"] += 1
                records.append(partner.records)
    merged = merge_records(*records)
    found: dict[str, Value[int]] = {
        name: Known(value=count, records=merged) for name, count in counts.items()
    }
    return {"mei": Known(value=1), **found}


def _pension_age(person: Person, month: Month) -> Value[int]:
    birth = person.birth_date
    if isinstance(birth, Unknown):
        return birth
    day = pension_day(birth.value)
    if month.first_day < day <= month.last_day:
        return PART_MONTH
    return Known(value=int(day <= month.first_day), records=birth.records)
