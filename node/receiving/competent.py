"""Whether an author may speak for the persons of a record: a municipality for its own residents.

Pure. A person's residence is the latest one known by entries before the record; when none is, the
first one that a municipality later says of itself. So a verdict rests on lower entries or on words
that need no verdict: it depends on the entries, not on the order in which deliveries arrived
(Wet BRP 1.4: the municipality where the person lives keeps his data).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal

from node.access import MUNICIPALITY_PREFIX, SpeaksFor, municipality_member
from node.stores.store_sql import Residence
from specs.records import Address, Birth, Move, RecordData

NETHERLANDS: Final = "6030"  # national table 34
ABROAD: Final = ""

Verdict = Literal["accepted", "waiting", "not_competent"]


def stated_municipality(data: RecordData) -> str | None:
    """The municipality a record itself says somebody lives in; ABROAD when he left; else None."""
    address: Address | None = None
    if isinstance(data, Birth | Move):
        address = data.address
    if address is None:
        return None
    return ABROAD if address.country != NETHERLANDS else address.municipality


def residence_at(residences: Iterable[Residence], n: int) -> str | None:
    """Where somebody lived as far as entry n can tell; None when nothing is known."""
    known = list(residences)
    before = [home for home in known if home.n < n]
    if before:
        return max(before, key=lambda home: (home.valid_from, home.n)).municipality
    later = [
        home
        for home in known
        if home.n > n and home.author == municipality_member(home.municipality)
    ]
    return min(later, key=lambda home: home.n).municipality if later else None


def verdict(
    speaks_for: SpeaksFor,
    *,
    author: str,
    data: RecordData,
    n: int,
    residences: Mapping[str, Sequence[Residence]],
    covenants: Collection[str] = (),
) -> Verdict:
    """Whether author may record this about these persons at entry n.

    residences: by path of each person in the data, empty where nothing is known. One of the
    persons must be a resident of the author (a union joins two municipalities; a birth is
    recorded where the child or a parent lives). Of a pay plan: or a former resident, and where
    nothing is known of anybody, an author among the reader's covenants.
    """
    if speaks_for not in ("residents", "plan"):
        return "accepted"
    own = author.removeprefix(MUNICIPALITY_PREFIX)
    if speaks_for == "plan":
        if any(home.municipality == own for known in residences.values() for home in known):
            return "accepted"
        if author in covenants and not any(residences.values()):
            return "accepted"
        # Handed over to the municipality where the person lives now, by the one he came from.
        here = {residence_at(known, n) for known in residences.values()} - {None}
        if getattr(data, "to", "") in {municipality_member(code) for code in here if code}:
            return "accepted"
    if stated_municipality(data) == own:
        return "accepted"
    homes = [residence_at(known, n) for known in residences.values()]
    if own in homes:
        return "accepted"
    return "waiting" if None in homes or not homes else "not_competent"
