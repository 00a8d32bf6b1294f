"""SuwiML income: what one answer becomes, and what is refused where.

Expected kinds: Belastingdienst, Codes voor de aangifte loonheffingen (code soort
inkomstenverhouding). Expected structure: BKWI, UWVDossierInkomstenGSD v0200. All persons invented.
"""

from __future__ import annotations

from datetime import date

import pytest

from adapters.suwinet.suwinet_uwv import read
from specs.errors import Problem
from specs.records import (
    INCOME_BEGUN,
    INCOME_ENDED,
    INCOME_STATED,
    IncomeRelation,
    IncomeStatement,
    PersonRef,
    RecordDraft,
)

BSN = "999902003"
NAMESPACE = "http://bkwi.nl/SuwiML/Diensten/UWVDossierInkomstenGSD/v0200"


def amount(cents: str = "205000", sign: str = "+", currency: str = "EUR", more: str = "") -> str:
    return (
        f"<CdMunteenheid>{currency}</CdMunteenheid><CdPositiefNegatief>{sign}</CdPositiefNegatief>"
        f"<WaardeBedr>{cents}</WaardeBedr>{more}"
    )


def statement(
    first: str = "20260101", last: str = "20260131", taxable: str | None = None, hours: str = "112"
) -> str:
    end = f"<DatEIko>{last}</DatEIko>" if last else ""
    loon = amount() if taxable is None else taxable
    loon = f"<BedrLoonLbPremieVolksverz>{loon}</BedrLoonLbPremieVolksverz>" if loon else ""
    return (
        f"<Inkomstenopgave><DatBIko>{first}</DatBIko>{end}"
        f"<AantVerloondeUrenIko>{hours}</AantVerloondeUrenIko>{loon}</Inkomstenopgave>"
    )


def relation(
    *statements: str,
    code: str = "15",
    number: str = "1",
    ended: str = "",
    period_end: str = "99991230",
    extra: str = "",
) -> str:
    end = f"<DatEIkv>{ended}</DatEIkv>" if ended else ""
    return (
        f"<Inkomstenverhouding><VolgnrIkv>{number}</VolgnrIkv><DatBIkv>20170901</DatBIkv>{end}"
        "<AdministratieveEenheid><NaamAdministratieveEenheid>DE SCHAKEL"
        "</NaamAdministratieveEenheid><Loonheffingennr>871000001L01</Loonheffingennr>"
        "</AdministratieveEenheid><Inkomstenperiode><DatBIkp>20170901</DatBIkp>"
        f"<DatEIkp>{period_end}</DatEIkp><CdSrtIkv>{code}</CdSrtIkv></Inkomstenperiode>{extra}"
        f"{''.join(statements or (statement(),))}</Inkomstenverhouding>"
    )


def answer(*relations: str, bsn: str = BSN) -> bytes:
    body = "".join(relations or (relation(),))
    return (
        f'<s:UWVPersoonsIkvInfoResponse xmlns:s="{NAMESPACE}"><ClientSuwi>'
        f"<Burgerservicenr>{bsn}</Burgerservicenr>{body}</ClientSuwi>"
        "</s:UWVPersoonsIkvInfoResponse>"
    ).encode()


def read_all(content: bytes) -> tuple[list[RecordDraft], list[Problem]]:
    return read(content, source="answer.xml")


def of_type(drafts: list[RecordDraft], kind: str) -> list[RecordDraft]:
    return [draft for draft in drafts if draft.type == kind]


def test_a_statement_keeps_period_amount_and_payer() -> None:
    drafts, problems = read_all(answer())
    assert problems == []
    stated = of_type(drafts, INCOME_STATED)[0]
    data = stated.data
    assert isinstance(data, IncomeStatement)
    assert (data.taxable_cents, data.hours, data.kind) == (205000, 112, "wage")
    assert (data.period_start, data.period_end) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (data.relation, data.payer, data.source_code) == ("871000001L01/1", "DE SCHAKEL", "15")
    assert stated.valid_from == date(2026, 1, 1)
    begun = of_type(drafts, INCOME_BEGUN)[0]
    assert begun.valid_from == date(2017, 9, 1)
    assert isinstance(begun.data, IncomeRelation)
    assert begun.data.rhythm == "month"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("11", "wage"), ("13", "wage"), ("15", "wage"), ("17", "wage"), ("22", "aow"),
        ("24", "anw"), ("31", "zw"), ("33", "ww"), ("35", "ww"), ("37", "wajong"), ("39", "wia"),
        ("40", "wia"), ("43", "bijstand"), ("46", "other"), ("56", "pension"),
    ],
)  # fmt: skip
def test_codes_of_the_wage_declaration_give_their_kind(code: str, kind: str) -> None:
    drafts, problems = read_all(answer(relation(code=code)))
    assert problems == []
    assert {draft.data.kind for draft in drafts} == {kind}  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", ["85", "53", "00", "99"])
