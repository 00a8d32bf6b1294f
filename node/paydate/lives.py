"""What happens in a life, as far as the plan must know: death, divorce, a move, who receives.

Pure functions over facts. Whose household somebody belongs to is told in households.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from scheduler.folding.facts import Fact, SubjectId, known_facts
from specs.records import Death, Move, Receiver, Union


def died_on(facts: Iterable[Fact]) -> Mapping[SubjectId, date]:
    """The day on which each person died that is known to have."""
    return {
        who: fact.valid_from
        for fact in known_facts(facts, None)
        if isinstance(fact.data, Death) and (who := fact.subject()) is not None
    }


def parted(facts: Iterable[Fact]) -> Mapping[frozenset[SubjectId], Fact]:
    """The couples whose union ended otherwise than by death, and what says so; a union closed
    again later takes that back."""
    found: dict[frozenset[SubjectId], Fact] = {}
    unions = [fact for fact in known_facts(facts, None) if isinstance(fact.data, Union)]
    for fact in sorted(unions, key=lambda fact: (fact.valid_from, fact.known)):
        assert isinstance(fact.data, Union)  # only such were kept
        couple = frozenset(fact.subjects.values())
        if len(couple) != 2:
            continue  # one of them has no BSN: joined to nobody
        if fact.data.reason in ("divorce", "annulled"):
            found[couple] = fact
        elif fact.data.reason == "closed":
            found.pop(couple, None)
    return found


def left_for(facts: Iterable[Fact], who: SubjectId, own: str) -> tuple[str, date] | None:
    """The municipality (four digits) somebody moved to from `own`, and since when; None when the
    last known move stayed in it or went abroad."""
    moves = [
        fact
        for fact in known_facts(facts, None)
        if isinstance(fact.data, Move) and fact.subject() == who
    ]
    if not moves:
        return None
    last = max(moves, key=lambda fact: (fact.valid_from, fact.known))
    assert isinstance(last.data, Move)  # only such were kept
    place = last.data.address.municipality
    return None if place is None or place == own else (place, last.valid_from)


def account_of(facts: Iterable[Fact], members: Collection[SubjectId]) -> Mapping[SubjectId, str]:
    """The account of each member that does not use the household's own: by whoever receives."""
    found: dict[SubjectId, str] = {}
    for who, fact in receivers(facts, members).items():
        assert isinstance(fact.data, Receiver)  # only such are kept
        found[who] = fact.data.account
    return found


def receivers(facts: Iterable[Fact], members: Collection[SubjectId]) -> Mapping[SubjectId, Fact]:
    """The standing appointment of who holds each member's account: himself, a budget manager, or
    an administrator (BW 1:438)."""
    found: dict[SubjectId, Fact] = {}
    for fact in sorted(known_facts(facts, None), key=lambda fact: (fact.valid_from, fact.known)):
        who = fact.subject()
        if not isinstance(fact.data, Receiver) or who is None or who not in members:
            continue
        if fact.data.ended:
            found.pop(who, None)
        else:
            found[who] = fact
    return found
