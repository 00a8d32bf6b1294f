"""Who looked, asked between members over their real machine apps: to whom it is told, and what."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from node.errors import RefusedError
from node.looked.answers_sql import LookedAnswers
from node.looked.asking_http import WhoLooked
from node.looked.ldv import PATH, answer_json, parse_answer, parse_question
from node.looked.logbook_sql import YEAR_MS, Logbook
from node.looked.register import load_register
from node.looked.views import LookedView, Purpose, looked_view
from node.members.member_http import MemberAuth
from node.members.routes_machine import Gate, create_machine_app
from node.stores import schema_sql as tables
from specs.values import Month
from tests import node_drafts as drafts
from tests.node_desk import EXTRA_MUNICIPALITY, Line, TestDesk, hpke_key, signer

NOW = 1_795_320_000
HOME = "gm0344"
MEMBERS = (HOME, "uwv", "toeslagen", "svb", "belastingdienst", EXTRA_MUNICIPALITY)
PEERS = {member: f"http://{member}.test" for member in MEMBERS}


class Wire(httpx.AsyncBaseTransport):
    """Brings requests to the app of the host they name; hosts that are away do not answer."""

    def __init__(self) -> None:
        self.apps: dict[str, httpx.ASGITransport] = {}
        self.away: set[str] = set()
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host in self.away:
            raise httpx.ConnectError("away")
        return await self.apps[request.url.host].handle_async_request(request)


class Nodes:
    """Anna lives in gm0344; UWV and Toeslagen read of her, each on a node of its own."""

    def __init__(self, directory: Path) -> None:
        self.wire, line = Wire(), Line()
        self.desks = {member: TestDesk(directory, member, line=line) for member in MEMBERS}
        self.clock = 1_000.0
        for member, desk in self.desks.items():
            gate = Gate(member=member, view=desk.view, auditors=(), now=lambda: NOW)
            app = create_machine_app(gate, {}, None, lambda: None, self.answers(member))  # type: ignore[arg-type]
            self.wire.apps[f"{member}.test"] = httpx.ASGITransport(app=app)
        home, uwv, toeslagen = (self.desks[name] for name in (HOME, "uwv", "toeslagen"))
        moved = home.record(drafts.move())
        earned = uwv.record(drafts.income())
        for desk in self.desks.values():
            if desk is not home:
                desk.deliver(home.parcel(moved, desk.member))
            if desk not in (uwv, home):
                desk.deliver(uwv.parcel(earned, desk.member))
        for desk in self.desks.values():
            desk.follow()
        toeslagen.facts.facts_of([toeslagen.subject(drafts.ANNA) or ""])

    def answers(self, member: str) -> LookedAnswers:
        desk = self.desks[member]
        return LookedAnswers(
            member=member, hpke=hpke_key(member), database=desk.database, records=desk.records,
            logbook=desk.log, view=desk.view,
        )  # fmt: skip

    def asker(self, member: str) -> WhoLooked:
        desk = self.desks[member]
        auth = MemberAuth(member, signer(member, "api"), PEERS, lambda: NOW)
        return WhoLooked(
            member=member, database=desk.database, records=desk.records, logbook=desk.log,
            answers=self.answers(member), view=desk.view, peers=PEERS,
            client=httpx.AsyncClient(transport=self.wire, auth=auth),
            monotonic=lambda: self.clock,
        )  # fmt: skip

    def who(self, member: str = HOME) -> LookedView:
        asker, person = self.asker(member), self.desks[member].subject(drafts.ANNA)
        return asyncio.run(asker.who(person or ""))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Nodes:
    return Nodes(tmp_path_factory.mktemp("town"))


@pytest.fixture
def nodes(town: Nodes) -> Nodes:
    town.wire.requests.clear()
    town.wire.away.clear()
    return town


def purposes(view: LookedView) -> dict[str, set[str]]:
    return {
        agency.name: {one.name_nl for one in (*agency.purposes, *agency.routine)}
        for agency in view.agencies
    }


def test_readings_of_other_agencies_stand_on_the_page_of_home(nodes: Nodes) -> None:
    view = nodes.who()
    found = purposes(view)
    assert "Uw toeslagen berekenen" in found["toeslagen"]
    assert "Uw recht op toeslag bepalen" in found["toeslagen"]
    assert "Uw gegevens sturen naar wie ze volgens de wet nodig heeft" in found["uwv"]
    assert "Nieuwe gegevens over u vastleggen" in found[HOME]
    assert view.silent == ()
    (one,) = (
        purpose
        for agency in view.agencies
        if agency.name == "toeslagen"
        for purpose in agency.purposes
        if purpose.name_nl == "Uw toeslagen berekenen"
    )
    assert (one.law, one.article) == ("Algemene wet inkomensafhankelijke regelingen", "14, 16")
    assert one.law_url == "https://wetten.overheid.nl/BWBR0018472"
    assert one.count == 1


def test_no_number_or_name_is_on_the_wire_and_the_trace_is(nodes: Nodes) -> None:
    nodes.who()
    assert len(nodes.wire.requests) >= 4
    traces = set()
    for request in nodes.wire.requests:
        sent = f"{request.url} {request.headers} ".encode() + request.content
        for secret in (drafts.ANNA.bsn or "", drafts.ANNA.surname, "1990-05-01"):
            assert secret.encode() not in sent
        assert request.method == "POST"
        assert request.url.path == PATH
        traces.add(request.headers["traceparent"].split("-")[1])
    assert len(traces) == 1
    spans = tables.processings
    with nodes.desks["uwv"].database.read() as connection:
        query = select(spans.c.trace, spans.c.foreign_member)
        rows = connection.execute(query.where(spans.c.activity == "inzage-logboek")).all()
    assert (traces.pop(), HOME) in {(row.trace.hex(), row.foreign_member) for row in rows}


def test_who_does_not_live_there_is_not_told_of(nodes: Nodes) -> None:
    # Somebody at another municipality's node asks about a person who lives elsewhere.
    view = nodes.who(EXTRA_MUNICIPALITY)
    assert purposes(view).keys() <= {EXTRA_MUNICIPALITY}
    assert "toeslagen" in view.unknown


def test_an_agency_that_is_no_municipality_may_not_ask(nodes: Nodes) -> None:
    with pytest.raises(RefusedError, match="only a municipality"):
        nodes.answers("toeslagen").answer("uwv", b"{}", None)


def test_a_log_that_does_not_answer_is_named_and_asked_again(nodes: Nodes) -> None:
    nodes.wire.away = {"uwv.test"}
    view = nodes.who()
    assert view.silent == ("uwv",)
    assert "toeslagen" in purposes(view)


def test_a_page_loaded_again_asks_nobody_again_for_a_while(nodes: Nodes) -> None:
    asker = nodes.asker(HOME)
    person = nodes.desks[HOME].subject(drafts.ANNA) or ""
    asyncio.run(asker.who(person))
    asked = len(nodes.wire.requests)
    asyncio.run(asker.who(person))
    assert len(nodes.wire.requests) == asked
    nodes.clock += 301
    asyncio.run(asker.who(person))
    assert len(nodes.wire.requests) == 2 * asked


def test_a_masked_reading_tells_article_and_month_alone(nodes: Nodes) -> None:
    toeslagen = nodes.desks["toeslagen"]
    toeslagen.log.record("onderzoek-rechtmatigheid", [toeslagen.subject(drafts.ANNA) or ""])
    view = nodes.who()
    (masked,) = view.masked
    assert (masked.law, masked.article, masked.name_nl) == ("Participatiewet", "53a", "")
    assert masked.last.day == 1
    assert "Onderzoek naar het recht op bijstand" not in str(purposes(view))
    told = answer_json(True, nodes.answers("toeslagen").own(*_anna(toeslagen)))
    assert b"onderzoek" not in told.lower()


def _anna(desk: TestDesk) -> tuple[str, str | None]:
    return desk.subject(drafts.ANNA) or "", drafts.ANNA.bsn


def test_the_question_itself_is_a_reading(nodes: Nodes) -> None:
    nodes.who()
    view = nodes.who()
    assert {one.name_nl for one in view.own} == {"U vroeg wie er keek naar uw gegevens"}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"dataSubject": {}}', b'{"dataSubject": {"bsn": "999993653"}}',
        b'{"dataSubject": {"id": "x", "suite": "y", "sealed": "!"}}', b'{"traceId": "00"}',
    ],
)  # fmt: skip
def test_a_question_about_nobody_is_refused(nodes: Nodes, body: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        nodes.answers("uwv").answer(HOME, body, None)
    assert refused.value.problem.status == 400


def test_a_question_sealed_to_another_is_refused(nodes: Nodes) -> None:
    nodes.who()
    body = next(one.content for one in nodes.wire.requests if one.url.host == "uwv.test")
    with pytest.raises(RefusedError, match="not sealed"):
        nodes.answers("toeslagen").answer(HOME, body, None)
    with pytest.raises(RefusedError, match="not sealed"):  # nor for another asker
        nodes.answers("uwv").answer(EXTRA_MUNICIPALITY, body, None)


@pytest.mark.parametrize(
    "change",
    [
        {"shown": "never"}, {"days": [["2026-13-01", 1]]}, {"days": [["2026-01-01", -1]]},
        {"days": [["2026-01-01", True]]}, {"name": {"nl": "x" * 301, "en": ""}},
        {"lawUrl": "javascript:alert(1)"}, {"law": 3}, {"days": None},
    ],
)  # fmt: skip
def test_an_answer_of_another_form_is_none(change: dict[str, object]) -> None:
    item = {
        "shown": "open", "name": {"nl": "a", "en": "b"}, "law": "Wet", "article": "1",
        "lawUrl": "https://wetten.overheid.nl/BWBR0018472", "days": [["2026-01-01", 1]],
    }  # fmt: skip
    assert parse_answer(json.dumps({"processings": [item]}).encode())
    with pytest.raises(ValueError, match="no answer"):
        parse_answer(json.dumps({"processings": [item | change]}).encode())


def test_a_question_reads_back(nodes: Nodes) -> None:
    nodes.who()
    body = nodes.wire.requests[0].content
    assert parse_question(body).as_json() == body


def purpose(name: str, *days: tuple[date, int]) -> Purpose:
    return Purpose(
        shown="open", name_nl=name, name_en=name, law="Wet", law_url="https://x", article="1",
        days=days,
    )  # fmt: skip


def test_thousands_of_readings_are_a_few_lines() -> None:
    days = [(date(2024, 1, 1).replace(month=m, day=d), 50) for m in range(1, 13) for d in (1, 28)]
    view = looked_view(
        {"UWV": [purpose("Betalen", *days), purpose("Later", (date(2025, 3, 4), 1))]},
        silent=(), unknown=(), retention_years=3,
    )  # fmt: skip
    (agency,) = view.agencies
    later, paying = agency.purposes
    assert (later.name_nl, later.last) == ("Later", date(2025, 3, 4))
    assert (paying.count, paying.last, len(paying.months)) == (1_200, date(2024, 12, 28), 12)
    assert paying.months[0].month == Month(2024, 12)


def test_what_is_past_its_term_goes_and_the_rest_stays(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    moment = [1_600_000_000_000]
    log = Logbook(desk.database, load_register(), lambda: moment[0])
    people = [f"s{n:04}" for n in range(1_200)]
    log.record("inzage-balie", people)
    assert not log.purge()  # nothing is old yet
    moment[0] += load_register().retention_years * YEAR_MS + 1
    log.record("inzage-wijk", people[:3])
    pieces = 0
    while log.purge():
        pieces += 1
    assert pieces == 3
    with desk.database.read() as connection:
        left = connection.execute(select(tables.processed.c.subject)).scalars().all()
        spans = connection.execute(select(tables.processings.c.activity)).scalars().all()
    assert sorted(left) == people[:3]
    assert list(spans) == ["inzage-wijk"]
