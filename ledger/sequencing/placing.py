"""From screened records to a batch: which are admissible in the place they get. Pure.

A record's place is known only when it is its turn: `seen` is judged here, all else by screening.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import AdmissionError
from ledger.ports import Batch
from ledger.rules import admission
from ledger.rules.registry import Registry
from ledger.sequencing.intake import Waiting
from ledger.tail import Tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """Records judged by this registry, but for their place."""

    registry: Registry
    records: Sequence[Waiting]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What goes into the store next with the tail after it, and who is refused before that."""

    refused: Sequence[tuple[Waiting, AdmissionError]]
    records: Sequence[Waiting] = ()
    batch: Batch | None = None
    tail: Tail | None = None


def up_to_governance(records: Sequence[Waiting]) -> tuple[Sequence[Waiting], Sequence[Waiting]]:
    """The records of one batch and the rest: governance goes alone, it changes who may write."""
    for place, each in enumerate(records):
        if each.governance:
            cut = max(1, place)
            return records[:cut], records[cut:]
    return records, ()


def placed(
    registry: Registry, n: int, records: Sequence[Waiting]
) -> tuple[list[Waiting], list[tuple[Waiting, AdmissionError]]]:
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
