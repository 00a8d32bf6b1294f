"""Benefits of the SVB (AOW, AIO, Anw, Wlz), as it answers a municipality over Suwinet.

Format: SuwiML `SVBDossierPersoonGSD` v0200, response `SVBPersoonsInfoResponse`; amounts in euro
cents without a sign. What is read is the net amount per month, as an income the pay plan can hold.
The gross amounts are not read as income: the same benefits reach the toetsingsinkomen through the
polisadministratie (Wfsv 33), and would count twice. The code of the period is not used: published
answers write a month as 1, 3 and 6; the dates of the amount say what it is for.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from adapters.dates import read_day
from adapters.reading import ReadResult, Report, build, read_bsn, without_doubles
from adapters.suwinet.suwiml import read_answer, read_plain_cents, same_person_as_name
from adapters.xml import Node, Part, check_children, optional
from specs.records import CHARGE_SET, PersonRef, RecordDraft
from specs.values import Month

NAMESPACE: Final = "http://bkwi.nl/SuwiML/Diensten/SVBDossierPersoonGSD/v0200"
ROOT: Final = "SVBPersoonsInfoResponse"
ORDER: Final = "element-order"  # all published answers put Geslacht after Geboortedat
PARTY: Final = "svb"

_CLIENT: Final = (
    Part("Burgerservicenr", 1),
    *optional("Voornamen", "Voorvoegsel", "SignificantDeelVanDeAchternaam", "Geslacht"),
    Part("Geboortedat"),
    Part("Kind", 0, None),
    Part("AanvraagUitkering", 0, None),
    Part("Uitkeringsverhouding", 0, None),
)
_RELATION: Final = (
    Part("DatBUitkeringsverhouding", 1),
    Part("DatEUitkeringsverhouding"),
    Part("SzWet", 1),
    Part("SpecifiekeGegevensRemigratiewet", 0, None),
    Part("Uitkeringsperiode", 1, None),
)
_PERIOD: Final = (
    Part("DatBUitkeringsperiode", 1),
    Part("DatEUitkeringsperiode"),
    Part("SpecifiekeGegevensAow"),
    Part("BrutoUitkeringsbedr", 0, None),
    Part("NettoUitkeringsbedr", 0, None),
)
_NET: Final = optional(
    "CdMunteenheid", "WaardeBedr", "CdUitkeringsperiode", "DatBNettoUitkeringsbedr",
    "DatENettoUitkeringsbedr",
)  # fmt: skip
# The law, and the payer's calendar in specs/paydays where there is one.
_LAWS: Final = {"AOW": "aow", "AIO": None, "ANW": None, "WLZ": None}


def read(content: bytes, *, source: str) -> ReadResult:
    """Net benefits per month, with the problems; never raises for what the bytes hold."""
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
        drafts = _read_client(clients[0], source, report)
    return without_doubles(drafts), report.problems


def _read_client(client: Node, source: str, report: Report) -> list[RecordDraft]:
    if not check_children(client, _CLIENT, report, order_tolerance=ORDER):
        return []
    bsn = read_bsn(client.text_of("Burgerservicenr"), client.where, "Burgerservicenr", report)
    if bsn is None or not same_person_as_name(source, bsn, client.where, report):
        return []
    birth_date = read_day(client.text_of("Geboortedat"), client.where, "Geboortedat", report)
    surname = client.text_of("SignificantDeelVanDeAchternaam")
    if not 1 <= len(surname) <= 200:
        report.add(
            client.where,
            "SignificantDeelVanDeAchternaam",
            "no surname of 1 to 200 signs: nobody is known by BSN alone",
            "complete it at the source",
        )
        return []
    if birth_date is None:
        return []
    person = PersonRef(bsn=bsn, birth_date=birth_date, surname=surname)
    drafts: list[RecordDraft] = []
    for relation in client.children("Uitkeringsverhouding"):
        if check_children(relation, _RELATION, report):
            drafts.extend(_read_relation(relation, person, report))
    return drafts


def _read_relation(relation: Node, person: PersonRef, report: Report) -> list[RecordDraft]:
    law = relation.text_of("SzWet", "CdSzWet")
    if law not in _LAWS:
        report.add(
            relation.where, "CdSzWet", "not a law this reader knows", f"one of {', '.join(_LAWS)}"
        )
        return []
    drafts: list[RecordDraft] = []
    for period in relation.children("Uitkeringsperiode"):
        if not check_children(period, _PERIOD, report):
            continue
        for net in period.children("NettoUitkeringsbedr"):
            draft = _read_net(net, law, person, report)
            if draft is not None:
                drafts.append(draft)
    return drafts


def _read_net(net: Node, law: str, person: PersonRef, report: Report) -> RecordDraft | None:
    """One net amount as a monthly income, valid in the month its dates tell."""
    if not check_children(net, _NET, report):
        return None
    first = read_day(
        net.text_of("DatBNettoUitkeringsbedr"), net.where, "DatBNettoUitkeringsbedr", report
    )
    last_text = net.text_of("DatENettoUitkeringsbedr")
    last = None
    if last_text:
        last = read_day(last_text, net.where, "DatENettoUitkeringsbedr", report)
    cents = read_plain_cents(net, report)
    if first is None or cents is None or (last_text and last is None):
        return None
    if not _whole_months(first, last):
        report.add(
            net.where,
            "DatENettoUitkeringsbedr",
            "the amount is not for one calendar month: its rhythm is not guessed",
            "have the source tell it by month",
        )
        return None
    values: dict[str, Any] = {
        "person": person,
        "flow": f"svb-{law.lower()}",
        "kind": "benefit_net",
        "direction": "in",
        "party": PARTY,
        "amount_cents": int(cents),
        "every": "month",
        "calendar": _LAWS[law],
    }
    until = None if last is None else last + timedelta(days=1)
    return build(
        CHARGE_SET, values, valid_from=first, valid_until=until, where=net.where, report=report
    )


def _whole_months(first: date, last: date | None) -> bool:
    """From a first of a month to the end of the same one, or with an open end."""
    if last is None:
        return first.day == 1
    month = Month.of(first)
    return (first, last) == (month.first_day, month.last_day)
