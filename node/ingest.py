"""A batch of an agency: bytes -> drafts and problems -> records on the ledger and refusals.

Reading is the adapters' work, sealing and signing submit.py's. Good rows are recorded, and every
problem is told at once; sending the corrected file again gives the good rows the same receipts.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from adapters.formats import FORMATS
from adapters.reading import delivered
from ledger.errors import BusyError
from node.errors import RefusedError, UnavailableError
from specs.errors import Problem
from specs.records import RecordDraft

CONCURRENT_MAX: Final = 512  # submissions under way at once: the sequencer makes batches of them
BUSY_RETRIES_MAX: Final = 200
BUSY_SECONDS: Final = 0.05


class Told(Protocol):
    """What a submission answers: submit.Recorded in a node."""

    @property
    def repeated(self) -> bool:
        """Whether the same record stood on the ledger before."""
        ...


Submit = Callable[[RecordDraft], Awaitable[Told]]
"""Record one draft and answer its receipt; raises RefusedError, BusyError, UnavailableError."""


class FormatUnknownError(RefusedError):
    """No adapter has this name."""

    def __init__(self, name: str) -> None:
        known = ", ".join(sorted(FORMATS))
        super().__init__("malformed", f"no format {name!r}; one of: {known}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one draft: refused, or recorded, perhaps by an earlier run."""

    refusal: Problem | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What became of a file: the records it gave, those refused, and every problem in it."""

    source: str
    format: str
    types: Mapping[str, int]  # records by type that stand on the ledger now
    repeated: int  # of them, those that stood there before
    refused: tuple[Problem, ...]
    problems: tuple[Problem, ...]

    @property
    def records(self) -> int:
        """How many records stand on the ledger because of this file."""
        return sum(self.types.values())

    @property
    def whole(self) -> bool:
        """Whether no row was lost: nothing refused, no problem but tolerated ones."""
        return not self.refused and all(one.severity == "tolerated" for one in self.problems)

    def as_json(self) -> dict[str, Any]:
        """Counts and problems; no content of any record."""
        return {
            "source": self.source,
            "format": self.format,
            "records": self.records,
            "repeated": self.repeated,
            "types": dict(sorted(self.types.items())),
            "refused": [problem.as_json() for problem in self.refused],
            "problems": [problem.as_json() for problem in self.problems],
        }


def read(
    content: bytes, format_name: str, source: str, at: str | None = None
) -> tuple[Sequence[RecordDraft], Sequence[Problem]]:
    """Read one file: drafts and problems, for any bytes. Raises FormatUnknownError.

    `at` is the moment of the delivery, for a format that names none itself.
    """
    if format_name not in FORMATS:
        raise FormatUnknownError(format_name)
    drafts, problems = FORMATS[format_name](content, source=source)
    return delivered(drafts, hashlib.sha256(content).hexdigest(), at), problems


async def load(
    parcels: Sequence[tuple[str, RecordDraft]],
    submit: Submit,
    step: Callable[[], None] = lambda: None,
) -> list[Answer]:
    """Submit drafts with the names of their files, many at once; `step` is called per answer."""
    free = asyncio.Semaphore(CONCURRENT_MAX)

    async def one(source: str, draft: RecordDraft) -> Answer:
        async with free:
            try:
                return await _submit(source, draft, submit)
            finally:
                step()

    return list(await asyncio.gather(*(one(*parcel) for parcel in parcels)))


def loaded(
    source: str,
    format_name: str,
    problems: Sequence[Problem],
    answers: Sequence[tuple[RecordDraft, Answer]],
) -> Loaded:
    """The account of one file."""
    return Loaded(
        source=source,
        format=format_name,
        types=Counter(draft.type for draft, answer in answers if answer.refusal is None),
        repeated=sum(answer.repeated for _, answer in answers),
        refused=tuple(answer.refusal for _, answer in answers if answer.refusal is not None),
        problems=tuple(problems),
    )


async def _submit(source: str, draft: RecordDraft, submit: Submit) -> Answer:
    for _ in range(BUSY_RETRIES_MAX):
        try:
            recorded = await submit(draft)
        except BusyError:  # the sequencer says: later; the same id again is the same record
            await asyncio.sleep(BUSY_SECONDS)
        except RefusedError as error:
            return Answer(refusal=_refusal(source, draft, error.code, error.problem.detail))
        except UnavailableError:
            reason = "the ledger could not be reached"
            return Answer(refusal=_refusal(source, draft, "unavailable", reason))
        else:
            return Answer(repeated=recorded.repeated)
    return Answer(refusal=_refusal(source, draft, "busy", "the ledger's queue stayed full"))


def _refusal(source: str, draft: RecordDraft, code: str, reason: str) -> Problem:
    again = code in ("busy", "unavailable")
    return Problem(
        source=source,
        where=draft.where or draft.type,
        field=code,
        reason=reason,
        repair="send the file again later" if again else "correct it at the source and send again",
    )
