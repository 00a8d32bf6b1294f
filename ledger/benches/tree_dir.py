"""A benchmark's log as a directory of tiles, made without store or sequencer.

Records are signed on all cores; chain, tree and checkpoint are made here in one pass, by the same
functions as the sequencer's, and each bundle and tile is written once. Nothing is forced to the
disk: the log is thrown away.
"""

from __future__ import annotations

import binascii
import hashlib
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Final

from ledger.benches.bench_records import ORIGIN, author, genesis, log_id, log_signer, records
from ledger.formats.chain import GENESIS_PREV, entry_bytes, entry_hash
from ledger.formats.checkpoint import Checkpoint, sign_checkpoint
from ledger.formats.envelope import parse_envelope, signed_bytes
from ledger.formats.merkle import leaf_hash
from ledger.formats.tiles import ENTRIES, TILE_WIDTH, Tile, encode_bundle
from ledger.growth import TILE_BYTES, Growth
from ledger.ports import HashTile

SIGNED_AT_ONCE: Final = 16 * TILE_WIDTH
SIGNED_AHEAD: Final = 16


def write_tree(directory: Path, entries: int) -> int:
    """A genesis and this many records below directory; the number of bytes written."""
    growth = Growth()
    prev, written = GENESIS_PREV, 0
    envelopes = _signed(entries)
    size = 0
    while taken := _bundle(envelopes):
        raws = []
        for raw in taken:
            raws.append(entry_bytes(size, prev, raw))
            prev = entry_hash(raws[-1])
            size += 1
        bundle = Tile(level=ENTRIES, n=(size - 1) // TILE_WIDTH, width=len(raws))
        written += _write(directory / bundle.path, encode_bundle(raws))
        for tile in growth.extend([leaf_hash(raw) for raw in raws]):
            if len(tile.hashes) == TILE_BYTES:
                written += _write_tile(directory, tile)
    for level, hashes in growth.edge().items():
        number = (size >> (8 * level)) // TILE_WIDTH
        written += _write_tile(directory, HashTile(level=level, n=number, hashes=hashes))
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root=growth.root())
    return written + _write(
        directory / "checkpoint", sign_checkpoint(checkpoint, log_signer()).encode()
    )


def _signed(entries: int) -> Iterator[bytes]:
    """The genesis and the records, signed some way ahead on all cores."""
    yield genesis(0)
    log, workers = log_id(), os.cpu_count() or 1
    starts = iter(range(0, entries, SIGNED_AT_ONCE))
    waiting: deque[Future[list[bytes]]] = deque()
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        while True:
            while len(waiting) < SIGNED_AHEAD:
                start = next(starts, None)
                if start is None:
                    break
                count = min(SIGNED_AT_ONCE, entries - start)
                waiting.append(pool.submit(signed_records, log, start, count))
            if not waiting:
                return
            yield from waiting.popleft().result()


def signed_records(log: str, start: int, count: int) -> list[bytes]:
    """What `records` answers, by joining: base64 in the place of base64 is canonical JSON still."""
    signer = author()
    (first,) = records(log, start, 1)
    envelope = parse_envelope(first)
    own_commitment, own_id = _names(start)
    before, own, rest = envelope.payload.partition(own_commitment)
    between, own_too, after = rest.partition(own_id)
    assert (own, own_too) == (own_commitment, own_id)
    payload_text = _base64(envelope.payload)
    opening, _, rest = first.partition(payload_text)
    middle, _, closing = rest.partition(_base64(envelope.signature))
    raws = []
    for n in range(start, start + count):
        commitment, record_id = _names(n)
        payload = b"".join((before, commitment, between, record_id, after))
        signature = signer.sign(signed_bytes(payload))
        raws.append(b"".join((opening, _base64(payload), middle, _base64(signature), closing)))
    return raws


def _names(n: int) -> tuple[bytes, bytes]:
    """The commitment and the id of record n, with the names of their fields."""
    commitment = _base64(hashlib.sha256(n.to_bytes(8, "big")).digest())
    record_id = commitment.replace(b"+", b"-").replace(b"/", b"_").rstrip(b"=")
    return b'"commitment":"%b"' % commitment, b'"id":"%b"' % record_id


def _base64(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False)


def _bundle(envelopes: Iterator[bytes]) -> list[bytes]:
    return [raw for _, raw in zip(range(TILE_WIDTH), envelopes, strict=False)]


def _write_tile(directory: Path, tile: HashTile) -> int:
    width = len(tile.hashes) * TILE_WIDTH // TILE_BYTES
    path = Tile(level=tile.level, n=tile.n, width=width).path
    return _write(directory / path, tile.hashes)


def _write(path: Path, content: bytes) -> int:
    try:
        path.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return len(content)
