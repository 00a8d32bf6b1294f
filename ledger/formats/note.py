"""C2SP signed notes and verifier keys, signature types 0x01 (Ed25519) and 0x04 (cosignature).

The type is a parameter of every key, so that another (ML-DSA-44, 0x06) is one more case here.
What a note's text says is the work of checkpoint.py; who must have signed, of policy.py.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger import keys
from ledger.errors import FormatError, NoteError, SignatureError, SignatureLineError
from ledger.formats import canonical
from ledger.ports import Signer

ED25519: Final = 0x01  # signed-note v1.0.0
COSIGNATURE: Final = 0x04  # tlog-cosignature v1.0.1
KEY_TYPES: Final = frozenset({ED25519, COSIGNATURE})
TIME_MAX: Final = 2**63 - 1
NOTE_BYTES_MAX: Final = 1_000_000
SIGNATURES_MAX: Final = 100  # signed-note: a verifier takes at least 16
KEY_ID_BYTES: Final = 4
VKEY_CHARACTERS_MAX: Final = 1_000

_TIME_BYTES: Final = 8
_DASH: Final = "\u2014 "
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f+]")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line: who claims it, and the bytes after the key id, not yet verified."""

    name: str
    key_id: bytes
    body: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {canonical.encode_base64(self.key_id + self.body)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text that ends in a newline, and the signature lines under it."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """The note's bytes."""
        return (self.text + "\n" + "".join(each.line for each in self.signatures)).encode()

    def with_signatures(self, added: Iterable[NoteSignature]) -> Note:
        """The same note with further lines, those it already has left out."""
        known = dict.fromkeys((*self.signatures, *added))
        return Note(text=self.text, signatures=tuple(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A public key with the name and signature type under which it may sign notes.

    Raises NoteError or KeyFormatError at birth for a bad name, type or key.
    """

    name: str
    public_key: bytes
    key_type: int = ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.key_type not in KEY_TYPES:
            raise NoteError(f"key {self.name}: signature type 0x{self.key_type:02x} is not known")
        keys.check_public_key(self.public_key)

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, key)."""
        return key_id(self.name, self.key_type, self.public_key)

    @property
    def vkey(self) -> str:
        """`name+hex key id+base64(type, key)`."""
        key = canonical.encode_base64(bytes([self.key_type]) + self.public_key)
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def verify(self, text: str, signature: NoteSignature) -> int | None:
        """The cosignature's time in POSIX seconds (0x04) or None (0x01); raises SignatureError."""
        if self.key_type == ED25519:
            keys.verify(self.public_key, text.encode(), signature.body)
            return None
        if len(signature.body) != _TIME_BYTES + keys.SIGNATURE_BYTES:
            raise SignatureError(f"cosignature of {self.name}: {len(signature.body)} bytes, not 72")
        time = int.from_bytes(signature.body[:_TIME_BYTES], "big")
        if time > TIME_MAX:
            raise SignatureError(f"cosignature of {self.name}: a time beyond 2^63 - 1")
        body = signature.body[_TIME_BYTES:]
        keys.verify(self.public_key, cosigned_bytes(text, time), body)
        return time


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSigner:
    """A Signer with the name and signature type under which it signs notes."""

    name: str
    signer: Signer
    key_type: int = ED25519

    @property
    def verifier(self) -> Verifier:
        """What others verify this signer by."""
        return Verifier(name=self.name, public_key=self.signer.public_key, key_type=self.key_type)

    def sign(self, text: str, time: int | None = None) -> NoteSignature:
        """A signature over text; time (POSIX seconds) is for cosignatures and only for them."""
        _check_text(text)
        if self.key_type == ED25519:
            if time is not None:
                raise NoteError(f"key {self.name}: a signature of type 0x01 carries no time")
            body = self.signer.sign(text.encode())
        else:
            if time is None or not 0 <= time <= TIME_MAX:
                raise NoteError(f"key {self.name}: a cosignature needs its time")
            stamp = time.to_bytes(_TIME_BYTES, "big")
            body = stamp + self.signer.sign(cosigned_bytes(text, time))
        return NoteSignature(name=self.name, key_id=self.verifier.key_id, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A signature that verified; time is the cosignature's, None for type 0x01."""

    verifier: Verifier
    time: int | None


def key_id(name: str, key_type: int, public_key: bytes) -> bytes:
    """SHA-256(name || 0x0A || type || key)[:4] (signed-note v1.0.0)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([key_type]) + public_key).digest()[
        :KEY_ID_BYTES
    ]


def cosigned_bytes(text: str, time: int) -> bytes:
    """What a 0x04 cosignature signs (tlog-cosignature v1.0.1)."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def parse_vkey(vkey: str) -> Verifier:
    """The verifier of its one text form; raises NoteError or KeyFormatError."""
    parts = vkey.split("+", 2)  # the base64 may itself hold a plus
    if len(vkey) > VKEY_CHARACTERS_MAX or len(parts) != 3:
        raise NoteError("vkey: not name+key id+key")
    name, hex_id, encoded = parts
    _check_name(name)
    try:
        material = canonical.decode_base64(encoded)
    except FormatError as error:
        raise NoteError(f"vkey of {name}: {error}") from None
    if not material:
        raise NoteError(f"vkey of {name}: no key")
    verifier = Verifier(name=name, key_type=material[0], public_key=material[1:])
    if verifier.key_id.hex() != hex_id:
        raise NoteError(f"vkey of {name}: the key id of this key is {verifier.key_id.hex()}")
    return verifier


def parse_note(data: bytes) -> Note:
    """A note's text and signature lines; raises NoteError. No signature is verified here."""
    if len(data) > NOTE_BYTES_MAX:
        raise NoteError(f"note: {len(data)} bytes, at most {NOTE_BYTES_MAX} are read")
    try:
        whole = data.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise NoteError(f"note: byte {error.start} is not UTF-8") from None
    cut = whole.rfind("\n\n")
    if cut < 0:
        raise NoteError("note: no empty line between text and signatures")
    text, lines = whole[: cut + 1], whole[cut + 2 :]
    _check_text(text)
    return Note(text=text, signatures=parse_signature_lines(lines))


def parse_signature_lines(lines: str) -> tuple[NoteSignature, ...]:
    """One or more signature lines of a note or a witness; raises SignatureLineError."""
    if not lines.endswith("\n"):
        raise SignatureLineError("note: no signature line, or the last one lacks its newline")
    each = lines[:-1].split("\n")
    if len(each) > SIGNATURES_MAX:
        raise SignatureLineError(f"note: {len(each)} signatures, at most {SIGNATURES_MAX} are read")
    return tuple(_parse_line(line, number) for number, line in enumerate(each, start=1))


def verify_note(note: Note, verifiers: Sequence[Verifier]) -> tuple[Verified, ...]:
    """Every signature by a known key, in the order of the note.

    Unknown (name, key id) pairs are ignored. Raises SignatureError when a known key's signature
    does not verify, NoteError when no known key signed (signed-note v1.0.0).
    """
    good, damaged = check_signatures(note, verifiers)
    if damaged:
        raise SignatureError(damaged[0])
    if not good:
        raise NoteError("note: none of the known keys signed it")
    return good


def check_signatures(
    note: Note, verifiers: Sequence[Verifier]
) -> tuple[tuple[Verified, ...], tuple[str, ...]]:
    """The signatures by known keys that verify, one a key, and the named damaged ones."""
    known = {(each.name, each.key_id): each for each in verifiers}
    good: dict[Verifier, Verified] = {}
    damaged: list[str] = []
    first = note.text.count("\n") + 2  # the line after the empty one
    for number, signature in enumerate(note.signatures, start=first):
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        try:
            time = verifier.verify(note.text, signature)
        except SignatureError:
            damaged.append(
                f"line {number}: the signature of {signature.name} "
                f"(key id {signature.key_id.hex()}) does not verify"
            )
        else:
            good.setdefault(verifier, Verified(verifier=verifier, time=time))
    return tuple(good.values()), tuple(damaged)


def _parse_line(line: str, number: int) -> NoteSignature:
    where = f"note, signature line {number}"
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise SignatureLineError(f"{where}: not a dash, a name and base64")
    try:
        _check_name(name)
        data = canonical.decode_base64(encoded)
    except FormatError as error:
        raise SignatureLineError(f"{where}: {error}") from None
    if len(data) <= KEY_ID_BYTES:
        raise SignatureLineError(f"{where}: no signature after the key id")
    return NoteSignature(name=name, key_id=data[:KEY_ID_BYTES], body=data[KEY_ID_BYTES:])


def _check_name(name: str) -> None:
    if name.split() != [name] or _FORBIDDEN.search(name):
        raise NoteError("key name: empty, or holds a space, a control character or a plus")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise NoteError("key name: not UTF-8") from None


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("note: the text does not end in a newline")
    if any(letter < " " and letter != "\n" for letter in text):
        raise NoteError("note: a control character in the text")
