"""A batch: good rows are recorded, every refusal is told, a busy ledger is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

import pytest

from ledger.errors import BusyError
from node import ingest
from node.errors import RefusedError, UnavailableError
from specs.records import STATED, PersonRef, RecordDraft, Statement

HEADER = "bsn;birth_date;surname;fact;value;year;valid_from\n"
GOOD = "999902003;1988-04-12;Wit;insured;1;;2026-01-01\n"
BAD = "999902004;1988-04-12;Wit;insured;1;;2026-01-01\n"  # fails the elfproef


def draft(name: str) -> RecordDraft:
    person = PersonRef(bsn="999902003", birth_date=date(1988, 4, 12), surname="Wit")
    return RecordDraft(
        type=STATED,
        source_event_id=name,
        data=Statement(person=person, fact="insured", value=1),
        valid_from=date(2026, 1, 1),
        where=f"row {name}",
    )


@dataclass(frozen=True)
class Told:
    repeated: bool = False


def load(names: list[str], submit: Callable[[RecordDraft], Awaitable[Told]]) -> list[ingest.Answer]:
    return asyncio.run(ingest.load([("file.csv", draft(name)) for name in names], submit))


def test_a_bad_row_does_not_hide_the_good_one() -> None:
    content = (HEADER + GOOD + BAD + "end;2\n").encode()
    drafts, problems = ingest.read(content, "statement-csv", "file.csv")
    assert len(drafts) == 1
    (problem,) = problems
    assert problem.where == "row 3"
    assert problem.field == "bsn"
    assert "999902004" not in str(problem)


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ingest.FormatUnknownError, match="suwinet-uwv"):
        ingest.read(b"", "telex", "file")


def test_refusals_stand_beside_what_was_recorded() -> None:
    async def submit(one: RecordDraft) -> Told:
        if one.source_event_id == "b":
            raise RefusedError("not_competent", "no resident of this municipality")
        return Told(repeated=one.source_event_id == "c")

    recorded, refused, also_recorded = load(["a", "b", "c"], submit)
    assert recorded == ingest.Answer()
    assert also_recorded == ingest.Answer(repeated=True)
    assert refused.refusal is not None
    assert (refused.refusal.where, refused.refusal.field) == ("row b", "not_competent")
    account = ingest.loaded(
        "file.csv", "statement-csv", [], [(draft("a"), recorded), (draft("b"), refused)]
    )
    assert account.records == 1
    assert not account.whole
    assert account.as_json()["types"] == {STATED: 1}


def test_a_busy_ledger_is_asked_again_until_it_takes_the_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingest, "BUSY_SECONDS", 0.0)
    calls = []

    async def submit(one: RecordDraft) -> Told:
        calls.append(one.source_event_id)
        if len(calls) < 4:
            raise BusyError("the queue is full")
        return Told()

    assert load(["a"], submit) == [ingest.Answer()]
    assert calls == ["a"] * 4


@pytest.mark.parametrize(
    ("error", "code"), [(BusyError("full"), "busy"), (UnavailableError("gone"), "unavailable")]
)
def test_a_ledger_that_does_not_answer_is_no_fault_of_the_row(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    monkeypatch.setattr(ingest, "BUSY_SECONDS", 0.0)

    async def submit(one: RecordDraft) -> Told:
        raise error

    (answer,) = load(["a"], submit)
    refused = answer.refusal
    assert refused is not None
    assert refused.field == code
    assert "later" in refused.repair


def test_progress_is_told_once_for_every_row() -> None:
    steps: list[int] = []

    async def submit(one: RecordDraft) -> Told:
        if one.source_event_id == "b":
            raise RefusedError("reused_id", "recorded before with other content")
        return Told()

    parcels = [("file.csv", draft(name)) for name in "abc"]
    asyncio.run(ingest.load(parcels, submit, lambda: steps.append(1)))
    assert len(steps) == 3
