"""SuwiML SVB answers: net benefits per month. All persons invented.

Structure: BKWI, SVBDossierPersoonGSD v0200.
"""

from __future__ import annotations

from datetime import date

import pytest

from adapters.suwinet.suwinet_svb import read
from specs.records import CHARGE_SET, Recurring

BSN = "999902003"
NAMESPACE = "http://bkwi.nl/SuwiML/Diensten/SVBDossierPersoonGSD/v0200"
NAME = "<SignificantDeelVanDeAchternaam>Wit</SignificantDeelVanDeAchternaam>"
BORN = "<Geboortedat>19500412</Geboortedat>"


def net(first: str = "20260101", last: str = "20260131", cents: str = "153600") -> str:
    end = f"<DatENettoUitkeringsbedr>{last}</DatENettoUitkeringsbedr>" if last else ""
    return (
        f"<NettoUitkeringsbedr><CdMunteenheid>EUR</CdMunteenheid><WaardeBedr>{cents}</WaardeBedr>"
        f"<CdUitkeringsperiode>6</CdUitkeringsperiode>"
        f"<DatBNettoUitkeringsbedr>{first}</DatBNettoUitkeringsbedr>{end}</NettoUitkeringsbedr>"
    )


def answer(*amounts: str, law: str = "AOW", person: str = NAME + BORN, bsn: str = BSN) -> bytes:
    return (
        f'<s:SVBPersoonsInfoResponse xmlns:s="{NAMESPACE}"><ClientSuwi>'
        f"<Burgerservicenr>{bsn}</Burgerservicenr>{person}<Uitkeringsverhouding>"
        "<DatBUitkeringsverhouding>20180323</DatBUitkeringsverhouding>"
        f"<SzWet><CdSzWet>{law}</CdSzWet></SzWet><Uitkeringsperiode>"
        f"<DatBUitkeringsperiode>20260101</DatBUitkeringsperiode>{''.join(amounts or (net(),))}"
        "</Uitkeringsperiode></Uitkeringsverhouding></ClientSuwi></s:SVBPersoonsInfoResponse>"
    ).encode()


def test_a_net_month_is_an_income_the_plan_can_hold() -> None:
    drafts, problems = read(answer(), source="a.xml")
    assert problems == []
    assert [draft.type for draft in drafts] == [CHARGE_SET]
    data = drafts[0].data
    assert isinstance(data, Recurring)
    assert (data.flow, data.kind, data.direction) == ("svb-aow", "benefit_net", "in")
    assert (data.amount_cents, data.calendar, data.party) == (153600, "aow", "svb")
    assert (drafts[0].valid_from, drafts[0].valid_until) == (date(2026, 1, 1), date(2026, 2, 1))


def test_the_dates_tell_the_month_and_not_the_code_of_the_period() -> None:
    # Published answers write a month as 1, 3 and 6 (ECOSYSTEM 1.1).
    for code in ("1", "3", "6"):
        content = answer().replace(
            b"<CdUitkeringsperiode>6", f"<CdUitkeringsperiode>{code}".encode()
        )
        assert read(content, source="a.xml") == read(answer(), source="a.xml")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("20260101", "20260331"),
        ("20260101", "20260130"),
        ("20260102", "20260131"),
        ("20260115", ""),
    ],
)
def test_an_amount_that_is_not_for_one_month_is_not_read(first: str, last: str) -> None:
    drafts, problems = read(answer(net(first, last), net("20260401", "")), source="a.xml")
    assert [(d.valid_from, d.valid_until) for d in drafts] == [(date(2026, 4, 1), None)]
    assert [problem.field for problem in problems] == ["DatENettoUitkeringsbedr"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (answer(law="XYZ"), "CdSzWet"),
        (answer(net(cents="1536.00")), "NettoUitkeringsbedr"),
        (answer(net(cents="-1")), "NettoUitkeringsbedr"),
        (answer(net(first="20260230")), "DatBNettoUitkeringsbedr"),
        (answer(bsn="999902004"), "Burgerservicenr"),
        (answer(person=BORN), "SignificantDeelVanDeAchternaam"),
        (answer(person=NAME), "Geboortedat"),
        (answer(person=f"{NAME}<Hobby/>{BORN}"), "Hobby"),
        (answer().replace(b"EUR", b"NLG"), "CdMunteenheid"),
    ],
    ids=range(9),
)
def test_what_is_refused(content: bytes, field: str) -> None:
    drafts, problems = read(content, source="a.xml")
    assert drafts == []
    assert [problem.field for problem in problems] == [field]


def test_the_order_of_the_published_answers_is_a_named_tolerance() -> None:
    person = f"{NAME}{BORN}<Geslacht>1</Geslacht>"
    drafts, problems = read(answer(person=person), source="a.xml")
    assert len(drafts) == 1
    assert ["element-order" in problem.reason for problem in problems] == [True]


def test_a_file_about_another_person_is_refused() -> None:
    drafts, problems = read(answer(), source="SVB_999902404.xml")
    assert (drafts, len(problems)) == ([], 1)
