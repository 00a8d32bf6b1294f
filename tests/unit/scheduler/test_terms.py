"""Terms of creditors. The numbers of terms are those of facts/allowances-nl.md, section 15."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.errors import PayDayError
from scheduler.plan import plan
from scheduler.planning.flows import Window, occurrences
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import PlanRequest
from scheduler.planning.terms import TERMS, load_terms
from specs.errors import SpecFileError
from specs.values import Month

RULES = load_terms()
CALENDARS = load_pay_calendars()

# cjib.nl as quoted in facts/allowances-nl.md 15: open amount in euros, months.
CJIB = [
    (75, 3), (120, 3), (121, 6), (300, 6), (450, 9), (451, 12), (1250, 12), (2000, 18),
    (3000, 24), (4000, 30), (4001, 36), (90000, 36),
]  # fmt: skip


@pytest.mark.parametrize(("euros", "months"), CJIB)
def test_cjib_gives_the_published_number_of_months(euros: int, months: int) -> None:
    assert RULES["cjib"].number(euros * 100) == months


@pytest.mark.parametrize(
    ("party", "cents"), [("cjib", 7499), ("purmerend", 7499), ("purmerend", 400001)]
)
def test_an_amount_outside_a_partys_bounds_is_refused(party: str, cents: int) -> None:
    with pytest.raises(PayDayError, match="offers no terms"):
        RULES[party].number(cents)


def test_a_term_is_not_below_the_partys_minimum() -> None:
    # HHNK annex, art. 4-6: at most 10 instalments of at least 10 euros.
    assert [RULES["hhnk"].number(cents) for cents in (900, 4500, 10000, 50000)] == [1, 4, 10, 10]


def test_terms_become_a_flow_that_pays_every_cent_in_the_partys_months() -> None:
    # Hardenberg: at most 10, March to December.
    flow = RULES["hardenberg"].flow("tax", 45005, Month(2026, 1), 25)
    found = occurrences(flow.rhythm, Month(2026, 1), 24, CALENDARS)[0]
    assert [item.period for item in found] == [f"2026-{month:02d}" for month in range(3, 13)]
    assert [flow.cents_in(item) for item in found] == [4501] * 5 + [4500] * 5


def test_terms_are_planned_like_any_other_charge() -> None:
    flow = RULES["cjib"].flow("fine", 10001, Month(2026, 2), 28, Window(later_days=27))
    found = plan(PlanRequest(first=Month(2026, 1), months=6, flows=(flow,)), CALENDARS)
    assert [line.cents for line in found.lines()] == [3334, 3334, 3333]


def test_every_rule_names_its_source() -> None:
    assert {"cjib", "hhnk", "purmerend", "zoetermeer"} <= set(RULES)
    assert all(rule.source and rule.name.nl for rule in RULES.values())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("above: 36", "above: 0", "terms are 1 to"),
        ("[12000, 3]", "[12000]", "rows of"),
        ("[12000, 3]", "[999999, 3]", "limits rising"),
        ("party: cjib", "party: other", "one name for both"),
        ("above: 36", "above: 36\nshift: sideways", "none of preceding"),
        ("above: 36", "above: 36\nday: 32", "1 to 31"),
        ("above: 36", "above: 36\ncolour: 1", "unknown key"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = (TERMS / "cjib.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "cjib.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecFileError, match=rf"cjib.yaml:\d+: .*{reason}"):
        load_terms(tmp_path)
