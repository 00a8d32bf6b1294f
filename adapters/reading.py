"""What every reader shares: the report of problems, and drafts with an identity from content.

A reader never raises for what stands in a file: it adds a problem and goes on with the next
fact. Opening the file, deciding which reader, and sending the drafts on are left to others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from specs.canonical import digest_of
from specs.errors import Problem, ValueFaultError
from specs.records import RECORD_TYPES, RecordData, RecordDraft
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
    one record; a fact delivered with other content gives another record.
    """
    content = {
        "type": kind,
        "data": data.model_dump(mode="json"),
        "from": valid_from.isoformat(),
        "until": None if valid_until is None else valid_until.isoformat(),
    }
    return f"{kind}:{digest_of(content)}"


def build(
    kind: str,
    values: Mapping[str, Any],
    *,
    valid_from: date,
    valid_until: date | None = None,
    where: str,
    report: Report,
) -> RecordDraft | None:
    """A draft of that type, or None with one problem per field that its model refuses."""
    try:
        data = RECORD_TYPES[kind].model.model_validate(dict(values))
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            name = ".".join(str(part) for part in fault["loc"])
            reason = fault["msg"].removeprefix("Value error, ")
            report.add(where, name, reason, "correct it at the source and send it again")
        return None
    return RecordDraft(
        type=kind,
        source_event_id=draft_id(kind, data, valid_from, valid_until),
        data=data,
        valid_from=valid_from,
        valid_until=valid_until,
        where=where,
    )


def without_doubles(drafts: list[RecordDraft]) -> list[RecordDraft]:
    """The drafts in their order, each identity once (its first place counts)."""
    first: dict[str, RecordDraft] = {}
    for draft in drafts:
        first.setdefault(draft.source_event_id, draft)
    return list(first.values())