def test_a_code_in_no_edition_is_a_problem_and_no_guess(code: str) -> None:
    drafts, problems = read_all(answer(relation(code=code), relation(number="2")))
    assert {draft.data.relation for draft in drafts} == {"871000001L01/2"}  # type: ignore[attr-defined]
    assert [problem.field for problem in problems] == ["CdSrtIkv"]
    assert "Inkomstenverhouding[1]/Inkomstenperiode (line 1)" in problems[0].where


def test_a_negative_amount_takes_its_sign_from_its_own_element() -> None:
    drafts, problems = read_all(answer(relation(statement(taxable=amount(cents="1250", sign="-")))))
    assert problems == []
    assert of_type(drafts, INCOME_STATED)[0].data.taxable_cents == -1250  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("taxable", "field"),
    [
        (amount(currency="USD"), "CdMunteenheid"),
        (amount(currency=""), "CdMunteenheid"),
        (amount(sign="?"), "CdPositiefNegatief"),
        (amount(cents="12.50"), "BedrLoonLbPremieVolksverz"),
        (amount(cents=""), "BedrLoonLbPremieVolksverz"),
        (amount(cents="9" * 18), "BedrLoonLbPremieVolksverz"),
        (
            amount(more="<CdPeriodeEenheidGeldigheidBedr>10</CdPeriodeEenheidGeldigheidBedr>"),
            "CdPeriodeEenheidGeldigheidBedr",
        ),
        ("", "BedrLoonLbPremieVolksverz"),
    ],
)
def test_an_amount_that_is_not_plain_cents_is_refused(taxable: str, field: str) -> None:
    good = statement("20260201", "20260228")
    drafts, problems = read_all(answer(relation(statement(taxable=taxable), good)))
    assert [draft.valid_from for draft in of_type(drafts, INCOME_STATED)] == [date(2026, 2, 1)]
    assert [problem.field for problem in problems] == [field]
    assert "Inkomstenopgave[1]" in problems[0].where


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (statement("20260230"), "DatBIko"),
        (statement("20260100"), "DatBIko"),
        (statement(last=""), "DatEIko"),
        (statement(last="20251231"), ""),
        (statement("20160101", "20160131"), "DatBIko"),
        (statement(hours="-4"), "AantVerloondeUrenIko"),
    ],
)
def test_a_statement_without_a_sound_period_is_refused(bad: str, field: str) -> None:
    drafts, problems = read_all(answer(relation(bad)))
    assert of_type(drafts, INCOME_STATED) == []
    assert [problem.field for problem in problems] == [field]


def test_two_statements_for_one_period_are_both_refused() -> None:
    drafts, problems = read_all(answer(relation(statement(), statement(taxable=amount(cents="1")))))
    assert of_type(drafts, INCOME_STATED) == []
    assert len(problems) == 2


def test_two_relations_with_one_number_are_both_refused() -> None:
    drafts, problems = read_all(answer(relation(), relation()))
    assert drafts == []
    assert [problem.field for problem in problems] == ["VolgnrIkv", "VolgnrIkv"]


def test_ended_counts_from_the_first_day_without_the_relation() -> None:
    drafts, problems = read_all(answer(relation(ended="20260131", period_end="20260131")))
    assert problems == []
    assert of_type(drafts, INCOME_ENDED)[0].valid_from == date(2026, 2, 1)


