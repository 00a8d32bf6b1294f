"""A Signer whose private key never leaves a PKCS#11 token (an HSM; SoftHSM in the tests).

Ed25519 by CKM_EDDSA on a key that is sensitive and not extractable. The PIN is held only while the
session is opened and stands in no text. Which token and key are meant, and where the PIN comes
from, is the caller's (node/setup/key_places.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pkcs11
from pkcs11.util.ec import encode_named_curve_parameters

from ledger import keys
from ledger.errors import KeyAccessError, LedgerError

ED25519_OID: Final = "1.3.101.112"  # RFC 8410 3: id-Ed25519
_POINT_HEADERS: Final = (b"\x04\x20", b"\x03\x21\x00")  # DER OCTET STRING or BIT STRING of 32 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """Where a key is: the module (a shared library), the token's label and the key's label."""

    module: Path
    token: str
    label: str

    def __str__(self) -> str:
        return f"pkcs11: key {self.label!r} on token {self.token!r}"


class TokenSigner:
    """A Signer by a key in a token; every signature is verified before it is handed out.

    A deterministic Ed25519 signer that was disturbed while it signed can give its key away.
    """

    __slots__ = ("__key", "_place", "_public_key")

    def __init__(self, place: TokenKey, public_key: bytes, key: Any) -> None:
        self._place = place
        self._public_key = public_key
        self.__key = key

    @property
    def public_key(self) -> bytes:
        """The 32-byte public key."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature; raises KeyAccessError when the token does not give a good one.

        It takes as long as the token takes, and nothing else in this process signs meanwhile.
        """
        with _told(self._place, "sign"):
            signature = bytes(self.__key.sign(message, mechanism=pkcs11.Mechanism.EDDSA))
            keys.verify(self._public_key, message, signature)
        return signature

    def __repr__(self) -> str:
        return f"TokenSigner({self._place}, public_key={self._public_key.hex()})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not copied; open it again in its token")


def open_signer(place: TokenKey, pin: str) -> TokenSigner:
    """The signer of a key that is in its token; raises KeyAccessError with what to do."""
    with _told(place, "open"):
        session = _session(place, pin)
        private = session.get_key(
            object_class=pkcs11.ObjectClass.PRIVATE_KEY,
            key_type=pkcs11.KeyType.EC_EDWARDS,
            label=place.label,
        )
        if not private[pkcs11.Attribute.SENSITIVE] or private[pkcs11.Attribute.EXTRACTABLE]:
            raise KeyAccessError(f"{place}: the token would hand it out; make another one in it")
        return TokenSigner(place, _public_key(session, place), private)


def make_signer(place: TokenKey, pin: str) -> TokenSigner:
    """Make the key in its token; raises KeyAccessError, also when this label is there already."""
    with _told(place, "make"):
        session = _session(place, pin)
        wanted = {pkcs11.Attribute.LABEL: place.label}
        if any(True for _ in session.get_objects(wanted)):
            raise KeyAccessError(f"{place}: is there already; a key is never overwritten")
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC_EDWARDS,
            {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(ED25519_OID)},
            local=True,
        )
        parameters.generate_keypair(
            mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            store=True,
            label=place.label,
            id=place.label.encode(),
            private_template={
                pkcs11.Attribute.SENSITIVE: True,
                pkcs11.Attribute.EXTRACTABLE: False,
            },
        )
    return open_signer(place, pin)


_LOCK: Final = threading.RLock()  # modules are opened for one thread at a time
_SESSIONS: Final[dict[tuple[Path, str], Any]] = {}  # a token is logged in to once per process


def _session(place: TokenKey, pin: str) -> Any:
    """The process's session on this token: PKCS#11 logs in once for all sessions of a process."""
    known = _SESSIONS.get((place.module, place.token))
    if known is not None:
        return known
    token = pkcs11.lib(str(place.module)).get_token(token_label=place.token)
    session = token.open(rw=True, user_pin=pin)
    _SESSIONS[place.module, place.token] = session
    return session


def _public_key(session: Any, place: TokenKey) -> bytes:
    public = session.get_key(
        object_class=pkcs11.ObjectClass.PUBLIC_KEY,
        key_type=pkcs11.KeyType.EC_EDWARDS,
        label=place.label,
    )
    # PKCS#11 3.0 6.3.5: CKA_EC_POINT is the point of RFC 8032 in DER; some tokens give it bare.
    point = bytes(public[pkcs11.Attribute.EC_POINT])
    for header in _POINT_HEADERS:
        if len(point) == len(header) + keys.PUBLIC_KEY_BYTES and point.startswith(header):
            point = point[len(header) :]
    keys.check_public_key(point)
    return point


@contextmanager
def _told(place: TokenKey, what: str) -> Iterator[None]:
    """One caller at a time; a token's error by its kind, never with a value in it."""
    with _LOCK:
        try:
            yield
        except pkcs11.PKCS11Error as error:
            kind = type(error).__name__
            raise KeyAccessError(
                f"{place}: cannot {what} ({kind}); {_REPAIRS.get(kind, _REPAIR)}"
            ) from None
        except KeyAccessError:
            raise
        except LedgerError as error:
            raise KeyAccessError(f"{place}: cannot {what} ({error}); {_REPAIR}") from None


_REPAIR: Final = "look at the token with its own tools"
_REPAIRS: Final = {
    "PinIncorrect": "correct the PIN; a token locks after some wrong ones",
    "PinLocked": "its security officer unlocks it",
    "NoSuchToken": "check the token's label and that it is connected",
    "NoSuchKey": "check the key's label, or make it with `vastedag keys make`",
    "MultipleObjectsReturned": "give each key a label of its own",
    "TokenNotPresent": "connect the token",
}
