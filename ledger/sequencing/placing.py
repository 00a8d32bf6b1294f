"""From screened records to a batch: which are admissible in the place they get, and its head.

A record's place is known only when it is its turn: `seen` is judged here, all else by screening.py.
Pure but for the log key's signature, which a device may make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import AdmissionError
from ledger.formats.checkpoint import Checkpoint, sign_checkpoint
from ledger.formats.note import NoteSigner
from ledger.ports import Batch, Head
from ledger.rules import admission
from ledger.rules.registry import Registry
from ledger.sequencing.intake import Waiting
from ledger.tail import Tail, sequence

Refused = tuple[Waiting, AdmissionError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """Records judged by this registry, but for their place."""

    registry: Registry
    records: Sequence[Waiting]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What goes into the store next with the tail after it, if anything; and who is refused."""

    refused: Sequence[Refused]
    records: Sequence[Waiting] = ()
    batch: Batch | None = None
    tail: Tail | None = None


def build(
    before: Tail, part: Sequence[Waiting], signer: NoteSigner, also: Sequence[NoteSigner]
) -> Built:
    """The entries and the head of what is admissible in its place; the others are refused."""
    admitted, refused = placed(before.founded, before.size, part)
    try:
        tail, rows, tiles = sequence(
            before, [(each.raw, each.identity, each.governance) for each in admitted]
        )
    except AdmissionError as error:  # a governance entry, which is alone in its batch
        return Built(refused=[(admitted[0], error)])
    if not rows:
        return Built(refused=refused)
    checkpoint = Checkpoint(origin=signer.name, size=tail.size, root=tail.growth.root())
    note = sign_checkpoint(checkpoint, signer)
    note = note.with_signatures(each.sign(note.text) for each in also)
    head = Head(size=tail.size, note=note.encode())
    # Without mirrors the quorum is nobody's: the same transaction publishes.
    alone = not tail.founded.mirrors and not before.founded.mirrors
    batch = Batch(
        start=before.size,
        rows=rows,
        tiles=tuple(tiles),
        head=head,
        published=head if alone else None,
    )
    return Built(refused=refused, records=admitted, batch=batch, tail=tail)


def up_to_governance(records: Sequence[Waiting]) -> tuple[Sequence[Waiting], Sequence[Waiting]]:
    """The records of one batch and the rest: governance goes alone, it changes who may write."""
    for place, each in enumerate(records):
        if each.governance:
            cut = max(1, place)
            return records[:cut], records[cut:]
    return records, ()


def placed(
    registry: Registry, n: int, records: Sequence[Waiting]
) -> tuple[list[Waiting], list[Refused]]:
    """Those that are admitted from place n on, in order, and the others with the reason."""
    refused = [(each, each.refusal) for each in records if each.refusal is not None]
    good = [each for each in records if each.refusal is None]
    if not good:
        return [], refused
    seen = [each.seen for each in good]
    if max(seen) <= n and n + len(good) - min(seen) <= registry.seen_lag_max:
        return good, refused
    admitted: list[Waiting] = []
    for each in good:
        try:
            admission.check_seen(registry, n + len(admitted), each.seen)
        except AdmissionError as error:
            refused.append((each, error))
        else:
            admitted.append(each)
    return admitted, refused
