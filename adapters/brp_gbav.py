"""RvIG's person lists of the GBA-V test environment (CSV of LO3 elements), as life events.

Format: Logisch Ontwerp BRP (LO3), exported as gbav_rows describes. Read are the categories 01
person, 02 and 03 parents, 05 marriage or partnership, 06 death, 07 registration (suspension), 08
residence, 09 child. A history row marked incorrect (`84.10` = O) was taken back by the BRP itself
and is no fact. Rows with the same first day describe one residence anew (a BAG number added, a
postcode corrected): the newest counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from pydantic import ValidationError

from adapters.dates import parse_partial, read_birth_date, read_start
from adapters.gbav_rows import Row, Stack, read_lists, stacks
from adapters.person_list import (
    DUTCH,
    UNION_ENDS,
    Investigation,
    ListedPerson,
    PersonList,
    Residence,
    UnionEnd,
    UnionEvent,
    UnionKind,
    decompose,
)
from adapters.reading import SURNAME_UNKNOWN, ReadResult, Report, read_bsn
from specs.records import Address, PersonRef

NO_SURNAME: Final = "person-without-surname"
NO_BSN: Final = "partner-or-parent-without-bsn"
LETTER_ADDRESS: Final = "letter-address"
TRAILING_SPACE: Final = "space-around-value"
_COLUMNS: Final = (
    "01.01.20", "01.02.40", "01.03.10",
    "02.01.20", "02.02.40", "02.03.10", "03.01.20", "03.02.40", "03.03.10",
    "05.01.20", "05.02.40", "05.03.10", "05.06.10", "05.07.10", "05.07.40", "05.15.10",
    "05.84.10", "05.H", "06.08.10", "07.67.20",
    "08.09.10", "08.10.10", "08.10.30", "08.11.10", "08.11.20", "08.11.30", "08.11.40",
    "08.11.50", "08.11.60", "08.11.70", "08.11.80", "08.11.90", "08.12.10", "08.13.10",
    "08.13.20", "08.14.10", "08.83.10", "08.83.20", "08.83.30", "08.84.10", "08.H",
    "09.01.20", "09.02.40", "09.03.10", "09.H",
)  # fmt: skip
_KINDS: Final[dict[str, UnionKind]] = {"H": "marriage", "P": "registered_partnership"}
_STAMP: Final = re.compile(r"[0-9]{17}")
_WITHDRAWN: Final = ("F", "W")  # 67.20: list made in error, list wiped


def read(content: bytes, *, source: str) -> ReadResult:
    """Life events of all lists, with the problems; never raises for what the bytes hold."""
    report = Report(source)
    lists = [_read_list(rows, report) for rows in read_lists(content, _COLUMNS, report)]
    drafts = decompose([one for one in lists if one is not None], report)
    return drafts, report.problems


def _read_list(rows: Sequence[Row], report: Report) -> PersonList | None:
    """One person list, or None with a problem when its person cannot be told."""
    top = rows[0]
    where = f"row {top.number}"
    if top["07.67.20"] in _WITHDRAWN:
        report.add(
            where,
            "07.67.20",
            "the list was withdrawn (error or wiped): it is not read",
            "nothing, or ask the municipality for the right list",
        )
        return None
    if not top["01.01.20"]:
        report.add(where, "01.01.20", "the list has no BSN: it is not read", "have a BSN assigned")
        return None
    person = _person(top, "01", report)
    unions, homes, children = (stacks(rows, category, report) for category in ("05", "08", "09"))
    if person is None or person.ref.bsn is None:
        return None
    if top["01.03.10"] and parse_partial(_value(top, "01.03.10", Report(""))) is None:
        return None
    if unions is None or homes is None or children is None:
        return None
    residences, current, investigations = _residences(homes, report)
    death = _death(top, report)
    return PersonList(
        person=person,
        parents=tuple(
            parent.ref
            for category in ("02", "03")
            if (top[f"{category}.02.40"] or top[f"{category}.01.20"])
            and top[f"{category}.02.40"] != SURNAME_UNKNOWN
            and (parent := _person(top, category, report)) is not None
        ),
        residences=residences,
        current=current,
        unions=tuple(event for stack in unions for event in _union(stack, report)),
        death=death,
        investigations=investigations,
        children=_children(children, report),
        as_of=_as_of(top["07.80.20"]),
    )


def _as_of(stamp: str) -> str:
    """The moment of the list's version (LO3 80.20: year to milliseconds), ISO 8601; "" for none."""
    if not _STAMP.fullmatch(stamp):
        return ""
    day = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
    return f"{day}T{stamp[8:10]}:{stamp[10:12]}:{stamp[12:14]}.{stamp[14:]}Z"


