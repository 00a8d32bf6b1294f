"""Zorgtoeslag: who is insured, alone or with a partner. The figures are in the regulation files.

Not covered: persons insured abroad (woonlandfactor, 4a), detention, military service: they are
stated as not insured.
"""

from __future__ import annotations

from typing import Final

from scheduler.known import Unknown, Value
from scheduler.partner import partner_in
from scheduler.persons import Household
from scheduler.schemes.toeslagen import (
    COMMON,
    NOBODY,
    Inputs,
    alive_on_first,
    common_inputs,
    insured,
)
from specs.values import Month

SUPPLIES: Final = COMMON | {"verzekerd", "partner_verzekerd", "in_leven"}


def inputs(household: Household, month: Month) -> Inputs:
    """The inputs of `regulations/zorgtoeslag` in one month."""
    partner = partner_in(household, month)
    partner_insured: Value[int]
    if isinstance(partner, Unknown):
        partner_insured = partner
    elif partner.value is None:
        partner_insured = NOBODY
    else:
        partner_insured = insured(household, partner.value, month)
    return {
        **common_inputs(household, month),
        "in_leven": alive_on_first(household.self, month),
        "verzekerd": insured(household, household.self, month),
        "partner_verzekerd": partner_insured,
    }
