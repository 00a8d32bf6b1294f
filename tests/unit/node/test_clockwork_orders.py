"""Orders: what a party executes itself, each identity once, one channel per charge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from node.clockwork import orders_sql
from node.clockwork.orders import Order, orders_of
from node.clockwork.orders_sql import Doubled, Kept
from node.clockwork.timetable import load_timetable
from scheduler.folding.facts import SubjectId
from specs.records import (
    PLAN_ANSWERED,
    PLAN_SET,
    PartyPlan,
    PersonRef,
    PlanAdvance,
    PlanAnswer,
    PlanLine,
    RecordDraft,
)
from tests.household_facts import Book
from tests.node_desk import TestDesk
from tests.node_drafts import ANNA

WHO = PersonRef(bsn="999902003", birth_date=date(1988, 4, 12), surname="Wit")
TABLE = load_timetable()


def line(
    month: int, cents: int = 65_000, *, flow: str = "huur", day: int = 24, **more: object
) -> PlanLine:
    fields: dict[str, object] = {
        "flow": flow, "direction": "out", "period": f"2026-{month:02d}",
        "natural_date": date(2026, month, 1), "planned_date": date(2026, month, day),
        "amount_cents": cents,
    }  # fmt: skip
    return PlanLine.model_validate(fields | more)


def plan(*lines: PlanLine, made: date = date(2026, 3, 10), party: str = "woonstad", n: int = 0,
         advances: tuple[PlanAdvance, ...] = ()) -> RecordDraft:  # fmt: skip
    data = PartyPlan(person=WHO, party=party, made_on=made, day=24, lines=lines, advances=advances)
    return RecordDraft(
        type=PLAN_SET, source_event_id=f"plan {n}", data=data, valid_from=made.replace(day=1)
    )


def answer(record: str, said: str, flow: str | None = None, n: int = 0) -> RecordDraft:
    reason = "geen incasso" if said == "declined" else None
    data = PlanAnswer.model_validate(
        {"person": WHO, "to": "gm0344", "plan": record, "flow": flow, "answer": said,
         "reason": reason, "answered_on": date(2026, 3, 11)}
    )  # fmt: skip
    return RecordDraft(
        type=PLAN_ANSWERED, source_event_id=f"answer {n}", data=data, valid_from=date(2026, 3, 11)
    )


def ordered(book: Book, member: str = "woonstad") -> list[tuple[str, str, date, int]]:
    found = orders_of(book.facts, SubjectId(str(WHO.bsn)), member)
    return [(one.kind, one.period, one.day, one.cents) for one in found]


def test_only_what_the_party_confirmed_is_ordered() -> None:
    book = Book()
    (made,) = book.add("gm0344", [plan(line(4), line(5))])
    assert ordered(book) == []
    book.add("woonstad", [answer(made.record, "confirmed")])
    assert ordered(book) == [
        ("collection", "2026-04", date(2026, 4, 24), 65_000),
        ("collection", "2026-05", date(2026, 5, 24), 65_000),
    ]
    book.add("woonstad", [answer(made.record, "declined", "huur", n=1)])
    assert ordered(book) == []
    assert ordered(book, "uwv") == []


def test_what_was_due_before_the_plan_was_made_is_not_the_plans_to_order() -> None:
    book = Book()
    (made,) = book.add("gm0344", [plan(line(3, day=6), line(3, day=24, flow="servicekosten"))])
    book.add("woonstad", [answer(made.record, "confirmed")])
    assert [day for _, _, day, _ in ordered(book)] == [date(2026, 3, 24)]


def test_a_newer_plan_replaces_what_is_due_from_its_month_on() -> None:
    book = Book()
    (made,) = book.add("gm0344", [plan(line(3), line(4), line(5))])
    book.add("woonstad", [answer(made.record, "confirmed")])
    book.add("gm0344", [plan(line(4, 66_000), made=date(2026, 4, 2), n=1)])
    assert [(period, cents) for _, period, _, cents in ordered(book)] == [
        ("2026-03", 65_000), ("2026-04", 66_000),
    ]  # fmt: skip


def test_an_advance_is_an_order_of_its_own() -> None:
    book = Book()
    advance = PlanAdvance(flow="ww", day=date(2026, 3, 23), cents=131_200)
    book.add("gm0344", [plan(party="uwv", advances=(advance,))])
    assert ordered(book, "uwv") == [("advance", "2026-03-23", date(2026, 3, 23), 131_200)]


def test_a_deduction_is_ordered_by_the_planner_and_never_by_the_creditor() -> None:
    """ECOSYSTEM 3, lesson 6: a debit plus a deduction pays rent twice."""
    book = Book()
    (made,) = book.add("gm0344", [plan(line(4, channel="deduction"))])
    book.add("woonstad", [answer(made.record, "confirmed")])
    assert ordered(book, "woonstad") == []
    assert [kind for kind, *_ in ordered(book, "gm0344")] == ["deduction"]


# The rows.


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    desk = TestDesk(tmp_path, "gm0344")
    with desk.database.write() as connection:
        desk.records.subjects.find_or_add(connection, ANNA)
    yield desk
    desk.close()


def subject_of(desk: TestDesk) -> SubjectId:
    found = desk.subject(ANNA)
    assert found is not None
    return SubjectId(found)


def order(desk: TestDesk, **changes: object) -> Order:
    fields: dict[str, object] = {
        "subject": subject_of(desk), "party": "woonstad", "flow": "huur", "period": "2026-04",
        "kind": "collection", "day": date(2026, 4, 24), "cents": 65_000,
    }  # fmt: skip
    return Order(**(fields | changes))  # type: ignore[arg-type]


def sync(desk: TestDesk, *wanted: Order) -> list[Doubled]:
    with desk.database.write() as connection:
        return orders_sql.sync(connection, desk.records.subjects, subject_of(desk), wanted, TABLE)


def live(desk: TestDesk) -> list[Kept]:
    with desk.database.read() as connection:
        return orders_sql.live(connection, desk.records.subjects, subject_of(desk))


def at(day: date, hour: int = 4) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Europe/Amsterdam"))


def take(desk: TestDesk, now: datetime, limit: int = 100) -> list[Kept]:
    with desk.database.write() as connection:
        return orders_sql.take(connection, desk.records.subjects, now, limit)


def test_the_same_orders_again_are_the_same_rows(desk: TestDesk) -> None:
    for _ in range(2):
        assert sync(desk, order(desk), order(desk, period="2026-05", day=date(2026, 5, 22))) == []
    assert [(one.version, one.state) for one in live(desk)] == [(1, "ready"), (1, "ready")]


def test_another_amount_is_another_version_and_one_is_live(desk: TestDesk) -> None:
    sync(desk, order(desk))
    sync(desk, order(desk, cents=66_000))
    (one,) = live(desk)
    assert (one.version, one.order.cents) == (2, 66_000)
    with desk.database.read() as connection:
        assert orders_sql.counts(connection) == {"ready": 1, "replaced": 1}


def test_what_left_the_plan_is_withdrawn_and_what_left_the_house_is_not(desk: TestDesk) -> None:
    april, may = order(desk), order(desk, period="2026-05", day=date(2026, 5, 22))
    sync(desk, april, may)
    assert len(take(desk, at(date(2026, 4, 23)))) == 1
    sync(desk)
    (left,) = live(desk)
    assert (left.state, left.order) == ("in_file", april)
    sync(desk, replace(april, cents=1))  # in a file: no second one beside it
    assert [one.order for one in live(desk)] == [april]


def test_a_debit_and_a_deduction_of_one_charge_are_ordered_once(desk: TestDesk) -> None:
    deduction = order(desk, kind="deduction", day=date(2026, 4, 21))
    (doubled,) = sync(desk, order(desk), deduction)
    assert doubled.order == deduction
    assert [one.order.kind for one in live(desk)] == ["collection"]
    assert doubled.by == live(desk)[0].id
    with (
        pytest.raises(IntegrityError, match=r"(?i)unique"),
        desk.database.write() as connection,
    ):  # nor can any other way of writing make the second one live
        connection.execute(
            text(
                "INSERT INTO node_orders (id, slot, version, charge, subject, state, due_at,"
                " content) SELECT 'x', 'x', 1, charge, subject, 'ready', 0, content"
                " FROM node_orders"
            )
        )


def test_orders_due_is_a_query_on_the_moment(desk: TestDesk) -> None:
    sync(desk, order(desk))
    with desk.database.read() as connection:
        subjects = desk.records.subjects
        assert orders_sql.due(connection, subjects, at(date(2026, 4, 23), 3)) == []
        (one,) = orders_sql.due(connection, subjects, at(date(2026, 4, 23), 4))
        assert one.order.day == date(2026, 4, 24)
        assert orders_sql.due(connection, subjects, at(date(2027, 4, 23))) == [one]  # never lost


def test_a_batch_takes_each_order_once_and_has_its_name_from_its_content(desk: TestDesk) -> None:
    wanted = [order(desk, flow=f"huur-{n}") for n in range(5)]
    sync(desk, *wanted)
    now = at(date(2026, 4, 23))
    batches = [take(desk, now, 2) for _ in range(4)]
    assert [len(batch) for batch in batches] == [2, 2, 1, 0]
    taken = [one.id for batch in batches for one in batch]
    assert len(set(taken)) == 5
    assert len({one.batch for batch in batches for one in batch}) == 3


def test_no_amount_or_flow_stands_in_clear_and_erasure_takes_the_orders(desk: TestDesk) -> None:
    """L5: what is kept of a person dies with his keys."""
    sync(desk, order(desk, flow="huur-geheim", cents=65_432))
    assert b"huur-geheim" not in desk.path.read_bytes()
    with desk.database.read() as connection:
        row = connection.execute(text("SELECT * FROM node_orders")).one()
    assert "65432" not in str(row)
    who = subject_of(desk)
    with desk.database.write() as connection:
        desk.records.erase(connection, who)
        assert connection.execute(text("SELECT count(*) FROM node_orders")).scalar() == 0
