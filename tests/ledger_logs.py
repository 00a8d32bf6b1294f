"""Small logs for tests, made in memory by the same calls a sequencer uses; keys are fixed seeds."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.errors import StoreError
from ledger.formats import merkle, tiles
from ledger.formats.chain import GENESIS_PREV, Entry, encode_entry, entry_hash
from ledger.formats.checkpoint import Checkpoint, cosign, sign_checkpoint
from ledger.formats.envelope import Header, sign_record
from ledger.formats.note import COSIGNATURE, Note, NoteSigner
from ledger.formats.policy import Policy, parse_policy
from ledger.keys import Ed25519Signer
from ledger.rules import governance
from ledger.rules.registry import Registry

ORIGIN = "ledger.example/proef"
AT = "2026-11-22T04:00:00Z"
TIME = 1_795_000_000
MEMBERS = {"uwv": "uwv", "svb": "svb", "gm0344": "municipality"}
MATRIX = {
    "uwv": ["income", "decision", "correction"],
    "svb": ["income", "decision", "correction"],
    "municipality": ["person", "income", "decision", "charge", "plan", "correction"],
}


def seed(name: str) -> bytes:
    return hashlib.sha256(f"vastedag test key {name}".encode()).digest()


def signer(name: str) -> Ed25519Signer:
    return Ed25519Signer(seed(name))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def record_id(name: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()[:-1]


LOG_SIGNER = NoteSigner(name=ORIGIN, signer=signer("log"))


def mirror_signer(member: str) -> NoteSigner:
    return NoteSigner(
        name=f"{member}.example/mirror", signer=signer(f"{member} mirror"), key_type=COSIGNATURE
    )


def member_body(member: str, role: str) -> dict[str, Any]:
    return {
        "id": member,
        "name": member,
        "role": role,
        "url": "",
        "votes": True,
        "keys": [
            {"use": "record", "key": b64(signer(f"{member} record").public_key)},
            {"use": "governance", "key": b64(signer(f"{member} governance").public_key)},
            {"use": "mirror", "key": mirror_signer(member).verifier.vkey},
        ],
    }


def votes(*members: str) -> dict[str, Ed25519Signer]:
    return {member: signer(f"{member} governance") for member in members}


def genesis_body() -> dict[str, Any]:
    return governance.with_signers(
        {
            "type": "genesis",
            "seq": 0,
            "prev": "",
            "origin": ORIGIN,
            "log_vkey": LOG_SIGNER.verifier.vkey,
            "members": [member_body(member, role) for member, role in MEMBERS.items()],
            "matrix": MATRIX,
            "mirrors": list(MEMBERS),
            "quorum": 2,
            "votes_needed": 2,
            "seen_lag_max": 1_000_000,
        },
        votes("uwv", "svb"),
    )


class DictSource:
    """A TileSource over a dict of path to bytes."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)

    def read(self, path: str) -> bytes:
        data = self.files.get(path)
        if data is None:
            raise StoreError(f"{path}: not there")
        return data


@dataclass
class TestLog:
    """A log that grows entry by entry; `source` shows it as static files."""

    __test__ = False

    entries: list[bytes] = field(default_factory=list)
    registry: Registry | None = None

    @property
    def vkey(self) -> str:
        return LOG_SIGNER.verifier.vkey

    @property
    def policy(self) -> Policy:
        assert self.registry is not None
        return parse_policy(self.registry.policy_text().encode())

    @property
    def log_id(self) -> str:
        return entry_hash(self.entries[0]) if self.entries else ""

    def add_raw(self, envelope_raw: bytes) -> int:
        n = len(self.entries)
        prev = entry_hash(self.entries[-1]) if self.entries else GENESIS_PREV
        self.entries.append(encode_entry(Entry(n=n, prev=prev, envelope_raw=envelope_raw)))
        return n

    def header(self, author: str = "uwv", **changes: Any) -> Header:
        n = len(self.entries)
        fields: dict[str, Any] = {
            "log": self.log_id,
            "id": record_id(f"{author} {n}"),
            "author": author,
            "record_class": "income",
            "at": AT,
            "seen": max(0, n - 1),
            "commitment": b64(hashlib.sha256(f"content {n}".encode()).digest()),
        }
        return Header(**{**fields, **changes})

    def add_record(self, author: str = "uwv", *, key: str = "", **changes: Any) -> int:
        header = self.header(author, **changes)
        return self.add_raw(sign_record(header, signer(key or f"{author} record")))

    def add_genesis(self) -> int:
        return self.govern(genesis_body())

    def add_governance(self, kind: str, voters: Iterable[str], **fields: Any) -> int:
        assert self.registry is not None
        body = governance.with_signers(
            governance.next_body(self.registry, kind, **fields), votes(*voters)
        )
        return self.govern(body)

    def govern(self, body: dict[str, Any], author: str = "uwv", **changes: Any) -> int:
        """Add a governance entry; raises AdmissionError, with the entry added, when it is void."""
        header = self.header(
            author, record_class="governance", commitment=None, body=body, **changes
        )
        n = self.add_raw(sign_record(header, signer(f"{author} governance")))
        digest = entry_hash(self.entries[n])
        if self.registry is None:
            self.registry = governance.genesis(body, digest)
        else:
            self.registry = governance.apply(self.registry, n, digest, body)
        return n

    def leaves(self) -> list[bytes]:
        return [merkle.leaf_hash(entry) for entry in self.entries]

    def checkpoint(
        self,
        size: int | None = None,
        *,
        cosigners: Sequence[str] = ("uwv", "svb", "gm0344"),
        log: NoteSigner = LOG_SIGNER,
    ) -> Note:
        leaves = self.leaves()[: len(self.entries) if size is None else size]
        note = sign_checkpoint(
            Checkpoint(origin=ORIGIN, size=len(leaves), root=merkle.root_of(leaves)), log
        )
        lines = [cosign(note, mirror_signer(member), TIME) for member in cosigners]
        return note.with_signatures(lines)

    def source(self) -> DictSource:
        files = {"checkpoint": self.checkpoint().encode()}
        size = len(self.entries)
        for tile in tiles.bundles_between(0, size):
            first = tile.n * 256
            files[tile.path] = tiles.encode_bundle(self.entries[first : first + tile.width])
        row = self.leaves()
        level = 0
        while row:
            for n in range(0, len(row), 256):
                tile = tiles.Tile(level=level, n=n // 256, width=min(256, len(row) - n))
                files[tile.path] = b"".join(row[n : n + 256])
            row = [merkle.root_of(row[n : n + 256]) for n in range(0, len(row) - 255, 256)]
            level += 1
        return DictSource(files)


def sample_log(size: int) -> TestLog:
    """Genesis and size - 1 records by three authors."""
    log = TestLog()
    log.add_genesis()
    authors = list(MEMBERS)
    for n in range(1, size):
        log.add_record(authors[n % 3])
    return log
