"""Governance entries: who signs them, and what each does to the registry.

A body is {"type", "seq", "prev", …, "signers"}: seq counts governance entries, prev is the
SHA-256 of the one before, signers are (member, governance key, signature) over the body without
them, each distinct member counting once. Genesis makes the registry, all others change it. The
envelope around a body is checked by admission.py; preparing and signing offline use
`unsigned`, `sign_body` and `with_signers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from ledger import keys
from ledger.errors import AdmissionError, LedgerError
from ledger.formats import canonical
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.envelope import CLASS_FORM, pae
from ledger.formats.note import parse_note
from ledger.ports import Signer
from ledger.rules.registry import (
    Artefact,
    Key,
    Member,
    Registry,
    check_key_count,
    check_registry,
    freeze,
    integer_of,
    malformed,
    members_of,
    parse_key,
    parse_member,
    text_of,
    texts_of,
)

BODY_TYPE: Final = "application/vnd.vastedag.governance+json"
SIGNERS_MAX: Final = 400
REAFFIRM_MAX: Final = 10_000
ARTEFACTS_MAX: Final = 64
_ARTEFACT: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_CLASS: Final = re.compile(CLASS_FORM)
_FRAME: Final = {"type", "seq", "prev", "signers"}

Body = Mapping[str, Any]
Change = Callable[[Registry, int, Body], Registry]


def unsigned(body: Body) -> bytes:
    """The bytes a governance key signs: type-tagged canonical JSON without `signers`."""
    return pae(BODY_TYPE, canonical.encode({k: v for k, v in body.items() if k != "signers"}))


def sign_body(body: Body, member: str, signer: Signer) -> dict[str, str]:
    """One item of `signers`: made offline, with the member's governance key."""
    return {
        "member": member,
        "key": canonical.encode_base64(signer.public_key),
        "signature": canonical.encode_base64(signer.sign(unsigned(body))),
    }


def with_signers(body: Body, signers: Mapping[str, Signer]) -> dict[str, Any]:
    """The body with the signature of each member's governance key, in order of member id."""
    return {
        **body,
        "signers": [sign_body(body, member, signers[member]) for member in sorted(signers)],
    }


def next_body(registry: Registry, kind: str, **fields: Any) -> dict[str, Any]:
    """An unsigned body of this kind that follows the registry's last governance entry."""
    return {
        "type": kind,
        "seq": registry.seq + 1,
        "prev": registry.governance_prev,
        **fields,
        "signers": [],
    }


def genesis(body: Body, entry_hash: str) -> Registry:
    """The registry that entry 0 makes; raises AdmissionError.

    entry_hash is the base64 SHA-256 of entry 0: the log's identity. The members named in it that
    vote sign it, at least votes_needed of them.
    """
    predecessor = _predecessor(body)
    fields = members_of(
        {name: value for name, value in body.items() if name != "predecessor"},
        "genesis",
        _FRAME
        | {"origin", "log_vkey", "members", "matrix", "mirrors", "quorum"}
        | {"votes_needed", "seen_lag_max"},
    )
    if fields["type"] != "genesis" or fields["seq"] != 0 or fields["prev"] != "":
        raise malformed("entry 0 is of type genesis, seq 0, with nothing before it")
    listed = fields["members"]
    if not isinstance(listed, list):
        raise malformed("members: a list")
    members = [parse_member(value, 0) for value in listed]
    registry = Registry(
        log=entry_hash,
        origin=text_of(fields["origin"], "origin"),
        log_vkey=parse_key({"use": "log", "key": fields["log_vkey"]}, 0).text,
        members=freeze({member.id: member for member in members}),
        matrix=_matrix(fields["matrix"]),
        mirrors=texts_of(fields["mirrors"], "mirrors"),
        quorum=integer_of(fields["quorum"], "quorum"),
        votes_needed=integer_of(fields["votes_needed"], "votes_needed"),
        seen_lag_max=integer_of(fields["seen_lag_max"], "seen_lag_max"),
        seq=0,
        governance_prev=entry_hash,
        predecessor=predecessor,
    )
    if len(registry.members) != len(members):
        raise malformed("members: an id stands twice")
    _known_mirrors(registry)
    check_registry(registry)
    _demand_votes(registry, body, registry.votes_needed)
    return registry


