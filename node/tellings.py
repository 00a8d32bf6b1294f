"""A source tells something again: the same telling, a return to an earlier value, or an old file?

Pure: what this node recorded of one slot (what the telling is about) is an argument, in the order
in which it was recorded. Reading and writing it, in the transaction that stores the record, is the
work of stores/tellings_sql.py; the verdict is asked for by prepare.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from specs.records import Telling

SUPERSEDED: Final = (
    "the source told something else of this since, and its own time says that this is older; "
    "nothing to do, or send what the source says now"
)
READ_BEFORE: Final = (
    "this very delivery was read before, and the source told something else of this since; if it "
    "says so again, name the moment it did: `vastedag ingest --delivered 2026-01-31T12:00:00Z`"
)
EARLIER: Final = (
    "the source told something else of this since, at or after the moment named for this "
    "delivery; name the moment at which it says so again, or leave it as it is"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One telling of a slot that was recorded."""

    record: str
    content: bytes  # keyed digest of the content
    at: str  # the source's own moment, "" when it gave none
    noted: str  # when this node recorded it
    delivery: str
    place: int
    taken_back: str  # when an own correction took the record back; "" while it stands

    @property
    def since(self) -> str:
        """The moment from which only a later telling counts as news."""
        return self.taken_back or self.at or self.noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The same telling: the receipt of that record is the answer."""

    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A new record; `occurrence` counts the tellings of the same value before it."""

    occurrence: int
    returned: bool = False  # nothing but the order of deliveries says that it came back


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """An old telling: recording it would bring an old value back."""

    reason: str


Verdict: TypeAlias = Repeated | Fresh | Stale


def judge(told: Telling, content: bytes, said: Sequence[Said]) -> Verdict:
    """What a telling is, beside those of its slot that were recorded before it."""
    same = [one for one in said if one.content == content]
    if not said:
        return Fresh(occurrence=0)
    if told.at:
        verdict = _between(told, content, said)
        if verdict is not None:
            return verdict
    latest = said[-1]
    exact = [one for one in same if told.delivery and _place(one) == _place(told)]
    goes_on = latest.delivery == told.delivery or not told.last
    if exact and goes_on and not exact[-1].taken_back:
        return Repeated(said=exact[-1])  # the same delivery read again, with nothing since
    if latest.content == content and not latest.taken_back:
        return Repeated(said=latest)
    if not same:
        return Fresh(occurrence=0)
    if not told.last:  # the delivery itself goes on to another value: that one is judged
        return Repeated(said=same[-1])
    return _comes_back(told, same, latest)


def _place(one: Said | Telling) -> tuple[str, int]:
    return one.delivery, one.place


def _between(told: Telling, content: bytes, said: Sequence[Said]) -> Verdict | None:
    """The source told something later already: this adds nothing, or is superseded."""
    place = next((n for n, one in enumerate(said) if one.at > told.at), None)
    if place is None:
        return None
    for one in said[max(0, place - 1) : place + 1]:
        if one.content == content:
            return Repeated(said=one)
    return Stale(reason=SUPERSEDED)


def _comes_back(told: Telling, same: Sequence[Said], latest: Said) -> Verdict:
    """A value told before, another one (or a correction) after it, and now this."""
    again = Fresh(occurrence=len(same))
    if told.at:
        return again if told.at > latest.since else Stale(reason=EARLIER)
    if not told.delivery:
        return Fresh(occurrence=len(same), returned=True)
    if told.delivery == latest.delivery and not latest.taken_back:
        return again  # the delivery itself comes back to it
    if any(one.delivery == told.delivery for one in same):
        return Stale(reason=READ_BEFORE)
    return Fresh(occurrence=len(same), returned=True)
