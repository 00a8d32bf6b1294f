"""C2SP tlog-policy: which logs are trusted, and which cosigners together make a quorum.

The file is read as octets: a byte above 0x7E has no meaning beyond itself. Where the file comes
from, and its agreement with the governance entries, is the work of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ledger.errors import CheckpointError, FormatError, NoteError, PolicyError
from ledger.formats.checkpoint import Checkpoint, check_cosignatures, open_checkpoint
from ledger.formats.note import COSIGNATURE, ED25519, Note, Verifier, parse_note, parse_vkey

FILE_BYTES_MAX: Final = 262_144
NAMES_MAX: Final = 1_024
NO_QUORUM: Final = "none"

_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A log or cosigner: its key, and where it is reached ("" when the file does not say)."""

    verifier: Verifier
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """`threshold` of the members, each a witness or a group named before, make the group."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A checkpoint the policy accepts: who cosigned it, and which cosignatures are damaged."""

    checkpoint: Checkpoint
    note: Note
    cosigners: tuple[str, ...]
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy file as values, checked at birth; raises PolicyError."""

    logs: tuple[Party, ...] = ()
    witnesses: Mapping[str, Party] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NO_QUORUM

    def __post_init__(self) -> None:
        _check_keys(self)
        _check_groups(self)
        if self.quorum != NO_QUORUM and self.quorum not in {*self.witnesses, *self.groups}:
            raise PolicyError(f"policy, quorum: {self.quorum!r} is not defined")

    def encode(self) -> bytes:
        """The policy as a file."""
        lines = [_line("log", each.verifier.vkey, each.url) for each in self.logs]
        lines += [
            _line("witness", name, each.verifier.vkey, each.url)
            for name, each in self.witnesses.items()
        ]
        lines += [
            _line("group", name, str(group.threshold), *group.members)
            for name, group in self.groups.items()
        ]
        lines.append(_line("quorum", self.quorum))
        return "".join(lines).encode("utf-8", "surrogateescape")

    def satisfied(self, note: Note) -> tuple[str, ...]:
        """Names of the witnesses that cosigned; raises PolicyError unless they are a quorum."""
        cosigners, damaged = self.cosigners(note)
        self._require_quorum(cosigners, damaged)
        return cosigners

    def open(self, data: bytes | Note) -> Opened:
        """A checkpoint signed by one of the logs and cosigned by a quorum.

        Raises CheckpointError for the log's side, PolicyError for the cosigners'.
        """
        try:
            note = data if isinstance(data, Note) else parse_note(data)
        except NoteError as error:
            raise CheckpointError(f"checkpoint: {error}") from None
        origin = note.text.partition("\n")[0]
        logs = [each.verifier for each in self.logs if each.verifier.name == origin]
        if not logs:
            raise CheckpointError("checkpoint, line 1: the policy names no log of this origin")
        signed = open_checkpoint(note, logs, origin=origin)
        cosigners, damaged = self.cosigners(note)
        self._require_quorum(cosigners, damaged)
        return Opened(checkpoint=signed.checkpoint, note=note, cosigners=cosigners, damaged=damaged)

    def cosigners(self, note: Note) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the witnesses whose cosignature verifies, and the damaged cosignatures."""
        by_key = {each.verifier: name for name, each in self.witnesses.items()}
        found = check_cosignatures(note, tuple(by_key))
        return tuple(by_key[verifier] for verifier in found.good), found.damaged

    def suffice(self, cosigners: Iterable[str]) -> bool:
        """Whether these witnesses together are the quorum."""
        reached = {NO_QUORUM, *cosigners}
        for name, group in self.groups.items():  # defined before use: one pass suffices
            if sum(member in reached for member in group.members) >= group.threshold:
                reached.add(name)
        return self.quorum in reached

    def _require_quorum(self, cosigners: tuple[str, ...], damaged: tuple[str, ...]) -> None:
        if not self.suffice(cosigners):
            told = f"; {'; '.join(damaged)}" if damaged else ""
            raise PolicyError(
                f"checkpoint: quorum {self.quorum!r} is not reached by the cosignatures of "
                f"{', '.join(cosigners) or 'nobody'}{told}"
            )


