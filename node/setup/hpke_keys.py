"""HPKE key pairs (RFC 9180) and the suites they are of: their bytes, and nothing else.

A suite is a parameter: a public key carries its suite's name, so that the next one can stand
beside this one. Sealing itself is the work of sealing.py.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from node.errors import SealError

SUITE_NAME: Final = "mlkem768-x25519.hkdf-sha256.aes-256-gcm"
ML_KEM_PUBLIC_BYTES: Final = 1184  # FIPS 203, ML-KEM-768 encapsulation key
X25519_BYTES: Final = 32
ML_KEM_SEED_BYTES: Final = 64  # FIPS 203: d and z


def suite(name: str) -> Suite:
    """The HPKE suite of this name; raises SealError for one this version does not know."""
    if name != SUITE_NAME:
        raise SealError("an HPKE suite this version does not know; update the software")
    return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class HpkePublicKey:
    """A member's public key; its text form `suite:base64` is what the ledger carries."""

    suite_name: str
    raw: bytes  # ML-KEM-768 encapsulation key, then X25519

    @classmethod
    def parse(cls, text: str) -> HpkePublicKey:
        """Read `suite:base64`; raises SealError."""
        name, _, encoded = text.partition(":")
        suite(name)
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise SealError("an HPKE public key that is not base64") from None
        if len(raw) != ML_KEM_PUBLIC_BYTES + X25519_BYTES:
            raise SealError("an HPKE public key of another length than its suite has")
        return cls(name, raw)

    def __str__(self) -> str:
        return f"{self.suite_name}:{base64.b64encode(self.raw).decode()}"

    def key(self) -> MLKEM768X25519PublicKey:
        """The key as the library wants it; raises SealError when it is no key."""
        try:
            return MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(self.raw[:ML_KEM_PUBLIC_BYTES]),
                X25519PublicKey.from_public_bytes(self.raw[ML_KEM_PUBLIC_BYTES:]),
            )
        except ValueError:
            raise SealError("an HPKE public key that is no point or no lattice key") from None


class HpkePrivateKey:
    """This node's private key; it never prints itself."""

    __slots__ = ("__ml_kem", "__x25519")

    def __init__(self, ml_kem: MLKEM768PrivateKey, x25519: X25519PrivateKey) -> None:
        self.__ml_kem = ml_kem
        self.__x25519 = x25519

    @classmethod
    def generate(cls) -> HpkePrivateKey:
        """A fresh pair from the operating system's randomness."""
        return cls(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, raw: bytes) -> HpkePrivateKey:
        """The pair of its 96 bytes; raises SealError."""
        if len(raw) != ML_KEM_SEED_BYTES + X25519_BYTES:
            raise SealError("an HPKE private key has 96 bytes; restore it from your key backup")
        return cls(
            MLKEM768PrivateKey.from_seed_bytes(raw[:ML_KEM_SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(raw[ML_KEM_SEED_BYTES:]),
        )

    def to_bytes(self) -> bytes:
        """Seed of the lattice key, then the curve key: for the key file only."""
        return self.__ml_kem.private_bytes_raw() + self.__x25519.private_bytes_raw()

    def key(self) -> MLKEM768X25519PrivateKey:
        """The key as the library wants it."""
        return MLKEM768X25519PrivateKey(self.__ml_kem, self.__x25519)

    def public(self) -> HpkePublicKey:
        """Its public half."""
        raw = self.__ml_kem.public_key().public_bytes_raw()
        return HpkePublicKey(SUITE_NAME, raw + self.__x25519.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return "HpkePrivateKey(…)"
