"""Beslagvrije voet (Rv 475c-475e): the protected minimum that no attachment or settlement touches.

Not covered: high housing costs on request (475da lid 5), home owners, debtors without an address in
the Netherlands (lid 4), other income of the debtor himself (475db lid 1).
"""

from __future__ import annotations

from typing import Final

from scheduler.folding.known import Known, Unknown, Value
from scheduler.folding.persons import Person
from scheduler.schemes.bijstand import minor_child, received
from scheduler.schemes.toeslagen import NONE, Inputs, YearView, add
from specs.values import Month

SUPPLIES: Final = frozenset(
    {"gehuwd", "kind", "belastbaar_inkomen", "inkomen_partner", "maandinkomen"}
)


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/beslagvrije_voet` in one month.

    `belastbaar_inkomen` is that of the year, of both when married (475da lid 1, C); the law
    reckons it from the latest month, as the estimate of the year does.
    """
    partner = view.partners[month]
    if isinstance(partner, Unknown):
        return dict.fromkeys(SUPPLIES, partner)
    other: Person | None = partner.value
    income = view.income(view.applicant)
    theirs: Value[int] = NONE
    if other is not None:
        income = add(income, view.income(other))
        theirs = received(view.household, other, month)
    return {
        "gehuwd": Known(value=int(other is not None), records=partner.records),
        "kind": minor_child(view.household, month),
        "belastbaar_inkomen": income,
        "inkomen_partner": theirs,
        "maandinkomen": received(view.household, view.applicant, month),
    }
