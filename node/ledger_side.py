"""This node's part of the log: sequencer, mirror or witness, and how it reads what is recorded.

Put together of the ledger's own pieces by the settings; nothing here decides anything.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from ledger.catch_up import others_of
from ledger.clock_system import SystemClock
from ledger.errors import LedgerError
from ledger.follow import CopyReader, Follower
from ledger.formats.chain import GENESIS_PREV, Entry, encode_entry, entry_hash
from ledger.formats.envelope import parse_envelope
from ledger.formats.note import COSIGNATURE, NoteSigner, Verifier
from ledger.formats.policy import parse_policy
from ledger.log import Log
from ledger.mirror import Mirror
from ledger.pages import Pages
from ledger.peers_http import HttpPeer
from ledger.ports import Signer
from ledger.rules import admission
from ledger.rules.registry import Registry
from ledger.sequencing.checks_processes import ProcessChecks
from ledger.sequencing.checks_threads import ThreadChecks
from ledger.serve import LogDoor, MirrorDoor, WitnessDoor
from ledger.stores.database_sql import Database
from ledger.stores.store_sql import SqlCosigned, SqlState, SqlStore
from ledger.watch import watch
from node.errors import StartError
from node.members.routes_machine import Door
from node.setup.home import Home, Keys

CHECK_THREADS: Final = 2
MARK_SECONDS: Final = 0.5
LOG_PREFIX: Final = "log"


@dataclass(slots=True, kw_only=True)
class LedgerSide:
    """The pieces of one node, not running until `start`."""

    database: Database
    checks: ThreadChecks | ProcessChecks
    following: Follower | CopyReader
    doors: Mapping[str, Door]
    pages: Pages | None  # the published tree this node can show; a witness has none
    log: Log | None = None
    mirror: Mirror | None = None
    others: Mapping[str, HttpPeer] = field(default_factory=dict)  # whom a mirror compares with
    restored: Path | None = None  # the operator's mark on a home restored from a backup
    _watching: asyncio.Task[None] | None = field(default=None, init=False)
    _running: bool = field(default=False, init=False)

    async def start(self) -> None:
        """Take up what is stored, and run: a sequencer orders from here on."""
        if self.mirror is not None:
            await self.mirror.start()
            self._watching = asyncio.create_task(self._watch(self.mirror))
        if self.log is not None:
            await self.log.start()
        await self.refresh()
        self._running = True

    async def _watch(self, mirror: Mirror) -> None:
        """Compare with the others; the mark of a restore goes when they were caught up with."""
        watching = asyncio.create_task(watch(mirror, self.others, SystemClock()))
        try:
            while self.restored is not None and self.restored.exists():
                await asyncio.sleep(MARK_SECONDS)
                if await mirror.problem() is None:
                    self.restored.unlink()
            await watching
        finally:
            watching.cancel()

    async def refresh(self) -> None:
        """Take up the saved place of reading, also when another process moved it."""
        await self.following.start()

    async def stop(self) -> None:
        """End, and close the database."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        if self.log is not None and self._running:
            await self.log.stop()
        await self.database.close()
        self.checks.close()

    def quorum_checkpoint(self) -> bytes | None:
        """The last checkpoint accepted under the quorum, when this node follows another's log."""
        if isinstance(self.following, CopyReader) or self.following.checkpoint is None:
            return None
        return self.following.checkpoint.encode()

    def problem(self) -> str | None:
        """Why a sequencer is not signing; None when all is well or there is none here."""
        return None if self.log is None else self.log.status().problem


def cosigner_name(origin: str, member: str, part: str) -> str:
    """The name under which a member's mirror or witness key cosigns."""
    return f"{origin}/{part}/{member}"


def cosigner(home: Home, signer: Signer) -> NoteSigner:
    """This node's cosigning key with its name."""
    settings = home.settings
    name = cosigner_name(settings.origin, settings.member, settings.part)
    return NoteSigner(name=name, signer=signer, key_type=COSIGNATURE)


def lease_holder(home: Home) -> str:
    """Who holds the sequencer's lease: one name for a home on a machine, another for each other.

    The worker locks its home, so no two processes have one name; a process that was killed has the
    name of the one started in its place, which need not wait for the lease to run out.
    """
    return f"{home.settings.member} {platform.node()}:{home.directory.resolve()}"


