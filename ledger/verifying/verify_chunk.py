"""Checks a run of entries: leaf hashes, the chain inside it, signatures, admission.

Pure, so that runs can be checked on many processes at once; what joins the runs (the link between
two, duplicates, governance) is the work of verify.py. Admission needs the registry as it stands
before an entry, so a run stops at every governance entry and goes on when that is settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import AdmissionError, ChainError
from ledger.formats.chain import check_envelope_form, cut_entry, entry_hash, parse_entry
from ledger.formats.envelope import GOVERNANCE_CLASS, Envelope
from ledger.formats.merkle import HASH_BYTES, leaf_hash
from ledger.formats.tiles import TILE_WIDTH, split_tile, tile_root
from ledger.rules import admission
from ledger.rules.registry import Registry

_Opened = Envelope | AdmissionError


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Entries from number `first` (a multiple of 256) on, and the level 0 hashes of the same."""

    first: int
    entries: tuple[bytes, ...]
    hashes: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """An entry without effect: its number, the admission code and the reason."""

    n: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Where a run does not hold. leaf: entry and tile disagree, and which is damaged is open."""

    index: int
    reason: str
    leaf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of a run does not depend on the registry: links at both ends, roots of full tiles."""

    first_prev: str
    last_hash: str
    tile_roots: tuple[bytes, ...]
    damage: Damage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Admission of the entries from a start to `until` (the run's end, or a governance entry).

    identities: 32 bytes for each admitted entry, numbers: the entry number of each.
    """

    until: int
    identities: bytes
    numbers: tuple[int, ...]
    voids: tuple[Void, ...]


def check_run(run: Run, start: int, registry: Registry) -> tuple[Shape, Admitted]:
    """Both checks, with every entry parsed once; a damaged run is not looked at for admission."""
    shape, envelopes = _check_shape(run)
    if shape.damage is not None:
        return shape, Admitted(until=start, identities=b"", numbers=(), voids=())
    return shape, _admit(envelopes[start - run.first :], start, registry)


def check_shape(run: Run) -> Shape:
    """Leaf hashes against the tile, one entry form, numbers, links inside the run."""
    return _check_shape(run)[0]


def _check_shape(run: Run) -> tuple[Shape, list[_Opened]]:
    damage: Damage | None = None
    first_prev = last_hash = ""
    envelopes: list[_Opened] = []
    for offset, data in enumerate(run.entries):
        index = run.first + offset
        at = offset * HASH_BYTES
        if leaf_hash(data) != run.hashes[at : at + HASH_BYTES]:
            damage = Damage(index=index, reason="leaf hash", leaf=True)
            break
        try:
            n, prev, raw = cut_entry(data)
            envelopes.append(_opened(n, raw))
            if n != index or (last_hash and prev != last_hash):
                raise ChainError(_unlinked(index, n, prev, last_hash))
        except ChainError as error:
            damage = Damage(index=index, reason=str(error).removeprefix(f"entry {index}: "))
            break
        if not last_hash:
            first_prev = prev
        last_hash = entry_hash(data)
    shape = Shape(
        first_prev=first_prev,
        last_hash=last_hash,
        tile_roots=() if damage else full_tile_roots(run.hashes),
        damage=damage,
    )
    return shape, envelopes


def _opened(n: int, raw: bytes) -> _Opened:
    """The envelope, or why the entry is void; raises ChainError when it is no JSON at all."""
    try:
        return admission.open_envelope(raw)
    except AdmissionError as error:
        check_envelope_form(n, raw)
        return error


def full_tile_roots(hashes: bytes) -> tuple[bytes, ...]:
    """The hash in the level above of each full tile in a row of hashes."""
    size = TILE_WIDTH * HASH_BYTES
    return tuple(
        tile_root(split_tile(hashes[at : at + size], TILE_WIDTH))
        for at in range(0, len(hashes) - size + 1, size)
    )


def check_admission(run: Run, start: int, registry: Registry) -> Admitted:
    """Admission of entries from number start up to the next one of class governance.

    The entries' shape was checked. Whether an id was used before is left to the caller.
    """
    opened = [_opened(*cut_entry(data)[::2]) for data in run.entries[start - run.first :]]
    return _admit(opened, start, registry)


def _admit(envelopes: Sequence[_Opened], start: int, registry: Registry) -> Admitted:
    identities: list[bytes] = []
    numbers: list[int] = []
    voids: list[Void] = []
    until = start + len(envelopes)
    for n, envelope in enumerate(envelopes, start=start):
        if isinstance(envelope, AdmissionError):
            voids.append(Void(n=n, code=envelope.code, reason=str(envelope)))
            continue
        header = envelope.header
        if header.record_class == GOVERNANCE_CLASS:
            until = n
            break
        try:
            keys = admission.candidates(registry, n, header)
            admission.check_signature(registry, envelope, keys)
        except AdmissionError as error:
            voids.append(Void(n=n, code=error.code, reason=str(error)))
        else:
            identities.append(admission.identity_of(header))
            numbers.append(n)
    return Admitted(
        until=until,
        identities=b"".join(identities),
        numbers=tuple(numbers),
        voids=tuple(voids),
    )


def missing_entry(entries: Sequence[bytes], first: int) -> Damage | None:
    """The first place where an entry carries another number than its place; None if none does."""
    for index, data in enumerate(entries, start=first):
        try:
            number = parse_entry(data).n
        except ChainError as error:
            return Damage(index=index, reason=str(error))
        if number != index:
            return Damage(index=index, reason=_misplaced(index, number))
    return None


def _unlinked(index: int, number: int, prev: str, previous_hash: str) -> str:
    if number != index:
        return _misplaced(index, number)
    return f"names {prev} as the entry before it, but that one hashes to {previous_hash}"


def _misplaced(index: int, number: int) -> str:
    missing = " (an entry is missing before it)" if number > index else ""
    return f"carries the number {number}{missing}"
