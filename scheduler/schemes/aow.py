"""AOW: pension age, partner, and the years insured between 17 and 67.

The month in which the age is reached on another day than the first is not calculated: the pension
starts on the birthday itself, the rule for a part of a month was not sourced. The holiday allowance
is built up from May to April and paid in May (29); it is not in these amounts.
"""

from __future__ import annotations

from typing import Final

from scheduler.folding.ages import pension_day
from scheduler.folding.known import Known, Text, Unknown, Value
from scheduler.schemes.toeslagen import Inputs, YearView, alive_on_first
from specs.values import Month

SUPPLIES: Final = frozenset({"in_leven", "aow_leeftijd", "partner", "opbouwjaren"})
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
        "aow_leeftijd": _pension_age(view, month),
        "partner": has_partner,
        "opbouwjaren": NO_YEARS if years is None else years,
    }


def _pension_age(view: YearView, month: Month) -> Value[int]:
    birth = view.applicant.birth_date
    if isinstance(birth, Unknown):
        return birth
    day = pension_day(birth.value)
    if month.first_day < day <= month.last_day:
        return PART_MONTH
    return Known(value=int(day <= month.first_day), records=birth.records)
