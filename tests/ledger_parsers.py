"""Every parser of the ledger with good bytes of its own: for the property tests and the fuzzer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.errors import FormatError, LedgerError
from ledger.formats import canonical, tiles
from ledger.formats.chain import encode_entry, parse_entry
from ledger.formats.checkpoint import open_checkpoint, parse_checkpoint
from ledger.formats.envelope import header_bytes, parse_envelope, parse_header
from ledger.formats.note import parse_note, parse_signature_lines, parse_vkey
from ledger.formats.packages import (
    MirrorInfo,
    Package,
    Upload,
    parse_info,
    parse_packages,
    parse_upload,
)
from ledger.formats.policy import parse_policy
from ledger.formats.proof import Receipt, parse_receipt, verify_receipt
from ledger.formats.subtree import verify_subtree
from ledger.keys import check_public_key, verify
from ledger.rules import admission, governance
from ledger.witness import Submission, parse_submission
from tests.ledger_logs import LOG_SIGNER, ORIGIN, genesis_body, sample_log

_LOG = sample_log(3)
_ENTRY = _LOG.entries[1]
_ENVELOPE = parse_entry(_ENTRY).envelope_raw
_NOTE = _LOG.checkpoint()
_POLICY = _LOG.policy
_RECEIPT = Receipt(index=1, path=(_LOG.leaves()[0], _LOG.leaves()[2]), checkpoint=_NOTE).encode()
_SUBMISSION = Submission(old_size=0, proof=(bytes(32),), note=_NOTE).encode()
_PACKAGE = Package(entries=tuple(_LOG.entries), proof=(bytes(32),)).encode()
_UPLOAD = Upload(origin=ORIGIN, start=0, end=3, ticket=b"ticket").encode() + _PACKAGE
_INFO = MirrorInfo(pending_size=3, next_entry=1, ticket=b"ticket").encode()


def text(parse: Callable[[str], Any]) -> Callable[[bytes], Any]:
    return lambda data: parse(data.decode("utf-8", "surrogateescape"))


def _an_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError("not an object")
    return value


def write_back_decoded(data: bytes) -> None:
    value = canonical.decode(data)
    assert canonical.decode_canonical(canonical.encode(value)) == value


def write_back(parse: Callable[[bytes], Any], write: Callable[[Any], bytes]) -> Any:
    def both(data: bytes) -> None:
        assert write(parse(data)) == data

    return both


PARSERS: dict[str, tuple[Callable[[bytes], Any], bytes]] = {
    "json": (write_back_decoded, b'{"a":[1,null,"\\u00e9"],"b":{}}'),
    "canonical json": (write_back(canonical.decode_canonical, canonical.encode), b'{"a":[1]}'),
    "base64": (write_back(canonical.decode_base64, lambda b: canonical.encode_base64(b).encode()),
               b"QUJD"),
    "public key": (check_public_key, _LOG.leaves()[0]),
    "signature": (lambda data: verify(data[:32], b"", data[32:]), bytes(96)),
    "entry": (write_back(parse_entry, encode_entry), _ENTRY),
    "envelope": (write_back(parse_envelope, lambda envelope: envelope.raw), _ENVELOPE),
    "header": (write_back(parse_header, header_bytes), parse_envelope(_ENVELOPE).payload),
    "bundle": (lambda data: tiles.parse_bundle(data, 3), tiles.encode_bundle(_LOG.entries)),
    "gzip": (tiles.gunzip_bundle, tiles.gzip_bundle(b"bundle")),
    "tile": (lambda data: tiles.split_tile(data, 3), b"".join(_LOG.leaves())),
    "tile path": (text(tiles.parse_tile_path), b"tile/0/x001/234.p/7"),
    "note": (write_back(parse_note, lambda note: note.encode()), _NOTE.encode()),
    "signature lines": (text(parse_signature_lines), _NOTE.signatures[0].line.encode()),
    "vkey": (text(parse_vkey), _LOG.vkey.encode()),
    "checkpoint text": (text(parse_checkpoint), _NOTE.text.encode()),
    "checkpoint": (lambda data: open_checkpoint(data, LOG_SIGNER.verifier), _NOTE.encode()),
    "policy": (lambda data: parse_policy(parse_policy(data).encode()), _POLICY.encode()),
    "policy, checkpoint": (_POLICY.open, _NOTE.encode()),
    "receipt": (write_back(parse_receipt, lambda receipt: receipt.encode()), _RECEIPT),
    "receipt, verified": (
        lambda data: verify_receipt(parse_receipt(data), _ENTRY, _POLICY), _RECEIPT),
    "upload": (parse_upload, _UPLOAD),
    "packages": (lambda data: parse_packages(data, 0, [(0, 3)]), _PACKAGE),
    "mirror info": (parse_info, _INFO),
    "subtree proof": (
        lambda data: verify_subtree(0, 2, 3, tiles.split_tile(data, 2), bytes(32), bytes(32)),
        bytes(64)),
    "genesis": (
        lambda data: admission.found(admission.open_envelope(data), ""),
        parse_entry(_LOG.entries[0]).envelope_raw),
    "genesis body": (
        lambda data: governance.genesis(_an_object(canonical.decode(data)), ""),
        canonical.encode(genesis_body())),
    "submission": (write_back(parse_submission, lambda each: each.encode()), _SUBMISSION),
}  # fmt: skip


def value_or_ledger_error(parse: Callable[[bytes], Any], data: bytes) -> bool:
    """True for a value; False for a LedgerError that says something; all else is raised."""
    try:
        parse(data)
    except LedgerError as error:
        if not str(error):
            raise AssertionError("an error without a word") from error
        return False
    return True
