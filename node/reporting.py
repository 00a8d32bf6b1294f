"""Facts of a base register that exclude each other -> a report back to their source (Wet BRP 2.34).

Pure. What the facts leave open is unknown for the schemes that need it; here the source learns that
it is so, once per contradiction and source, and that it is over when a correction settled it. The
report names records, never what stands in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from node.households import Circles, person_ref
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.persons import Contradiction
from scheduler.household import fold
from specs.canonical import digest_of
from specs.records import REPORTED_BACK, AllowanceDecision, PersonRef, RecordDraft, ReportBack


def reports_for(
    circles: Circles,
    touched: Iterable[SubjectId],
    *,
    sources: Mapping[str, str],
    author: str,
    today: date,
) -> list[RecordDraft]:
    """The reports that are due about these subjects. `sources` is the role of every member: only a
    municipality keeps the BRP; `author` is this member.
    """
    drafts: list[RecordDraft] = []
    for subject in sorted(set(touched)):
        facts, _ = circles.near([subject])
        drafts += due_reports(facts, subject, sources=sources, author=author, today=today)
    return drafts


def due_reports(
    facts: Sequence[Fact],
    subject: SubjectId,
    *,
    sources: Mapping[str, str],
    author: str,
    today: date,
) -> list[RecordDraft]:
    """Reports of contradictions not yet reported, and ends of those that are over."""
    person = person_ref(facts, subject)
    if person is None:
        return []
    told = [fact for fact in facts if not isinstance(fact.data, AllowanceDecision)]
    found = {
        key: one
        for one in fold(told, subject, None).contradictions
        if one.person == subject
        for key in _keys(one, facts, sources)
    }
    standing = _standing(facts, subject, author)
    drafts = []
    for key in sorted(found.keys() | standing.keys()):
        times, last = standing.get(key, (0, None))
        if key in found and (last is None or last.ended):
            drafts.append(_draft(person, subject, key, found[key].article, times, today, False))
        elif key not in found and last is not None and not last.ended:
            drafts.append(_draft(person, subject, key, last.article, times, today, True))
    return drafts


Key = tuple[str, tuple[str, ...], str]
"""Kind, records and source: what makes two contradictions the same report."""


def _keys(one: Contradiction, facts: Sequence[Fact], sources: Mapping[str, str]) -> Iterable[Key]:
    """One report to each source whose records take part."""
    authors = {fact.author for fact in facts if fact.record in one.records}
    for member in sorted(authors):
        if sources.get(member) == "municipality":
            yield one.kind, one.records, member


def _standing(
    facts: Sequence[Fact], subject: SubjectId, author: str
) -> dict[Key, tuple[int, ReportBack | None]]:
    """Own reports about a person: how many of each key, and the latest."""
    found: dict[Key, tuple[int, ReportBack | None]] = {}
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        data = fact.data
        if isinstance(data, ReportBack) and fact.subject() == subject and fact.author == author:
            key = (data.kind, data.records, data.party)
            times, _ = found.get(key, (0, None))
            found[key] = (times + 1, data)
    return found


def _draft(
    person: PersonRef, subject: SubjectId, key: Key, article: str, times: int, today: date,
    ended: bool,
) -> RecordDraft:  # fmt: skip
    kind, records, party = key
    data = ReportBack.model_validate(
        {"person": person, "kind": kind, "records": records, "article": article, "party": party,
         "ended": ended}
    )  # fmt: skip
    # The same state of the facts gives the same id, whatever a crash repeats.
    identity = digest_of([subject, kind, list(records), party, times])
    return RecordDraft(
        type=REPORTED_BACK,
        source_event_id=f"terugmelding/{identity}",
        data=data,
        valid_from=today,
        where=kind,
    )
