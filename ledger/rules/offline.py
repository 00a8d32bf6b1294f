"""Governance away from any node: what the members need to carry on files, to prepare and to sign.

A *state* is the log's governance entries so far, checked again by whoever reads it; a *body* is
what is signed; a *record* is the body with its signers, signed by its author, ready to submit. No
clock and no file here: the command line does that (node/commands/cli_governance.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.errors import AdmissionError, FormatError, LedgerError
from ledger.formats import canonical
from ledger.formats.chain import GENESIS_PREV, Entry, encode_entry, entry_hash, parse_entry
from ledger.formats.envelope import GOVERNANCE_CLASS, Header, sign_record
from ledger.ports import Row, Signer
from ledger.rules import admission, governance
from ledger.rules.registry import Key, Member, Registry

STATE_VERSION: Final = 1
GENESIS: Final = "genesis"
SUCCESSOR: Final = "successor"  # a genesis that names the last checkpoint of the log before
KINDS: Final = (GENESIS, SUCCESSOR, *governance.CHANGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The members of a log of `size` entries, as its governance entries make them."""

    registry: Registry
    size: int


def encode_state(rows: Sequence[Row], size: int) -> bytes:
    """The governance entries of a log of this size, to be carried to where keys are kept."""
    return canonical.encode(
        {
            "vastedag-governance": STATE_VERSION,
            "size": size,
            "entries": [
                {"n": row.n, "entry": canonical.encode_base64(row.raw)}
                for row in rows
                if row.governance and row.void is None
            ],
        }
    )


def read_state(content: bytes) -> State:
    """The members after all entries of a state, each checked as the log checks it.

    Raises FormatError for another form, AdmissionError for an entry the log would not have taken.
    What it cannot tell is whether the state is the newest, and whether entry 0 is the right one:
    compare the log's id, which is its digest.
    """
    fields = _object(canonical.decode(content), {"vastedag-governance", "size", "entries"})
    if fields["vastedag-governance"] != STATE_VERSION or not isinstance(fields["entries"], list):
        raise FormatError("governance state: of another version; make it with this program")
    registry: Registry | None = None
    last = -1
    for item in fields["entries"]:
        entry = _object(item, {"n", "entry"})
        n, raw = entry["n"], canonical.decode_base64(str(entry["entry"]))
        parsed = parse_entry(raw)
        if type(n) is not int or parsed.n != n or n <= last:
            raise FormatError("governance state: entries out of order; make it again")
        envelope = admission.open_envelope(parsed.envelope_raw)
        registry = admission.check(registry, n, entry_hash(raw), envelope, known=False)
        last = n
    size = fields["size"]
    if registry is None or type(size) is not int or size <= last:
        raise FormatError("governance state: no genesis in it, or smaller than its own entries")
    return State(registry=registry, size=size)


