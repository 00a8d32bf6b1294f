"""A network of ledger members for tests: keys, genesis, stores, doors, peers without a wire."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.cosigner import CosignedState
from ledger.errors import PeerError
from ledger.formats.envelope import Header, sign_record
from ledger.formats.note import COSIGNATURE, NoteSigner
from ledger.keys import Ed25519Signer
from ledger.log import Log
from ledger.mirror import Mirror
from ledger.ports import Answer, Clock, Peer, Store
from ledger.refused_heads import KeepsEvidence
from ledger.rules import governance
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_threads import InlineChecks
from ledger.sequencing.intake import Limits
from ledger.sequencing.screening import Screener
from ledger.serve import MirrorDoor, WitnessDoor, trusted
from ledger.stores.store_memory import MemoryCosigned, MemoryStore

ORIGIN = "belastingdienst.example/log"
AT = "2026-11-22T04:00:00Z"
MATRIX = {
    "municipality": ["charge", "correction", "decision", "income", "person", "plan"],
    "uwv": ["correction", "decision", "income"],
    "svb": ["correction", "decision", "income"],
    "belastingdienst": ["correction", "decision", "income"],
    "toeslagen": ["correction", "decision"],
    "creditor": ["charge", "correction"],
}
ROLES = {
    "belastingdienst": "belastingdienst",
    "uwv": "uwv",
    "svb": "svb",
    "toeslagen": "toeslagen",
    "gm0344": "municipality",
    "woonstad": "creditor",
    "lichtstroom": "creditor",
}
MIRRORS = ("uwv", "svb", "toeslagen", "gm0344")
WITNESSES = ("woonstad", "lichtstroom")


def signer(member: str, use: str) -> Ed25519Signer:
    """The same key for the same name, in every run."""
    return Ed25519Signer(hashlib.sha256(f"{member}/{use}".encode()).digest())


def b64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def note_signer(member: str, use: str, *, version: int = 1) -> NoteSigner:
    """A mirror's or witness's cosignature key."""
    key = signer(member, use if version == 1 else f"{use}{version}")
    return NoteSigner(name=f"{member}.example/{use}", signer=key, key_type=COSIGNATURE)


def log_signer(version: int = 1) -> NoteSigner:
    """The log's key."""
    return NoteSigner(name=ORIGIN, signer=signer("belastingdienst", f"log{version}"))


def member_body(member: str, role: str, *, votes: bool) -> dict[str, Any]:
    """A member as genesis and admit carry it."""
    keys = [
        {"use": "record", "key": b64(signer(member, "record").public_key)},
        {"use": "governance", "key": b64(signer(member, "governance").public_key)},
    ]
    if member in WITNESSES:
        keys.append({"use": "witness", "key": note_signer(member, "witness").verifier.vkey})
    else:
        keys.append({"use": "mirror", "key": note_signer(member, "mirror").verifier.vkey})
    return {
        "id": member,
        "name": member.title(),
        "role": role,
        "url": f"https://{member}.example",
        "votes": votes,
        "keys": keys,
    }


def genesis_body(
    *,
    mirrors: Sequence[str] = MIRRORS,
    quorum: int = 3,
    seen_lag_max: int = 100_000,
    signers: Sequence[str] = MIRRORS,
    roles: Mapping[str, str] = ROLES,
) -> dict[str, Any]:
    """The body of entry 0, signed by these members' governance keys."""
    body: dict[str, Any] = {
        "type": "genesis",
        "seq": 0,
        "prev": "",
        "origin": ORIGIN,
        "log_vkey": log_signer().verifier.vkey,
        "members": [
            member_body(member, role, votes=role != "creditor") for member, role in roles.items()
        ],
        "matrix": MATRIX,
        "mirrors": list(mirrors),
        "quorum": quorum,
        "votes_needed": 3,
        "seen_lag_max": seen_lag_max,
        "signers": [],
    }
    return governance.with_signers(body, {m: signer(m, "governance") for m in signers})


def governance_record(
    body: Mapping[str, Any], *, log: str, author: str = "belastingdienst", seen: int = 0
) -> bytes:
    """A governance envelope signed by its author's governance key."""
    header = Header(
        log=log,
        id=record_id(f"governance {body['type']} {body['seq']} {b64(repr(body).encode())}"),
        author=author,
        record_class="governance",
        at=AT,
        seen=seen,
        body=body,
    )
    return sign_record(header, signer(author, "governance"))


