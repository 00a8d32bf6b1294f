"""A batch of an agency: bytes -> drafts and problems -> records on the ledger and refusals.

Reading is the adapters' work, sealing and signing submit.py's. Good rows are recorded, and every
problem is told at once; sending the corrected file again gives the good rows the same receipts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.formats import FORMATS
from ledger.errors import BusyError
from node.errors import RefusedError, UnavailableError
from specs.errors import Problem
from specs.records import RecordDraft

CONCURRENT_MAX: Final = 512  # submissions under way at once: the sequencer makes batches of them
BUSY_RETRIES_MAX: Final = 200
BUSY_SECONDS: Final = 0.05

Submit = Callable[[RecordDraft], Awaitable[Any]]
"""Record one draft and answer its receipt; raises RefusedError, BusyError, UnavailableError."""


class FormatUnknownError(RefusedError):
    """No adapter has this name."""

    def __init__(self, name: str) -> None:
        known = ", ".join(sorted(FORMATS))
        super().__init__("malformed", f"no format {name!r}; one of: {known}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What became of a file: the records it gave, those refused, and every problem in it."""

    source: str
    format: str
    types: Mapping[str, int]  # records by type, counted as recorded
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
            "types": dict(sorted(self.types.items())),
            "refused": [problem.as_json() for problem in self.refused],
            "problems": [problem.as_json() for problem in self.problems],
        }


def read(
    content: bytes, format_name: str, source: str
) -> tuple[Sequence[RecordDraft], Sequence[Problem]]:
    """Read one file: drafts and problems, for any bytes. Raises FormatUnknownError."""
    if format_name not in FORMATS:
        raise FormatUnknownError(format_name)
    return FORMATS[format_name](content, source=source)


async def load(
    parcels: Sequence[tuple[str, RecordDraft]],
    submit: Submit,
    step: Callable[[], None] = lambda: None,
) -> list[Problem | None]:
    """Submit drafts with the names of their files, many at once; per draft None when recorded, else
    why it was refused. `step` is called after each answer.
    """
    free = asyncio.Semaphore(CONCURRENT_MAX)

    async def one(source: str, draft: RecordDraft) -> Problem | None:
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
    answers: Sequence[tuple[RecordDraft, Problem | None]],
) -> Loaded:
    """The account of one file."""
    return Loaded(
        source=source,
        format=format_name,
        types=Counter(draft.type for draft, refusal in answers if refusal is None),
        refused=tuple(refusal for _, refusal in answers if refusal is not None),
        problems=tuple(problems),
    )


async def _submit(source: str, draft: RecordDraft, submit: Submit) -> Problem | None:
    for _ in range(BUSY_RETRIES_MAX):
        try:
            await submit(draft)
        except BusyError:  # the sequencer says: later; the same id again is the same record
            await asyncio.sleep(BUSY_SECONDS)
        except RefusedError as error:
            return _refusal(source, draft, error.code, error.problem.detail)
        except UnavailableError:
            return _refusal(source, draft, "unavailable", "the ledger could not be reached")
        else:
            return None
    return _refusal(source, draft, "busy", "the ledger's queue stayed full")


def _refusal(source: str, draft: RecordDraft, code: str, reason: str) -> Problem:
    again = code in ("busy", "unavailable")
    return Problem(
        source=source,
        where=draft.where or draft.type,
        field=code,
        reason=reason,
        repair="send the file again later" if again else "correct it at the source and send again",
    )
