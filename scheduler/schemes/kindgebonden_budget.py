"""Kindgebonden budget: the children who count in a month, by age band.

A child counts when kinderbijslag for it is paid to the applicant (2 lid 1) or, as joint right, to
the partner (2 lid 9); the document's or the fold's list of children says so. Of co-parents it
counts with the one who is paid (2 lid 10).
"""

from __future__ import annotations

from typing import Final

from scheduler.folding.ages import reached_before
from scheduler.folding.contradictions import child_unsettled
from scheduler.folding.known import Known, Unknown, Value, merge_records
from scheduler.folding.persons import Household
from scheduler.schemes.toeslagen import COMMON, Inputs, YearView, common_inputs
from specs.values import Month

SUPPLIES: Final = COMMON | {"kinderen", "kinderen_12_15", "kinderen_16_17"}


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/kindgebonden_budget` in one month."""
    return {
        **common_inputs(view, month),
        **_children(view.household, month),
    }


def _children(household: Household, month: Month) -> Inputs:
    """Children by age: from the month after birth or joining the household up to and including the
    month of the 18th birthday; the age bands from the month after (2 lid 1, 3, 5).
    """
    names = ("kinderen", "kinderen_12_15", "kinderen_16_17")
    children = household.children
    if isinstance(children, Unknown):
        return dict.fromkeys(names, children)
    unsettled = child_unsettled(household.contradictions, (s.value for s in children),
                                month.first_day)  # fmt: skip
    if unsettled is not None:
        return dict.fromkeys(names, unsettled)
    counts = [0, 0, 0]
    records: list[tuple[str, ...]] = []
    for spell in children:
        child = household.persons[spell.value]
        birth = child.birth_date
        if isinstance(birth, Unknown):
            return dict.fromkeys(names, birth)
        joined = max(birth.value, spell.start or birth.value)
        left = spell.end is not None and spell.end <= month.first_day
        death = child.death_date
        if isinstance(death, Unknown):
            return dict.fromkeys(names, death)
        died = death.value is not None and death.value < month.first_day
        if joined >= month.first_day or reached_before(birth.value, 18, month) or left or died:
            continue
        if child.paid_elsewhere:
            continue
        records.append(merge_records(spell.records, birth.records, death.records))
        counts[0] += 1
        if reached_before(birth.value, 16, month):
            counts[2] += 1
        elif reached_before(birth.value, 12, month):
            counts[1] += 1
    merged = merge_records(*records)
    found: dict[str, Value[int]] = {
        name: Known(value=count, records=merged) for name, count in zip(names, counts, strict=True)
    }
    return found
