"""What the ledger knows of its members at one size: keys with their life, matrix, quorum.

Plain values with their checks. Which governance entry changes them is the work of governance.py,
what they admit that of admission.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger import keys
from ledger.errors import AdmissionError, LedgerError
from ledger.formats import canonical
from ledger.formats.envelope import AUTHOR_FORM
from ledger.formats.note import ED25519, Verifier, parse_vkey

NOTE_KEY_USES: Final = ("log", "mirror", "witness")
SIGNING_USES: Final = ("record", "governance", "api")
OPAQUE_USES: Final = ("hpke", "tls")
KEY_USES: Final = NOTE_KEY_USES + SIGNING_USES + OPAQUE_USES
MEMBERS_MAX: Final = 400
KEYS_PER_USE_MAX: Final = 4
MIRRORS_MAX: Final = 15  # a verifier must take 16 signatures: 15 mirrors and the log's own
OPAQUE_KEY_BYTES_MAX: Final = 4_096
TEXT_CHARS_MAX: Final = 200
RESERVED_IDS: Final = ("mirrors", "none")  # names with a meaning of their own in the policy file

_MEMBER: Final = re.compile(AUTHOR_FORM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One registered key: use, text as on the ledger, and its life in entry numbers.

    text is a vkey for log, mirror and witness keys, base64 for all others; `since` is the entry
    that registered it, `until` the one that ended it; entries from `compromised_since` on that
    were signed with it are contested.
    """

    use: str
    text: str
    public_key: bytes
    since: int
    until: int | None = None
    compromised_since: int | None = None

    @property
    def active(self) -> bool:
        """Registered and not ended."""
        return self.until is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member: `votes` tells an agency from a commercial creditor (DESIGN 4)."""

    id: str
    name: str
    role: str
    url: str
    votes: bool
    keys: tuple[Key, ...]
    suspended: bool = False
    merged_into: str | None = None

    def active_keys(self, use: str) -> tuple[Key, ...]:
        """Keys of one use that were registered and not ended."""
        return tuple(key for key in self.keys if key.use == use and key.active)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A file that members vouch for, such as the verifier: its SHA-256 in hex, and since when."""

    sha256: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The members' side of the ledger after some entry; a function of the entries up to it.

    log is the base64 SHA-256 of entry 0; `seq` and `governance_prev` are number and base64
    SHA-256 of the last governance entry; mirrors are the member ids whose mirror keys count.
    """

    log: str
    origin: str
    log_vkey: str
    members: Mapping[str, Member]
    matrix: Mapping[str, frozenset[str]]
    mirrors: tuple[str, ...]
    quorum: int
    votes_needed: int
    seen_lag_max: int
    seq: int
    governance_prev: str
    retired_log_vkeys: tuple[str, ...] = ()
    predecessor: str | None = None
    reaffirmed: frozenset[int] = frozenset()
    artefacts: Mapping[str, Artefact] = field(default_factory=dict)

    def member(self, member: str) -> Member:
        """A member by id; raises AdmissionError unknown_member."""
        found = self.members.get(member)
        if found is None:
            raise AdmissionError(
                "unknown_member", "author: no member of this log; ask to be admitted first"
            )
        return found

    def mirror_keys(self) -> tuple[tuple[str, Key], ...]:
        """(member, active mirror key) of every mirror that counts, in the registered order."""
        return tuple(
            (member, key)
            for member in self.mirrors
            for key in self.members[member].active_keys("mirror")[-1:]
        )

    def witness_keys(self) -> tuple[tuple[str, Key], ...]:
        """(member, active witness key) of every member that witnesses."""
        return tuple(
            (member.id, key)
            for member in self.members.values()
            for key in member.active_keys("witness")[-1:]
        )

    def policy_text(self, url: str = "") -> str:
        """The C2SP tlog-policy file of this registry: the log, its mirrors and the quorum."""
        lines = [f"log {self.log_vkey} {url}".rstrip()]
        names = []
        for member, key in self.mirror_keys():
            lines.append(f"witness {member} {key.text}")
            names.append(member)
        if not names:
            return "\n".join([*lines, "quorum none", ""])
        lines.append(f"group mirrors {self.quorum} {' '.join(names)}")
        return "\n".join([*lines, "quorum mirrors", ""])

    def trusted_log_keys(self, configured: str) -> tuple[Verifier, ...]:
        """The log's key, and the configured one when it is not known to be retired.

        A member that is behind a move is configured with the next key out of band.
        """
        vkeys = [self.log_vkey]
        if configured not in (self.log_vkey, *self.retired_log_vkeys):
            vkeys.append(configured)
        return tuple(parse_vkey(each) for each in vkeys)

    def contested(self, author: str, public_key: bytes, n: int) -> bool:
        """Whether entry n by that key is contested: the key was called compromised before it."""
        if n in self.reaffirmed:
            return False
        member = self.members.get(author)
        return member is not None and any(
            key.compromised_since is not None
            and n >= key.compromised_since
            and key.public_key == public_key
            for key in member.keys
            if key.use == "record"
        )


def freeze(members: Mapping[str, Member]) -> Mapping[str, Member]:
    """A copy of their own for every registry; its type lets no one write to it."""
    return dict(members)


def parse_member(value: Any, n: int) -> Member:
    """A member as genesis and admit carry it; raises AdmissionError malformed."""
    fields = members_of(value, "member", {"id", "name", "role", "url", "votes", "keys"})
    keys_value = fields["keys"]
    if not isinstance(keys_value, list) or type(fields["votes"]) is not bool:
        raise malformed("member: keys is a list, votes is true or false")
    member_id = text_of(fields["id"], "member, id")
    if _MEMBER.fullmatch(member_id) is None or member_id in RESERVED_IDS:
        raise malformed(f"member, id: in the form {AUTHOR_FORM}, not one of {RESERVED_IDS}")
    member = Member(
        id=member_id,
        name=text_of(fields["name"], "member, name"),
        role=text_of(fields["role"], "member, role"),
        url=text_of(fields["url"], "member, url", empty=True),
        votes=fields["votes"],
        keys=tuple(parse_key(key, n) for key in keys_value),
    )
    check_key_count(member)
    return member


def parse_key(value: Any, n: int) -> Key:
    """A key as the ledger carries it; raises AdmissionError malformed."""
    fields = members_of(value, "key", {"use", "key"})
    use, text = fields["use"], fields["key"]
    if use not in KEY_USES or not isinstance(text, str):
        raise malformed(f"key: use is one of {', '.join(KEY_USES)}, key is a text")
    try:
        if use in NOTE_KEY_USES:
            public_key = parse_vkey(text).public_key
        else:
            public_key = canonical.decode_base64(text)
        if use not in OPAQUE_USES:
            keys.check_public_key(public_key)
    except LedgerError as error:
        raise malformed(f"key of use {use}: {error}") from None
    if not 0 < len(public_key) <= OPAQUE_KEY_BYTES_MAX:
        raise malformed(f"key of use {use}: at most {OPAQUE_KEY_BYTES_MAX} bytes")
    return Key(use=use, text=text, public_key=public_key, since=n)


def check_key_count(member: Member) -> None:
    """Raise AdmissionError malformed when a member holds too many active keys of one use."""
    for use in KEY_USES:
        if len(member.active_keys(use)) > KEYS_PER_USE_MAX:
            raise malformed(f"member: more than {KEYS_PER_USE_MAX} active keys of use {use}")


def check_registry(registry: Registry) -> None:
    """Raise AdmissionError malformed unless the registry can work as a whole.

    No key stands for two statements or two members (tlog-cosignature: the signed text does not
    hold the cosigner's name); the mirrors' quorum is more than half, so that two heads that
    contradict each other cannot both reach it (LEDGER-FORMATS 5.4.1).
    """
    if len(registry.members) > MEMBERS_MAX:
        raise malformed(f"members: at most {MEMBERS_MAX}")
    log = parse_vkey(registry.log_vkey)
    if log.name != registry.origin or log.key_type != ED25519:
        raise malformed("log_vkey: an Ed25519 key whose name is the origin")
    seen: set[bytes] = {log.public_key}
    for member in registry.members.values():
        for key in member.keys:
            public_key = key.public_key
            if public_key in seen:
                raise malformed(f"member {member.id}: a key of use {key.use} is used twice")
            seen.add(public_key)
    mirrors, quorum = registry.mirrors, registry.quorum
    if len(set(mirrors)) != len(mirrors) or len(mirrors) > MIRRORS_MAX:
        raise malformed(f"mirrors: at most {MIRRORS_MAX}, each once")
    if len(registry.mirror_keys()) != len(mirrors):
        raise malformed("mirrors: each is a member with an active mirror key")
    if mirrors and not len(mirrors) < 2 * quorum <= 2 * len(mirrors):
        raise malformed("quorum: more than half of the mirrors and at most all")
    if not mirrors and quorum != 0:
        raise malformed("quorum: 0 without mirrors")
    voters = sum(1 for member in registry.members.values() if member.votes)
    if not 0 < registry.votes_needed <= voters:
        raise malformed("votes_needed: at least 1 and at most the members that vote")
    if registry.seen_lag_max < 1:
        raise malformed("seen_lag_max: at least 1")


def malformed(message: str) -> AdmissionError:
    """The refusal of a governance body that is not in its form."""
    return AdmissionError("malformed", f"governance: {message}")


def members_of(value: Any, what: str, names: set[str]) -> dict[str, Any]:
    """The members of an object that must have exactly these names."""
    if not isinstance(value, dict) or value.keys() != names:
        raise malformed(f"{what}: exactly the members {', '.join(sorted(names))}")
    return value


def text_of(value: Any, what: str, *, empty: bool = False) -> str:
    """A short text on one line."""
    if not isinstance(value, str) or not (value or empty) or len(value) > TEXT_CHARS_MAX:
        raise malformed(f"{what}: a text of at most {TEXT_CHARS_MAX} characters")
    if not value.isprintable():
        raise malformed(f"{what}: a text on one line without control characters")
    return value


def integer_of(value: Any, what: str) -> int:
    """A whole number, not below zero."""
    if type(value) is not int or value < 0:
        raise malformed(f"{what}: a whole number")
    return value


def texts_of(value: Any, what: str) -> tuple[str, ...]:
    """A list of short texts."""
    if not isinstance(value, list):
        raise malformed(f"{what}: a list")
    return tuple(text_of(item, what) for item in value)