def prepare(kind: str, state: State | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """An unsigned body of this kind; all but its votes is checked. Raises LedgerError."""
    if kind == GENESIS:
        body = {"type": GENESIS, "seq": 0, "prev": "", **fields, "signers": []}
    elif state is None:
        raise FormatError(f"{kind}: made of the members as they are; give the state")
    elif kind == SUCCESSOR:
        body = _successor(state.registry, fields)
    else:
        body = governance.next_body(state.registry, kind, **fields)
    try:
        check(body, state)
    except AdmissionError as error:
        if error.code != "bad_signature":  # its votes come later, and are counted by `combine`
            raise
    return body


def check(body: Mapping[str, Any], state: State | None) -> Registry:
    """The members after this body, votes counted; raises AdmissionError, FormatError."""
    if body.get("type") == GENESIS:
        return governance.genesis(body, entry_hash(_genesis_entry(b"{}")))
    if state is None:
        raise FormatError("body: not a genesis, so give the state it follows")
    return governance.apply(state.registry, state.size, "", body)


def combine(body: Mapping[str, Any], signatures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body with these signatures, one a member, in order of member id; raises FormatError."""
    found: dict[str, dict[str, Any]] = {}
    for item in [*body.get("signers", []), *signatures]:
        fields = _object(item, {"member", "key", "signature"})
        member = str(fields["member"])
        if found.setdefault(member, fields) != fields:
            raise FormatError(f"signatures: {member} signed twice, differently; take one of them")
    return {**body, "signers": [found[member] for member in sorted(found)]}


def record(
    body: Mapping[str, Any], state: State | None, *, author: str, signer: Signer, at: str
) -> bytes:
    """The record of a whole body, by its author's governance key; raises LedgerError.

    Made again of the same body it has the same id, so that it is recorded once.
    """
    check(body, state)
    first = body["type"] == GENESIS
    digest = hashlib.sha256(author.encode() + b"\0" + governance.unsigned(body)).digest()
    header = Header(
        log="" if state is None or first else state.registry.log,
        id=canonical.encode_base64(digest).translate(_URL).rstrip("="),
        author=author,
        record_class=GOVERNANCE_CLASS,
        at=at,
        seen=0 if state is None or first else state.size,
        body=body,
    )
    raw = sign_record(header, signer)
    envelope = admission.open_envelope(raw)
    if first:
        admission.found(envelope, entry_hash(_genesis_entry(raw)))
    else:
        assert state is not None  # check() has asked for it
        author_keys = admission.candidates(state.registry, state.size, header)
        admission.check_signature(state.registry, envelope, author_keys)
    return raw


def describe(body: Mapping[str, Any], state: State | None) -> list[str]:
    """What a body says and does, a line each, for the eyes of whoever signs it."""
    skipped = {"type", "seq", "prev", "signers", "members", "predecessor"}
    lines = [f"{body.get('type')}, governance entry {body.get('seq')}"]
    lines += [f"  {name}: {value}" for name, value in sorted(body.items()) if name not in skipped]
    if state is not None:
        registry = state.registry
        lines.append(f"  on log {registry.log} ({registry.origin}), {state.size} entries known")
    for member in body.get("members", []):
        told = member if isinstance(member, str) else f"{member.get('id')} ({member.get('role')})"
        lines.append(f"  member {told}")
    if body.get("predecessor"):
        lines.append(f"  goes on from {str(body['predecessor']).splitlines()[:3]}")
    signed = [str(item.get("member")) for item in body.get("signers", [])]
    lines.append(f"  signed by {', '.join(signed) or 'nobody yet'}")
    try:
        check(body, state)
    except LedgerError as error:
        lines.append(f"  not ready: {error}")
    else:
        lines.append("  ready: enough members have signed")
    digest = hashlib.sha256(governance.unsigned(body)).hexdigest()
    lines.append(f"  digest {digest}")
    return lines


def _successor(registry: Registry, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A genesis with the members as they are, but for what the fields say (break-glass).

    Cosigning keys carry the origin in their name, so a successor of another origin names new
    ones: `keys` by member id, as `vastedag init` prints them.
    """
    fresh = fields.get("keys", {})
    if not isinstance(fresh, dict) or not all(isinstance(each, dict) for each in fresh.values()):
        raise FormatError("keys: by member id what `vastedag init --json` printed as keys")
    active = [m for m in registry.members.values() if m.merged_into is None and not m.suspended]
    kept = {name: value for name, value in fields.items() if name != "keys"}
    return {
        "type": GENESIS,
        "seq": 0,
        "prev": "",
        "origin": registry.origin,
        "log_vkey": registry.log_vkey,
        "members": [_member(member, fresh.get(member.id)) for member in active],
        "matrix": {role: sorted(classes) for role, classes in registry.matrix.items()},
        "mirrors": list(registry.mirrors),
        "quorum": registry.quorum,
        "votes_needed": registry.votes_needed,
        "seen_lag_max": registry.seen_lag_max,
        **kept,
        "signers": [],
    }


def _member(member: Member, fresh: Mapping[str, Any] | None) -> dict[str, Any]:
    keys: list[dict[str, str]] = [_named(key) for key in member.keys if key.active]
    if fresh is not None:
        replaced = {use: str(text) for use, text in fresh.items() if use != "log_vkey"}
        dropped = {*replaced, "mirror", "witness"}
        keys = [each for each in keys if each["use"] not in dropped]
        keys += [{"use": use, "key": text} for use, text in sorted(replaced.items())]
    return {
        "id": member.id,
        "name": member.name,
        "role": member.role,
        "url": member.url,
        "votes": member.votes,
        "keys": keys,
    }


def _named(key: Key) -> dict[str, str]:
    return {"use": key.use, "key": key.text}


def _genesis_entry(envelope: bytes) -> bytes:
    return encode_entry(Entry(n=0, prev=GENESIS_PREV, envelope_raw=envelope))


def _object(value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != names:
        raise FormatError(f"governance file: exactly the members {', '.join(sorted(names))}")
    return value


_URL: Final = str.maketrans("+/", "-_")