def _person(row: Row, category: str, report: Report) -> ListedPerson | None:
    """The person that category names in that row; None with a problem when the name is none.

    A BSN or birth date that is none is left out with a problem: it is None in `ref` then.
    """
    where = f"row {row.number}"
    bsn_text = _value(row, f"{category}.01.20", report)
    bsn = read_bsn(bsn_text, where, f"{category}.01.20", report) if bsn_text else None
    surname = _value(row, f"{category}.02.40", report)
    if not surname:
        report.tolerate(
            NO_SURNAME,
            where,
            f"{category}.02.40",
            "the surname is empty: read as unknown",
            "have the source complete it",
        )
        surname = SURNAME_UNKNOWN
    birth_text = _value(row, f"{category}.03.10", report)
    born = birth = None
    if birth_text:
        birth = read_birth_date(birth_text, where, f"{category}.03.10", report)
        partial = parse_partial(birth_text)
        born = None if partial is None else partial.earliest
    try:
        ref = PersonRef(bsn=bsn, birth_date=birth, surname=surname)
    except ValueError:
        report.add(where, f"{category}.02.40", "no surname of 1 to 200 signs", "correct the list")
        return None
    return ListedPerson(ref=ref, born=born, where=where)


def _value(row: Row, column: str, report: Report) -> str:
    """A cell; a space around it is taken off and reported as tolerated."""
    text = row[column]
    if text == text.strip():
        return text
    report.tolerate(
        TRAILING_SPACE,
        f"row {row.number}",
        column,
        "a space stands before or after the value",
        "have the source take it off",
    )
    return text.strip()


def _residences(
    history: Sequence[Stack], report: Report
) -> tuple[tuple[Residence, ...], Residence | None, tuple[Investigation, ...]]:
    """The residences newest first, the current one of them, and what was investigated."""
    found: list[Residence] = []
    investigations: list[Investigation] = []
    current: Residence | None = None
    starts: set[date] = set()
    for place, row in enumerate(history[0].rows if history else ()):
        if row["08.84.10"] == "O":
            continue
        if place == 0 or (row["08.83.10"].startswith("08") and row["08.83.30"]):
            # A former address under investigation (58) says nothing about where someone lives; of
            # an investigation while it was the address only a finished one can be dated.
            investigations.extend(_investigations(row, report))
        residence = _residence(row, report)
        if residence is None or residence.start in starts:
            continue  # described anew by a newer row
        starts.add(residence.start)
        found.append(residence)
        if place == 0:
            current = residence
    return tuple(found), current, tuple(investigations)


def _residence(row: Row, report: Report) -> Residence | None:
    where = f"row {row.number}"
    abroad = row["08.13.10"]
    column = "08.13.20" if abroad else "08.10.30"
    if not row[column]:
        report.add(where, column, "the residence has no first day: it is not read", "complete it")
        return None
    start = read_start(row[column], where, column, report)
    if start is None:
        return None
    try:
        address = Address(country=abroad) if abroad else _dutch_address(row, report)
    except ValueError as error:
        report.add(where, "08", f"no valid address: {_fields(error)}", "correct it at the source")
        return None
    return Residence(
        address=address,
        start=start,
        from_abroad=bool(row["08.14.10"]) and not abroad,
        where=where,
    )


