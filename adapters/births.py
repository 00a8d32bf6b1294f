"""One birth per child over several files of one source.

A file with one person list names a child with one parent; the child's own list names both. Within
one file person_list.py settles that; this does the same over the files of one delivery.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.person_list import birth_draft
from adapters.reading import Report, masked
from specs.errors import Problem
from specs.records import Birth, Move, PersonRef, RecordDraft

Batch = tuple[str, list[RecordDraft]]  # source, drafts
_Seen = tuple[int, RecordDraft, Birth]  # place of the batch


def one_birth_per_child(batches: Sequence[Batch]) -> tuple[list[list[RecordDraft]], list[Problem]]:
    """The drafts of each batch without the births that another one tells more fully.

    A birth that contradicts the child's own list is kept beside it, with a problem.
    """
    by_child: dict[PersonRef, list[_Seen]] = {}
    listed: list[set[PersonRef]] = []
    for place, (_, drafts) in enumerate(batches):
        listed.append({d.data.person for d in drafts if isinstance(d.data, Move)})
        for draft in drafts:
            if isinstance(draft.data, Birth):
                by_child.setdefault(draft.data.person, []).append((place, draft, draft.data))
    replaced: dict[tuple[int, str], RecordDraft | None] = {}
    problems: list[Problem] = []
    for child, seen in by_child.items():
        own = next((one for one in seen if child in listed[one[0]]), None)
        if own is not None:
            _against_own_list(own, seen, batches, replaced, problems)
        elif len(seen) > 1:
            _joined(child, seen, replaced)
    answers = []
    for place, (_, drafts) in enumerate(batches):
        kept = (replaced.get((place, draft.source_event_id), draft) for draft in drafts)
        answers.append([draft for draft in kept if draft is not None])
    return answers, problems


def _against_own_list(
    own: _Seen,
    seen: Sequence[_Seen],
    batches: Sequence[Batch],
    replaced: dict[tuple[int, str], RecordDraft | None],
    problems: list[Problem],
) -> None:
    for place, draft, birth in seen:
        if (place, draft) == (own[0], own[1]):
            continue
        if set(birth.parents) <= set(own[2].parents):
            replaced[place, draft.source_event_id] = None
            continue
        report = Report(batches[place][0])
        report.add(
            draft.where,
            "child",
            f"the child's own list ({masked(batches[own[0]][0])}) does not name this parent so:"
            " both versions are kept",
            "have the source settle it",
        )
        problems.extend(report.problems)


def _joined(
    child: PersonRef,
    seen: Sequence[_Seen],
    replaced: dict[tuple[int, str], RecordDraft | None],
) -> None:
    """No list of the child: its parents' lists together, in the place of the first."""
    place, first, _ = seen[0]
    parents = {parent for _, _, birth in seen for parent in birth.parents}
    for other_place, draft, _ in seen[1:]:
        replaced[other_place, draft.source_event_id] = None
    joined = birth_draft(child, parents, first.valid_from, first.where, Report(""))
    replaced[place, first.source_event_id] = joined or first
