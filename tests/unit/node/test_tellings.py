"""A source that tells A, then B, then A again: three records, each exactly once, whatever crashes.

The files are in the agencies' own formats: SuwiML of UWV (the shipped answer about one invented
person), the BRP's person list, our own CSV. Amounts here are invented: what counts is which stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters import samples
from adapters.reading import delivered
from node import ingest
from node.errors import RefusedError
from node.ingest import load
from node.prepare import RETURNED
from node.stores import schema_sql as tables
from node.stores import tellings_sql
from node.submit import Submitter
from scheduler.folding.facts import Fact
from scheduler.folding.known import Known
from scheduler.household import fold
from specs.event import parse_payload
from specs.records import (
    INCOME_CORRECTED,
    INCOME_STATED,
    Correction,
    IncomeStatement,
    Move,
    RecordDraft,
    Recurring,
)
from tests import node_drafts as drafts
from tests.node_desk import NOW, TestDesk
from tests.unit.node.test_submit import Sequencer

DEMO = samples.shipped()["demo"]
UWV = (
    DEMO / "uwv" / "2026-03" / "UWVDossierInkomstenGSD_UWVPersoonsIkvInfo_999902003.xml"
).read_bytes()
LISTS = (DEMO / "gm0344" / "persoonslijsten.csv").read_bytes()
RENT = (
    "bsn;birth_date;surname;flow;kind;direction;party;amount_cents;every;day;shift;valid_from\n"
    "999993653;1990-05-01;Moulin;stroom;energy;out;lichtstroom;{cents};month;5;following;"
    "2026-01-01\n"
    "{more}end;{count}\n"
)


def uwv(cents: int, note: str = "") -> bytes:
    """The shipped answer with another wage in January; `note` makes it another file."""
    assert UWV.count(b">205000<") >= 2
    changed = UWV.replace(b">205000<", f">{cents}<".encode(), 2)
    return changed.replace(b"<ClientSuwi>", f"<ClientSuwi><!-- {note} -->".encode(), 1)


def energy(cents: int, others: int = 0) -> bytes:
    """Our own CSV with one charge, and so many other ones."""
    more = "".join(
        "999993653;1990-05-01;Moulin;ander"
        f"{n};energy;out;lichtstroom;100;month;5;following;2026-01-01\n"
        for n in range(others)
    )
    return RENT.format(cents=cents, more=more, count=1 + others).encode()


def take(
    desk: TestDesk, content: bytes, name: str, at: str | None = None, *, hours: int = 0
) -> list[str]:
    """Read a file and store every draft; the record id of each, or the code of its refusal."""
    found, problems = ingest.read(content, name, "file", at)
    assert not [one for one in problems if one.severity != "tolerated"]
    return [store(desk, draft, hours) for draft in found]


def store(desk: TestDesk, draft: RecordDraft, hours: int = 0) -> str:
    try:
        return desk.prepare(draft, NOW + timedelta(hours=hours))
    except RefusedError as error:
        return error.code


def records(desk: TestDesk) -> list[str]:
    with desk.database.read() as connection:
        return list(connection.execute(select(tables.records.c.id)).scalars())


def wage_of(desk: TestDesk, record: str) -> int:
    with desk.opening() as connection:
        payload = desk.records.content(connection, desk.member, record).payload
    data = parse_payload(payload).data
    assert isinstance(data, IncomeStatement)
    return data.taxable_cents


def first_wages(desk: TestDesk, ids: Sequence[str]) -> str:
    """The record of January's statement: the first income statement of the answer."""
    read, _ = ingest.read(uwv(1), "suwinet-uwv", "file")
    place = next(n for n, draft in enumerate(read) if draft.type == INCOME_STATED)
    return ids[place]


