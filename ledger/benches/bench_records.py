"""The members, keys and signed records of a benchmark's log: made up and thrown away."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from ledger.formats import canonical
from ledger.formats.chain import GENESIS_PREV, Entry, encode_entry, entry_hash
from ledger.formats.envelope import Header, sign_record
from ledger.formats.note import COSIGNATURE, NoteSigner
from ledger.keys import Ed25519Signer
from ledger.rules import governance

ORIGIN: Final = "bench.example/log"
AUTHOR: Final = "author"
AT: Final = "2026-11-22T04:00:00Z"
MIRROR_NAMES: Final = ("mirror1", "mirror2", "mirror3")


def write_records(path: Path, log_id: str, count: int) -> None:
    """Signed on all cores, one a line; this is not part of what is measured."""
    share = 5_000
    starts = list(range(0, count, share))
    counts = [min(share, count - start) for start in starts]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=spawn) as pool, path.open("wb") as file:
        for part in pool.map(records, [log_id] * len(starts), starts, counts):
            file.write(b"".join(raw + b"\n" for raw in part))
        file.flush()
        os.fsync(file.fileno())  # or it would go to the disk while the log is being measured


def records(log_id: str, start: int, count: int) -> list[bytes]:
    """Signed records number start to start+count-1."""
    signer = author()
    raws = []
    for n in range(start, start + count):
        digest = hashlib.sha256(n.to_bytes(8, "big")).digest()
        encoded = canonical.encode_base64(digest)
        header = Header(
            log=log_id,
            id=encoded.replace("+", "-").replace("/", "_").rstrip("="),
            author=AUTHOR,
            record_class="income",
            at=AT,
            seen=0,
            commitment=encoded,
        )
        raws.append(sign_record(header, signer))
    return raws


def genesis(mirrors: int) -> bytes:
    """The genesis of a log with this many mirrors, of which more than half are the quorum."""
    names = MIRROR_NAMES[:mirrors]
    members = [_member(AUTHOR, [("record", author())])]
    members += [
        {
            **_member(name, []),
            "keys": [
                {"use": "mirror", "key": mirror_signer(name).verifier.vkey},
                {"use": "governance", "key": _text(_signer(f"{name} governance"))},
            ],
        }
        for name in names
    ]
    body: dict[str, Any] = {
        "type": "genesis",
        "seq": 0,
        "prev": "",
        "origin": ORIGIN,
        "log_vkey": log_signer().verifier.vkey,
        "members": members,
        "matrix": {"bench": ["income"]},
        "mirrors": list(names),
        "quorum": len(names) // 2 + 1 if names else 0,
        "votes_needed": 1,
        "seen_lag_max": 1_000_000_000,
        "signers": [],
    }
    signed = governance.with_signers(body, {AUTHOR: _signer("governance")})
    header = Header(
        log="",
        id=canonical.encode_base64(bytes(32)).rstrip("=").replace("/", "_"),
        author=AUTHOR,
        record_class="governance",
        at=AT,
        seen=0,
        body=signed,
    )
    return sign_record(header, _signer("governance"))


def _member(name: str, extra: Sequence[tuple[str, Ed25519Signer]]) -> dict[str, Any]:
    keys: list[Mapping[str, str]] = [{"use": use, "key": _text(key)} for use, key in extra]
    if name == AUTHOR:
        keys.append({"use": "governance", "key": _text(_signer("governance"))})
    return {"id": name, "name": name, "role": "bench", "url": "", "votes": True, "keys": keys}


def log_id(mirrors: int = 0) -> str:
    """The id of that log."""
    raw = encode_entry(Entry(n=0, prev=GENESIS_PREV, envelope_raw=genesis(mirrors)))
    return entry_hash(raw)


def _signer(name: str) -> Ed25519Signer:
    """Keys of a log that is thrown away: they protect nothing."""
    return Ed25519Signer(hashlib.sha256(f"bench {name}".encode()).digest())


def author() -> Ed25519Signer:
    """The key that signs all records."""
    return _signer("record")


def log_signer() -> NoteSigner:
    """The log's key."""
    return NoteSigner(name=ORIGIN, signer=_signer("log"))


def mirror_signer(name: str) -> NoteSigner:
    """A mirror's cosignature key."""
    return NoteSigner(name=f"{name}.example", signer=_signer(name), key_type=COSIGNATURE)


def _text(signer: Ed25519Signer) -> str:
    return canonical.encode_base64(signer.public_key)
