"""Commitment, sealing to a recipient, and keys at rest: how content is kept from all but readers.

HPKE, AES-GCM and HMAC are `cryptography`'s and Python's own. Which content goes to whom is the
work of access.py, where wrapped keys lie that of store_sql.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from node.errors import MismatchError, SealError
from node.looked.reading import ReadingLog
from node.setup.hpke_keys import HpkePrivateKey, HpkePublicKey, suite
from specs.canonical import canonical_bytes

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # AES-GCM, NIST SP 800-38D 5.2.1.1
TAG_BYTES: Final = 16
SEAL_CONTEXT: Final = "vastedag/seal/v1"
ID_CONTEXT: Final = b"vastedag/record-id/v1\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealContext:
    """What a sealed payload is bound to: it opens under no other header and for no one else."""

    log: str
    id: str
    author: str
    record_class: str
    recipient: str

    def bytes(self) -> bytes:
        """For HPKE's `info`: with single-shot calls that is where RFC 9180 8.1 puts it."""
        return canonical_bytes(
            [SEAL_CONTEXT, self.log, self.id, self.author, self.record_class, self.recipient]
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Content:
    """A payload with the key of its commitment: always kept, sealed and destroyed together."""

    commitment_key: bytes
    payload: bytes

    def joined(self) -> bytes:
        """Key, then payload."""
        return self.commitment_key + self.payload

    @classmethod
    def split(cls, joined: bytes) -> Content:
        """The inverse of `joined`; raises SealError."""
        if len(joined) <= KEY_BYTES:
            raise SealError("content shorter than the key of its commitment")
        return cls(commitment_key=joined[:KEY_BYTES], payload=joined[KEY_BYTES:])


def new_content(payload: bytes) -> Content:
    """The payload with a fresh commitment key of 32 random bytes."""
    return Content(commitment_key=secrets.token_bytes(KEY_BYTES), payload=payload)


def commitment(content: Content) -> str:
    """What the ledger holds of the content: base64 HMAC-SHA-256(key, payload)."""
    mac = hmac.digest(content.commitment_key, content.payload, hashlib.sha256)
    return base64.b64encode(mac).decode()


def check_commitment(content: Content, expected: str) -> None:
    """Raise MismatchError unless the ledger's commitment is to this content."""
    if not hmac.compare_digest(commitment(content), expected):
        raise MismatchError("commitment", "the payload is not the one the entry commits to")


def record_id(id_secret: bytes, source_event_id: str) -> str:
    """base64url HMAC-SHA-256 of the source's event id: the same again, and tells nothing."""
    mac = hmac.digest(id_secret, ID_CONTEXT + source_event_id.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def seal(content: Content, recipient: HpkePublicKey, context: SealContext) -> bytes:
    """HPKE to the recipient: encapsulated key, then ciphertext; every call gives other bytes."""
    sealed = suite(recipient.suite_name).encrypt(
        content.joined(), recipient.key(), info=context.bytes()
    )
    return bytes(sealed)


def open_sealed(
    sealed: bytes,
    suite_name: str,
    private: HpkePrivateKey,
    context: SealContext,
    log: ReadingLog,
) -> Content:
    """The content sealed to this node; raises SealError when key, context or bytes differ.

    Outside a reading of `log` nothing is opened (UnloggedError); whose content it is the caller
    notes as soon as it knows.
    """
    log.note(())
    try:
        joined = suite(suite_name).decrypt(sealed, private.key(), info=context.bytes())
    except (InvalidTag, ValueError):
        raise SealError("a sealed payload that this node's key does not open") from None
    return Content.split(bytes(joined))


def encrypt(key: bytes, plaintext: bytes, bound_to: bytes) -> bytes:
    """AES-256-GCM: nonce, ciphertext, tag; opens only with the same `bound_to`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to)


def decrypt(key: bytes, ciphertext: bytes, bound_to: bytes) -> bytes:
    """The inverse of `encrypt`; raises SealError when anything differs."""
    if len(ciphertext) < NONCE_BYTES + TAG_BYTES:
        raise SealError("stored content shorter than its nonce and tag")
    try:
        return AESGCM(key).decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], bound_to)
    except InvalidTag:
        raise SealError("stored content that its key does not open: damaged or moved") from None


def new_key() -> bytes:
    """A fresh AES-256 key."""
    return secrets.token_bytes(KEY_BYTES)


def bound(*parts: str) -> bytes:
    """The text to which stored ciphertext is bound; parts cannot run into each other."""
    return canonical_bytes(list(parts))