def apply(registry: Registry, n: int, entry_hash: str, body: Body) -> Registry:
    """The registry after governance entry n; raises AdmissionError when it has no effect."""
    change = CHANGES.get(str(body.get("type")))
    if change is None:
        raise malformed(f"type: one of {', '.join(sorted(CHANGES))}")
    if body.get("seq") != registry.seq + 1 or type(body.get("seq")) is not int:
        raise malformed(f"seq: {registry.seq + 1} comes next; prepare the entry again")
    if body.get("prev") != registry.governance_prev:
        raise malformed("prev: not the last governance entry; prepare the entry again")
    changed = change(registry, n, body)
    _known_mirrors(changed)
    check_registry(changed)
    return replace(changed, seq=registry.seq + 1, governance_prev=entry_hash)


def _admit(registry: Registry, n: int, body: Body) -> Registry:
    fields = members_of(dict(body), "admit", _FRAME | {"member"})
    member = parse_member(fields["member"], n)
    if member.id in registry.members:
        raise malformed("admit: this id is a member, or was one; take another")
    _demand_votes(registry, body, registry.votes_needed)
    return _with_member(registry, member)


def _suspend(registry: Registry, n: int, body: Body) -> Registry:
    del n
    fields = members_of(dict(body), "suspend", _FRAME | {"member", "suspended"})
    if type(fields["suspended"]) is not bool:
        raise malformed("suspend, suspended: true or false")
    member = registry.member(text_of(fields["member"], "suspend, member"))
    _demand_votes(registry, body, registry.votes_needed)
    return _with_member(registry, replace(member, suspended=fields["suspended"]))


def _merge(registry: Registry, n: int, body: Body) -> Registry:
    """Members go on in another, as municipalities do: their keys end, their past stays theirs."""
    fields = members_of(dict(body), "merge", _FRAME | {"members", "into"})
    into = registry.member(text_of(fields["into"], "merge, into"))
    merged = [registry.member(m) for m in texts_of(fields["members"], "merge, members")]
    if not merged or into in merged or any(m.merged_into is not None for m in [into, *merged]):
        raise malformed("merge: members that are still on their own, into another such member")
    if any(member.id in registry.mirrors for member in merged):
        raise malformed("merge: change the mirrors first (type quorum)")
    _demand_votes(registry, body, registry.votes_needed)
    for member in merged:
        ended = tuple(replace(key, until=n) if key.active else key for key in member.keys)
        registry = _with_member(
            registry, replace(member, keys=ended, votes=False, merged_into=into.id)
        )
    return registry


def _rotate(registry: Registry, n: int, body: Body) -> Registry:
    """A new key of one use; the old ones of that use end with it. The member itself signs."""
    fields = members_of(dict(body), "rotate", _FRAME | {"member", "use", "key"})
    member = registry.member(text_of(fields["member"], "rotate, member"))
    new = parse_key({"use": fields["use"], "key": fields["key"]}, n)
    if new.use == "log":
        raise malformed("rotate: the log's key changes by type move")
    _demand_own_or_votes(registry, body, member)
    kept = tuple(
        replace(key, until=n) if key.use == new.use and key.active else key for key in member.keys
    )
    return _with_member(registry, replace(member, keys=(*kept, new)))


