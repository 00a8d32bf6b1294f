"""Which regulation versions a node derives by: only those that two persons have released.

A release is a record of Toeslagen (or, for the rules a network begins with, a file that its
founding leaves in every home). It counts when two governance keys that the ledger holds have signed
exactly what it says, one of them its author's; it takes effect at its own place on the ledger, and
a recall gives the version before it back.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol

from pydantic import ValidationError

from ledger.errors import SignatureError
from ledger.formats.envelope import pae
from ledger.keys import verify
from ledger.ports import Signer
from ledger.rules.registry import Key, Registry
from node.errors import NodeError, StartError
from node.ledger_view import role_of
from node.subjects import OWN
from scheduler.compiling.program import Version, compile_version
from scheduler.errors import RuleError
from scheduler.folding.facts import Fact, SubjectId
from scheduler.rulebook import Rulebook
from scheduler.schemes import SUPPLIED
from specs.canonical import canonical_bytes, digest_of
from specs.errors import SpecFileError
from specs.records import RulesRelease
from specs.records_law import Approval, RuleVersion
from specs.regulation_files import read_regulation

RELEASE_TYPE: Final = "application/vnd.vastedag.rules+json"
FOUNDING_FILE: Final = "rules.json"
FOUNDING_REASON: Final = "the rules that the network begins with"
NOT_SHOWN: Final = "0" * 64  # at a founding there is no household to show anything about


class RulesError(NodeError):
    """A release that does not count, or rules that cannot be released; says what now."""


class Source(Protocol):
    """Where released records lie: facts.py in a node."""

    def facts_of(self, subjects: Iterable[SubjectId]) -> Sequence[Fact]:
        """All accepted facts that name any of these subjects."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A release or recall with its place: entry and record, None for the founding's."""

    versions: tuple[RuleVersion, ...]
    recalled: bool
    index: int
    record: str | None
    approved_by: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: RulesRelease, index: int, record: str | None) -> Released:
        """What a record says."""
        return cls(
            versions=data.versions, recalled=data.recalled, index=index, record=record,
            approved_by=tuple(one.member for one in data.approvals),
        )  # fmt: skip


def statement(
    log: str, versions: Iterable[RuleVersion], *, recalled: bool, dry_run: str, reason: str
) -> bytes:
    """What a person signs: which versions, on which log, shown which effect, and why."""
    body = {
        "log": log,
        "versions": [[one.rule, one.digest] for one in versions],
        "recalled": recalled,
        "dry_run": dry_run,
        "reason": reason,
    }
    return pae(RELEASE_TYPE, canonical_bytes(body))


def approve(message: bytes, member: str, signer: Signer) -> Approval:
    """One person's approval of a statement."""
    return Approval(
        member=member,
        key=base64.b64encode(signer.public_key).decode(),
        signature=base64.b64encode(signer.sign(message)).decode(),
    )


def check_release(
    data: RulesRelease, author: str, registry: Registry, index: int | None = None
) -> None:
    """Raise RulesError unless two persons approved exactly this, one of the author's member.

    `index` is its entry: keys count as they were then; None for one that is yet to be recorded.
    """
    message = statement(
        registry.log, data.versions, recalled=data.recalled, dry_run=data.dry_run,
        reason=data.reason,
    )  # fmt: skip
    for one in data.approvals:
        member = registry.members.get(one.member)
        raw = base64.b64decode(one.key)
        held = () if member is None else member.keys
        if raw not in {key.public_key for key in held if _counts(key, index)}:
            raise RulesError(f"{one.member}: no active governance key of this member; sign again")
        try:
            verify(raw, message, base64.b64decode(one.signature))
        except SignatureError:
            raise RulesError(f"{one.member}: the signature is of something else") from None
    if author not in {one.member for one in data.approvals}:
        raise RulesError(f"{author} releases its rules: one of the two who approve is its own")
    for version in data.versions:
        if version.text is not None:
            _check_text(version)


def _counts(key: Key, index: int | None) -> bool:
    """Whether a key was a governance key, ended or betrayed no earlier than that entry."""
    if key.use != "governance":
        return False
    if index is None:
        return key.active
    ends = [end for end in (key.until, key.compromised_since) if end is not None]
    return key.since <= index and all(index < end for end in ends)


def _check_text(version: RuleVersion) -> None:
    compiled = compile_text(version)
    if (compiled.file.rule, compiled.file.digest) != (version.rule, version.digest):
        raise RulesError(f"{version.rule}: the text is of another version than the release names")


def compile_text(version: RuleVersion) -> Version:
    """The version of a text; raises RulesError naming line and fault."""
    assert version.text is not None
    try:
        file = read_regulation(version.text.encode(), version.rule)
        return compile_version(file, SUPPLIED.get(file.scheme, frozenset()))
    except SpecFileError as error:
        raise RulesError(str(error)) from error


def standing(releases: Iterable[Released]) -> dict[str, list[tuple[RuleVersion, Released]]]:
    """Per rule the versions in force, the newest last: a recall takes its version away."""
    found: dict[str, list[tuple[RuleVersion, Released]]] = {}
    for release in releases:
        for version in release.versions:
            stack = found.setdefault(version.rule, [])
            stack[:] = [one for one in stack if one[0].digest != version.digest]
            if not release.recalled:
                stack.append((version, release))
    return found


