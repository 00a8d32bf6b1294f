"""A log's published tree out of a store: checkpoint, tiles, bundles, proofs, vkey and policy.

What is published never changes, so its answers are kept, up to a bound in bytes; a proof is made
of tile hashes kept in memory. Hash tiles are public; entry bundles are for those whom the caller
lets in. Taking records and pushes is serve.py's work.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from typing import Final

from ledger.errors import ProofError, StoreError
from ledger.formats.merkle import inclusion_proof
from ledger.formats.note import Note, parse_note
from ledger.formats.proof import Receipt
from ledger.formats.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    encode_bundle,
    parse_tile_path,
    tile_width,
)
from ledger.ports import Answer, Head, Store
from ledger.proofs import KeptNodes
from ledger.rules.registry import Registry
from ledger.tail import registry_of

TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
PRIVATE_IMMUTABLE: Final = "private, max-age=31536000, immutable"
FRESH: Final = "no-cache"
KEPT_BYTES_MAX: Final = 64 * 1024 * 1024
ZIPPED_BYTES_MIN: Final = 4_096  # a smaller bundle is not worth the work
ZIP_LEVEL: Final = 1
HEAD_SECONDS: Final = 1.0  # proofs are made under a published head that is at most this old
PROOF: Final = "proof/"
PARTIAL: Final = ".p/"
INDEX_DIGITS_MAX: Final = 15


class Pages:
    """The published tree of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._size = 0
        self._kept = KeptAnswers(KEPT_BYTES_MAX)
        self._nodes = KeptNodes(store)
        self._head: tuple[Head, Note] | None = None
        self._head_until = 0.0

    def kept(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer | None:
        """The answer for this path and these rights when nothing need be waited for, else None."""
        if path.startswith(PROOF):
            return self._proof_at_once(path)
        if path.startswith("tile/entries/") and not entries_allowed:
            return None
        found = self._kept.get((path, gzip))
        if found is None and PARTIAL in path:
            return self._partial_at_once(path)
        return found

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        """The answer to GET of a path below the log's prefix; gzip: the reader takes it."""
        found = self.kept(path, entries_allowed=entries_allowed, gzip=gzip)
        if found is not None:
            return found
        if path in ("checkpoint", "vkey", "policy"):
            return await getattr(self, f"_{path}")()  # type: ignore[no-any-return]
        if path.startswith(PROOF):
            return await self.proof(path)
        try:
            tile = parse_tile_path(path)
        except ProofError as error:
            return told(404, str(error))
        if tile.level == ENTRIES and not entries_allowed:
            return told(401, "entry bundles need an auditor's or member's token")
        if tile_width(tile.level, tile.n, await self._published_size(tile)) < tile.width:
            return told(404, "no published checkpoint calls for this tile")
        if tile.level == ENTRIES:
            answer = await self._bundle(tile, gzip)
        else:
            answer = await self._tile(tile)
        if answer.status == 200 and (tile.level == ENTRIES or tile.width == TILE_WIDTH):
            self._kept.put((path, gzip), answer)
        return answer

    async def proof(self, path: str, head: Head | None = None) -> Answer:
        """`proof/<n>`: the receipt (tlog-proof) of entry n under a published head.

        That is the newest one, at most HEAD_SECONDS old, or the one given.
        """
        index = _index_of(path)
        if index is None:
            return told(404, "proof/<n>: n is an entry's number, in its one spelling")
        if head is not None:
            covering: tuple[Head, Note] | None = (head, parse_note(head.note))
        else:
            covering = await self._head_over(index)
        if covering is None or index >= covering[0].size:
            return told(404, "no published checkpoint covers this entry")
        size, note = covering[0].size, covering[1]
        try:
            hashes = await self._nodes.prove(lambda read: inclusion_proof(read, index, size))
        except StoreError as error:
            return told(500, str(error))
        return _receipt(index, hashes, note)

    def _partial_at_once(self, path: str) -> Answer | None:
        """A part of a tile of hashes that is in memory and published at this width."""
        try:
            tile = parse_tile_path(path)
        except ProofError:
            return None
        if tile.level == ENTRIES or tile_width(tile.level, tile.n, self._size) < tile.width:
            return None
        hashes = self._nodes.tile_at_once(tile.level, tile.n, tile.width)
        return None if hashes is None else _hashes(hashes)

    def _proof_at_once(self, path: str) -> Answer | None:
        index = _index_of(path)
        if index is None or self._head is None or index >= self._head[0].size:
            return None
        if asyncio.get_running_loop().time() >= self._head_until:
            return None
        size, note = self._head[0].size, self._head[1]
        hashes = self._nodes.at_once(lambda read: inclusion_proof(read, index, size))
        return None if hashes is None else _receipt(index, hashes, note)

    async def _head_over(self, index: int) -> tuple[Head, Note] | None:
        now = asyncio.get_running_loop().time()
        if self._head is None or index >= self._head[0].size or now >= self._head_until:
            published = await self._store.published()
            if published is None:
                return None
            if self._head is None or self._head[0] != published:
                self._head = (published, parse_note(published.note))
            self._head_until = now + HEAD_SECONDS
        return self._head

    async def _bundle(self, tile: Tile, zipped: bool) -> Answer:
        first = tile.n * TILE_WIDTH
        entries = await self._store.entries(first, first + tile.width)
        if len(entries) != tile.width:
            return told(500, "entries are missing in this store; run fsck")
        body, encoding = encode_bundle(entries), None
        if zipped and len(body) >= ZIPPED_BYTES_MIN:
            body = await asyncio.to_thread(gzip.compress, body, ZIP_LEVEL, mtime=0)
            encoding = "gzip"
        return Answer(
            status=200, body=body, content_type=BYTES, cache=PRIVATE_IMMUTABLE, encoding=encoding
        )

    async def _tile(self, tile: Tile) -> Answer:
        """The hashes of a tile; a partial one is the beginning of what is there by now."""
        try:
            hashes = await self._nodes.tile(tile.level, tile.n, tile.width)
        except StoreError as error:
            return told(500, str(error))
        self._nodes.make_room()
        return _hashes(hashes)

    async def _checkpoint(self) -> Answer:
        published = await self._store.published()
        if published is None:
            return told(404, "nothing is published yet")
        return Answer(status=200, body=published.note, content_type=TEXT, cache=FRESH)

    async def _vkey(self) -> Answer:
        registry = await self._registry()
        if registry is None:
            return told(404, "nothing is published yet")
        return Answer(status=200, body=f"{registry.log_vkey}\n".encode(), cache=FRESH)

    async def _policy(self) -> Answer:
        registry = await self._registry()
        if registry is None:
            return told(404, "nothing is published yet")
        return Answer(status=200, body=registry.policy_text().encode(), cache=FRESH)

    async def _registry(self) -> Registry | None:
        return registry_of(await self._store.governance())

    async def _published_size(self, tile: Tile) -> int:
        """The published size; asked of the store only when the last known is too small."""
        needed = (tile.n * TILE_WIDTH + tile.width) << (TILE_HEIGHT * max(0, tile.level))
        if self._size < needed:
            published = await self._store.published()
            self._size = 0 if published is None else published.size
        return self._size


class KeptAnswers:
    """Answers that never change, the least used given up past a number of bytes."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._answers: OrderedDict[tuple[str, bool], Answer] = OrderedDict()

    def get(self, key: tuple[str, bool]) -> Answer | None:
        """The answer, now the most recently used."""
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def put(self, key: tuple[str, bool], answer: Answer) -> None:
        """Keep it."""
        before = self._answers.pop(key, None)
        self._bytes -= 0 if before is None else len(before.body)
        self._answers[key] = answer
        self._bytes += len(answer.body)
        while self._bytes > self._bytes_max:
            _, gone = self._answers.popitem(last=False)
            self._bytes -= len(gone.body)


def _index_of(path: str) -> int | None:
    """The n of `proof/<n>`, None when it is not written as it should be."""
    digits = path.removeprefix(PROOF)
    if not digits.isascii() or not digits.isdecimal() or len(digits) > INDEX_DIGITS_MAX:
        return None
    index = int(digits)
    return index if digits == str(index) else None


def _hashes(hashes: bytes) -> Answer:
    return Answer(status=200, body=hashes, content_type=BYTES, cache=IMMUTABLE)


def _receipt(index: int, hashes: list[bytes], note: Note) -> Answer:
    receipt = Receipt(index=index, path=tuple(hashes), checkpoint=note)
    return Answer(status=200, body=receipt.encode(), content_type=TEXT, cache=FRESH)


def told(status: int, reason: str) -> Answer:
    """A refusal in a few words; the transport makes a problem document of it."""
    return Answer(status=status, body=f"{reason}\n".encode())
