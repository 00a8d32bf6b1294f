"""A follower's place in the log as bytes: enough to go on, with nothing read again.

The bytes are a line with the SHA-256 of the rest, and JSON: a flipped bit is told, never followed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.errors import StoreError
from ledger.formats import canonical
from ledger.formats.note import Note, parse_note
from ledger.growth import Growth
from ledger.ports import Row
from ledger.tail import Tail, empty_tail, registry_of

STATE_VERSION: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The ids that were saved beside a place: their number and their exclusive or, in any order.

    An identity is a SHA-256 itself, so a missing, added or flipped one changes this value.
    """

    count: int = 0
    mixed: int = 0

    def more(self, identities: Iterable[bytes]) -> Seen:
        """With these added."""
        count, mixed = self.count, self.mixed
        for each in identities:
            count += 1
            mixed ^= int.from_bytes(each, "big")
        return Seen(count=count, mixed=mixed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a follower knows of all entries before: governance are the effective ones, in order.

    checkpoint is the last accepted one, below which everything was verified.
    """

    tail: Tail
    governance: tuple[Row, ...]
    checkpoint: Note | None
    seen: Seen


def first_place() -> Place:
    """Before entry 0."""
    return Place(tail=empty_tail(), governance=(), checkpoint=None, seen=Seen())


def save_place(place: Place) -> bytes:
    """The bytes of a place: size, last link, the tree's edge, governance, checkpoint, ids."""
    tail, note = place.tail, place.checkpoint
    content = json.dumps(
        {
            "v": STATE_VERSION,
            "size": tail.size,
            "prev": tail.prev,
            "edge": {
                str(level): canonical.encode_base64(hashes)
                for level, hashes in tail.growth.edge().items()
            },
            "governance": [[row.n, canonical.encode_base64(row.raw)] for row in place.governance],
            "checkpoint": None if note is None else canonical.encode_base64(note.encode()),
            "seen": [place.seen.count, f"{place.seen.mixed:x}"],
        }
    ).encode()
    return _sum(content) + b"\n" + content


def load_place(saved: bytes) -> Place:
    """The place of `save_place`; raises StoreError when it is damaged or of another version."""
    checksum, _, content = saved.partition(b"\n")
    if checksum != _sum(content):
        raise StoreError("follower: the saved state is damaged; follow from the start")
    state = json.loads(content)
    if state["v"] != STATE_VERSION:
        raise StoreError("follower: a state of another version; follow from the start")
    governance = tuple(
        Row(n=n, raw=canonical.decode_base64(raw), identity=None, governance=True)
        for n, raw in state["governance"]
    )
    edge = {int(level): canonical.decode_base64(data) for level, data in state["edge"].items()}
    note, (count, mixed) = state["checkpoint"], state["seen"]
    return Place(
        tail=Tail(
            size=state["size"],
            prev=state["prev"],
            growth=Growth(state["size"], edge),
            registry=registry_of(governance),
        ),
        governance=governance,
        checkpoint=None if note is None else parse_note(canonical.decode_base64(note)),
        seen=Seen(count=count, mixed=int(mixed, 16)),
    )


def _sum(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