def effective(shipped: Rulebook, releases: Iterable[Released]) -> Rulebook:
    """The rules in force. A released digest that is neither shipped nor told with its text is none:
    its months stay unknown.
    """
    versions: dict[str, tuple[Version, ...]] = dict.fromkeys(shipped.schemes, ())
    for rule, stack in sorted(standing(releases).items()):
        found = _version(shipped, stack[-1][0]) if stack else None
        if found is not None:
            scheme = rule.partition("/")[0]
            versions[scheme] = (*versions.get(scheme, ()), found)
    return Rulebook(versions=versions)


def _version(shipped: Rulebook, wanted: RuleVersion) -> Version | None:
    if wanted.text is not None:
        return compile_text(wanted)
    try:
        found = shipped.version(wanted.rule)
    except RuleError:
        return None
    return found if found.file.digest == wanted.digest else None


def all_versions(rulebook: Rulebook) -> tuple[RuleVersion, ...]:
    """Every version of a rulebook by its digest."""
    return tuple(
        RuleVersion(rule=version.file.rule, digest=version.file.digest)
        for scheme in rulebook.schemes
        for version in rulebook.versions[scheme]
    )


def founding_release(shipped: Rulebook, log: str, signers: Mapping[str, Signer]) -> RulesRelease:
    """The release with which a network begins, signed by two persons."""
    versions = all_versions(shipped)
    message = statement(log, versions, recalled=False, dry_run=NOT_SHOWN, reason=FOUNDING_REASON)
    return RulesRelease(
        versions=versions, dry_run=NOT_SHOWN, reason=FOUNDING_REASON,
        approvals=tuple(approve(message, member, signers[member]) for member in sorted(signers)),
    )  # fmt: skip


class NodeRules:
    """The rules of one node; compiled anew only when a release came. Safe from several threads."""

    def __init__(
        self,
        shipped: Rulebook,
        founding: RulesRelease | None,
        registry: Callable[[], Registry],
    ) -> None:
        self._shipped = shipped
        self._founding = founding
        self._registry = registry
        self._kept: tuple[str, Rulebook] | None = None
        self._lock = Lock()

    @classmethod
    def of_home(
        cls, shipped: Rulebook, directory: Path, registry: Callable[[], Registry]
    ) -> NodeRules:
        """With the founding's release, where the home holds one; raises StartError."""
        path = directory / FOUNDING_FILE
        if not path.exists():
            return cls(shipped, None, registry)
        try:
            founding = RulesRelease.model_validate(json.loads(path.read_bytes()))
            check_release(founding, founding_author(founding, registry()), registry(), 0)
        except (ValidationError, ValueError, RulesError) as error:
            reason = str(error).splitlines()[0]
            raise StartError(f"{path}: {reason}; take the file of the founding again") from None
        return cls(shipped, founding, registry)

    def releases(self, source: Source, known_on: int | None = None) -> list[Released]:
        """Those that count, in ledger order; `known_on` as everywhere."""
        found = []
        if self._founding is not None:
            found.append(Released.of(self._founding, 0, None))
        for fact in sorted(source.facts_of([OWN]), key=lambda fact: fact.known):
            if not isinstance(fact.data, RulesRelease):
                continue
            if known_on is not None and fact.known > known_on:
                continue
            try:
                check_release(fact.data, fact.author, self._registry(), fact.known)
            except RulesError:
                continue  # of no effect: the desk of its author refused it, or it was forged
            found.append(Released.of(fact.data, fact.known, fact.record))
        return found

    def rulebook(self, source: Source, known_on: int | None = None) -> Rulebook:
        """The rules in force, or those in force at an entry."""
        releases = self.releases(source, known_on)
        key = digest_of([[one.index, one.record] for one in releases])
        with self._lock:
            if self._kept is not None and self._kept[0] == key:
                return self._kept[1]
        found = effective(self._shipped, releases)
        with self._lock:
            self._kept = (key, found)
        return found

    def with_version(self, source: Source, version: RuleVersion, *, recalled: bool) -> Rulebook:
        """The rules as they would be after a release or recall of this version."""
        releases = self.releases(source)
        index = releases[-1].index + 1 if releases else 0
        wanted = Released(versions=(version,), recalled=recalled, index=index, record=None)
        return effective(self._shipped, [*releases, wanted])

    def check(self, data: RulesRelease, author: str) -> None:
        """Raise RulesError unless this release would count."""
        check_release(data, author, self._registry())

    def listed(self, source: Source) -> list[dict[str, Any]]:
        """Every rule with its version in force, since which entry, and who approved it."""
        found = []
        for rule, stack in sorted(standing(self.releases(source)).items()):
            version, release = stack[-1] if stack else (None, None)
            found.append(
                {
                    "rule": rule,
                    "digest": None if version is None else version.digest,
                    "shipped": version is not None and version.text is None,
                    "from_index": None if release is None else release.index,
                    "record": None if release is None else release.record,
                    "approved_by": [] if release is None else list(release.approved_by),
                    "before": [one.digest for one, _ in stack[:-1]],
                }
            )
        return found


def founding_author(founding: RulesRelease, registry: Registry) -> str:
    """The member of Toeslagen among those who approved; raises RulesError."""
    for one in founding.approvals:
        if one.member in registry.members and role_of(registry, one.member) == "toeslagen":
            return one.member
    raise RulesError("nobody of Toeslagen approved it")
