"""Frozen read models of the auditor's pages. `reader.py` fills them; the templates show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignatureView:
    """Who cosigned a head, as which member, and when by his own clock."""

    member: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadView:
    """The newest head this node can show, and what stands behind it."""

    origin: str
    vkey: str
    size: int
    root: str
    cosigned: tuple[CosignatureView, ...]
    damaged: tuple[str, ...]
    quorum: int
    mirrors: int
    satisfied: bool
    note: str
    policy: str

    @property
    def at(self) -> datetime | None:
        """When the head was cosigned last."""
        return max((one.at for one in self.cosigned), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A key and its life in entry numbers."""

    use: str
    text: str
    since: int
    until: int | None
    compromised_since: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A member as the ledger knows it."""

    id: str
    name: str
    role: str
    votes: bool
    mirror: bool
    suspended: bool
    merged_into: str | None
    keys: tuple[KeyView, ...]
    last_cosigned: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry with its proof under the head that is shown beside it.

    `recorded_by` is the trusted time of recording: the first head over the entry that this node
    remembers, and the latest of its cosignature times. None when no such head is remembered.
    """

    n: int
    author: str
    author_name: str
    record_class: str
    at: str
    void: str | None
    raw: bytes
    leaf: str
    index: int
    size: int
    root: str
    path: tuple[str, ...]
    recorded_by: datetime | None
    receipt: str
    governance: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyView:
    """Two sizes of the log and the proof that the larger only added."""

    old_size: int
    new_size: int
    old_root: str
    new_root: str
    path: tuple[str, ...]
    old_at: datetime | None
    new_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleView:
    """A sample drawn by a seed that anyone can draw again: each entry checked here and now."""

    seed: str
    size: int
    checked: tuple[int, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthView:
    """Entries by day of recording, as far as heads are remembered."""

    days: tuple[tuple[date, int], ...]
    before: int  # entries recorded before the first of these days


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """A contradiction that was kept."""

    name: str
    kind: str
    about: str
    reason: str
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OversightView:
    """Everything of the first page and the report."""

    head: HeadView
    members: Sequence[MemberView]
    growth: GrowthView
    governance: Sequence[EntryView]
    evidence: Sequence[EvidenceView]
    void: int
    refused: Mapping[str, int]
    verifier_digest: str
    verifier_published: bool
