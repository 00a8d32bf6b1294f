"""Verifies a whole log from nothing but its tiles and the auditor's key: one pass, flat memory.

In order: the checkpoint's log signature (and the policy's quorum); for every entry its leaf hash,
form, place, link, admission and author's signature by the keys on the ledger itself; every hash
tile; the signed root; that an older checkpoint is a beginning of it; ids recorded twice. The first
thing that does not hold is raised as VerifyError with its place. Void entries are no failure of
the log's form: they are reported. Fetching is the work of source_http.py and source_dir.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from ledger.errors import (
    CheckpointError,
    LedgerError,
    NoteError,
    PolicyError,
    StoreError,
    VerifyError,
)
from ledger.formats import canonical
from ledger.formats.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    open_checkpoint,
    parse_checkpoint,
)
from ledger.formats.note import Verifier, parse_note, parse_vkey
from ledger.formats.policy import Policy, parse_policy
from ledger.rules.registry import Registry
from ledger.verifying.identities_dir import Identities
from ledger.verifying.verify_chunk import Void
from ledger.verifying.verify_pass import LogPass, Progress
from ledger.verifying.verify_reader import LogReader, TileSource
from ledger.verifying.verify_workers import Workers, workers_for

__all__ = ["Progress", "Report", "TileSource", "verify_log"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was verified. voids lists at most 1,000 of void_count entries without effect.

    entries, members and governance are 0 when only hash tiles were looked at; cosigners are names
    of the policy that was given, else of the ledger's own; quorum tells whether they suffice for
    it (None: no policy is known).
    """

    origin: str
    size: int
    root: bytes
    entries: int
    tiles: int
    members: int
    governance: int
    void_count: int
    voids: tuple[Void, ...]
    cosigners: tuple[str, ...]
    damaged_cosignatures: tuple[str, ...]
    quorum: bool | None
    since: int | None

    def as_json(self) -> dict[str, object]:
        """The report as a JSON object."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": canonical.encode_base64(self.root),
            "entries": self.entries,
            "tiles": self.tiles,
            "members": self.members,
            "governance": self.governance,
            "void_count": self.void_count,
            "voids": [{"n": v.n, "code": v.code, "reason": v.reason} for v in self.voids],
            "cosigners": list(self.cosigners),
            "damaged_cosignatures": list(self.damaged_cosignatures),
            "quorum": self.quorum,
            "since": self.since,
        }


def verify_log(
    source: TileSource,
    vkey: str,
    policy: Policy | None = None,
    since: bytes | None = None,
    progress: Progress | None = None,
    *,
    entries: bool = True,
    workers: int | None = None,
) -> Report:
    """Verify all of a log, or raise VerifyError with the place and the reason.

    vkey: the log's verifier key; policy: demand its quorum; since: an older signed checkpoint
    (its note's bytes) that must be a beginning of this log; entries False: hash tiles only, for a
    reader without a token for entry bundles; workers: processes, by default by the log's size
    and 0 (in this process) for small logs. Raises NoteError for a vkey that is none,
    StoreError when this machine could not finish.
    """
    log = parse_vkey(vkey)
    signed = _open_newest(source, log)
    if policy is not None:
        _demand_quorum(policy, signed)
    older = None if since is None else _older(since, signed.checkpoint)
    size = signed.checkpoint.size
    count = workers_for(size) if workers is None else workers
    with Workers(count if entries else 0) as pool, Identities() as identities:
        log_pass = LogPass(
            LogReader(source, size), signed.checkpoint, older, pool, identities, progress
        )
        try:
            log_pass.run(entries=entries)
        except BrokenProcessPool as error:
            raise StoreError(
                "verify: a checking process ended (out of memory?); try with fewer workers"
            ) from error
    registry = log_pass.found.registry
    if registry is not None:
        _check_log_key(registry, log, signed)
    if since is not None:
        _check_older_signature(since, log, registry)
    return _report(signed, log_pass, policy, older)


def _open_newest(source: TileSource, log: Verifier) -> SignedCheckpoint:
    try:
        data = source.read("checkpoint")
    except LedgerError as error:
        raise VerifyError("checkpoint", str(error)) from error
    try:
        return open_checkpoint(data, log)
    except CheckpointError as error:
        raise _placed("checkpoint", error) from None


def _demand_quorum(policy: Policy, signed: SignedCheckpoint) -> None:
    try:
        policy.open(signed.note)
    except (CheckpointError, PolicyError) as error:
        raise _placed("checkpoint", error) from None


def _older(since: bytes, newest: Checkpoint) -> Checkpoint:
    try:
        older = parse_checkpoint(parse_note(since).text)
    except NoteError as error:
        raise VerifyError("older checkpoint", str(error)) from None
    except CheckpointError as error:
        raise _placed("older checkpoint", error) from None
    if older.origin != newest.origin:
        raise VerifyError(
            "older checkpoint, line 1", f"of log {older.origin!r}, not {newest.origin!r}"
        )
    if older.size > newest.size:
        raise VerifyError(
            "older checkpoint, line 2",
            f"the log had {older.size} entries and now shows {newest.size}: it was rolled back",
        )
    return older


def _check_older_signature(since: bytes, log: Verifier, registry: Registry | None) -> None:
    """The log's keys of before are on the ledger: a move names them (governance, move)."""
    keys: Sequence[Verifier] = (log,)
    if registry is not None:
        keys = (log, *(parse_vkey(each) for each in registry.retired_log_vkeys))
    try:
        open_checkpoint(since, keys, origin=log.name)
    except CheckpointError as error:
        raise _placed("older checkpoint", error) from None


def _check_log_key(registry: Registry, log: Verifier, signed: SignedCheckpoint) -> None:
    """The key that was given, or, at a handover (DESIGN 4), the one the ledger names beside it."""
    if registry.log_vkey == log.vkey:
        return
    try:
        open_checkpoint(signed.note, parse_vkey(registry.log_vkey))
    except CheckpointError:
        raise VerifyError(
            "checkpoint",
            f"signed by the key given, but the ledger itself names {registry.log_vkey}",
        ) from None


def _report(
    signed: SignedCheckpoint, log_pass: LogPass, policy: Policy | None, older: Checkpoint | None
) -> Report:
    found = log_pass.found
    if policy is None and found.registry is not None:
        policy = parse_policy(found.registry.policy_text().encode())
    cosigners: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    quorum: bool | None = None
    if policy is not None:
        cosigners, damaged = policy.cosigners(signed.note)
        quorum = policy.suffice(cosigners)
    return Report(
        origin=signed.checkpoint.origin,
        size=signed.checkpoint.size,
        root=signed.checkpoint.root,
        entries=found.entries,
        tiles=found.tiles,
        members=0 if found.registry is None else len(found.registry.members),
        governance=found.governance,
        void_count=found.void_count,
        voids=tuple(log_pass.voids),
        cosigners=cosigners,
        damaged_cosignatures=damaged,
        quorum=quorum,
        since=None if older is None else older.size,
    )


def _placed(what: str, error: LedgerError) -> VerifyError:
    """An error whose text begins with the place (`checkpoint, line 3: …`) as a VerifyError."""
    place, _, reason = str(error).partition(": ")
    return VerifyError(place.replace("checkpoint", what, 1), reason)
