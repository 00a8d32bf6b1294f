"""Small texts that come back from a browser: JSON under an HMAC, one context for each use.

A text of one use is never taken for another: the context is part of the key. What a text means, and
until when it holds, is told by who asks (auth.py, oidc.py).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from node.errors import NodeError

TEXT_CHARACTERS_MAX: Final = 2_048
KEY_BYTES: Final = 32


class SignedTextError(NodeError):
    """A text that is none of ours; says why, without its content."""


class SignedText:
    """Seals and opens texts of one use; never prints its key."""

    __slots__ = ("__key",)

    def __init__(self, key: bytes, use: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the key has {len(key)} bytes; it needs {KEY_BYTES}")
        self.__key = hashlib.sha256(b"vastedag " + use + b"\x00" + key).digest()

    def seal(self, value: Mapping[str, object]) -> str:
        """The text: base64url of the JSON, a dot, base64url of its HMAC-SHA-256."""
        body = json.dumps(value, separators=(",", ":")).encode()
        return f"{_base64(body)}.{_base64(self._mac(body))}"

    def open(self, text: str) -> dict[str, Any]:
        """The JSON object of a text; raises SignedTextError when it is none of ours."""
        if len(text) > TEXT_CHARACTERS_MAX:
            raise SignedTextError("longer than any of ours")
        body, _, mac = text.partition(".")
        raw = _unbase64(body)
        if not hmac.compare_digest(self._mac(raw), _unbase64(mac)):
            raise SignedTextError("the signature does not fit")
        value = json.loads(raw)  # ours, by the signature
        if not isinstance(value, dict):
            raise SignedTextError("not an object")
        return value

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self.__key, body, hashlib.sha256)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignedTextError("not written as ours are") from error
