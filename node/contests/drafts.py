"""The records of a contest: filed, withdrawn, decided on. Pure.

A form sent twice gives the same record: the event id holds what is contested and how often that was
done before, and nothing of what was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from node.errors import RefusedError
from node.households import ref_at
from scheduler.folding.contests import Case
from scheduler.folding.facts import Fact, SubjectId
from specs.canonical import digest_of
from specs.records import (
    CONTEST_DECIDED,
    CONTESTED,
    Contest,
    ContestDecision,
    PersonRef,
    RecordDraft,
)

REASON_MAX: Final = 500


def contest_draft(
    fact: Fact,
    about: SubjectId,
    *,
    reason: str,
    claimed_cents: int | None,
    today: date,
    earlier: Sequence[Case],
) -> RecordDraft:
    """A contest of one record, by a person whom it names; `earlier` are the cases known here."""
    data = Contest(
        person=_named(fact, about), contested=fact.record, party=fact.author, reason=reason,
        claimed_cents=claimed_cents,
    )  # fmt: skip
    before = [case for case in earlier if case.data.contested == fact.record]
    return RecordDraft(
        type=CONTESTED,
        source_event_id=f"bezwaar/{fact.author}/{fact.record}/{len(before)}",
        data=data,
        valid_from=today,
    )


def withdrawal_draft(case: Case, today: date) -> RecordDraft:
    """The household takes an open contest back."""
    data = case.data.model_copy(update={"withdrawn": True})
    return RecordDraft(
        type=CONTESTED, source_event_id=f"bezwaar/{case.record}/ingetrokken", data=data,
        valid_from=today,
    )  # fmt: skip


def decision_draft(
    case: Case, member: str, *, outcome: str, reason: str, today: date
) -> RecordDraft:
    """The decision on a contest, by the member that wrote the contested record.

    Raises RefusedError: another member's record, a case that is no longer open, an empty or too
    long reason.
    """
    if case.data.party != member:
        raise RefusedError("not_competent", "contest: the member that wrote the record decides")
    if not case.is_open:
        raise RefusedError("invalid_event", f"contest: it is {case.state}; nothing to decide on")
    if not 1 <= len(reason) <= REASON_MAX:
        raise RefusedError("invalid_event", f"reason: 1 to {REASON_MAX} characters")
    data = ContestDecision.model_validate(
        {"person": case.data.person.model_dump(), "contest": case.record, "outcome": outcome,
         "reason": reason}
    )  # fmt: skip
    before = "" if case.decision is None else case.decision.record
    content = digest_of(data.model_dump(mode="json", exclude={"person"}))
    return RecordDraft(
        type=CONTEST_DECIDED,
        source_event_id=f"bezwaar/{case.record}/besluit/{before}/{content}",
        data=data,
        valid_from=today,
    )


def _named(fact: Fact, about: SubjectId) -> PersonRef:
    """How the contested record names the person."""
    for path, subject in fact.subjects.items():
        if subject == about:
            return ref_at(fact.data, path)
    raise LookupError("the record names nobody of this household")
