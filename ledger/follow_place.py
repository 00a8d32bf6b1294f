"""A follower's place in the log as JSON bytes: enough to go on, with nothing read again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from ledger.errors import FormatError, ProofError, StoreError
from ledger.formats import canonical
from ledger.formats.note import Note, parse_note
from ledger.growth import Growth
from ledger.ports import Row
from ledger.tail import Tail, registry_of

STATE_VERSION: Final = 1


def save_place(tail: Tail, governance: Sequence[Row], last: Note | None) -> bytes:
    """A follower's state as JSON: size, last link, the tree's edge, governance, checkpoint."""
    return json.dumps(
        {
            "v": STATE_VERSION,
            "size": tail.size,
            "prev": tail.prev,
            "edge": {
                str(level): canonical.encode_base64(hashes)
                for level, hashes in tail.growth.edge().items()
            },
            "governance": [[row.n, canonical.encode_base64(row.raw)] for row in governance],
            "checkpoint": None if last is None else canonical.encode_base64(last.encode()),
        }
    ).encode()


def load_place(saved: bytes) -> tuple[Tail, list[Row], Note | None]:
    """The tail, governance rows and checkpoint of `save_place`; raises StoreError when damaged."""
    try:
        state = json.loads(saved)
        if state["v"] != STATE_VERSION:
            raise StoreError("follower: a state of another version; follow from the start")
        edge = {int(k): canonical.decode_base64(v) for k, v in state["edge"].items()}
        governance = [
            Row(n=n, raw=canonical.decode_base64(raw), identity=None, governance=True)
            for n, raw in state["governance"]
        ]
        note = state["checkpoint"]
        last = None if note is None else parse_note(canonical.decode_base64(note))
        tail = Tail(
            size=state["size"],
            prev=state["prev"],
            growth=Growth(state["size"], edge),
            registry=registry_of(governance),
        )
    except (ValueError, KeyError, TypeError, AttributeError, FormatError, ProofError) as error:
        raise StoreError("follower: the saved state is damaged; follow from the start") from error
    return tail, governance, last