def record_id(seed: str) -> str:
    """32 bytes in base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode().rstrip("=")


def record(
    log: str,
    seed: str,
    *,
    author: str = "uwv",
    record_class: str = "income",
    seen: int = 0,
    content: str = "",
    key: Ed25519Signer | None = None,
) -> bytes:
    """A record's envelope; the same seed gives the same id, `content` another commitment."""
    header = Header(
        log=log,
        id=record_id(seed),
        author=author,
        record_class=record_class,
        at=AT,
        seen=seen,
        commitment=b64(hashlib.sha256(f"{seed}{content}".encode()).digest()),
    )
    return sign_record(header, key or signer(author, "record"))


class DoorPeer:
    """A Peer that is a door in this process; `down` makes it unreachable."""

    def __init__(self, door: MirrorDoor | WitnessDoor) -> None:
        self.door = door
        self.down = False
        self.asked: list[str] = []

    async def post(self, path: str, body: bytes, content_type: str) -> Answer:
        self.asked.append(path)
        if self.down:
            raise PeerError("down")
        return await self.door.post(path, body)

    async def get(self, path: str) -> Answer:
        self.asked.append(path)
        if self.down:
            raise PeerError("down")
        return await self.door.get(path, entries_allowed=True)


class FixedClock:
    """Stands still; sleeping only lets others run."""

    def __init__(self, now: int = 1_795_320_000) -> None:
        self.time = now

    def now(self) -> int:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.002))


async def settled(condition: Callable[[], bool]) -> None:
    """Let tasks run until it holds; fail when it does not for a long while."""
    for _ in range(5_000):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("never settled")


@dataclass
class Network:
    """One sequencer with its mirrors and witnesses, all in this process."""

    log_id: str
    log: Log
    store: Store
    mirrors: dict[str, Mirror]
    peers: dict[str, DoorPeer]
    witness_peers: dict[str, DoorPeer]
    clock: Clock
    extra: dict[str, Any] = field(default_factory=dict)

    async def mirror(self, member: str, store: Store | None = None) -> Mirror:
        """A mirror of this log on a store of its own."""
        return await make_mirror(member, self.log_id, self.clock, store or MemoryStore())


async def make_mirror(member: str, log_id: str, clock: Clock, store: Store) -> Mirror:
    mirror = Mirror(
        store=store,
        origin=ORIGIN,
        log_vkey=log_signer().verifier.vkey,
        signer=note_signer(member, "mirror"),
        clock=clock,
        checks=InlineChecks(),
        log_id=log_id,
    )
    await mirror.start()
    return mirror


def make_witness(
    member: str,
    clock: Clock,
    state: CosignedState | None = None,
    evidence: KeepsEvidence | None = None,
) -> WitnessDoor:
    return WitnessDoor(
        state=state or MemoryCosigned(),
        logs=lambda: trusted(ORIGIN, log_signer().verifier.vkey),
        signer=note_signer(member, "witness"),
        clock=clock,
        evidence=evidence or MemoryStore(),
    )


def make_log(
    store: Store,
    peers: Mapping[str, Peer],
    clock: Clock,
    *,
    witnesses: Mapping[str, Peer] | None = None,
    limits: Limits | None = None,
    holder: str = "test",
    key: NoteSigner | None = None,
    also: Sequence[NoteSigner] = (),
    checks: Screener | None = None,
) -> Log:
    return Log(
        store=store,
        signer=key or log_signer(),
        clock=clock,
        checks=checks or InlineChecks(),
        mirrors=peers,
        witnesses=witnesses or {},
        limits=limits or Limits(batch_seconds=0.0, push_retry_seconds=0.002),
        holder=holder,
        also=also,
    )


async def make_network(
    *,
    store: Store | None = None,
    mirror_stores: Mapping[str, Store] | None = None,
    start: bool = True,
    limits: Limits | None = None,
    **genesis: Any,
) -> Network:
    """A whole network with a genesis; `start` runs the sequencer."""
    clock = FixedClock()
    store = store or MemoryStore()
    body = genesis_body(**genesis)
    log_id = await create_log(store, governance_record(body, log=""), log_signer())
    mirrors = {
        m: await make_mirror(m, log_id, clock, (mirror_stores or {}).get(m) or MemoryStore())
        for m in MIRRORS
    }
    peers = {m: DoorPeer(MirrorDoor(mirror)) for m, mirror in mirrors.items()}
    witness_peers = {w: DoorPeer(make_witness(w, clock)) for w in WITNESSES}
    log = make_log(store, peers, clock, witnesses=witness_peers, limits=limits)
    if start:
        await log.start()
    return Network(
        log_id=log_id,
        log=log,
        store=store,
        mirrors=mirrors,
        peers=peers,
        witness_peers=witness_peers,
        clock=clock,
    )
