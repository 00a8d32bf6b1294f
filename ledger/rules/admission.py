"""What the ledger admits: a function of the entries before and nothing else, no clock, no file.

The sequencer refuses by it before an entry exists; mirrors, followers and auditors call an entry
that is there nevertheless void by the same function. Whether (author, id) was used before is
answered by the caller (a store's index, a set, an external sort): `known`. Only entries that are
not void use up their id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from ledger import keys
from ledger.errors import AdmissionError, FormatError, SignatureError
from ledger.formats.envelope import (
    ENVELOPE_BYTES_MAX,
    GOVERNANCE_CLASS,
    Envelope,
    Header,
    parse_envelope,
    signed_bytes,
)
from ledger.rules import governance
from ledger.rules.registry import Member, Registry

WRONG_KEY_MEMBERS_MAX: Final = 64  # other members whose keys are tried to name a wrong key


def open_envelope(raw: bytes) -> Envelope:
    """The envelope of these bytes; raises AdmissionError oversize or malformed."""
    if len(raw) > ENVELOPE_BYTES_MAX:
        raise AdmissionError(
            "oversize", f"envelope: {len(raw)} bytes, at most {ENVELOPE_BYTES_MAX} are taken"
        )
    try:
        return parse_envelope(raw)
    except FormatError as error:
        raise AdmissionError("malformed", str(error)) from None


def found(envelope: Envelope, entry_hash: str) -> Registry:
    """The registry that the genesis envelope makes; raises AdmissionError.

    entry_hash is the base64 SHA-256 of entry 0. Genesis is signed like any governance entry: by a
    governance key of its author, which stands in it.
    """
    header = envelope.header
    if header.log != "" or header.body is None or header.seen != 0:
        raise AdmissionError("malformed", "entry 0: the genesis, with empty log and seen 0")
    registry = governance.genesis(header.body, entry_hash)
    _verify_any(registry, envelope, _author_keys(registry, header))
    return registry


def identity_of(header: Header) -> bytes:
    """SHA-256 over author and id: what a store keeps unique. An author holds no zero byte."""
    return hashlib.sha256(f"{header.author}\0{header.id}".encode()).digest()


def candidates(registry: Registry, n: int, header: Header) -> tuple[bytes, ...]:
    """The keys one of which must have signed this record at place n; raises AdmissionError.

    Checks all but the signature, the id and the meaning of a governance body.
    """
    found_keys = author_keys(registry, header)
    check_seen(registry, n, header.seen)
    return found_keys


def author_keys(registry: Registry, header: Header) -> tuple[bytes, ...]:
    """`candidates` without what depends on the place n."""
    if header.log != registry.log:
        raise AdmissionError("wrong_log", f"log: this log is {registry.log}; sign for this one")
    return _author_keys(registry, header)


def check_seen(registry: Registry, n: int, seen: int) -> None:
    """Raise AdmissionError unless `seen` fits place n; all of `candidates` that depends on n."""
    if seen > n:
        raise AdmissionError("future_seen", f"seen: {seen}, the log holds {n} entries")
    if n - seen > registry.seen_lag_max:
        raise AdmissionError(
            "stale_seen",
            f"seen: {seen} lies more than {registry.seen_lag_max} entries before {n}; "
            "look at the newest checkpoint and sign again",
        )


def check_signature(registry: Registry, envelope: Envelope, active: tuple[bytes, ...]) -> None:
    """Raise AdmissionError unless one of the active keys signed; lets go of the GIL meanwhile."""
    _verify_any(registry, envelope, active)


def check_new(known: bool) -> None:
    """Raise AdmissionError when this author used this id before."""
    if known:
        raise AdmissionError(
            "reused_id", "id: recorded before with other content; take a new id for a new event"
        )


def after(registry: Registry, n: int, entry_hash: str, header: Header) -> Registry:
    """The registry after admitted entry n; raises AdmissionError for governance without effect."""
    if header.body is None:
        return registry
    return governance.apply(registry, n, entry_hash, header.body)


def check(
    registry: Registry | None, n: int, entry_hash: str, envelope: Envelope, *, known: bool
) -> Registry:
    """The registry after entry n when it is admissible there; raises AdmissionError otherwise.

    registry is None for entry 0 only. The whole of admission in its order, for those who take
    one entry at a time.
    """
    if registry is None:
        return found(envelope, entry_hash)
    active = candidates(registry, n, envelope.header)
    check_signature(registry, envelope, active)
    check_new(known)
    return after(registry, n, entry_hash, envelope.header)


def _author_keys(registry: Registry, header: Header) -> tuple[bytes, ...]:
    member = registry.member(header.author)
    if member.suspended:
        raise AdmissionError("suspended", "author: suspended; its records are not taken")
    if member.merged_into is not None:
        raise AdmissionError("suspended", f"author: went on in {member.merged_into}")
    if header.record_class == GOVERNANCE_CLASS:
        use = "governance"
    else:
        use = "record"
        if header.record_class not in registry.matrix.get(member.role, frozenset()):
            raise AdmissionError(
                "class_not_allowed",
                f"class: role {member.role} may not write {header.record_class}",
            )
    active = tuple(key.public_key for key in member.active_keys(use))
    if not active:
        raise AdmissionError("key_revoked", f"author: no active {use} key; register one first")
    return active


def _verify_any(registry: Registry, envelope: Envelope, active_keys: tuple[bytes, ...]) -> None:
    message = signed_bytes(envelope.payload)
    if any(_signed(key, message, envelope.signature) for key in active_keys):
        return
    # Only a refusal is worth more work: name a key that is known but may not sign this.
    author = registry.members[envelope.header.author]
    for use, active, public_key in _own_keys(author):
        if _signed(public_key, message, envelope.signature):
            if not active:
                raise AdmissionError("key_revoked", f"signature: by an ended {use} key")
            raise AdmissionError("wrong_key", f"signature: by the author's key for {use}")
    for public_key in _other_keys(registry, author):
        if _signed(public_key, message, envelope.signature):
            raise AdmissionError("wrong_key", "signature: by the key of another member")
    raise AdmissionError("bad_signature", "signature: by no key of the author")


def _signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        keys.verify(public_key, message, signature)
    except SignatureError:
        return False
    return True


def _own_keys(author: Member) -> Iterator[tuple[str, bool, bytes]]:
    for key in author.keys:
        if key.use not in ("hpke", "tls"):
            yield key.use, key.active, key.public_key


def _other_keys(registry: Registry, author: Member) -> Iterator[bytes]:
    others = [registry.members[member] for member in sorted(registry.members)]
    for member in others[:WRONG_KEY_MEMBERS_MAX]:
        if member.id != author.id:
            for key in member.active_keys("record"):
                yield key.public_key
