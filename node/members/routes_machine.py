"""The listener between members: the log's doors, the inbox for parcels, the outbox to ask from.

Everything is for members with a token but the public part of the log, the record door (a record
carries its own signature) and the cosigners' doors (a checkpoint carries the log's).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ledger.errors import FormatError
from ledger.formats.unzip import Unzip
from ledger.ports import Answer
from node.encodings import takes_gzip
from node.errors import NodeError, RefusedError
from node.ledger_view import LedgerView, api_keys_of
from node.looked.ldv import PATH as LOOKED_PATH
from node.looked.trace import HEADER as TRACEPARENT
from node.members.deliver_http import Deliveries, parse_parcels
from node.members.tokens import check_token, token_of

BODY_BYTES_MAX: Final = 32 * 1024 * 1024  # a push of 8,192 entries, or 100 parcels
BODY_SECONDS_MAX: Final = 60
BODY_PAUSE_SECONDS_MAX: Final = 5
PROBLEM_TYPE: Final = "application/problem+json"
_NO_STORE: Final = {"Cache-Control": "no-store"}
_LOG: Final = logging.getLogger("vastedag.machine")


class Door(Protocol):
    """What ledger/serve.py answers below one prefix."""

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        """The answer to GET; gzip: the reader takes it."""
        ...

    async def post(self, path: str, body: bytes) -> Answer:
        """The answer to POST."""
        ...


class LookedDoor(Protocol):
    """Who read of a person, for the municipality where he lives. Blocking."""

    def answer(self, asker: str, body: bytes, traceparent: str | None) -> bytes:
        """The JSON answer; raises RefusedError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who may ask: members by token, auditors by the SHA-256 of theirs."""

    member: str
    view: LedgerView
    auditors: tuple[str, ...]
    now: Callable[[], int]

    def member_of(self, authorization: str | None) -> str:
        """The member that asks; raises RefusedError."""
        return check_token(
            token_of(authorization),
            self.member,
            self.now(),
            lambda member: api_keys_of(self.view.registry, member),
        )

    def may_read_entries(self, authorization: str | None) -> bool:
        """Whether entry bundles may be shown: to auditors and members."""
        try:
            token = token_of(authorization)
        except RefusedError:
            return False
        digest = hashlib.sha256(token.encode()).hexdigest()
        if any(hmac.compare_digest(digest, known) for known in self.auditors):
            return True
        try:
            self.member_of(authorization)
        except RefusedError:
            return False
        return True


def create_machine_app(
    gate: Gate,
    doors: Mapping[str, Door],
    deliveries: Deliveries,
    arrived: Callable[[], None],
    looked: LookedDoor | None = None,
) -> Starlette:
    """The app of the machine listener; doors by prefix (`log`, `mirror`, `witness`).

    `looked` answers who read of a person (looked/answers_sql.py). `arrived` is called when parcels
    or entries came in, so that the node looks soon.
    """

    async def inbox(request: Request) -> Response:
        sender = gate.member_of(request.headers.get("authorization"))
        parcels = parse_parcels(await _body(request))
        added = await asyncio.to_thread(deliveries.take, sender, parcels)
        if added:
            arrived()
        refused = await asyncio.to_thread(deliveries.mismatches_of, sender)
        return JSONResponse({"taken": len(parcels), "new": added, "mismatches": refused})

    async def outbox(request: Request) -> Response:
        asking = gate.member_of(request.headers.get("authorization"))
        since = request.query_params.get("since", "0")
        if not since.isdecimal() or len(since) > 15:
            raise RefusedError("malformed", "since: an entry number")
        parcels, following = await asyncio.to_thread(deliveries.addressed_to, asking, int(since))
        refused = await asyncio.to_thread(deliveries.mismatches_of, asking)
        sealed = [parcel.as_json() for parcel in parcels]
        return JSONResponse({"parcels": sealed, "next": following, "mismatches": refused})

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "member": gate.member})

    routes = [
        Route("/inbox", _answering(inbox), methods=["POST"]),
        Route("/outbox", _answering(outbox), methods=["GET"]),
        Route("/livez", live, methods=["GET"]),
    ]
    if looked is not None:
        routes.append(Route(LOOKED_PATH, _answering(_looked(gate, looked)), methods=["POST"]))
    for prefix, door in doors.items():
        routes += _door_routes(prefix, door, gate, arrived)
    return Starlette(routes=routes)


def _looked(gate: Gate, looked: LookedDoor) -> Callable[[Request], Awaitable[Response]]:
    async def who(request: Request) -> Response:
        asker = gate.member_of(request.headers.get("authorization"))
        body, trace = await _body(request), request.headers.get(TRACEPARENT)
        answer = await asyncio.to_thread(looked.answer, asker, body, trace)
        return Response(answer, media_type="application/json", headers=_NO_STORE)

    return who


def _door_routes(
    prefix: str, door: Door, gate: Gate, arrived: Callable[[], None]
) -> Sequence[Route]:
    async def read(request: Request) -> Response:
        allowed = gate.may_read_entries(request.headers.get("authorization"))
        gzip = takes_gzip(request.headers.get("accept-encoding", ""))
        path = request.path_params["path"]
        return _answer(await door.get(path, entries_allowed=allowed, gzip=gzip))

    async def send(request: Request) -> Response:
        answer = await door.post(request.path_params["path"], await _body(request))
        if answer.status < 400:  # a flood of what is refused gives the node nothing to look at
            arrived()
        return _answer(answer)

    path = f"/{prefix}/{{path:path}}"
    return (
        Route(path, _answering(read), methods=["GET"]),
        Route(path, _answering(send), methods=["POST"]),
    )


def _answering(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Refusals become problem documents; nothing else of an error leaves this machine."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusedError as refusal:
            problem = refusal.problem
            return Response(
                json.dumps(problem.as_json()), status_code=problem.status, media_type=PROBLEM_TYPE
            )
        except NodeError as error:
            _LOG.error("machine kind=%s", type(error).__name__)
            return Response(status_code=503)

    return answered


async def _body(request: Request) -> bytes:
    """The body, read no further than its limits; raises RefusedError oversize or too_slow."""
    content = bytearray()
    chunks, unzip = request.stream(), _unzip(request)
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            while True:
                chunk = await asyncio.wait_for(anext(chunks, None), BODY_PAUSE_SECONDS_MAX)
                if chunk is None:
                    if unzip is not None:
                        unzip.finish()
                    return bytes(content)
                content += chunk if unzip is None else unzip.feed(chunk)
                if len(content) > BODY_BYTES_MAX:
                    raise RefusedError("oversize", f"body: at most {BODY_BYTES_MAX} bytes")
    except FormatError as error:
        raise RefusedError("malformed", f"body: {error}") from None
    except TimeoutError:
        raise RefusedError(
            "too_slow",
            f"body: whole within {BODY_SECONDS_MAX} seconds, no pause over "
            f"{BODY_PAUSE_SECONDS_MAX}; send it again",
        ) from None


def _unzip(request: Request) -> Unzip | None:
    """gzip bodies are taken (tlog-mirror: a mirror MUST), and no other encoding."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return None
    if encoding != "gzip":
        raise RefusedError("malformed", "Content-Encoding: gzip or none; send it again")
    return Unzip(BODY_BYTES_MAX)


def _answer(answer: Answer) -> Response:
    headers = {"Content-Type": answer.content_type, "Cache-Control": answer.cache}
    if answer.retry_after_seconds is not None:
        headers["Retry-After"] = str(answer.retry_after_seconds)
    if answer.encoding is not None:
        headers |= {"Content-Encoding": answer.encoding, "Vary": "Accept-Encoding"}
    return Response(answer.body, status_code=answer.status, headers=headers)
