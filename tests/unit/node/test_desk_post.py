"""What a clerk reads of the post, over a real database; words and health in plain language."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from node.desk import acts_sql
from node.desk.desk_node import NodePost
from node.desk.health import health_of
from node.desk.office import ACTIVITY
from node.desk.plan_lines import open_plan, plans_view
from node.desk.ports import PlanReply
from node.desk.post_sql import read_post
from node.desk.words import ADVICE, TYPE_WORDS, advice_of
from node.ingest import Loaded
from node.members.deliver_http import MISMATCH_CODES
from node.portal.surface import Check
from node.receiving.accept import SOLVED_CODES
from node.stores import problems_sql
from scheduler.folding.facts import Fact
from specs.errors import Problem
from specs.records import (
    PLAN_ANSWERED,
    PLAN_SET,
    RECORD_TYPES,
    PartyPlan,
    PersonRef,
    PlanAnswer,
    PlanLine,
    RecordDraft,
)
from tests import node_drafts as drafts
from tests.browser.household_views import SampleState
from tests.desk_office import office_of, readings
from tests.node_desk import Line, TestDesk
from tests.unit.node.test_accept import Two

NAMES = {"uwv": "UWV", "toeslagen": "Dienst Toeslagen", "gm0344": "Gemeente Utrecht"}
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_every_record_type_and_every_code_has_words() -> None:
    assert TYPE_WORDS.keys() == RECORD_TYPES.keys()
    codes = {*MISMATCH_CODES, *SOLVED_CODES, "receipt", "returned", "unmapped", "double"}
    assert codes <= ADVICE.keys()
    assert advice_of("not-taken-by-svb").why.nl == "De ontvanger nam dit bericht niet aan."
    for advice in ADVICE.values():
        for text in (advice.why, advice.now):
            assert text.nl != text.en
            for sentence in text.nl.split("."):
                assert len(sentence.split()) <= 15, sentence


def test_a_misfit_stands_in_the_post_with_its_reason(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    two.send(drafts.income())
    other = TestDesk(tmp_path, "uwv", line=two.line, name="other")  # knows her by another name
    identity = other.record(drafts.income(drafts.ANNA.model_copy(update={"surname": "Smit"}), n=2))
    two.recipient.deliver(other.parcel(identity, "toeslagen"))
    two.recipient.follow()
    with two.recipient.database.read() as connection:
        post = read_post(connection, "toeslagen", NAMES)
    (sender,) = post.senders
    assert (sender.name, sender.accepted, sender.waiting, sender.refused) == ("UWV", 1, 0, 1)
    (matter,) = post.matters
    assert (matter.record, matter.code, matter.kind) == (identity, "misfit", None)
    assert matter.now.nl == "Beslis met een collega. Dat doet u bij Personen."
    assert post.matters_all == 1


def test_what_is_to_be_delivered_and_since_when(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    desk.record(drafts.income())
    desk.follow()
    with desk.database.read() as connection:
        post = read_post(connection, "uwv", NAMES)
    waiting = {one.member: (one.name, one.waiting, one.since) for one in post.receivers}
    hour = datetime(2026, 11, 22, 4, tzinfo=UTC)  # tests/node_desk.py NOW, to the hour (DESIGN 4)
    assert waiting["toeslagen"] == ("Dienst Toeslagen", 1, hour)
    assert [one.state for one in post.own] == ["unsent", "unaddressed"]


def loaded(wrong: int, source: str = "rijen.csv") -> Loaded:
    problem = Problem(
        source=source, where="row 3", field="day", reason="no such day", repair="correct it"
    )
    return Loaded(
        source=source, format="brp-list", types={"a": 2}, repeated=1, refused=(),
        problems=(problem,) * wrong,
    )  # fmt: skip


def test_a_file_read_again_replaces_its_problems(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    with desk.database.write() as connection:
        problems_sql.keep(connection, loaded(2), NOW)
        problems_sql.keep(connection, loaded(1, "ander.csv"), NOW)
        problems_sql.keep(connection, loaded(0), NOW)
        found = {one.source: one for one in problems_sql.read(connection, 10)}
    assert found["rijen.csv"].problems == ()
    assert found["rijen.csv"].records == 2
    assert [one.repair for one in found["ander.csv"].problems] == ["correct it"]


def test_of_a_hopeless_file_a_thousand_problems_are_kept_and_all_are_counted(
    tmp_path: Path,
) -> None:
    desk = TestDesk(tmp_path, "uwv")
    with desk.database.write() as connection:
        problems_sql.keep(connection, loaded(problems_sql.PROBLEMS_MAX + 5), NOW)
        (one,) = problems_sql.read(connection, 10)
    assert len(one.problems) == problems_sql.PROBLEMS_MAX
    assert one.wrong == problems_sql.PROBLEMS_MAX + 5


def test_only_the_latest_files_are_told(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    with desk.database.write() as connection:
        for n in range(problems_sql.BATCHES_MAX + 3):
            problems_sql.keep(
                connection, loaded(0, f"{n}.csv"), datetime.fromtimestamp(1_800_000_000 + n, UTC)
            )
        found = problems_sql.read(connection, 10_000)
    assert len(found) == problems_sql.BATCHES_MAX
    assert found[0].source == f"{problems_sql.BATCHES_MAX + 2}.csv"


def test_the_last_stated_purpose_of_an_employee_counts_while_it_is_fresh(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "gm0344")
    with desk.database.write() as connection:
        acts_sql.note(connection, "s1", "open", NOW, subject="p", purpose="schulden")
        acts_sql.note(connection, "s2", "open", NOW, subject="p", purpose="maatwerk")
        acts_sql.note(connection, "s1", "open", NOW, subject="p", purpose="hulpvraag")
        now = int(NOW.timestamp())
        assert acts_sql.purpose_of(connection, "s1", "open", "p", now) == "hulpvraag"
        assert acts_sql.purpose_of(connection, "s1", "open", "p", now + 1) is None
        assert acts_sql.purpose_of(connection, "s3", "open", "p", now) is None


def test_health_is_told_in_words_what_is_wrong_first() -> None:
    checks = {
        "database": Check(ready=True, figures={"desk": 3}),
        "ticker": Check(ready=False, figures={"steps_overdue": 0}),
        "backlog": Check(ready=True, figures={"undelivered": 2, "unsent": 1}),
        "orders": Check(ready=True, figures={"unknown": 0}),
        "mirror": Check(ready=True, figures={}),
        "new-part": Check(ready=False, figures={}),
    }
    found = health_of(checks, quorum=False)
    assert [one.state for one in found] == ["wrong"] * 3 + ["attention"] * 2 + ["good"] * 2
    told = {one.part.en: one for one in found}
    assert told["The clock of this node"].now is not None
    assert told["Delivering and receiving"].what.en == "3 records wait for delivery."
    assert all(one.now is not None for one in found if one.state != "good")
    assert len(health_of(checks, quorum=None)) == len(checks)


ANNA = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")


def plan(record: str, party: str, *flows: str, known: int = 1) -> Fact:
    lines = tuple(
        PlanLine(
            flow=flow, direction="out", period="2026-02", natural_date=date(2026, 2, 1),
            planned_date=date(2026, 2, 23), amount_cents=65_000,
        )
        for flow in flows
    )  # fmt: skip
    data = PartyPlan(person=ANNA, party=party, made_on=date(2026, 1, 10), day=23, lines=lines)
    return Fact(
        record=record, type=PLAN_SET, data=data, subjects={"person": "p"},
        valid_from=date(2026, 1, 1), known=known, author="gm0344",
    )  # fmt: skip


def said(to_plan: str, author: str, **changes: object) -> Fact:
    data = PlanAnswer.model_validate(
        {"person": ANNA, "to": "gm0344", "plan": to_plan, "answered_on": date(2026, 1, 11),
         "answer": "declined", "reason": "Dit contract loopt af.", **changes}
    )  # fmt: skip
    return Fact(
        record=f"answer-{author}", type=PLAN_ANSWERED, data=data, subjects={"person": "p"},
        valid_from=date(2026, 1, 1), known=9, author=author,
    )  # fmt: skip


def test_a_party_sees_its_own_lines_and_nobody_elses() -> None:
    facts = [plan("A", "woonstad", "huur-1"), plan("B", "lichtstroom", "stroom-1", known=2)]
    view = plans_view(facts, "woonstad", NAMES)
    assert [(one.record, one.open) for one in view.to_answer] == [("A", 1)]
    opened = open_plan(facts, "woonstad", "A", NAMES)
    assert [flow.flow for flow in opened.flows] == ["huur-1"]
    assert opened.surname == "Moulin"
    for member, record in (("woonstad", "B"), ("lichtstroom", "A"), ("woonstad", "C")):
        with pytest.raises(LookupError):
            open_plan(facts, member, record, NAMES)


def test_the_planner_sees_who_declined_and_which_day_they_propose() -> None:
    facts = [plan("A", "woonstad", "huur-1"), said("A", "woonstad", proposed_day=12)]
    (answered,) = plans_view(facts, "gm0344", NAMES).answered
    assert (answered.party_name, answered.said, answered.days) == (
        "woonstad", "declined", ((12, 1),)
    )  # fmt: skip
    (flow,) = open_plan(facts, "woonstad", "A", NAMES).flows
    assert (flow.said, flow.proposed_day) == ("declined", 12)
    assert plans_view(facts, "woonstad", NAMES).to_answer[0].declined == 1


def planned(tmp_path: Path) -> tuple[TestDesk, TestDesk, str]:
    """A municipality's plan, delivered to the party that it names."""
    line = Line()
    planner = TestDesk(tmp_path, "gm0344", line=line)
    party = TestDesk(tmp_path, "woonstad", line=line)
    planner.record(drafts.move())
    data = plan("A", "woonstad", "huur-1").data
    record = planner.record(
        RecordDraft(type=PLAN_SET, source_event_id="plan", data=data, valid_from=date(2026, 1, 1))
    )
    party.deliver(planner.parcel(record, "woonstad"))
    planner.follow()
    party.follow()
    return planner, party, record


