"""A person of the BRP, as Suwinet answers a municipality, as life events.

Format: SuwiML `BRPDossierPersoonGSD` v0200, response `AanvraagPersoonResponse`: one person with
residences, parents, marriages and children. The same decomposition as for the GBA-V lists. The
service tells a marriage from a registered partnership nowhere: both are read as a marriage, which
the laws used here treat alike (Awir 3; BW 1:80a, 1:80b).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pydantic import ValidationError

from adapters.dates import parse_partial, read_birth_date, read_start
from adapters.person_list import (
    DUTCH,
    UNION_ENDS,
    Investigation,
    ListedPerson,
    PersonList,
    Residence,
    UnionEnd,
    UnionEvent,
    decompose,
)
from adapters.reading import SURNAME_UNKNOWN, ReadResult, Report, read_bsn
from adapters.suwinet.suwiml import read_answer, same_person_as_name
from adapters.xml import Node, Part, check_children, optional
from specs.records import Address, PersonRef

NAMESPACE: Final = "http://bkwi.nl/SuwiML/Diensten/BRPDossierPersoonGSD/v0200"
ROOT: Final = "AanvraagPersoonResponse"
NO_SURNAME: Final = "person-without-surname"
NO_BSN: Final = "partner-or-parent-without-bsn"
ORDER: Final = "element-order"  # 7 of the 23 published answers; every name stays unambiguous
LETTER_ADDRESS: Final = "letter-address"

_CLIENT: Final = (
    *optional(
        "Voornamen", "Voorvoegsel", "SignificantDeelVanDeAchternaam", "Geboortedat",
        "Burgerservicenr", "CdBrpGegevensGeheim", "ANr", "AanduidingNaamgebruik", "Geslacht",
        "CdGeboortegemeente", "Geboorteplaats", "Geboorteland", "Titulatuur",
        "OnderzoekGegPersoon", "GeldigheidGegevensPersoon",
    ),
    Part("ClientSuwiHistorisch", 0, None),
    Part("Nationaliteit", 0, None),
    Part("NationaliteitHistorisch", 0, None),
    Part("Verblijfstitel"),
    Part("VerblijfstitelHistorisch", 0, None),
    *optional(
        "DomicilieAdres", "Correspondentieadres", "FeitelijkAdresBuitenland", "Immigratie",
        "AangifteAdreshoudingBrp", "OnderzoekGegVerblijfplaats",
    ),
    Part("VerblijfplaatsHistorisch", 0, None),
    *optional("Overlijden", "Ouder1", "Ouder2"),
    Part("Huwelijk", 0, None),
    Part("HuwelijkHistorisch", 0, None),
    Part("Kind", 0, None),
    *optional("Gezagsverhouding", "InschrijvingsgegevensBrp"),
)  # fmt: skip
_MARRIAGE: Final = optional(
    "DatHuwelijkssluiting", "OnderzoekGegHuwelijk", "Partner", "CdGemeenteHuwelijkssluiting",
    "PlaatsHuwelijkssluiting", "LandHuwelijkssluiting", "DatOntbindingHuwelijk",
    "CdGemeenteOntbindingHuwelijk", "PlaatsOntbindingHuwelijk", "LandOntbindingHuwelijk",
    "CdRedenOntbindingHuwelijk",
)  # fmt: skip


def read(content: bytes, *, source: str) -> ReadResult:
    """Life events of the person, with the problems; never raises for what the bytes hold."""
    report = Report(source)
    lists: list[PersonList] = []
    for client in read_answer(content, ROOT, NAMESPACE, report):
        one = _read_client(client, source, report)
        if one is not None:
            lists.append(one)
    if len({one.person.ref.bsn for one in lists}) > 1:
        report.add(
            "file",
            "ClientSuwi",
            "the answer holds persons with different BSNs: nothing of it is read",
            "ask the source again, one person at a time",
        )
        lists = []
    return decompose(lists, report), report.problems


def _read_client(client: Node, source: str, report: Report) -> PersonList | None:
    if not check_children(client, _CLIENT, report, order_tolerance=ORDER):
        return None
    if not client.text_of("Burgerservicenr"):
        report.add(
            client.where,
            "Burgerservicenr",
            "the person has no BSN: nothing of him is read",
            "ask the source for the right person",
        )
        return None
    person = _person(client, report)
    if person is None or person.ref.bsn is None:
        return None
    birth_text = client.text_of("Geboortedat")
    if birth_text and parse_partial(birth_text) is None:
        return None
    if not same_person_as_name(source, person.ref.bsn, client.where, report):
        return None
    residences, current = _residences(client, report)
    return PersonList(
        person=person,
        parents=tuple(
            parent.ref
            for name in ("Ouder1", "Ouder2")
            if (node := client.child(name)) is not None
            and node.text_of("SignificantDeelVanDeAchternaam") not in ("", SURNAME_UNKNOWN)
            and (parent := _person(node, report)) is not None
        ),
        residences=residences,
        current=current,
        unions=_unions(client, report),
        death=_death(client, report),
        investigations=_investigations(client, report),
        children=_children(client, report),
    )


def _person(node: Node, report: Report) -> ListedPerson | None:
    """The person an element names; None with a problem when the name is none.

    A BSN or birth date that is none is left out with a problem: it is None in `ref` then.
    """
    bsn_text = node.text_of("Burgerservicenr")
    bsn = read_bsn(bsn_text, node.where, "Burgerservicenr", report) if bsn_text else None
    surname = node.text_of("SignificantDeelVanDeAchternaam")
    if not surname:
        report.tolerate(
            NO_SURNAME,
            node.where,
            "SignificantDeelVanDeAchternaam",
            "the surname is missing: read as unknown",
            "have the source complete it",
        )
        surname = SURNAME_UNKNOWN
    birth: date | None = None
    born: date | None = None
    birth_text = node.text_of("Geboortedat")
    if birth_text:
        birth = read_birth_date(birth_text, node.where, "Geboortedat", report)
        partial = parse_partial(birth_text)
        born = None if partial is None else partial.earliest
    try:
        ref = PersonRef(bsn=bsn, birth_date=birth, surname=surname)
    except ValidationError:
        report.add(
            node.where,
            "SignificantDeelVanDeAchternaam",
            "no surname of 1 to 200 signs",
            "correct it at the source",
        )
        return None
    return ListedPerson(ref=ref, born=born, where=node.where)


def _residences(client: Node, report: Report) -> tuple[tuple[Residence, ...], Residence | None]:
    """The residences, and the current one; a first day that comes back describes one anew."""
    current = _residence(client, report)
    found = [] if current is None else [current]
    starts = {residence.start for residence in found}
    for node in client.children("VerblijfplaatsHistorisch"):
        if any(child.name.startswith("OnjuistGeg") for child in node.children()):
            continue  # taken back by the BRP itself
        residence = _residence(node, report)
        if residence is not None and residence.start not in starts:
            starts.add(residence.start)
            found.append(residence)
    return tuple(found), current


def _residence(node: Node, report: Report) -> Residence | None:
    abroad = node.child("FeitelijkAdresBuitenland")
    if abroad is not None:
        start_text, place = abroad.text_of("DatBAdresBuitenland"), "DatBAdresBuitenland"
    else:
        start_text = node.text_of("AangifteAdreshoudingBrp", "DatBAdreshoudingBrp")
        place = "DatBAdreshoudingBrp"
    if not start_text:
        report.add(
            node.where, place, "the residence has no first day: it is not read", "complete it"
        )
        return None
    start = read_start(start_text, node.where, place, report)
    if start is None:
        return None
    try:
        if abroad is not None:
            address = Address(country=abroad.text_of("LandAdresBuitenland"))
        else:
            address = _dutch_address(node, report)
    except ValidationError as error:
        names = sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False)})
        report.add(
            node.where, "", f"no valid address: {', '.join(names)}", "correct it at the source"
        )
        return None
    return Residence(
        address=address,
        start=start,
        from_abroad=abroad is None and node.child("Immigratie") is not None,
        where=node.where,
    )


def _dutch_address(node: Node, report: Report) -> Address:
    """Raises ValidationError when a part is not what it claims."""
    municipality = node.text_of("AangifteAdreshoudingBrp", "CdGemeenteVanInschrijving")
    home = node.child("DomicilieAdres")
    if home is None:
        report.tolerate(
            LETTER_ADDRESS,
            node.where,
            "DomicilieAdres",
            "no home address: read as registered in the municipality, without a dwelling",
            "nothing",
        )
        return Address(municipality=municipality, country=DUTCH)
    number = "".join(home.text_of(part) for part in ("Huisnr", "Huisletter", "Huisnrtoevoeging"))
    return Address(
        municipality=municipality,
        street=home.text_of("Straatnaam") or home.text_of("Locatieoms") or None,
        number=number or None,
        postcode=home.text_of("Postcd") or None,
        town=home.text_of("Woonplaatsnaam") or None,
        bag_id=home.text_of("IdentificatiecdNraanduiding")
        or home.text_of("IdentificatiecdVerblijfplaats")
        or None,
        country=DUTCH,
    )


def _unions(client: Node, report: Report) -> tuple[UnionEvent, ...]:
    events: list[UnionEvent] = []
    for node in client.children("Huwelijk"):
        if check_children(node, _MARRIAGE, report):
            events.extend(_union_events(node, report))
    for node in client.children("HuwelijkHistorisch"):
        if node.child("OnjuistGegHuwelijk") is None:
            events.extend(_union_events(node, report))
    unique = {(e.partner.bsn, e.partner.surname, e.day, e.ended): e for e in reversed(events)}
    return tuple(reversed(unique.values()))


def _union_events(node: Node, report: Report) -> list[UnionEvent]:
    partner_node = node.child("Partner")
    if partner_node is None:
        report.add(node.where, "Partner", "the partner is missing", "complete it at the source")
        return []
    partner = _person(partner_node, report)
    if partner is None:
        return []
    if partner.ref.bsn is None:
        report.tolerate(
            NO_BSN,
            partner_node.where,
            "Burgerservicenr",
            "the partner has no BSN here: named by surname and birth date only",
            "have the source complete it",
        )
    reason = node.text_of("CdRedenOntbindingHuwelijk")
    events: list[UnionEvent] = []
    ends: tuple[tuple[str, UnionEnd | None], ...] = (
        ("DatHuwelijkssluiting", None),
        ("DatOntbindingHuwelijk", UNION_ENDS.get(reason, "unknown")),
    )
    for name, ended in ends:
        text = node.text_of(name)
        day = read_start(text, node.where, name, report) if text else None
        if day is not None:
            events.append(
                UnionEvent(
                    partner=partner.ref, kind="marriage", day=day, ended=ended, where=node.where
                )
            )
    if not any(node.text_of(name) for name, _ in ends):
        report.add(
            node.where,
            "DatHuwelijkssluiting",
            "the marriage has no day: it is not read",
            "have the source complete it",
        )
    return events


def _death(client: Node, report: Report) -> tuple[date, str] | None:
    node = client.child("Overlijden")
    text = "" if node is None else node.text_of("DatOverlijden")
    if node is None or not text:
        return None
    day = read_start(text, node.where, "DatOverlijden", report)
    return None if day is None else (day, node.where)


def _investigations(client: Node, report: Report) -> tuple[Investigation, ...]:
    node = client.child("OnderzoekGegVerblijfplaats")
    code = "" if node is None else node.text_of("AanduidingOnderzoek")
    if node is None or not code:
        return ()
    found: list[Investigation] = []
    for name, ended in (("DatBOnderzoek", False), ("DatEOnderzoek", True)):
        text = node.text_of(name)
        day = read_start(text, node.where, name, report) if text else None
        if day is not None:
            found.append(Investigation(code=code, day=day, ended=ended, where=node.where))
    return tuple(found)


def _children(client: Node, report: Report) -> tuple[ListedPerson, ...]:
    found: list[ListedPerson] = []
    for node in client.children("Kind"):
        if not node.text_of("Burgerservicenr"):
            report.add(
                node.where,
                "Burgerservicenr",
                "the child has no BSN in its parent's list: no birth is read from it",
                "nothing when the child has a list of its own",
            )
            continue
        child = _person(node, report)
        if child is not None and child.ref.bsn is not None:
            found.append(child)
    return tuple(found)
