"""A batch of an agency: bytes -> drafts and problems -> records on the ledger and refusals.

Reading is the adapters' work, sealing and signing submit.py's. Good rows are recorded, and every
problem is told at once; sending the corrected file again gives the good rows the same receipts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
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
class Reading:
    """What an adapter made of one file."""

    source: str
    format: str
    drafts: tuple[RecordDraft, ...]
    problems: tuple[Problem, ...]

    @property
    def faults(self) -> tuple[Problem, ...]:
        """The problems that cost a row; the others were read by a named tolerance."""
        return tuple(problem for problem in self.problems if problem.severity == "problem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What became of a file's drafts."""

    reading: Reading
    admitted: int
    refused: tuple[Problem, ...]
    types: Counter[str]

    def as_json(self) -> dict[str, Any]:
        """Counts and problems; no content of any record."""
        return {
            "source": self.reading.source,
            "format": self.reading.format,
            "records": self.admitted,
            "refused": [problem.as_json() for problem in self.refused],
            "problems": [problem.as_json() for problem in self.reading.problems],
            "types": dict(sorted(self.types.items())),
        }


def read(content: bytes, format_name: str, source: str) -> Reading:
    """Read one file; raises FormatUnknownError. For any bytes: drafts or problems."""
    if format_name not in FORMATS:
        raise FormatUnknownError(format_name)
    drafts, problems = FORMATS[format_name](content, source=source)
    return Reading(
        source=source, format=format_name, drafts=tuple(drafts), problems=tuple(problems)
    )


async def load(reading: Reading, submit: Submit, step: Callable[[], None] = lambda: None) -> Loaded:
    """Submit all drafts of a file, many at once; `step` is called after each answer."""
    free = asyncio.Semaphore(CONCURRENT_MAX)

    async def one(draft: RecordDraft) -> Problem | None:
        async with free:
            try:
                return await _submit(reading.source, draft, submit)
            finally:
                step()

    answers = await asyncio.gather(*(one(draft) for draft in reading.drafts))
    refused = tuple(answer for answer in answers if answer is not None)
    types = Counter(
        draft.type for draft, answer in zip(reading.drafts, answers, strict=True) if answer is None
    )
    return Loaded(
        reading=reading, admitted=len(answers) - len(refused), refused=refused, types=types
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


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """Every problem as one line, tolerated ones marked."""
    return [
        f"{'tolerated: ' if problem.severity == 'tolerated' else ''}{problem}"
        for problem in problems
    ]