def test_who_opens_a_plan_is_logged_and_the_answer_reaches_the_planner(tmp_path: Path) -> None:
    planner, party, record = planned(tmp_path)
    post = NodePost(office_of(party), SampleState())
    assert [one.record for one in post.plans().to_answer] == [record]
    assert readings(party, ACTIVITY) == set()
    opened = post.plan(record)
    assert readings(party, ACTIVITY) == {opened.subject}
    reply = PlanReply(
        plan=record, flow="huur-1", said="declined", reason="Dat kan niet.", proposed_day=12
    )
    asyncio.run(post.answer("medewerker", reply))
    (flow,) = post.plan(record).flows
    assert (flow.said, flow.proposed_day) == ("declined", 12)
    answer = next(entry for entry in party.line.entries if entry.author == "woonstad")
    planner.deliver(party.parcel(answer.id, "gm0344"))
    planner.follow()
    (seen,) = NodePost(office_of(planner), SampleState()).plans().answered
    assert (seen.party_name, seen.said, seen.days) == ("woonstad", "declined", ((12, 1),))


def test_nobody_answers_for_a_flow_that_is_not_his(tmp_path: Path) -> None:
    _, party, record = planned(tmp_path)
    post = NodePost(office_of(party), SampleState())
    entries = len(party.line.entries)
    for reply in (
        PlanReply(plan=record, flow="stroom-1", said="confirmed"),
        PlanReply(plan="B" * 43, flow=None, said="confirmed"),
    ):
        with pytest.raises(LookupError):
            asyncio.run(post.answer("medewerker", reply))
    assert len(party.line.entries) == entries
