"""What a member's log side answers, without any transport: node only wires routes to it.

`LogDoor` shows a published log (tlog-tiles) and takes records; `MirrorDoor` and `WitnessDoor` are
what a sequencer pushes to. Hash tiles are public; entry bundles are for those whom the caller
lets in (`entries_allowed`).
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Final, Protocol

from ledger import cosigner
from ledger.cosigner import CosignedState
from ledger.errors import AdmissionError, BusyError, LedgerError, PeerError, ProofError
from ledger.formats.merkle import HASH_BYTES
from ledger.formats.note import NoteSigner, parse_vkey
from ledger.formats.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    encode_bundle,
    parse_tile_path,
    tile_width,
)
from ledger.log import Log
from ledger.mirror import Mirror
from ledger.ports import Answer, Clock, Store
from ledger.rules.registry import Registry
from ledger.tail import registry_of
from ledger.witness import TrustedLogs, monitoring_path

TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
PRIVATE_IMMUTABLE: Final = "private, max-age=31536000, immutable"
FRESH: Final = "no-cache"
RECEIPT_TYPE: Final = "text/plain; charset=utf-8"
PROBLEM_TYPE: Final = "application/problem+json"
FULL_TILES_KEPT: Final = 512  # 8 KB each
LINES_TYPE: Final = "application/x-ndjson"
MANY_MAX: Final = 512


class Pages:
    """A log's published tree out of a store: checkpoint, tiles, vkey and policy."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._size = 0
        self._full: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    async def get(self, path: str, *, entries_allowed: bool) -> Answer:
        """The answer to GET of a path below the log's prefix."""
        if path in ("checkpoint", "vkey", "policy"):
            return await getattr(self, f"_{path}")()  # type: ignore[no-any-return]
        try:
            tile = parse_tile_path(path)
        except ProofError as error:
            return _told(404, str(error))
        if tile.level == ENTRIES and not entries_allowed:
            return _told(401, "entry bundles need an auditor's or member's token")
        size = await self._published_size(tile.width + tile.n * TILE_WIDTH, tile.level)
        if tile_width(tile.level, tile.n, size) < tile.width:
            return _told(404, "no published checkpoint calls for this tile")
        if tile.level == ENTRIES:
            first = tile.n * TILE_WIDTH
            entries = await self._store.entries(first, first + tile.width)
            if len(entries) != tile.width:
                return _told(500, "entries are missing in this store; run fsck")
            bundle = encode_bundle(entries)
            return Answer(status=200, body=bundle, content_type=BYTES, cache=PRIVATE_IMMUTABLE)
        cut = (await self._hashes(tile))[: tile.width * HASH_BYTES]
        if len(cut) != tile.width * HASH_BYTES:
            return _told(500, "a tile is missing in this store; run fsck")
        return Answer(status=200, body=cut, content_type=BYTES, cache=IMMUTABLE)

    async def _hashes(self, tile: Tile) -> bytes:
        """The present hashes of a tile; full tiles never change and the last ones are kept."""
        key = (tile.level, tile.n)
        if key in self._full:
            self._full.move_to_end(key)
            return self._full[key]
        (found,) = await self._store.tiles([key])
        hashes = found or b""
        if len(hashes) == TILE_WIDTH * HASH_BYTES:
            self._full[key] = hashes
            if len(self._full) > FULL_TILES_KEPT:
                self._full.popitem(last=False)
        return hashes

    async def _checkpoint(self) -> Answer:
        published = await self._store.published()
        if published is None:
            return _told(404, "nothing is published yet")
        return Answer(status=200, body=published.note, content_type=TEXT, cache=FRESH)

    async def _vkey(self) -> Answer:
        registry = await self._registry()
        if registry is None:
            return _told(404, "nothing is published yet")
        return Answer(status=200, body=f"{registry.log_vkey}\n".encode(), cache=FRESH)

    async def _policy(self) -> Answer:
        registry = await self._registry()
        if registry is None:
            return _told(404, "nothing is published yet")
        return Answer(status=200, body=registry.policy_text().encode(), cache=FRESH)

    async def _registry(self) -> Registry | None:
        return registry_of(await self._store.governance())

    async def _published_size(self, needed: int, level: int) -> int:
        """The published size; asked of the store only when the last known is too small."""
        if level not in (0, ENTRIES) or self._size < needed:
            published = await self._store.published()
            self._size = 0 if published is None else published.size
        return self._size


class Receiver(Protocol):
    """The part of a sequencer that takes records."""

    async def append(self, envelope: bytes) -> object:
        """The receipt."""
        ...


class LogDoor:
    """The sequencer's door: the published tree, `submit`, and `submit-many`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._pages = Pages(log.store)

    async def get(self, path: str, *, entries_allowed: bool) -> Answer:
        """The published tree."""
        return await self._pages.get(path, entries_allowed=entries_allowed)

    async def post(self, path: str, body: bytes) -> Answer:
        """`submit`: a DSSE envelope; 200 with the receipt (tlog-proof), or a problem.

        `submit-many`: up to MANY_MAX envelopes, one a line (their canonical form has no line
        end); 200 with one JSON object a line, in order: {"receipt": text} or a problem.
        """
        if path == "submit-many":
            return await self._post_many(body)
        if path != "submit":
            return _told(404, "no such door")
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

    async def get(self, path: str, *, entries_allowed: bool) -> Answer:
        """`<origin hash>/…`: the mirrored tree, with the mirror's own checkpoint."""
        if not path.startswith(self._prefix):
            return _told(404, "this log is not mirrored here")
        return await self._pages.get(
            path.removeprefix(self._prefix), entries_allowed=entries_allowed
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
        return _told(404, "no such door")


class WitnessDoor:
    """A witness's door: `add-checkpoint`, and the last checkpoint it cosigned."""

    def __init__(
        self,
        *,
        state: CosignedState,
        logs: TrustedLogs,
        signer: NoteSigner,
        clock: Clock,
    ) -> None:
        """logs: the keys each origin's log may sign with."""
        self._state = state
        self._logs = logs
        self._signer = signer
        self._clock = clock

    async def get(self, path: str, *, entries_allowed: bool = False) -> Answer:
        """`<origin hash>/checkpoint`."""
        del entries_allowed
        for origin in self._logs:
            if path == monitoring_path(origin):
                last = await self._state.last(origin)
                if last is not None:
                    return Answer(status=200, body=last.note.encode(), cache=FRESH)
        return _told(404, "nothing was cosigned for this log")

    async def post(self, path: str, body: bytes) -> Answer:
        """`add-checkpoint` of tlog-witness."""
        if path != "add-checkpoint":
            return _told(404, "no such door")
        try:
            answer = await cosigner.add_checkpoint(
                body,
                logs=self._logs,
                cosigners=(self._signer,),
                state=self._state,
                time=self._clock.now(),
            )
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


def _told(status: int, reason: str) -> Answer:
    return Answer(status=status, body=f"{reason}\n".encode())