def _revoke(registry: Registry, n: int, body: Body) -> Registry:
    """A key ends; compromised_since (an entry number) contests what it signed from there on."""
    fields = members_of(dict(body), "revoke", _FRAME | {"member", "key", "compromised_since"})
    member = registry.member(text_of(fields["member"], "revoke, member"))
    since = fields["compromised_since"]
    if since is not None and integer_of(since, "revoke, compromised_since") > n:
        raise malformed("revoke, compromised_since: an entry that does not exist yet")
    if all(key.text != fields["key"] for key in member.keys):
        raise malformed("revoke, key: not a key of this member")
    _demand_own_or_votes(registry, body, member)
    return _with_member(
        registry,
        replace(
            member,
            keys=tuple(
                _revoked(key, n, since) if key.text == fields["key"] else key for key in member.keys
            ),
        ),
    )


def _reaffirm(registry: Registry, n: int, body: Body) -> Registry:
    """The author stands by contested entries of its own: they count again."""
    fields = members_of(dict(body), "reaffirm", _FRAME | {"member", "entries"})
    member = registry.member(text_of(fields["member"], "reaffirm, member"))
    listed = fields["entries"]
    if not isinstance(listed, list) or not 0 < len(listed) <= REAFFIRM_MAX:
        raise malformed(f"reaffirm, entries: 1 to {REAFFIRM_MAX} entry numbers")
    entries = frozenset(integer_of(entry, "reaffirm, entries") for entry in listed)
    if max(entries) >= n:
        raise malformed("reaffirm, entries: an entry that does not exist yet")
    _demand_own_or_votes(registry, body, member)
    # Which entries the member wrote is checked by readers: `contested` asks for its own key.
    return replace(registry, reaffirmed=registry.reaffirmed | entries)


def _policy(registry: Registry, n: int, body: Body) -> Registry:
    """Another role x class matrix, or another limit for `seen`."""
    del n
    fields = members_of(dict(body), "policy", _FRAME | {"matrix", "seen_lag_max"})
    _demand_votes(registry, body, registry.votes_needed)
    return replace(
        registry,
        matrix=_matrix(fields["matrix"]),
        seen_lag_max=integer_of(fields["seen_lag_max"], "seen_lag_max"),
    )


def _quorum(registry: Registry, n: int, body: Body) -> Registry:
    """Other mirrors, quorum or votes: needs the votes of both the old and the new rule.

    The head that first covers this entry needs the mirrors' quorum of both (log.py, follow.py).
    """
    del n
    fields = members_of(dict(body), "quorum", _FRAME | {"mirrors", "quorum", "votes_needed"})
    votes = integer_of(fields["votes_needed"], "quorum, votes_needed")
    _demand_votes(registry, body, max(votes, registry.votes_needed))
    return replace(
        registry,
        mirrors=texts_of(fields["mirrors"], "quorum, mirrors"),
        quorum=integer_of(fields["quorum"], "quorum, quorum"),
        votes_needed=votes,
    )


def _move(registry: Registry, n: int, body: Body) -> Registry:
    """The next log key: the sequencer moves to other hands; the log and its tree stay."""
    fields = members_of(dict(body), "move", _FRAME | {"log_vkey"})
    vkey = parse_key({"use": "log", "key": fields["log_vkey"]}, n).text
    if vkey in (registry.log_vkey, *registry.retired_log_vkeys):
        raise malformed("move, log_vkey: a key this log has had; take a new one")
    _demand_votes(registry, body, registry.votes_needed)
    retired = (*registry.retired_log_vkeys, registry.log_vkey)
    return replace(registry, log_vkey=vkey, retired_log_vkeys=retired)


def _publish(registry: Registry, n: int, body: Body) -> Registry:
    """The digest of a file that members vouch for; a newer one of the same name replaces it."""
    fields = members_of(dict(body), "publish", _FRAME | {"artefact", "sha256"})
    name = text_of(fields["artefact"], "publish, artefact")
    digest = text_of(fields["sha256"], "publish, sha256")
    if _ARTEFACT.fullmatch(name) is None or _SHA256.fullmatch(digest) is None:
        raise malformed("publish: artefact is a file name, sha256 its digest in 64 hex digits")
    if name not in registry.artefacts and len(registry.artefacts) >= ARTEFACTS_MAX:
        raise malformed(f"publish: at most {ARTEFACTS_MAX} artefacts")
    _demand_votes(registry, body, registry.votes_needed)
    artefacts = {**registry.artefacts, name: Artefact(sha256=digest, since=n)}
    return replace(registry, artefacts=artefacts)


