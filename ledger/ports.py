"""What the ledger asks of the world, as promises, kept in the files named `<port>_<tech>.py`."""

from __future__ import annotations

from typing import Protocol


class Signer(Protocol):
    """Holds one private key and makes Ed25519 signatures with it; the key never comes out."""

    @property
    def public_key(self) -> bytes:
        """The 32-byte public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over exactly these bytes."""
        ...