def test_a_value_that_comes_back_is_a_new_record_and_stands(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    a = first_wages(desk, take(desk, uwv(205_000), "suwinet-uwv"))
    b = first_wages(desk, take(desk, uwv(210_000), "suwinet-uwv"))
    again = first_wages(desk, take(desk, uwv(205_000, "a later answer"), "suwinet-uwv"))
    assert len({a, b, again}) == 3
    assert [wage_of(desk, one) for one in (a, b, again)] == [205_000, 210_000, 205_000]
    assert (again, RETURNED) in desk.desk()  # nobody's file of last month comes back unseen


def test_what_came_back_is_what_the_law_reckons_with(tmp_path: Path) -> None:
    """Last known wins (decision 0002): the fold of all three is that of the first alone."""
    wages = []
    for values in ([205_000], [205_000, 210_000], [205_000, 210_000, 205_000]):
        desk = TestDesk(tmp_path, "uwv", name=f"after-{len(values)}")
        for n, cents in enumerate(values):
            read, _ = ingest.read(uwv(cents, f"answer {n}"), "suwinet-uwv", "file")
            for draft in read:
                identity = desk.prepare(draft)
                if all(entry.id != identity for entry in desk.line.entries):
                    desk.line.record(desk.envelope(identity))
        desk.follow()
        (subject,) = desk.facts.subjects()
        facts: list[Fact] = desk.facts.facts_of([subject])
        income = fold(facts, subject, None).persons[subject].income[2026]
        assert isinstance(income, Known)
        wages.append(income.value)
    assert wages[0] == wages[2] != wages[1]


def test_the_same_file_again_is_the_same_record_also_after_a_return(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    take(desk, uwv(205_000), "suwinet-uwv")
    take(desk, uwv(210_000), "suwinet-uwv")
    back = take(desk, uwv(205_000, "later"), "suwinet-uwv")
    before = records(desk)
    assert take(desk, uwv(205_000, "later"), "suwinet-uwv") == back
    assert records(desk) == before


def test_a_late_second_delivery_of_an_old_file_brings_nothing_back(tmp_path: Path) -> None:
    """The format tells no moment: the very same bytes may be an old file or a new answer."""
    desk = TestDesk(tmp_path, "lichtstroom")
    (a,) = take(desk, energy(14_500), "recurring-csv")
    (b,) = take(desk, energy(15_000), "recurring-csv")
    assert take(desk, energy(14_500), "recurring-csv") == ["superseded"]
    assert sorted(records(desk)) == sorted([a, b])
    read, _ = ingest.read(energy(14_500), "recurring-csv", "file")
    with pytest.raises(RefusedError, match="--delivered"):
        desk.prepare(read[0])


def test_the_named_moment_of_a_delivery_decides(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "lichtstroom")
    (a,) = take(desk, energy(14_500), "recurring-csv")
    (b,) = take(desk, energy(15_000), "recurring-csv")
    early = take(desk, energy(14_500), "recurring-csv", "2026-11-22T04:00:00Z")
    (late,) = take(desk, energy(14_500), "recurring-csv", "2026-11-22T09:00:00Z", hours=5)
    assert early == ["superseded"]
    assert len({a, b, late}) == 3
    assert take(desk, energy(14_500), "recurring-csv", "2026-11-22T09:00:00Z") == [late]
    assert not desk.desk()  # the moment says so: nothing for a human to look at


def test_good_rows_of_a_corrected_file_keep_their_receipts(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "lichtstroom")
    first = take(desk, energy(14_500), "recurring-csv")
    corrected = take(desk, energy(14_500, others=2), "recurring-csv")
    assert corrected[:1] == first
    assert len(set(corrected)) == 3


def lists(stamp: str, street: str) -> bytes:
    """The first person's list, as of that moment, with that street at his newest address."""
    head, top, history = LISTS.decode("utf-8").split("\n")[:3]
    top = top.replace("20260309120000000", stamp).replace("Lindehaag", street)
    return f"{head}\n{top}\n{history}\n".encode()


def moves(desk: TestDesk, ids: Sequence[str]) -> str:
    """The record of the newest address, which is the first of a list."""
    with desk.opening() as connection:
        data = parse_payload(desk.records.content(connection, desk.member, ids[0]).payload).data
    assert isinstance(data, Move)
    return ids[0]


def test_a_person_list_tells_its_own_moment(tmp_path: Path) -> None:
    """LO3 80.20: the moment of the list's version. An old list adds nothing, a new one counts."""
    desk = TestDesk(tmp_path, "gm0344")
    march, april, may = (f"20260{month}09120000000" for month in (3, 4, 5))
    a = moves(desk, take(desk, lists(march, "Lindehaag"), "gbav-csv"))
    b = moves(desk, take(desk, lists(april, "Eikenhaag"), "gbav-csv"))
    assert moves(desk, take(desk, lists(march, "Lindehaag"), "gbav-csv")) == a  # its own receipt
    again = moves(desk, take(desk, lists(may, "Lindehaag"), "gbav-csv"))
    assert len({a, b, again}) == 3
    unseen = take(desk, lists("20260410120000000", "Beukenhaag"), "gbav-csv")
    assert unseen[0] == "superseded"  # told in April, and May says otherwise
    assert moves(desk, take(desk, lists(may, "Lindehaag"), "gbav-csv")) == again


def charges(*amounts: int) -> list[RecordDraft]:
    """One delivery that tells one charge so many times, as a batch of messages does."""
    found = []
    for cents in amounts:
        (draft,), _ = ingest.read(energy(cents), "recurring-csv", "file")
        found.append(draft)
    return delivered(found, f"batch of {amounts}")


def amount_of(desk: TestDesk, record: str) -> int:
    with desk.opening() as connection:
        data = parse_payload(desk.records.content(connection, desk.member, record).payload).data
    assert isinstance(data, Recurring)
    return data.amount_cents


@pytest.mark.parametrize("stored_before_the_kill", range(4))
def test_one_batch_may_tell_a_b_a_and_a_kill_between_rows_changes_nothing(
    tmp_path: Path, stored_before_the_kill: int
) -> None:
    desk = TestDesk(tmp_path, "lichtstroom")
    batch = charges(14_500, 15_000, 14_500)
    before = [store(desk, draft) for draft in batch[:stored_before_the_kill]]
    after = [store(desk, draft) for draft in batch]
    assert after[: len(before)] == before
    assert len(records(desk)) == len(set(after)) == 3
    assert amount_of(desk, after[-1]) == 14_500
    assert [store(desk, draft) for draft in batch] == after
    assert len(records(desk)) == 3


def test_a_crash_inside_the_transaction_leaves_no_half_telling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = TestDesk(tmp_path, "lichtstroom")
    (a,) = take(desk, energy(14_500), "recurring-csv")
    take(desk, energy(15_000), "recurring-csv")

    def dies(*_arguments: object) -> None:
        raise OSError("the machine went away")

    with monkeypatch.context() as broken:
        broken.setattr(tellings_sql, "add", dies)
        with pytest.raises(OSError, match="went away"):
            take(desk, energy(14_500, others=1), "recurring-csv")
    assert len(records(desk)) == 2  # neither the record nor its telling
    back = take(desk, energy(14_500, others=1), "recurring-csv")
    assert len(records(desk)) == 4
    assert back[0] != a
    assert take(desk, energy(14_500, others=1), "recurring-csv") == back


@pytest.mark.parametrize("fault", ["lost", "done_unanswered", "busy"])
def test_a_return_reaches_the_ledger_exactly_once_whatever_the_sequencer_does(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "BUSY_SECONDS", 0.0)
    desk, sequencer = TestDesk(tmp_path, "lichtstroom"), Sequencer("", "", fault)
    submitter = Submitter(desk.database, desk.records, desk.preparer, sequencer, lambda: NOW)

    async def send(content: bytes) -> None:
        read, _ = ingest.read(content, "recurring-csv", "file")
        await load([("file", draft) for draft in read], submitter.submit)

    async def run() -> None:
        await send(energy(14_500))
        await send(energy(15_000))
        for _ in range(2):  # the operator sends the file again after the fault
            await send(energy(14_500, others=1))

    asyncio.run(run())
    assert len(sequencer.entries) == 4
    assert len({record for record, _ in sequencer.entries}) == 4


def test_a_value_told_again_after_its_correction_is_a_new_record(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    wages = take(desk, uwv(205_000), "suwinet-uwv")
    wrong = first_wages(desk, wages)
    read, _ = ingest.read(uwv(205_000), "suwinet-uwv", "file")
    statement = next(draft.data for draft in read if draft.type == INCOME_STATED)
    assert isinstance(statement, IncomeStatement)
    desk.prepare(
        RecordDraft(
            type=INCOME_CORRECTED,
            source_event_id="taken back",
            data=Correction(person=statement.person, corrects=wrong, reason="entered in error"),
            valid_from=NOW.date(),
        )
    )
    assert first_wages(desk, take(desk, uwv(205_000), "suwinet-uwv")) == "superseded"
    told_anew = first_wages(desk, take(desk, uwv(205_000, "answered anew"), "suwinet-uwv"))
    assert told_anew not in (wrong, "superseded")


def test_events_with_ids_of_their_own_keep_them(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "lichtstroom")
    event = drafts.charge()
    assert event.told is None
    identity = desk.prepare(event)
    assert desk.prepare(replace(event, where="again")) == identity


def test_what_an_erased_person_left_is_gone_from_the_tellings_too(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "lichtstroom")
    take(desk, energy(14_500), "recurring-csv")
    (subject,) = desk.facts.subjects()
    with desk.database.write() as connection:
        desk.records.erase(connection, subject)
        left: list[Any] = list(connection.execute(select(tables.tellings)))
    assert not left


def test_the_whole_shipped_set_loaded_twice_gives_no_second_record(tmp_path: Path) -> None:
    """One person's UWV answer comes twice in it, the second time with another month."""
    by_member: dict[str, list[RecordDraft]] = {}
    for file, read, _ in samples.read_all(samples.load(DEMO)):
        for draft in read:
            by_member.setdefault(samples.member_for(file, draft), []).append(draft)
    for member, found in by_member.items():
        desk = TestDesk(tmp_path, member)
        with desk.database.write() as connection:
            first = [desk.preparer.prepare(connection, draft, NOW) for draft in found]
            assert [desk.preparer.prepare(connection, draft, NOW) for draft in found] == first
