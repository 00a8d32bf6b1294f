"""What every reader shares: the report of problems, and drafts with an identity from content.

A reader never raises for what stands in a file: it adds a problem and goes on with the next
fact. Opening the file, deciding which reader, and sending the drafts on are left to others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from specs.canonical import digest_of
from specs.errors import Problem, ValueFaultError
from specs.records import (
    RECORD_TYPES,
    Death,
    Enrolment,
    IncomeRelation,
    IncomeStatement,
    Move,
    RecordData,
    RecordDraft,
    Recurring,
    Statement,
    Telling,
)
from specs.values import Bsn

FILE_BYTES_MAX: Final = 32 * 1024 * 1024  # the RvIG set of 687 lists has 1.1 MB
PROBLEMS_MAX: Final = 10_000  # more is another file than it says, or one fault many times
SURNAME_UNKNOWN: Final = "."  # BRP's standard value for a surname that is not known (LO3)

_NINE_DIGITS: Final = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")

ReadResult = tuple[list[RecordDraft], list[Problem]]


def masked(source: str) -> str:
    """A file's name as problems tell it: of a BSN in it only the last three digits (L5)."""
    return _NINE_DIGITS.sub(lambda found: "******" + found.group()[6:], source)


@dataclass(slots=True)
class Report:
    """Collects the problems of one file, in the order in which they were met."""

    source: str
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = masked(self.source)

    def add(self, where: str, name: str, reason: str, repair: str) -> None:
        """One thing that was not read. `where` and `name` tell the place, never the value."""
        self._keep(
            Problem(source=self.source, where=where, field=name, reason=reason, repair=repair)
        )

    def tolerate(self, tolerance: str, where: str, name: str, reason: str, repair: str) -> None:
        """One thing read nevertheless, by the tolerance of that name."""
        self._keep(
            Problem(
                source=self.source,
                where=where,
                field=name,
                reason=f"{reason} (tolerance {tolerance})",
                repair=repair,
                severity="tolerated",
            )
        )

    def _keep(self, problem: Problem) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)
        elif len(self.problems) == PROBLEMS_MAX:
            self.problems.append(
                Problem(
                    source=self.source,
                    where="file",
                    field="",
                    reason=f"more than {PROBLEMS_MAX} problems: the rest is not told",
                    repair="correct these and send the file again",
                )
            )


def too_large(content: bytes, report: Report, most: int = FILE_BYTES_MAX) -> bool:
    """True, with a problem, when the file has more bytes than `most`."""
    if len(content) <= most:
        return False
    report.add(
        "file",
        "",
        f"the file has {len(content)} bytes, more than {most}",
        "send it in parts",
    )
    return True


def decode_utf8(content: bytes, report: Report) -> str | None:
    """The text, or None with a problem that tells the byte. A byte-order mark is left in."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        report.add(
            f"byte {error.start + 1}",
            "",
            "the file is not UTF-8 text from here on",
            "export it as UTF-8 and send it again",
        )
        return None


def read_bsn(text: str, where: str, name: str, report: Report) -> str | None:
    """The BSN when it has nine digits and passes the elfproef, else None with a problem."""
    if not re.fullmatch(r"[0-9]{9}", text):
        report.add(where, name, "a BSN has nine digits", "correct it at the source")
        return None
    try:
        return str(Bsn(text))
    except ValueFaultError:
        report.add(where, name, "the BSN fails the elfproef", "correct it at the source")
        return None


def draft_id(kind: str, data: RecordData, valid_from: date, valid_until: date | None) -> str:
    """The identity of a fact in its source, from its content alone.

    The same fact read twice, or from the lists of two persons, gives the same identity and so
    one record; a fact delivered with other content gives another record. A value that comes back
    after another one was told has this identity too: `told` lets the node tell the two apart.
    """
    content = {
        "type": kind,
        "data": data.model_dump(mode="json"),
        "from": valid_from.isoformat(),
        "until": None if valid_until is None else valid_until.isoformat(),
    }
    return f"{kind}:{digest_of(content)}"


def slot_of(kind: str, data: RecordData, valid_from: date) -> str | None:
    """What the fact is about: a later telling with the same slot takes the place of this one.

    None where tellings stand beside each other (both parents tell a birth, both partners a union).
    """
    first = valid_from.isoformat()
    if isinstance(data, IncomeStatement):
        period = (data.period_start.isoformat(), data.period_end.isoformat())
        parts: tuple[object, ...] = (kind, data.person.bsn, data.relation, *period)
    elif isinstance(data, IncomeRelation):
        parts = (kind, data.person.bsn, data.relation, first)
    elif isinstance(data, Recurring):
        parts = (kind, data.person.bsn, data.flow, first)
    elif isinstance(data, Statement):
        parts = (kind, data.person.bsn, data.fact, data.year, first)
    elif isinstance(data, Move):  # within, between, into, out of: one address a day
        parts = ("move", data.person.bsn, first)
    elif isinstance(data, Enrolment):
        parts = (kind, data.person.bsn, first)
    elif isinstance(data, Death):
        parts = (kind, data.person.bsn)
    else:
        return None
    return digest_of(list(parts))


def delivered(
    drafts: Sequence[RecordDraft], delivery: str, at: str | None = None
) -> list[RecordDraft]:
    """The drafts with the delivery they came in, and its moment where the source gives none."""
    slots = Counter(draft.told.slot for draft in drafts if draft.told is not None)
    met: Counter[str] = Counter()
    found: list[RecordDraft] = []
    for draft in drafts:
        told = draft.told
        if told is not None:
            place = met[told.slot]
            met[told.slot] += 1
            last = met[told.slot] == slots[told.slot]
            moment = told.at or at or ""
            told = replace(told, delivery=delivery, place=place, last=last, at=moment)
        found.append(replace(draft, told=told))
    return found


def build(
    kind: str,
    values: Mapping[str, Any],
    *,
    valid_from: date,
    valid_until: date | None = None,
    where: str,
    report: Report,
    told_at: str = "",
) -> RecordDraft | None:
    """A draft of that type, or None with one problem per field that its model refuses.

    `told_at` is the moment at which the source itself says that it told this.
    """
    try:
        data = RECORD_TYPES[kind].model.model_validate(dict(values))
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            name = ".".join(str(part) for part in fault["loc"])
            reason = fault["msg"].removeprefix("Value error, ")
            report.add(where, name, reason, "correct it at the source and send it again")
        return None
    slot = slot_of(kind, data, valid_from)
    return RecordDraft(
        type=kind,
        source_event_id=draft_id(kind, data, valid_from, valid_until),
        data=data,
        valid_from=valid_from,
        valid_until=valid_until,
        where=where,
        told=None if slot is None else Telling(slot=slot, at=told_at),
    )


def without_doubles(drafts: list[RecordDraft]) -> list[RecordDraft]:
    """The drafts in their order, a telling that only repeats the one before it left out.

    A value that comes back after another one of the same slot stays: it is told again.
    """
    standing: dict[str, str] = {}
    kept: list[RecordDraft] = []
    for draft in drafts:
        slot = draft.source_event_id if draft.told is None else draft.told.slot
        if standing.get(slot) != draft.source_event_id:
            kept.append(draft)
        standing[slot] = draft.source_event_id
    return kept
