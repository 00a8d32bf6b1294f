"""`POST /v1/events`: an event signed by one of the member's systems, checked before anything else.

The body is a DSSE envelope over {"member", "log", "seen", "event"}. Signature first: nothing in the
payload is believed, or told in a refusal, before it verifies. Then the draft goes in by flow.py.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from ledger.errors import SignatureError
from ledger.formats.envelope import pae
from ledger.keys import SIGNATURE_BYTES, verify
from ledger.ports import Signer
from ledger.rules.registry import Registry
from node.errors import RefusedError
from node.ledger_view import LedgerView, api_keys_of
from specs.canonical import canonical_bytes
from specs.event import PAYLOAD_BYTES_MAX, EventFaultError, parse_submitted
from specs.records import RecordDraft

SUBMISSION_TYPE: Final = "application/vnd.vastedag.submission+json"
SUBMISSION_BYTES_MAX: Final = 90_000  # base64 of the largest event, and its frame
_MEMBERS: Final = {"member", "log", "seen", "event"}


def sign_submission(
    *, member: str, log: str, seen: int, event: dict[str, Any], signer: Signer
) -> bytes:
    """The envelope that a member's system sends; signer holds a registered api key."""
    payload = canonical_bytes({"member": member, "log": log, "seen": seen, "event": event})
    signature = signer.sign(pae(SUBMISSION_TYPE, payload))
    return canonical_bytes(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": SUBMISSION_TYPE,
            "signatures": [{"keyid": "", "sig": base64.b64encode(signature).decode()}],
        }
    )


def read_submission(body: bytes, member: str, view: LedgerView) -> RecordDraft:
    """The draft of a signed submission to this member's node.

    Raises RefusedError: oversize, malformed, unknown_member, wrong_key, bad_signature, key_revoked,
    suspended, wrong_log, stale_seen, future_seen, unknown_type, invalid_event (all problems).
    """
    if len(body) > SUBMISSION_BYTES_MAX:
        raise RefusedError("oversize", f"body: {len(body)} bytes, at most {SUBMISSION_BYTES_MAX}")
    payload, signature = _envelope(body)
    fields = _object(payload, "payload")
    if fields.keys() != _MEMBERS:
        raise RefusedError("malformed", "payload: member, log, seen and event, no more and no less")
    _check_signer(fields["member"], member, payload, signature, view.registry)
    _check_place(fields["log"], fields["seen"], view)
    if not isinstance(fields["event"], dict):
        raise RefusedError("malformed", "event: a CloudEvent as a JSON object")
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise RefusedError("oversize", f"payload: at most {PAYLOAD_BYTES_MAX} bytes")
    try:
        return parse_submitted(_event_bytes(fields["event"]))
    except EventFaultError as fault:
        detail = f"{len(fault.problems)} problem(s) in the event; correct all and send it again"
        raise RefusedError(fault.code, detail, fault.problems) from None


def _envelope(body: bytes) -> tuple[bytes, bytes]:
    fields = _object(body, "body")
    if fields.keys() != {"payload", "payloadType", "signatures"}:
        raise RefusedError(
            "malformed", "body: a DSSE envelope has payload, payloadType, signatures"
        )
    if fields["payloadType"] != SUBMISSION_TYPE:
        raise RefusedError("malformed", f"payloadType: {SUBMISSION_TYPE} is expected")
    signatures = fields["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise RefusedError("malformed", "signatures: exactly one")
    one = signatures[0]
    if not isinstance(one, dict) or one.keys() != {"keyid", "sig"} or one["keyid"] != "":
        raise RefusedError("malformed", 'signatures: {"keyid": "", "sig": …}')
    payload, signature = _base64(fields["payload"]), _base64(one["sig"])
    if len(signature) != SIGNATURE_BYTES:
        raise RefusedError("malformed", f"sig: {SIGNATURE_BYTES} bytes of Ed25519")
    return payload, signature


def _check_signer(
    named: Any, member: str, payload: bytes, signature: bytes, registry: Registry
) -> None:
    if not isinstance(named, str) or named not in registry.members:
        raise RefusedError("unknown_member", "member: no member of this log has this name")
    if registry.members[named].suspended:
        raise RefusedError("suspended", "member: suspended; its events are not taken")
    message = pae(SUBMISSION_TYPE, payload)
    if named == member and any(
        _signed(key, message, signature) for key in api_keys_of(registry, member)
    ):
        return
    for key in registry.members[named].keys:
        if key.use in ("api", "record") and _signed(key.public_key, message, signature):
            if not key.active:
                raise RefusedError("key_revoked", f"signature: by an ended {key.use} key")
            if named != member:
                raise RefusedError("unknown_member", f"this is the node of {member}; use your own")
            raise RefusedError("wrong_key", f"signature: by the {key.use} key; use the api key")
    for other in registry.members.values():
        if any(_signed(key.public_key, message, signature) for key in other.active_keys("api")):
            raise RefusedError("wrong_key", "signature: by a key of another member")
    raise RefusedError("bad_signature", "signature: by no key of this member")


def _check_place(log: Any, seen: Any, view: LedgerView) -> None:
    if log != view.registry.log:
        raise RefusedError("wrong_log", f"log: this node follows {view.registry.log}")
    if type(seen) is not int or seen < 0:
        raise RefusedError("malformed", "seen: a ledger size")
    if seen > view.size:
        raise RefusedError("future_seen", f"seen: {seen}; {view.size} entries are verified here")
    if view.size - seen > view.registry.seen_lag_max:
        raise RefusedError(
            "stale_seen", f"seen: {seen} is more than {view.registry.seen_lag_max} entries ago"
        )


def _signed(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        verify(key, message, signature)
    except SignatureError:
        return False
    return True


def _event_bytes(event: dict[str, Any]) -> bytes:
    try:
        return canonical_bytes(event)
    except (ValueError, RecursionError):
        raise RefusedError("malformed", "event: a value that canonical JSON cannot hold") from None


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except (ValueError, RecursionError):
        raise RefusedError("malformed", f"{what}: not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise RefusedError("malformed", f"{what}: not a JSON object")
    return value


def _refuse_number(_text: str) -> int:
    raise RefusedError("malformed", "a number that is no whole number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise RefusedError("malformed", "a member stands in it twice")
    return members


def _base64(value: Any) -> bytes:
    try:
        decoded = base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError("malformed", "payload and sig are standard base64") from None
    if not isinstance(value, str) or base64.b64encode(decoded).decode() != value:
        raise RefusedError("malformed", "payload and sig are standard base64, padded")
    return decoded
