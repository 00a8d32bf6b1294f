"""What a member's log side answers, without any transport: node only wires routes to it.

`LogDoor` shows a published log (pages.py) and takes records; `MirrorDoor` and `WitnessDoor` are
what a sequencer pushes to.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from ledger import cosigner
from ledger.cosigner import CosignedState
from ledger.errors import AdmissionError, BusyError, LedgerError, PeerError
from ledger.formats.note import NoteSigner, parse_vkey
from ledger.log import Log
from ledger.mirror import Mirror
from ledger.pages import FRESH, Pages, told
from ledger.ports import Answer, Clock
from ledger.refused_heads import KeepsEvidence, RefusedHeads
from ledger.witness import TrustedLogs, catching_up_path, monitoring_path

RECEIPT_TYPE: Final = "text/plain; charset=utf-8"
PROBLEM_TYPE: Final = "application/problem+json"
LINES_TYPE: Final = "application/x-ndjson"
MANY_MAX: Final = 512


class LogDoor:
    """The sequencer's door: the published tree, `submit`, and `submit-many`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._pages = Pages(log.store)

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        """The published tree."""
        return await self._pages.get(path, entries_allowed=entries_allowed, gzip=gzip)

    async def post(self, path: str, body: bytes) -> Answer:
        """`submit`: a DSSE envelope; 200 with the receipt (tlog-proof), or a problem.

        `submit-many`: up to MANY_MAX envelopes, one a line (their canonical form has no line
        end); 200 with one JSON object a line, in order: {"receipt": text} or a problem.
        """
        if path == "submit-many":
            return await self._post_many(body)
        if path != "submit":
            return told(404, "no such door")
        try:
            receipt = await self._log.append(body)
        except LedgerError as error:
            return refusal(error)
        return Answer(status=200, body=receipt.encode(), content_type=RECEIPT_TYPE)

    async def _post_many(self, body: bytes) -> Answer:
        envelopes = body.removesuffix(b"\n").split(b"\n")
        if len(envelopes) > MANY_MAX:
            return refusal(AdmissionError("oversize", f"submit-many: at most {MANY_MAX} lines"))
        lines = []
        for answer in await self._log.append_many(envelopes):
            if isinstance(answer, LedgerError):
                lines.append(refusal(answer).body)
            else:
                lines.append(json.dumps({"receipt": answer.encode().decode()}).encode())
        return Answer(status=200, body=b"\n".join(lines) + b"\n", content_type=LINES_TYPE)


class MirrorDoor:
    """A mirror's door: what the sequencer pushes to, and the copy it serves."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._pages = Pages(mirror.store)
        self._prefix = monitoring_path(mirror.origin).removesuffix("checkpoint")

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        """`<origin hash>/…`: the mirrored tree, with the mirror's own checkpoint.

        `<origin hash>/catching-up`: why it cosigns nothing at present, 404 when it does.
        """
        if path == catching_up_path(self._mirror.origin):
            problem = await self._mirror.problem()
            if problem is None:
                return told(404, "it has not forgotten what it cosigned")
            return Answer(status=200, body=f"{problem}\n".encode(), cache=FRESH)
        if not path.startswith(self._prefix):
            return told(404, "this log is not mirrored here")
        return await self._pages.get(
            path.removeprefix(self._prefix), entries_allowed=entries_allowed, gzip=gzip
        )

    async def post(self, path: str, body: bytes) -> Answer:
        """`add-checkpoint` and `add-entries` of tlog-mirror."""
        try:
            if path == "add-checkpoint":
                return await self._mirror.add_checkpoint(body)
            if path == "add-entries":
                return await self._mirror.add_entries(body)
        except LedgerError as error:
            return refusal(error)
        return told(404, "no such door")


class WitnessDoor:
    """A witness's door: `add-checkpoint`, and the last checkpoint it cosigned.

    Of a head that contradicts it both signatures are kept before the refusal is answered.
    """

    def __init__(
        self,
        *,
        state: CosignedState,
        logs: Callable[[], TrustedLogs],
        signer: NoteSigner,
        clock: Clock,
        evidence: KeepsEvidence,
    ) -> None:
        """logs answers the keys each origin's log may sign with now; they change by a move."""
        self._state = state
        self._logs = logs
        self._signer = signer
        self._clock = clock
        self._refused = RefusedHeads(evidence, clock)

    async def get(self, path: str, *, entries_allowed: bool = False, gzip: bool = False) -> Answer:
        """`<origin hash>/checkpoint`."""
        del entries_allowed, gzip
        for origin in self._logs():
            if path == monitoring_path(origin):
                last = await self._state.last(origin)
                if last is not None:
                    return Answer(status=200, body=last.note.encode(), cache=FRESH)
        return told(404, "nothing was cosigned for this log")

    async def post(self, path: str, body: bytes) -> Answer:
        """`add-checkpoint` of tlog-witness."""
        if path != "add-checkpoint":
            return told(404, "no such door")
        try:
            answer = await cosigner.add_checkpoint(
                body,
                logs=self._logs(),
                cosigners=(self._signer,),
                state=self._state,
                time=self._clock.now(),
            )
            if answer.refused_for is not None:
                await self._refused.keep(body, answer.refused_for)
        except LedgerError as error:
            return refusal(error)
        return Answer(status=answer.status, body=answer.body, content_type=answer.content_type)


def trusted(origin: str, *vkeys: str) -> TrustedLogs:
    """One log by its vkeys, as a witness trusts it."""
    return {origin: tuple(parse_vkey(each) for each in vkeys)}


def refusal(error: LedgerError) -> Answer:
    """The problem document (RFC 9457) of a refusal: `code` is for machines."""
    status, code, retry = 400, "refused", None  # type: tuple[int, str, int | None]
    if isinstance(error, AdmissionError):
        code = error.code
        status = {"reused_id": 409, "oversize": 413}.get(code, 403)
        if code in ("malformed", "wrong_log", "stale_seen", "future_seen"):
            status = 400
    elif isinstance(error, BusyError):
        status, code, retry = 503, "busy", error.retry_after_seconds
    elif isinstance(error, PeerError):
        status, code = 502, "peer"
    else:
        status, code, retry = 503, "unknown_outcome", 1
    problem = {
        "type": f"urn:vastedag:problem:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": str(error),
        "code": code,
    }
    return Answer(
        status=status,
        body=json.dumps(problem).encode(),
        content_type=PROBLEM_TYPE,
        retry_after_seconds=retry,
    )
