"""Facts for tests without a node: the shipped demo set, or single records, as one reader sees them.

A subject id is the BSN here, so that a test can name a person; in a node it is random.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache

from adapters import samples
from node.subjects import persons_of
from scheduler.folding.facts import Fact
from specs.records import RecordDraft

TODAY = date(2026, 3, 10)  # of the demo set


class Book:
    """A list of facts as a FactSource; `add` records drafts at the next entries."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self.facts = list(facts)

    def facts_of(self, subjects: Iterable[str]) -> list[Fact]:
        wanted = set(subjects)
        return [one for one in self.facts if wanted & set(one.subjects.values())]

    def of_type(self, record_type: str) -> list[Fact]:
        return [one for one in self.facts if one.type == record_type]

    def subjects(self) -> set[str]:
        return {who for fact in self.facts for who in fact.subjects.values()}

    def add(self, author: str, drafts: Sequence[RecordDraft]) -> list[Fact]:
        added = [fact_of(draft, author, len(self.facts) + n) for n, draft in enumerate(drafts)]
        self.facts += added
        return added


def fact_of(draft: RecordDraft, author: str, known: int) -> Fact:
    """A draft as a fact at a ledger index."""
    return Fact(
        record=f"{author}-{known:05d}",
        type=draft.type,
        data=draft.data,
        subjects={path: ref.bsn for path, ref in persons_of(draft.data) if ref.bsn is not None},
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        known=known,
        author=author,
    )


@cache
def _demo_facts() -> tuple[Fact, ...]:
    book = Book()
    seen = set()
    for file, drafts, _ in samples.read_all(samples.load(samples.shipped()["demo"])):
        for draft in drafts:
            key = (samples.member_for(file, draft), draft.source_event_id)
            if key not in seen:
                seen.add(key)
                book.add(key[0], [draft])
    return tuple(book.facts)


def demo_book() -> Book:
    """All records of the demo set, each once."""
    return Book(_demo_facts())
