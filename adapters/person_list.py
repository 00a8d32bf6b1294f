"""A person list of the BRP, whatever file it came in, and its decomposition into life events.

Readers of a format fill `PersonList`; `decompose` turns all lists of one file into drafts. First
come the current residences: a recipient must know who is registered where before it can accept
the rest. The same fact seen from two lists (both spouses, child and parents) becomes one draft;
where two lists disagree both versions are kept and a problem says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from adapters.reading import Report, build, without_doubles
from specs.records import (
    BIRTH,
    DEATH,
    EMIGRATED,
    IMMIGRATED,
    IN_INVESTIGATION,
    MOVED_BETWEEN,
    MOVED_WITHIN,
    UNION_CLOSED,
    UNION_DISSOLVED,
    Address,
    PersonRef,
    RecordDraft,
)

DUTCH: Final = "6030"  # national table 34
UnionKind = Literal["marriage", "registered_partnership"]
UnionEnd = Literal["divorce", "death", "annulled", "converted", "unknown"]
# National table 41, as far as the published lists use it; another code is told as `unknown`.
UNION_ENDS: Final[dict[str, UnionEnd]] = {
    "S": "divorce",
    "O": "death",
    "R": "death",
    "N": "annulled",
    "Z": "converted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """A person as a list names him, and the earliest day that fits his birth date."""

    ref: PersonRef
    born: date | None
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Residence:
    """An address from its first day. `from_abroad`: the person came from outside NL with it."""

    address: Address
    start: date
    from_abroad: bool
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnionEvent:
    """A union closed (`ended` None) or dissolved, with that partner, on that day."""

    partner: PersonRef
    kind: UnionKind
    day: date
    ended: UnionEnd | None
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigation:
    """The address under investigation from that day, or no longer from that day (`ended`)."""

    code: str
    day: date
    ended: bool
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonList:
    """One person with what his list says; residences newest first."""

    person: ListedPerson
    parents: tuple[PersonRef, ...]
    residences: tuple[Residence, ...]
    current: Residence | None
    unions: tuple[UnionEvent, ...]
    death: tuple[date, str] | None
    investigations: tuple[Investigation, ...]
    children: tuple[ListedPerson, ...]
    as_of: str = ""  # the moment of this version of the list; "" when the source gives none


def one_list_per_bsn(lists: Sequence[PersonList], report: Report) -> list[PersonList]:
    """The lists whose BSN no other list of the file carries; each other one gives a problem."""
    counts = Counter(one.person.ref.bsn for one in lists)
    kept: list[PersonList] = []
    for one in lists:
        if counts[one.person.ref.bsn] == 1:
            kept.append(one)
            continue
        report.add(
            one.person.where,
            "BSN",
            f"{counts[one.person.ref.bsn]} lists of this file carry this BSN: none of them is read",
            "have the source settle whose it is",
        )
    return kept


def by_bsn(first: PersonRef, second: PersonRef) -> tuple[PersonRef, PersonRef]:
    """The two in the order of their BSNs, one without BSN last."""
    pair = sorted((first, second), key=lambda ref: (ref.bsn is None, ref.bsn or ""))
    return pair[0], pair[1]


def decompose(lists: Sequence[PersonList], report: Report) -> list[RecordDraft]:
    """All life events of these lists, each once, current residences first."""
    lists = one_list_per_bsn(lists, report)
    current: list[RecordDraft] = []
    rest: list[RecordDraft] = []
    for one in lists:
        moves = _moves(one, report)
        current.extend(draft for draft, is_current in moves if is_current)
        rest.extend(_present(_birth(one, report)))
        rest.extend(draft for draft, is_current in moves if not is_current)
        rest.extend(_unions(one, report))
        rest.extend(_death(one, report))
        rest.extend(_investigations(one, report))
    rest.extend(_children(lists, report))
    _compare_unions(lists, report)
    return without_doubles(current + rest)


def _present(draft: RecordDraft | None) -> list[RecordDraft]:
    return [] if draft is None else [draft]


def _birth(one: PersonList, report: Report) -> RecordDraft | None:
    """His birth with the parents his list names; None when nothing of the date is known."""
    if one.person.born is None:
        report.add(
            one.person.where,
            "birth date",
            "nothing of the date is known: no birth record",
            "have the source complete it",
        )
        return None
    return _birth_of(one.person, one.parents, report)


def _birth_of(
    person: ListedPerson, parents: Iterable[PersonRef], report: Report
) -> RecordDraft | None:
    if person.born is None:
        return None
    return birth_draft(person.ref, parents, person.born, person.where, report)


def birth_draft(
    person: PersonRef, parents: Iterable[PersonRef], born: date, where: str, report: Report
) -> RecordDraft | None:
    """A birth, its parents in the order of their BSNs so that every view of it is the same."""
    ordered = sorted(parents, key=lambda ref: (ref.bsn is None, ref.bsn or "", ref.surname))
    values = {"person": person, "parents": tuple(ordered)}
    return build(BIRTH, values, valid_from=born, where=where, report=report)


def _moves(one: PersonList, report: Report) -> list[tuple[RecordDraft, bool]]:
    """Every residence as a move, newest first, and whether it is the current one."""
    found: list[tuple[RecordDraft, bool]] = []
    ordered = sorted(one.residences, key=lambda residence: residence.start, reverse=True)
    for place, residence in enumerate(ordered):
        before = ordered[place + 1] if place + 1 < len(ordered) else None
        draft = build(
            _move_type(residence, before, one.person.ref.birth_date),
            {"person": one.person.ref, "address": residence.address},
            valid_from=residence.start,
            where=residence.where,
            report=report,
            told_at=one.as_of,
        )
        if draft is not None:
            found.append((draft, residence is one.current))
    return found


def _move_type(residence: Residence, before: Residence | None, birth: date | None) -> str:
    if residence.address.country != DUTCH:
        return EMIGRATED
    if residence.from_abroad or (before is not None and before.address.country != DUTCH):
        return IMMIGRATED
    if before is None:
        # Where he came from is not listed: at his birth he came from nowhere else.
        return MOVED_WITHIN if residence.start == birth else MOVED_BETWEEN
    same = residence.address.municipality == before.address.municipality
    return MOVED_WITHIN if same else MOVED_BETWEEN


def _unions(one: PersonList, report: Report) -> list[RecordDraft]:
    drafts: list[RecordDraft] = []
    for event in sorted(one.unions, key=lambda event: event.day):
        values = {
            "persons": by_bsn(one.person.ref, event.partner),
            "kind": event.kind,
            "reason": event.ended or "closed",
        }
        name = UNION_DISSOLVED if event.ended else UNION_CLOSED
        drafts.extend(
            _present(build(name, values, valid_from=event.day, where=event.where, report=report))
        )
    return drafts


def _death(one: PersonList, report: Report) -> list[RecordDraft]:
    if one.death is None:
        return []
    day, where = one.death
    values = {"person": one.person.ref}
    return _present(
        build(DEATH, values, valid_from=day, where=where, report=report, told_at=one.as_of)
    )


def _investigations(one: PersonList, report: Report) -> list[RecordDraft]:
    drafts: list[RecordDraft] = []
    for item in sorted(one.investigations, key=lambda item: item.day):
        values = {"person": one.person.ref, "code": item.code, "ended": item.ended}
        drafts.extend(
            _present(
                build(
                    IN_INVESTIGATION, values, valid_from=item.day, where=item.where, report=report
                )
            )
        )
    return drafts


def _children(lists: Sequence[PersonList], report: Report) -> list[RecordDraft]:
    """Births of children that have no list of their own here, with the parents that name them.

    A child whose list is here is born by that list; a parent's list that says otherwise about
    him is kept as a second version, with a problem.
    """
    own = {one.person.ref.bsn: one for one in lists}
    seen: dict[tuple[str | None, PersonRef], tuple[ListedPerson, list[PersonRef]]] = {}
    drafts: list[RecordDraft] = []
    for parent in lists:
        for child in parent.children:
            listed = own.get(child.ref.bsn)
            if listed is None:
                entry = seen.setdefault((child.ref.bsn, child.ref), (child, []))
                entry[1].append(parent.person.ref)
            elif listed.person.ref != child.ref or parent.person.ref not in listed.parents:
                report.add(
                    child.where,
                    "child",
                    f"the child's own list ({listed.person.where}) names the child or this parent"
                    " otherwise: both versions are kept",
                    "have the source settle it",
                )
                drafts.extend(_present(_birth_of(child, (parent.person.ref,), report)))
    by_child: dict[str | None, list[ListedPerson]] = {}
    for (bsn, _), (child, parents) in seen.items():
        by_child.setdefault(bsn, []).append(child)
        if child.born is None:
            report.add(
                child.where,
                "birth date",
                "nothing of the child's date is known: no birth record",
                "have the source complete it",
            )
        drafts.extend(_present(_birth_of(child, parents, report)))
    for versions in by_child.values():
        for other in versions[1:]:
            report.add(
                other.where,
                "child",
                f"the parents' lists ({versions[0].where}) name the child otherwise:"
                " both versions are kept",
                "have the source settle it",
            )
    return drafts


def _compare_unions(lists: Sequence[PersonList], report: Report) -> None:
    """A problem for every union that two lists of this file tell differently."""
    told: dict[tuple[str, str], set[tuple[object, ...]]] = {}
    place: dict[tuple[str, str], str] = {}
    for one in lists:
        own = one.person.ref
        for event in one.unions:
            if own.bsn is not None and event.partner.bsn is not None:
                key = (own.bsn, event.partner.bsn)
                pair = by_bsn(own, event.partner)
                told.setdefault(key, set()).add((pair, event.kind, event.day, event.ended))
                place[key] = event.where
    present = {one.person.ref.bsn for one in lists}
    for (own_bsn, partner_bsn), events in told.items():
        if partner_bsn not in present:
            continue
        if (partner_bsn, own_bsn) in told and own_bsn > partner_bsn:
            continue  # compared from the other side already
        if told.get((partner_bsn, own_bsn), set()) != events:
            other = place.get((partner_bsn, own_bsn), "the partner's list, which has no such union")
            report.add(
                place[own_bsn, partner_bsn],
                "union",
                f"the lists of the two partners ({other}) do not tell the same union:"
                " what each tells is kept",
                "have the source settle it",
            )