def _dutch_address(row: Row, report: Report) -> Address:
    """Raises ValueError (pydantic) when a part is not what it claims."""
    municipality = row["08.09.10"]
    if row["08.10.10"] == "B":
        # A letter address says where mail goes, not where someone lives (Wet BRP 1.1 p, 2.23).
        report.tolerate(
            LETTER_ADDRESS,
            f"row {row.number}",
            "08.10.10",
            "a letter address: read as registered in the municipality, without a dwelling",
            "nothing",
        )
        return Address(municipality=municipality, country=DUTCH)
    number = "".join(row[f"08.11.{element}"] for element in ("20", "30", "40"))
    pointer = row["08.11.50"]
    return Address(
        municipality=municipality,
        street=row["08.11.10"] or row["08.12.10"] or None,
        number=" ".join(part for part in (pointer, number) if part) or None,
        postcode=_value(row, "08.11.60", report) or None,
        town=row["08.11.70"] or None,
        bag_id=row["08.11.90"] or row["08.11.80"] or None,
        country=DUTCH,
    )


def _fields(error: ValueError) -> str:
    """The names of the refused parts, never their content."""
    if not isinstance(error, ValidationError):
        return "a part of it"
    return ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False)}))


def _investigations(row: Row, report: Report) -> list[Investigation]:
    """What of this residence is under investigation, and since when no longer (LO3 group 83)."""
    code = row["08.83.10"]
    if not code:
        return []
    where = f"row {row.number}"
    found: list[Investigation] = []
    for column, ended in (("08.83.20", False), ("08.83.30", True)):
        if row[column]:
            day = read_start(row[column], where, column, report)
            if day is not None:
                found.append(Investigation(code=code, day=day, ended=ended, where=where))
    return found


def _union(stack: Stack, report: Report) -> list[UnionEvent]:
    """What one marriage or partnership went through; empty when it was taken back."""
    top = stack.rows[0]
    if not (top["05.02.40"] or top["05.01.20"]):
        return []  # the current row is emptied: the BRP took the union back
    partner = _person(top, "05", report)
    if partner is None:
        return []
    if partner.ref.bsn is None:
        report.tolerate(
            NO_BSN,
            f"row {top.number}",
            "05.01.20",
            "the partner has no BSN here: named by surname and birth date only",
            "have the source complete it",
        )
    events: dict[tuple[date, str, str | None], UnionEvent] = {}
    for row in stack.rows:
        if row["05.84.10"] == "O":
            continue
        event = _union_event(row, partner.ref, report)
        if event is not None:
            events.setdefault((event.day, event.kind, event.ended), event)
    return list(events.values())


def _union_event(row: Row, partner: PersonRef, report: Report) -> UnionEvent | None:
    where = f"row {row.number}"
    kind = _KINDS.get(row["05.15.10"])
    if kind is None:
        report.add(where, "05.15.10", "the kind is not H or P", "correct it at the source")
        return None
    column = "05.07.10" if row["05.07.10"] else "05.06.10"
    if not row[column]:
        report.add(where, column, "neither closed nor dissolved on a day", "complete the list")
        return None
    day = read_start(row[column], where, column, report)
    if day is None:
        return None
    ended: UnionEnd | None = None
    if column == "05.07.10":
        ended = UNION_ENDS.get(row["05.07.40"], "unknown")
    return UnionEvent(partner=partner, kind=kind, day=day, ended=ended, where=where)


def _death(top: Row, report: Report) -> tuple[date, str] | None:
    where = f"row {top.number}"
    if not top["06.08.10"]:
        return None
    day = read_start(top["06.08.10"], where, "06.08.10", report)
    return None if day is None else (day, where)


def _children(listed: Sequence[Stack], report: Report) -> tuple[ListedPerson, ...]:
    """The children with a BSN; the others cannot be told from each other elsewhere."""
    found: list[ListedPerson] = []
    for stack in listed:
        row = stack.rows[0]
        if not (row["09.02.40"] or row["09.01.20"]):
            continue  # emptied: the relation was taken back, or no child data are kept
        if not row["09.01.20"]:
            report.add(
                f"row {row.number}",
                "09.01.20",
                "the child has no BSN in its parent's list: no birth is read from it",
                "nothing when the child has a list of its own",
            )
            continue
        child = _person(row, "09", report)
        if child is not None and child.ref.bsn is not None:
            found.append(child)
    return tuple(found)
