"""Ed25519, by PyNaCl everywhere: libraries disagree on edge cases, so all nodes use one.

Low-order and non-canonical public keys are refused where a key enters (LEDGER-FORMATS 0.6).
Private keys lie in files (node/setup/key_files.py) or in a token (signer_pkcs11.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_open,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import BadSignatureError

from ledger.errors import KeyFormatError, SignatureError

PUBLIC_KEY_BYTES: Final = 32
SEED_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
KEYS_KEPT: Final = 4_096


class Ed25519Signer:
    """A Signer whose private key is in this process's memory; it never prints itself."""

    __slots__ = ("__public_key", "__secret_key")

    def __init__(self, seed: bytes) -> None:
        """Make the key pair of a 32-byte seed (RFC 8032 5.1.5); raises KeyFormatError."""
        if len(seed) != SEED_BYTES:
            raise KeyFormatError(f"a private key has {SEED_BYTES} bytes, this has {len(seed)}")
        self.__public_key, self.__secret_key = crypto_sign_seed_keypair(seed)

    @property
    def public_key(self) -> bytes:
        """The 32-byte public key."""
        return self.__public_key

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over exactly these bytes (RFC 8032 5.1.6)."""
        return crypto_sign(message, self.__secret_key)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"Ed25519Signer(public_key={self.__public_key.hex()})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not copied; load it again from its file")


@lru_cache(maxsize=KEYS_KEPT)  # the same keys come back with every registry, note and receipt
def check_public_key(public_key: bytes) -> None:
    """Raise KeyFormatError unless these are a canonical point of the prime-order group."""
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise KeyFormatError(f"a public key has {PUBLIC_KEY_BYTES} bytes, not {len(public_key)}")
    if not crypto_core_ed25519_is_valid_point(public_key):
        raise KeyFormatError("a public key that is not canonical, of low order, or no point")


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Raise SignatureError unless signature is that key's over message. Lets go of the GIL."""
    if len(signature) != SIGNATURE_BYTES or len(public_key) != PUBLIC_KEY_BYTES:
        raise SignatureError("a signature has 64 bytes and its public key 32")
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        raise SignatureError("the signature does not verify under this key") from None


def verify_batch(checks: Iterable[tuple[bytes, bytes, bytes]]) -> list[SignatureError | None]:
    """For each (public key, message, signature) None or what is wrong; call it on threads."""
    answers: list[SignatureError | None] = []
    for public_key, message, signature in checks:
        try:
            verify(public_key, message, signature)
        except SignatureError as error:
            answers.append(error)
        else:
            answers.append(None)
    return answers