def parse_policy(data: bytes) -> Policy:
    """The policy of its file; raises PolicyError naming the line."""
    if len(data) > FILE_BYTES_MAX:
        raise PolicyError(f"policy: {len(data)} bytes, at most {FILE_BYTES_MAX} are read")
    forbidden = _FORBIDDEN.search(data)
    if forbidden is not None:
        place = data.count(b"\n", 0, forbidden.start()) + 1
        raise PolicyError(f"policy, line {place}: a control character")
    reader = _Reader()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), start=1):
        words = line.replace("\t", " ").split(" ")
        items = [word for word in words if word]
        if not items or items[0].startswith("#"):
            continue
        try:
            reader.take(items)
        except (PolicyError, FormatError) as error:
            raise PolicyError(f"policy, line {number}: {error}") from None
    return reader.policy()


class _Reader:
    """Takes a file's lines one by one; every name must be defined before its use."""

    def __init__(self) -> None:
        self.logs: list[Party] = []
        self.witnesses: dict[str, Party] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None

    def take(self, items: list[str]) -> None:
        kind, rest = items[0], items[1:]
        if kind == "log" and len(rest) in (1, 2):
            self.logs.append(_party(rest))
        elif kind == "witness" and len(rest) in (2, 3):
            self._define(rest[0])
            self.witnesses[rest[0]] = _party(rest[1:])
        elif kind == "group" and len(rest) >= 3:
            self._define(rest[0])
            self.groups[rest[0]] = self._group(rest[1], tuple(rest[2:]))
        elif kind == "quorum" and len(rest) == 1:
            if self.quorum is not None:
                raise PolicyError("a second quorum line")
            if rest[0] != NO_QUORUM and not self._defined(rest[0]):
                raise PolicyError("the quorum names nothing that is defined above it")
            self.quorum = rest[0]
        else:
            raise PolicyError("not a log, witness, group or quorum line")

    def policy(self) -> Policy:
        if self.quorum is None:
            raise PolicyError("policy: no quorum line")
        return Policy(
            logs=tuple(self.logs),
            witnesses=self.witnesses,
            groups=self.groups,
            quorum=self.quorum,
        )

    def _defined(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _define(self, name: str) -> None:
        if name == NO_QUORUM or self._defined(name):
            raise PolicyError("a name that is taken")
        if len(self.witnesses) + len(self.groups) >= NAMES_MAX:
            raise PolicyError(f"more than {NAMES_MAX} names")

    def _group(self, threshold: str, members: tuple[str, ...]) -> Group:
        if not all(self._defined(member) for member in members):
            raise PolicyError("a group member that is not defined above it")
        if threshold == "any":
            return Group(threshold=1, members=members)
        if threshold == "all":
            return Group(threshold=len(members), members=members)
        if _NUMBER.fullmatch(threshold) is None:
            raise PolicyError("a threshold that is not any, all or a plain number from 1")
        return Group(threshold=int(threshold), members=members)


def _party(items: list[str]) -> Party:
    return Party(verifier=parse_vkey(items[0]), url=items[1] if len(items) > 1 else "")


def _line(*items: str) -> str:
    return " ".join(item for item in items if item) + "\n"


def _check_keys(policy: Policy) -> None:
    for kind, key_type, parties in (
        ("log", ED25519, policy.logs),
        ("witness", COSIGNATURE, tuple(policy.witnesses.values())),
    ):
        if any(each.verifier.key_type != key_type for each in parties):
            raise PolicyError(f"policy, {kind}: a key of another signature type")
        if len({each.verifier.public_key for each in parties}) != len(parties):
            raise PolicyError(f"policy, {kind}: one key stands twice")
        names = {(each.verifier.name, each.verifier.key_id) for each in parties}
        if len(names) != len(parties):
            raise PolicyError(f"policy, {kind}: two keys of one name and one key id")


def _check_groups(policy: Policy) -> None:
    defined = set(policy.witnesses)
    used: set[str] = set()
    for name, group in policy.groups.items():
        if name in defined or NO_QUORUM in (name, *group.members):
            raise PolicyError("policy, group: a name that is taken")
        if not defined.issuperset(group.members):
            raise PolicyError("policy, group: a member that is not defined before")
        if len(set(group.members)) != len(group.members) or used.intersection(group.members):
            raise PolicyError("policy, group: a name is a member twice")
        if not 1 <= group.threshold <= len(group.members):
            raise PolicyError("policy, group: a threshold outside 1 to the number of members")
        used.update(group.members)
        defined.add(name)
