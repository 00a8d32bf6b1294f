"""Delivery between members over their real machine apps, no sockets: lost, twice, asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from node.errors import RefusedError
from node.members.deliver_http import Deliveries, parse_mismatches, parse_parcels
from node.members.member_http import MemberAuth
from node.members.routes_machine import BODY_BYTES_MAX, Gate, create_machine_app
from node.stores import schema_sql as tables
from tests import node_drafts as drafts
from tests.node_desk import Line, TestDesk, signer

NOW = 1_795_320_000
PEERS = {"uwv": "http://uwv.test", "toeslagen": "http://toeslagen.test"}


class Wire(httpx.AsyncBaseTransport):
    """Brings requests to the app of the host they name; faults are given by name in advance."""

    def __init__(self) -> None:
        self.apps: dict[str, httpx.ASGITransport] = {}
        self.faults: list[str] = []
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "lost":
            raise httpx.ConnectError("lost")
        answer = await self.apps[request.url.host].handle_async_request(request)
        if fault == "done_unanswered":
            raise httpx.ReadTimeout("no answer")
        return answer


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


class Network:
    """UWV and Toeslagen on one line and one wire."""

    def __init__(self, directory: Path) -> None:
        self.wire, self.clock, line = Wire(), Clock(), Line()
        self.desks = {m: TestDesk(directory, m, line=line) for m in PEERS}
        self.arrived: list[str] = []
        self.ends = {member: self._end(member) for member in PEERS}

    def _end(self, member: str) -> Deliveries:
        desk = self.desks[member]
        auth = MemberAuth(member, signer(member, "api"), PEERS, self.clock)
        end = Deliveries(
            member=member,
            database=desk.database,
            records=desk.records,
            view=desk.view,
            peers=PEERS,
            client=httpx.AsyncClient(transport=self.wire, auth=auth),
            now=self.clock,
        )
        gate = Gate(member=member, view=desk.view, auditors=(), now=self.clock)
        app = create_machine_app(gate, {}, end, lambda: self.arrived.append(member))
        self.wire.apps[f"{member}.test"] = httpx.ASGITransport(app=app)
        return end

    def record(self, count: int = 1) -> list[str]:
        """Income statements by UWV, recorded and followed by UWV."""
        found = [self.desks["uwv"].record(drafts.income(n=n)) for n in range(count)]
        self.desks["uwv"].follow()
        return found

    def states(self) -> list[str]:
        """States of UWV's outbox towards Toeslagen."""
        table = tables.outbox
        with self.desks["uwv"].database.read() as connection:
            query = select(table.c.state).where(table.c.recipient == "toeslagen")
            return list(connection.execute(query).scalars())


Work = Callable[[Network], Awaitable[None]]


def run(directory: Path, work: Work) -> None:
    asyncio.run(work(Network(directory)))  # type: ignore[arg-type]


def test_what_is_recorded_is_delivered_once(tmp_path: Path) -> None:
    async def work(network: Network) -> None:
        (identity,) = network.record()
        with network.desks["uwv"].database.write() as connection:  # one recipient has no machine
            connection.execute(
                update(tables.outbox)
                .where(tables.outbox.c.recipient == "belastingdienst")
                .values(state="delivered")
            )
        assert await network.ends["uwv"].send_due() == 1
        assert await network.ends["uwv"].send_due() == 0
        network.desks["toeslagen"].follow()
        assert network.desks["toeslagen"].facts.fact("uwv", identity) is not None
        assert network.arrived == ["toeslagen"]
        assert network.states() == ["delivered"]

    run(tmp_path, work)


def test_a_pending_record_is_not_delivered(tmp_path: Path) -> None:
    async def work(network: Network) -> None:
        network.desks["uwv"].prepare(drafts.income())
        assert await network.ends["uwv"].send_due() == 0
        assert not network.wire.requests

    run(tmp_path, work)


@pytest.mark.parametrize("fault", ["lost", "done_unanswered"])
def test_a_fault_on_the_way_delivers_once_in_the_end(tmp_path: Path, fault: str) -> None:
    async def work(network: Network) -> None:
        (identity,) = network.record()
        network.wire.faults = [fault]
        assert await network.ends["uwv"].send_due() == 0
        assert network.states() == ["queued"]
        assert await network.ends["uwv"].send_due() == 0  # it waits its time
        network.clock.now += 10
        await network.ends["uwv"].send_due()
        network.desks["toeslagen"].follow()
        assert network.desks["toeslagen"].state("uwv", identity) == "opened"
        assert network.states() == ["delivered"]

    run(tmp_path, work)


def test_a_recipient_that_lost_everything_asks_and_gets_it_back(tmp_path: Path) -> None:
    async def work(network: Network) -> None:
        identities = network.record(230)  # more than two answers hold
        with network.desks["uwv"].database.write() as connection:
            connection.execute(update(tables.outbox).values(state="delivered"))
        assert await network.ends["toeslagen"].ask_all() == 230
        desk = network.desks["toeslagen"]
        desk.follow()
        assert all(desk.state("uwv", identity) == "opened" for identity in identities)
        assert await network.ends["toeslagen"].ask_all() == 0

    run(tmp_path, work)


