"""This room's errors, and the problem document (RFC 9457) in which a refusal is told.

No text here ever holds a person's data: a record id, a member, a place, a reason, what now.
How a problem document becomes an HTTP answer is the work of problems.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from specs.errors import Problem

PROBLEM_TYPE: Final = "urn:vastedag:problem:"  # + code; RFC 9457 3.1.1 lets a type be any URI

# code -> (HTTP status, title). The codes of ledger admission (DESIGN 4) keep their names.
REFUSALS: Final[dict[str, tuple[int, str]]] = {
    "malformed": (400, "The message cannot be read"),
    "invalid_event": (400, "The event does not follow its schema"),
    "unknown_type": (400, "No record type has this name"),
    "wrong_log": (400, "The event was meant for another log"),
    "stale_seen": (409, "The ledger size the event names is too old"),
    "future_seen": (409, "The ledger size the event names does not exist yet"),
    "reused_id": (409, "This id was used before with other content"),
    "superseded": (409, "The source told something else of this since"),
    "unknown_member": (403, "No member has this name"),
    "wrong_key": (403, "The signature is of no key this member may use for it"),
    "bad_signature": (403, "The signature does not verify"),
    "key_revoked": (403, "The key was revoked"),
    "suspended": (403, "The member is suspended"),
    "class_not_allowed": (403, "The member's role may not write this class of record"),
    "not_competent": (403, "The member is not competent for this record"),
    "misfit": (409, "The person does not fit what is known under this number"),
    "oversize": (413, "The message is too large"),
    "too_slow": (408, "The message came too slowly"),
    "busy": (503, "The queue is full"),
    "unavailable": (503, "The ledger cannot be reached now"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDetails:
    """One refusal: HTTP status, title, what is wrong and what now, and a code for machines."""

    status: int
    title: str
    detail: str
    code: str
    type: str = ""
    problems: tuple[Problem, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The members of an `application/problem+json` body."""
        body: dict[str, Any] = {
            "type": self.type or PROBLEM_TYPE + self.code.replace("_", "-"),
            "status": self.status,
            "title": self.title,
            "detail": self.detail,
            "code": self.code,
        }
        if self.problems:
            body["problems"] = [problem.as_json() for problem in self.problems]
        return body


class NodeError(Exception):
    """Root of this room's errors."""


class StartError(NodeError):
    """A node that may not start: the reason, and what the operator does now."""


class HomeError(StartError):
    """A home directory that is missing, incomplete or open to others."""


class RefusedError(NodeError):
    """Something sent to this node, or by it, that is refused; `problem` tells the sender why."""

    def __init__(self, code: str, detail: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(f"{code}: {detail}")
        status, title = REFUSALS[code]
        self.code = code
        self.problem = ProblemDetails(
            status=status, title=title, detail=detail, code=code, problems=tuple(problems)
        )


class ConflictError(RefusedError):
    """An id used before with other content (STYLE 11)."""

    def __init__(self, detail: str) -> None:
        super().__init__("reused_id", detail)


class UnavailableError(NodeError):
    """Another member's machine did not answer; the work stays queued and is tried again."""


class SealError(NodeError):
    """A sealed payload or stored content that this node's keys do not open."""


class ErasedError(SealError):
    """Content whose keys were destroyed; only author, class and hour are left of it."""


class MismatchError(NodeError):
    """A delivered payload that is not what the ledger's entry promises; `code` says in what."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class MisfitError(NodeError):
    """A person who does not fit what is known under the same BSN: the desk decides, no guess."""


class AccessError(NodeError):
    """A record type outside competence.yaml, or a reading without a legal basis in it."""


class NotAllowedError(NodeError):
    """This visitor may not agree or leave for this household: only an adult of it may."""