def genesis_registry(genesis: bytes) -> Registry:
    """The members that the trusted genesis names; raises StartError when it founds nothing."""
    try:
        envelope = parse_envelope(genesis)
        raw = encode_entry(Entry(n=0, prev=GENESIS_PREV, envelope_raw=envelope.raw))
        return admission.found(envelope, entry_hash(raw))
    except LedgerError as error:
        raise StartError(f"genesis.json: {error}; take it from another member again") from None


def open_ledger_side(
    home: Home, keys: Keys, genesis: Registry, client: httpx.AsyncClient
) -> LedgerSide:
    """The pieces for this home; raises StartError, StoreError when the database is not ready."""
    settings = home.settings
    if settings.origin != genesis.origin:
        raise StartError(f"settings.toml: origin is {settings.origin}, genesis {genesis.origin}")
    database = Database(home.ledger_url)
    if settings.part == "sequencer":
        return _sequencer(home, keys, genesis, client, database)
    checks = ThreadChecks(CHECK_THREADS)
    assert keys.cosign is not None  # Home.keys reads it for every other part
    following = Follower(
        peer=HttpPeer(str(settings.log_url), client=client),
        states=SqlState(database),
        log_vkey=genesis.log_vkey,
        policy=parse_policy(genesis.policy_text().encode()),
        checks=checks,
        log_id=genesis.log,
    )
    if settings.part == "witness":
        witness = WitnessDoor(
            state=SqlCosigned(database),
            logs=lambda: {genesis.origin: _log_keys(following, genesis)},
            signer=cosigner(home, keys.cosign),
            clock=SystemClock(),
            evidence=SqlStore(database),
        )
        return LedgerSide(
            database=database,
            checks=checks,
            following=following,
            doors={"witness": witness},
            pages=None,
        )
    mirror = Mirror(
        store=SqlStore(database),
        origin=genesis.origin,
        log_vkey=genesis.log_vkey,
        signer=cosigner(home, keys.cosign),
        clock=SystemClock(),
        checks=checks,
        log_id=genesis.log,
        others=others_of(genesis),
        restored=home.restored_mark.exists(),
    )
    return LedgerSide(
        database=database,
        checks=checks,
        following=following,
        restored=home.restored_mark,
        doors={"mirror": MirrorDoor(mirror)},
        pages=Pages(mirror.store),
        mirror=mirror,
        others=_others(home, genesis, client),
    )


def _log_keys(following: Follower, genesis: Registry) -> tuple[Verifier, ...]:
    """What the log may sign with as far as this member has followed it; a move changes it."""
    registry = genesis if following.size == 0 else following.registry
    return registry.trusted_log_keys(genesis.log_vkey)


def _others(home: Home, genesis: Registry, client: httpx.AsyncClient) -> dict[str, HttpPeer]:
    """The other mirrors, whom a mirror hears and compares with."""
    return {
        member: HttpPeer(f"{str(url).rstrip('/')}/mirror", client=client)
        for member, url in home.settings.peers.items()
        if member != home.settings.member
        and member in genesis.members
        and genesis.members[member].active_keys("mirror")
    }


def _sequencer(
    home: Home,
    keys: Keys,
    genesis: Registry,
    client: httpx.AsyncClient,
    database: Database,
) -> LedgerSide:
    checks = ProcessChecks(threads=CHECK_THREADS)
    assert keys.log is not None  # Home.keys reads it for a sequencer
    settings, also = home.settings, keys.log_next
    peers = {
        part: {
            member: HttpPeer(f"{str(url).rstrip('/')}/{part}", client=client)
            for member, url in settings.peers.items()
            if member in genesis.members and genesis.members[member].active_keys(part)
        }
        for part in ("mirror", "witness")
    }
    log = Log(
        store=SqlStore(database),
        signer=NoteSigner(name=genesis.origin, signer=keys.log),
        clock=SystemClock(),
        checks=checks,
        mirrors=peers["mirror"],
        witnesses=peers["witness"],
        holder=lease_holder(home),
        also=() if also is None else (NoteSigner(name=genesis.origin, signer=also),),
    )
    return LedgerSide(
        database=database,
        checks=checks,
        following=CopyReader(log.store),
        doors={LOG_PREFIX: LogDoor(log)},
        pages=Pages(log.store),
        log=log,
    )