def test_a_mismatch_is_told_to_the_author_and_taken_away_when_solved(tmp_path: Path) -> None:
    async def work(network: Network) -> None:
        uwv, toeslagen = network.desks["uwv"], network.desks["toeslagen"]
        other = drafts.ANNA.model_copy(update={"birth_date": date(1990, 1, 5)})
        with toeslagen.database.write() as connection:  # known there as somebody else
            toeslagen.records.subjects.find_or_add(connection, other)
        (identity,) = network.record()
        await network.ends["uwv"].send_due()
        toeslagen.follow()
        assert toeslagen.desk() == {(identity, "misfit")}
        assert await network.ends["uwv"].ask_all() == 0
        assert uwv.desk() == {(identity, "not-taken-by-toeslagen")}
        assert network.states() == ["mismatch"]
        with toeslagen.database.write() as connection:  # the desk there found its own error
            toeslagen.records.erase(connection, toeslagen.facts.subjects()[0])
            connection.execute(update(tables.inbox).values(state="received"))
        toeslagen.follow()
        assert toeslagen.state("uwv", identity) == "opened"
        await network.ends["uwv"].ask_all()
        assert uwv.desk() == set()
        assert network.states() == ["delivered"]

    run(tmp_path, work)


def test_what_could_not_be_opened_is_sealed_and_sent_again(tmp_path: Path) -> None:
    async def work(network: Network) -> None:
        uwv, toeslagen = network.desks["uwv"], network.desks["toeslagen"]
        first, second = network.record(2)
        await network.ends["uwv"].send_due()
        with toeslagen.database.write() as connection:  # a damaged disk, or a key that was replaced
            connection.execute(
                update(tables.inbox).where(tables.inbox.c.id == first).values(sealed=b"damaged")
            )
        toeslagen.follow()
        assert toeslagen.desk() == {(first, "sealed")}
        assert toeslagen.state("uwv", second) == "opened"
        await network.ends["uwv"].ask_all()
        assert (first, "not-taken-by-toeslagen") in uwv.desk()
        assert sorted(network.states()) == ["delivered", "queued"]
        network.clock.now += 10
        await network.ends["uwv"].send_due()
        toeslagen.follow()
        assert toeslagen.state("uwv", first) == "opened"
        assert toeslagen.desk() == set()

    run(tmp_path, work)


def test_strangers_and_impostors_are_refused(tmp_path: Path) -> None:
    async def work(network: Network) -> None:
        (identity,) = network.record()
        parcel = network.desks["uwv"].parcel(identity, "toeslagen").as_json()

        async def post(member: str, key: str, body: object = None) -> tuple[int, str]:
            auth = MemberAuth(member, signer(key, "api"), PEERS, network.clock)
            async with httpx.AsyncClient(transport=network.wire, auth=auth) as client:
                content = {"parcels": [parcel]} if body is None else body
                answer = await client.post("http://toeslagen.test/inbox", json=content)
            return answer.status_code, answer.json().get("code", "")

        assert await post("nobody", "uwv") == (403, "unknown_member")
        assert await post("uwv", "svb") == (403, "bad_signature")
        assert await post("svb", "svb") == (403, "not_competent")  # not its author
        assert await post("uwv", "uwv", {"parcels": "x"}) == (413, "oversize")
        assert await post("uwv", "uwv", {}) == (400, "malformed")
        assert network.desks["toeslagen"].state("uwv", identity) is None
        async with httpx.AsyncClient(transport=network.wire) as client:
            for path in ("/outbox?since=0", "/inbox"):
                method = "GET" if "outbox" in path else "POST"
                answer = await client.request(method, f"http://toeslagen.test{path}")
                assert (answer.status_code, answer.json()["code"]) == (403, "wrong_key")
                assert answer.headers["content-type"] == "application/problem+json"
        assert await post("uwv", "uwv") == (200, "")
        with pytest.raises(RefusedError):
            parse_parcels(b"x" * 10)

    run(tmp_path, work)


def test_a_body_past_the_limit_is_not_read_on(tmp_path: Path) -> None:
    async def work(network: Network) -> None:
        auth = MemberAuth("uwv", signer("uwv", "api"), PEERS, network.clock)

        async def endless() -> object:
            for _ in range(BODY_BYTES_MAX // 1_000_000 + 2):
                yield b"x" * 1_000_000

        async with httpx.AsyncClient(transport=network.wire, auth=auth) as client:
            answer = await client.post("http://toeslagen.test/inbox", content=endless())
        assert (answer.status_code, answer.json()["code"]) == (413, "oversize")

    run(tmp_path, work)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"parcels":[{}]}',
        b'{"parcels":[{"id":1,"author":"a","class":"c","suite":"s","sealed":"AA=="}]}',
        b'{"parcels":[{"id":"i","author":"a","class":"c","suite":"s","sealed":"?"}]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_any_bytes_are_parcels_or_refused(content: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_parcels(content)
    assert caught.value.code in ("malformed", "oversize")
    assert parse_mismatches(content) == {}


def test_only_known_codes_are_believed() -> None:
    told = b'{"mismatches":[{"id":"a","code":"sealed"},{"id":"b","code":"<script>"},7]}'
    assert parse_mismatches(told) == {"a": "sealed"}
