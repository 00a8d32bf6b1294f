"""Kinderbijslag: the children who count on the first day of a quarter, by age (AKW 11, 12).

For a child who lives elsewhere the SVB decides on double (7 lid 6): a stated fact, for it asks what
was contributed. Of co-parents only the one who is paid counts a child. Not covered: the duty of
school for children of 16 and 17 (7 lid 2). The extra amount (7a lid 2) is kinderbijslag_extra.py.
"""

from __future__ import annotations

from typing import Final

from scheduler.folding.ages import age_on
from scheduler.folding.contradictions import child_unsettled
from scheduler.folding.known import Known, Unknown, Value, merge_records
from scheduler.schemes.toeslagen import Inputs, YearView, alive_on_first
from specs.values import Month

NAMES: Final = ("kinderen_0_5", "kinderen_6_11", "kinderen_12_17", "zorg_3_5", "zorg_6_11",
                "zorg_12_17", "uitwonend_0_5", "uitwonend_6_11", "uitwonend_12_17")  # fmt: skip
SUPPLIES: Final = frozenset({"in_leven", *NAMES})


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/kinderbijslag`; `month` is the first of a quarter.

    `zorg_…` counts the children with an intensive-care decision: at home and 3 or older (7a lid 1).
    """
    household, day = view.household, month.first_day
    alive = alive_on_first(view.applicant, month)
    children = household.children if household.home_children is None else household.home_children
    if isinstance(children, Unknown):
        return {"in_leven": alive, **dict.fromkeys(NAMES, children)}
    unsettled = child_unsettled(household.contradictions, (s.value for s in children), day)
    if unsettled is not None:
        return {"in_leven": alive, **dict.fromkeys(NAMES, unsettled)}
    counts = dict.fromkeys(NAMES, 0)
    records: list[tuple[str, ...]] = []
    for spell in children:
        child = household.persons[spell.value]
        birth, death = child.birth_date, child.death_date
        if isinstance(birth, Unknown) or isinstance(death, Unknown):
            missing = birth if isinstance(birth, Unknown) else death
            assert isinstance(missing, Unknown)
            return {"in_leven": alive, **dict.fromkeys(NAMES, missing)}
        age = age_on(birth.value, day)
        gone = death.value is not None and death.value < day
        if not spell.holds(day) or not 0 <= age < 18 or gone or child.paid_elsewhere:
            continue
        records.append(merge_records(spell.records, birth.records))
        band = "0_5" if age < 6 else "6_11" if age < 12 else "12_17"
        counts[f"kinderen_{band}"] += 1
        if child.lives_away:
            counts[f"uitwonend_{band}"] += 1
        elif child.intensive_care and age >= 3:
            counts["zorg_3_5" if age < 6 else f"zorg_{band}"] += 1
    merged = merge_records(*records)
    found: dict[str, Value[int]] = {
        name: Known(value=count, records=merged) for name, count in counts.items()
    }
    return {"in_leven": alive, **found}