def test_periods_of_four_weeks_are_told_from_months() -> None:
    # Wage periods of 2026: 1-25 January, then 28 days each (ECOSYSTEM 1.3, Loonaangifte).
    drafts, problems = read_all(
        answer(relation(statement("20260101", "20260125"), statement("20260126", "20260222")))
    )
    assert problems == []
    assert of_type(drafts, INCOME_BEGUN)[0].data.rhythm == "four_weeks"  # type: ignore[attr-defined]


def test_an_element_the_schema_does_not_know_refuses_its_relation_only() -> None:
    drafts, problems = read_all(answer(relation(extra="<Bonus>1</Bonus>"), relation(number="2")))
    assert {draft.data.relation for draft in drafts} == {"871000001L01/2"}  # type: ignore[attr-defined]
    assert [problem.field for problem in problems] == ["Bonus"]


def test_the_same_file_twice_gives_the_same_identities_and_a_correction_another() -> None:
    first, _ = read_all(answer())
    again, _ = read_all(answer())
    corrected, _ = read_all(answer(relation(statement(taxable=amount(cents="214000")))))
    ids = [draft.source_event_id for draft in first]
    assert ids == [draft.source_event_id for draft in again]
    changed = set(ids) ^ {draft.source_event_id for draft in corrected}
    assert len(changed) == 2  # the statement only: one id gone, one new


def test_the_person_is_whom_was_asked_about() -> None:
    asked = PersonRef(bsn=BSN, birth_date=date(1988, 4, 12), surname="Wit")
    drafts, problems = read(answer(), source="a.xml", asked_for=asked)
    assert problems == []
    assert {draft.data.person for draft in drafts} == {asked}  # type: ignore[attr-defined]


def test_an_answer_about_another_person_than_asked_is_refused() -> None:
    asked = PersonRef(bsn="999902404", birth_date=date(1988, 4, 12), surname="Wit")
    drafts, problems = read(answer(), source="a.xml", asked_for=asked)
    assert (drafts, len(problems)) == ([], 1)


def test_without_the_question_the_person_has_no_name_and_no_birth_date() -> None:
    drafts, _ = read_all(answer())
    person = drafts[0].data.person  # type: ignore[attr-defined]
    assert (person.bsn, person.birth_date, person.surname) == (BSN, None, ".")


def test_a_file_named_for_one_person_that_holds_another_is_refused() -> None:
    drafts, problems = read(answer(), source="Info_999902404.xml")
    assert drafts == []
    assert problems[0].source == "Info_******404.xml"  # L5: no BSN in what is logged
    assert BSN not in str(problems[0])


@pytest.mark.parametrize("bsn", ["999902004", "12345678", "000000000", "99990200x", ""])
def test_a_bsn_that_fails_the_elfproef_refuses_the_answer(bsn: str) -> None:
    drafts, problems = read_all(answer(bsn=bsn))
    assert drafts == []
    assert [problem.field for problem in problems] == ["Burgerservicenr"]


def test_nothing_found_is_told_and_no_fault() -> None:
    content = (
        f'<s:UWVPersoonsIkvInfoResponse xmlns:s="{NAMESPACE}">'
        '<f:NietsGevonden xmlns:f="http://bkwi.nl/SuwiML/FWI/v0205"/>'
        "</s:UWVPersoonsIkvInfoResponse>"
    ).encode()
    drafts, problems = read_all(content)
    assert drafts == []
    assert [(p.severity, "nothing-found" in p.reason) for p in problems] == [("tolerated", True)]


def test_a_fault_of_the_source_is_a_problem() -> None:
    content = (
        f'<s:UWVPersoonsIkvInfoResponse xmlns:s="{NAMESPACE}">'
        '<f:FWI xmlns:f="http://bkwi.nl/SuwiML/FWI/v0205"><Fout><Code>F001</Code>'
        "<Tekst>t</Tekst></Fout></f:FWI></s:UWVPersoonsIkvInfoResponse>"
    ).encode()
    drafts, problems = read_all(content)
    assert (drafts, [p.severity for p in problems]) == ([], ["problem"])


def test_another_service_is_refused_by_its_root() -> None:
    drafts, problems = read_all(answer().replace(b"InkomstenGSD", b"PersoonGSD"))
    assert (drafts, len(problems)) == ([], 1)
    assert "root element" in problems[0].reason
