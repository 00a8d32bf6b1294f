"""One byte form for one JSON value: RFC 8785, narrowed to what nodes cannot read differently.

Entries hold no floats and no integers beyond 2^53 - 1 (LEDGER-FORMATS 1.9, RFC 8785 3.2.2.3), so
that no reader's number type can change a value. Also the one form of base64: standard alphabet,
padded, last bits zero. Which members an object must have is the work of those who call.
"""

from __future__ import annotations

import binascii
import json
from typing import Any, Final, NoReturn

import rfc8785

from ledger.errors import FormatError

INTEGER_MAX: Final = 2**53 - 1
DEPTH_MAX: Final = 16
BYTES_MAX: Final = 65_535
INTEGER_DIGITS_MAX: Final = 17  # 2^53 - 1 has 16 digits, and one for the sign


def encode(value: Any) -> bytes:
    """RFC 8785 bytes of a value without floats; raises FormatError for what has no one form."""
    _check(value, 0)
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise FormatError("JSON: a string holds half of a surrogate pair") from error


def decode(data: bytes) -> Any:
    """The value of UTF-8 JSON; raises FormatError for duplicate keys, floats, deep nesting.

    Takes JSON in any spacing and member order; `decode_canonical` takes only the one form.
    """
    if len(data) > BYTES_MAX:
        raise FormatError(f"JSON: {len(data)} bytes, at most {BYTES_MAX} are read")
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise FormatError(f"JSON: byte {error.start} is not UTF-8") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise FormatError(f"JSON: not readable at character {error.pos}") from None
    except RecursionError:
        raise FormatError(f"JSON: nested deeper than {DEPTH_MAX}") from None
    _check(value, 0)
    return value


def decode_canonical(data: bytes) -> Any:
    """The value of bytes that are already its RFC 8785 form; raises FormatError otherwise."""
    value = decode(data)
    if encode(value) != data:
        raise FormatError("JSON: not in the one form of RFC 8785; encode it again at its author")
    return value


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode_base64(text: str | bytes) -> bytes:
    """Bytes of canonical standard base64; raises FormatError when it would encode otherwise."""
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        data = binascii.a2b_base64(raw)
    except (binascii.Error, UnicodeEncodeError):
        raise FormatError("base64: not readable") from None
    # Decoders accept stray characters and non-zero last bits: only re-encoding tells.
    if binascii.b2a_base64(data, newline=False) != raw:
        raise FormatError("base64: not the one form (standard alphabet, padded, last bits zero)")
    return data


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FormatError("JSON: an object has two members of one name")
    return members


def _no_float(_text: str) -> NoReturn:
    raise FormatError("JSON: a number that is not a plain integer; write amounts in cents")


def _integer(text: str) -> int:
    if len(text) > INTEGER_DIGITS_MAX:
        raise FormatError("JSON: an integer beyond 2^53 - 1")
    if text == "-0":
        raise FormatError("JSON: minus zero")
    return int(text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_no_duplicates,
    parse_float=_no_float,
    parse_constant=_no_float,
    parse_int=_integer,
)


def _check(value: Any, depth: int) -> None:
    """Raise FormatError unless value is plain JSON of bounded depth with safe integers."""
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise FormatError("JSON: an integer beyond 2^53 - 1")
        return
    if depth >= DEPTH_MAX:
        raise FormatError(f"JSON: nested deeper than {DEPTH_MAX}")
    if isinstance(value, list | tuple):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise FormatError("JSON: a member name that is not a string")
            _check(item, depth + 1)
    else:
        raise FormatError(f"JSON: no place for a {type(value).__name__}")
