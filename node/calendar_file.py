"""What a household may know beyond its months: what it misses, and all records about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from node.flows import Naming
from node.nontakeup import not_received
from node.portal.calendar_views import MissedView, RecordView
from node.portal.calendar_words import record_words, scheme_words
from scheduler.folding.facts import Fact, SubjectId
from scheduler.rulebook import Rulebook


def missed_views(
    around: Mapping[SubjectId, Sequence[Fact]], *, today: date, rulebook: Rulebook
) -> tuple[MissedView, ...]:
    """Rights derived but not received this year, by member and the facts around him.

    What counts for a couple is told once.
    """
    found: list[MissedView] = []
    told: set[tuple[SubjectId, str]] = set()
    for who, facts in around.items():
        for one in not_received(facts, who, today=today, rulebook=rulebook):
            if (who, one.scheme) in told:
                continue
            told |= {(partner, one.scheme) for partner in one.shared_with if partner is not None}
            words = scheme_words(one.scheme)
            found.append(
                MissedView(
                    what_nl=words.nl,
                    what_en=words.en,
                    step_nl=one.says.nl.partition(": ")[2] or one.says.nl,
                    step_en=one.says.en.partition(": ")[2] or one.says.en,
                    first=one.months[0][0],
                    last=one.months[-1][0],
                    cents=one.cents,
                )
            )
    return tuple(found)


def record_views(
    facts: Sequence[Fact], members: Collection[SubjectId], naming: Naming
) -> tuple[RecordView, ...]:
    """Every record that names a member, the newest first. Who is no member is left out of it."""
    own = [fact for fact in facts if set(members) & set(fact.subjects.values())]
    return tuple(_record(fact, members, naming) for fact in sorted(own, key=lambda f: -f.known))


def _record(fact: Fact, members: Collection[SubjectId], naming: Naming) -> RecordView:
    words = record_words(fact)
    return RecordView(
        record=fact.record,
        kind=fact.type,
        what_nl=words.nl,
        what_en=words.en,
        agency=naming.shown(fact.author),
        valid_from=fact.valid_from,
        valid_until=fact.valid_until,
        known=fact.known,
        data=own_data(fact, members),
    )


def own_data(fact: Fact, members: Collection[SubjectId]) -> dict[str, Any]:
    """The record's data; another person in it is told to be there, and not who it is."""
    data: dict[str, Any] = fact.data.model_dump(mode="json")
    for path, subject in fact.subjects.items():
        if subject in members:
            continue
        name, _, place = path.partition(".")
        if place:
            data[name] = [None if str(at) == place else each for at, each in enumerate(data[name])]
        else:
            data[name] = None
    return data
