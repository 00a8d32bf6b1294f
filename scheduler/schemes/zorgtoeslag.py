"""Zorgtoeslag: who is insured, alone or with a partner. The figures are in the regulation files.

Not covered: persons insured abroad (woonlandfactor, 4a), detention, military service: they are
stated as not insured.
"""

from __future__ import annotations

from typing import Final

from scheduler.folding.known import Unknown, Value
from scheduler.schemes.toeslagen import COMMON, NONE, Inputs, YearView, common_inputs, insured
from specs.values import Month

SUPPLIES: Final = COMMON | {"verzekerd", "partner_verzekerd"}


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/zorgtoeslag` in one month."""
    partner = view.partners[month]
    partner_insured: Value[int] = NONE
    if isinstance(partner, Unknown):
        partner_insured = partner
    elif partner.value is not None:
        partner_insured = insured(view.household, partner.value, month)
    return {
        **common_inputs(view, month),
        "verzekerd": insured(view.household, view.applicant, month),
        "partner_verzekerd": partner_insured,
    }
