"""What all SuwiML answers share: the response element, "nothing found", amounts, the asked BSN.

BKWI's schemas are not copied here; the checks are our own, written from their published
structure (SuwiML Basisschema v0801, FWI v0205).
"""

from __future__ import annotations

import re
from typing import Final

from adapters.reading import Report
from adapters.xml import Node, check_children, optional, parse_xml
from specs.errors import ValueFaultError
from specs.values import Cents

FWI_NAMESPACE: Final = "http://bkwi.nl/SuwiML/FWI/v0205"
NOTHING_FOUND: Final = "nothing-found"  # the tolerance's name
_BSN_IN_NAME: Final = re.compile(r"(?<![0-9])([0-9]{9})(?![0-9])")
_AMOUNT: Final = optional(
    "CdMunteenheid", "CdPositiefNegatief", "WaardeBedr", "CdPeriodeEenheidGeldigheidBedr"
)


def read_answer(content: bytes, root_name: str, namespace: str, report: Report) -> list[Node]:
    """The `ClientSuwi` elements of an answer; empty, with the reason reported, when it has none."""
    root = parse_xml(content, report)
    if root is None:
        return []
    if root.name != root_name or root.namespace != namespace:
        report.add(
            "file",
            "",
            f"the root element is not {root_name} of {namespace}",
            "send an answer of that service, or choose the reader of the other one",
        )
        return []
    clients: list[Node] = []
    for child in root.children():
        if child.namespace == FWI_NAMESPACE:
            _read_notice(child, report)
        elif child.name == "ClientSuwi" and not child.namespace:
            clients.append(child)
        elif child.name != "PeriodeGegevensleveringIko" or child.namespace:
            report.add(
                child.where,
                child.name[:60],
                "no such element belongs here",
                "send the file as its schema says",
            )
    if not clients and not report.problems:
        report.add(
            root.where,
            "ClientSuwi",
            "the answer holds no person and no notice",
            "ask the source again",
        )
    return clients


def _read_notice(notice: Node, report: Report) -> None:
    if notice.name == "NietsGevonden":
        report.tolerate(
            NOTHING_FOUND,
            notice.where,
            notice.name,
            "the source has nothing about this person: no records",
            "nothing to do, unless you expected an answer",
        )
        return
    for message in notice.children():
        if message.name == "Informatie":
            continue  # for the reader of the screen, not about the data
        report.add(
            message.where,
            message.name[:60],
            "the source answered with a fault or warning",
            "look up its code at the source and ask again",
        )


def same_person_as_name(source: str, bsn: str, where: str, report: Report) -> bool:
    """False, with a problem, when the file's name tells another BSN than the file itself."""
    name = source.replace("\\", "/").rsplit("/", 1)[-1]
    told = _BSN_IN_NAME.findall(name)
    if not told or bsn in told:
        return True
    report.add(
        where,
        "Burgerservicenr",
        "the file's name and its content name two persons: nothing of it is read",
        "ask the source again for the right person",
    )
    return False


def read_cents(amount: Node, report: Report) -> Cents | None:
    """An amount in euro cents with its sign, or None with a problem."""
    if not check_children(amount, _AMOUNT, report):
        return None
    sign = amount.text_of("CdPositiefNegatief")
    if sign not in ("+", "-"):
        report.add(
            amount.where, "CdPositiefNegatief", "the sign is not + or -", "correct it at the source"
        )
        return None
    if amount.child("CdPeriodeEenheidGeldigheidBedr") is not None:
        report.add(
            amount.where,
            "CdPeriodeEenheidGeldigheidBedr",
            "the amount is per unit of time, not for the period",
            "have the source state the period's amount",
        )
        return None
    cents = read_plain_cents(amount, report)
    return Cents(-cents) if cents is not None and sign == "-" else cents


def read_plain_cents(amount: Node, report: Report) -> Cents | None:
    """The `WaardeBedr` of an amount in euro cents, without a sign, or None with a problem."""
    if amount.text_of("CdMunteenheid") != "EUR":
        report.add(
            amount.where, "CdMunteenheid", "the currency is not EUR", "correct it at the source"
        )
        return None
    digits = amount.text_of("WaardeBedr")
    if not re.fullmatch(r"[0-9]{1,18}", digits):
        report.add(
            amount.where,
            amount.name,
            "the amount is no whole number of cents",
            "correct it at the source",
        )
        return None
    try:
        return Cents(int(digits))
    except ValueFaultError:
        report.add(
            amount.where,
            amount.name,
            "the amount is beyond 2^53 cents",
            "check the unit at the source",
        )
        return None
