"""Income of the polisadministratie, as UWV answers a municipality over Suwinet.

Format: SuwiML `UWVDossierInkomstenGSD` v0200, response `UWVPersoonsIkvInfoResponse`: one person,
his income relations (*inkomstenverhouding*), per relation the periods with its code and the
statements (*inkomstenopgave*). Amounts are in euro cents, with a sign.

The answer names its person by BSN only. Who asked knows whom he asked about and hands that over
as `asked_for`; without it the records name the person by BSN and an unknown surname, and the
recipient's desk decides. No tolerance is granted: every published answer follows the schema.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any, Final, Literal

from adapters.dates import read_day
from adapters.reading import (
    SURNAME_UNKNOWN,
    ReadResult,
    Report,
    build,
    read_bsn,
    without_doubles,
)
from adapters.suwinet.income_codes import KIND_OF_CODE, IncomeKind
from adapters.suwinet.suwiml import read_answer, read_cents, same_person_as_name
from adapters.xml import Node, Part, check_children, optional
from specs.records import INCOME_BEGUN, INCOME_ENDED, INCOME_STATED, PersonRef, RecordDraft

NAMESPACE: Final = "http://bkwi.nl/SuwiML/Diensten/UWVDossierInkomstenGSD/v0200"
ROOT: Final = "UWVPersoonsIkvInfoResponse"
OPEN_END: Final = date(9999, 12, 30)  # UWV writes an income period without end so

_CLIENT: Final = (Part("Burgerservicenr", 1), Part("Inkomstenverhouding", 0, None))
_RELATION: Final = (
    *optional("VolgnrIkv", "AanduidingIkvWerkgever", "DatBIkv", "DatEIkv"),
    Part("AdministratieveEenheid"),
    Part("Inkomstenperiode", 1, None),
    Part("SectorRisicogroepIkv", 0, None),
    Part("Inkomstenopgave", 1, None),
)
_PERIOD: Final = (
    Part("DatBIkp", 1),
    *optional(
        "DatEIkp", "CdSrtIkv", "CdTypeArbeidscontract", "CdInvloedVerzekeringsplicht",
        "IndLoonheffingskortingToegepast", "IndRegelmatigArbeidspatroon",
        "IndPersoneelsleningNietInLoon", "IndLoonIsMedeAowAlleenstaande",
        "IndLoonInclusiefWajongUitkering", "IndVakantiebonnenToegepast", "CdAardIkv",
        "CdIncidInkomstenvermindering",
    ),
)  # fmt: skip
_STATEMENT: Final = (
    Part("DatBIko", 1),
    *optional(
        "DatEIko", "AantSvDagenIko", "AantVerloondeUrenIko", "BedrBrutoloonSv",
        "BedrLoonLbPremieVolksverz", "BedrIngehoudenLbPremieVolksverz", "BedrVakantietoeslag",
        "BedrOpgbRechtVakantietoeslag", "BedrExtraPrdSalaris", "BedrOpgbRechtExtraPrdSalaris",
        "BedrVergoedingReiskostenOnbelast", "BedrInUitkBegrBetAlimentatie",
        "BedrRechtstreeksBetAlimentatie",
    ),
)  # fmt: skip

_Period = tuple[date, date | None, str, IncomeKind | None]  # first, last, code, kind
_Span = tuple[date, date]


def read(content: bytes, *, source: str, asked_for: PersonRef | None = None) -> ReadResult:
    """Income begun, stated and ended, with the problems; never raises for what the bytes hold."""
    report = Report(source)
    clients = read_answer(content, ROOT, NAMESPACE, report)
    drafts: list[RecordDraft] = []
    if len(clients) > 1:
        report.add(
            clients[1].where,
            "ClientSuwi",
            "the answer holds more than one person",
            "ask the source again, one person at a time",
        )
    elif clients:
        drafts = _read_client(clients[0], source, asked_for, report)
    return without_doubles(drafts), report.problems


def _read_client(
    client: Node, source: str, asked_for: PersonRef | None, report: Report
) -> list[RecordDraft]:
    if not check_children(client, _CLIENT, report):
        return []
    bsn = read_bsn(client.text_of("Burgerservicenr"), client.where, "Burgerservicenr", report)
    if bsn is None or not same_person_as_name(source, bsn, client.where, report):
        return []
    if asked_for is not None and asked_for.bsn != bsn:
        report.add(
            client.where,
            "Burgerservicenr",
            "the answer is about another person than asked",
            "ask the source again for the right person",
        )
        return []
    person = asked_for or PersonRef(bsn=bsn, birth_date=None, surname=SURNAME_UNKNOWN)
    relations = list(client.children("Inkomstenverhouding"))
    numbers = Counter(_relation_number(relation) for relation in relations)
    drafts: list[RecordDraft] = []
    for relation in relations:
        if numbers[_relation_number(relation)] > 1:
            report.add(
                relation.where,
                "VolgnrIkv",
                "two relations carry this number: none is read",
                "have the source tell them apart",
            )
        elif check_children(relation, _RELATION, report):
            drafts.extend(_read_relation(relation, person, report))
    return drafts


def _relation_number(relation: Node) -> tuple[str, str]:
    own = relation.text_of("VolgnrIkv") or relation.text_of("AanduidingIkvWerkgever")
    return relation.text_of("AdministratieveEenheid", "Loonheffingennr"), own


def _read_relation(relation: Node, person: PersonRef, report: Report) -> list[RecordDraft]:
    payer_number, own_number = _relation_number(relation)
    payer = relation.text_of("AdministratieveEenheid", "NaamAdministratieveEenheid")
    for name, value in (
        ("Loonheffingennr", payer_number),
        ("VolgnrIkv", own_number),
        ("NaamAdministratieveEenheid", payer),
    ):
        if not value:
            report.add(
                relation.where,
                name,
                "without it the relation cannot be told from others",
                "complete it at the source",
            )
            return []
    base = {"person": person, "relation": f"{payer_number}/{own_number}", "payer": payer}
    periods = _read_periods(relation, report)
    if periods is None:
        return []
    drafts: list[RecordDraft] = []
    spans: list[_Span] = []
    statements = list(relation.children("Inkomstenopgave"))
    read_spans = {id(s.element): _read_span(s, report) for s in statements}
    counts = Counter(span for span in read_spans.values() if span is not None)
    for statement in statements:
        span = read_spans[id(statement.element)]
        if span is None:
            continue
        if counts[span] > 1:
            report.add(
                statement.where,
                "DatBIko",
                "two statements for one period: none is read",
                "have the source send the one that counts",
            )
            continue
        spans.append(span)
        draft = _read_statement(statement, span, base, periods, report)
        if draft is not None:
            drafts.append(draft)
    return _read_ends(relation, base, periods, _rhythm(spans), report) + drafts


def _read_periods(relation: Node, report: Report) -> list[_Period] | None:
    """The income periods, oldest first; None when one of them cannot be read."""
    periods: list[_Period] = []
    sound = True
    for node in relation.children("Inkomstenperiode"):
        if not check_children(node, _PERIOD, report):
            sound = False
            continue
        first = read_day(node.text_of("DatBIkp"), node.where, "DatBIkp", report)
        last_text = node.text_of("DatEIkp")
        last = read_day(last_text, node.where, "DatEIkp", report) if last_text else None
        if first is None or (last_text and last is None):
            sound = False
            continue
        code = node.text_of("CdSrtIkv")
        kind = KIND_OF_CODE.get(code)
        if kind is None:
            report.add(
                node.where,
                "CdSrtIkv",
                "the code is in no edition of the income codes: what falls in this period"
                " is not read",
                "have the source send the right code",
            )
        periods.append((first, None if last is None or last >= OPEN_END else last, code, kind))
    return sorted(periods, key=lambda period: period[0]) if sound else None


def _read_span(statement: Node, report: Report) -> _Span | None:
    if not check_children(statement, _STATEMENT, report):
        return None
    first = read_day(statement.text_of("DatBIko"), statement.where, "DatBIko", report)
    # DatEIko may be absent by the schema; a period is never guessed from its first day.
    last = read_day(statement.text_of("DatEIko"), statement.where, "DatEIko", report)
    return None if first is None or last is None else (first, last)


def _read_statement(
    statement: Node,
    span: _Span,
    base: dict[str, Any],
    periods: list[_Period],
    report: Report,
) -> RecordDraft | None:
    first, last = span
    cover = [p for p in periods if p[0] <= first and (p[1] is None or first <= p[1])]
    if not cover:
        report.add(
            statement.where,
            "DatBIko",
            "no income period covers this statement",
            "correct the periods at the source",
        )
        return None
    _, _, code, kind = cover[-1]
    if kind is None:
        return None  # reported with its income period
    taxable_node = statement.child("BedrLoonLbPremieVolksverz")
    if taxable_node is None:
        report.add(
            statement.where,
            "BedrLoonLbPremieVolksverz",
            "the taxable wage is missing",
            "complete it at the source",
        )
        return None
    wage_node = statement.child("BedrBrutoloonSv")
    taxable = read_cents(taxable_node, report)
    sv_wage = None if wage_node is None else read_cents(wage_node, report)
    if taxable is None or (wage_node is not None and sv_wage is None):
        return None
    hours_text = statement.text_of("AantVerloondeUrenIko")
    if hours_text and not (hours_text.isascii() and hours_text.isdigit()):
        report.add(
            statement.where,
            "AantVerloondeUrenIko",
            "no whole number of hours",
            "correct it at the source",
        )
        return None
    values = {
        **base, "kind": kind, "source_code": code, "period_start": first, "period_end": last,
        "taxable_cents": int(taxable), "sv_wage_cents": None if sv_wage is None else int(sv_wage),
        "hours": int(hours_text) if hours_text else None,
    }  # fmt: skip
    return build(INCOME_STATED, values, valid_from=first, where=statement.where, report=report)


def _read_ends(
    relation: Node, base: dict[str, Any], periods: list[_Period], rhythm: str, report: Report
) -> list[RecordDraft]:
    drafts: list[RecordDraft] = []
    for name, kind, period, later in (
        ("DatBIkv", INCOME_BEGUN, periods[0], timedelta(0)),
        # Ended counts from the first day without the relation: the day after its last one.
        ("DatEIkv", INCOME_ENDED, periods[-1], timedelta(days=1)),
    ):
        text = relation.text_of(name)
        if not text and name == "DatBIkv":
            report.add(
                relation.where,
                name,
                "the first day of the relation is missing",
                "complete it at the source",
            )
        if not text or period[3] is None:
            continue
        day = read_day(text, relation.where, name, report)
        if day is None or day >= OPEN_END:
            continue
        values = {**base, "kind": period[3], "source_code": period[2], "rhythm": rhythm}
        draft = build(kind, values, valid_from=day + later, where=relation.where, report=report)
        if draft is not None:
            drafts.append(draft)
    return drafts


def _rhythm(spans: list[_Span]) -> Literal["month", "four_weeks", "week", "unknown"]:
    """The rhythm all statements show. Wage periods of four weeks: Uitvoeringsregeling LB 9.1."""
    lengths = {(last - first).days + 1 for first, last in spans}
    whole_months = all(
        first.day == 1 and (last + timedelta(days=1)).day == 1
        and (first.year, first.month) == (last.year, last.month)
        for first, last in spans
    )  # fmt: skip
    if not spans:
        return "unknown"
    if whole_months:
        return "month"
    if any(length == 28 for length in lengths) and all(22 <= length <= 34 for length in lengths):
        return "four_weeks"
    return "week" if lengths == {7} else "unknown"