CHANGES: Final[Mapping[str, Change]] = {
    "admit": _admit,
    "suspend": _suspend,
    "merge": _merge,
    "rotate": _rotate,
    "revoke": _revoke,
    "reaffirm": _reaffirm,
    "policy": _policy,
    "quorum": _quorum,
    "move": _move,
    "publish": _publish,
}


def _with_member(registry: Registry, member: Member) -> Registry:
    check_key_count(member)
    return replace(registry, members=freeze({**registry.members, member.id: member}))


def _revoked(key: Key, n: int, compromised_since: int | None) -> Key:
    earliest = key.compromised_since
    if compromised_since is not None:
        earliest = compromised_since if earliest is None else min(earliest, compromised_since)
    return replace(key, until=n if key.active else key.until, compromised_since=earliest)


def _predecessor(body: Body) -> str | None:
    """The last checkpoint of the log this one goes on from, when its quorum was lost.

    Break-glass (DESIGN 4): a log that can no longer reach its quorum is left as it is, and a
    successor is founded whose genesis holds the last checkpoint, as a signed note, that its
    members verified. What stands below that checkpoint stays proven by it.
    """
    value = body.get("predecessor")
    if value is None:
        return None
    if not isinstance(value, str):
        raise malformed("predecessor: a signed checkpoint as text")
    try:
        note = parse_note(value.encode())
        parse_checkpoint(note.text)
    except (LedgerError, UnicodeEncodeError) as error:
        raise malformed(f"predecessor: {error}") from None
    return value


def _matrix(value: Any) -> Mapping[str, frozenset[str]]:
    if not isinstance(value, dict) or not value:
        raise malformed("matrix: an object of role to classes")
    matrix = {
        text_of(role, "matrix"): frozenset(texts_of(classes, "matrix"))
        for role, classes in value.items()
    }
    if any(_CLASS.fullmatch(c) is None or c == "governance" for v in matrix.values() for c in v):
        raise malformed("matrix: record classes; governance is a matter of keys, not of roles")
    return matrix


def _known_mirrors(registry: Registry) -> None:
    if any(mirror not in registry.members for mirror in registry.mirrors):
        raise malformed("mirrors: each is a member")


def _signing_members(registry: Registry, body: Body) -> set[str]:
    """Members whose active governance key signed this body; raises AdmissionError."""
    signers = body.get("signers")
    if not isinstance(signers, list) or len(signers) > SIGNERS_MAX:
        raise malformed(f"signers: a list of at most {SIGNERS_MAX}")
    message, found = unsigned(body), set()
    for item in signers:
        fields = members_of(item, "signers", {"member", "key", "signature"})
        member = registry.member(text_of(fields["member"], "signers, member"))
        if member.suspended:
            raise AdmissionError("suspended", "signers: a suspended member signed")
        key = next((k for k in member.active_keys("governance") if k.text == fields["key"]), None)
        if key is None:
            raise AdmissionError("wrong_key", "signers: not an active governance key of its member")
        try:
            keys.verify(key.public_key, message, canonical.decode_base64(str(fields["signature"])))
        except LedgerError:
            raise AdmissionError(
                "bad_signature", f"signers: the signature of {member.id} does not verify"
            ) from None
        found.add(member.id)
    return found


def _demand_votes(registry: Registry, body: Body, needed: int) -> None:
    signing = _signing_members(registry, body)
    votes = sum(1 for member in signing if registry.members[member].votes)
    if votes < needed:
        raise AdmissionError(
            "bad_signature", f"signers: {votes} members that vote signed, {needed} must"
        )


def _demand_own_or_votes(registry: Registry, body: Body, member: Member) -> None:
    if member.id not in _signing_members(registry, body):
        _demand_votes(registry, body, registry.votes_needed)
