"""Everything the ledger can answer besides a value: one family, each told apart by what to do.

Verification raises one of these and never answers False. No text of them holds a key, a payload
or anything of a person: a place (entry, tile path, line), a reason, and what to do now.
"""

from __future__ import annotations

from typing import Final, Literal, get_args


class LedgerError(Exception):
    """Root of this room's errors."""


class FormatError(LedgerError):
    """Bytes that are not in the form the specification prescribes."""


class KeyFormatError(FormatError):
    """A public key that may not be used: wrong length, not canonical, of low order."""


class KeyAccessError(LedgerError):
    """A private key that could not be used where it is kept: which one, why, what now."""


class SignatureError(LedgerError):
    """A signature that does not verify under the key it claims."""


class EnvelopeError(FormatError):
    """A DSSE envelope or record header that is not in its one form."""


class ChainError(LedgerError):
    """An entry that is not in its one form, or does not follow the entry before it."""


class ProofError(LedgerError):
    """An inclusion or consistency proof, a tile or a root that does not fit the tree."""


class NoteError(FormatError):
    """A signed note or verifier key that is malformed, or that no trusted key signed."""


class SignatureLineError(NoteError):
    """A signature line that is not in its one form: as good as none."""


class CheckpointError(LedgerError):
    """A checkpoint that is malformed, of another log, or signed by the wrong key."""


class PolicyError(LedgerError):
    """A policy file that is malformed, or a checkpoint that lacks the policy's quorum."""


AdmissionCode = Literal[
    "unknown_member",
    "wrong_key",
    "bad_signature",
    "class_not_allowed",
    "reused_id",
    "wrong_log",
    "stale_seen",
    "future_seen",
    "oversize",
    "malformed",
    "key_revoked",
    "suspended",
]
ADMISSION_CODES: Final = frozenset(get_args(AdmissionCode))


class AdmissionError(LedgerError):
    """A record the ledger does not admit; `code` is for machines, the text for the sender."""

    def __init__(self, code: AdmissionCode, message: str) -> None:
        super().__init__(message)
        self.code: AdmissionCode = code


class ForkError(LedgerError):
    """Two signed statements of one log that cannot both be true; keep both as evidence."""


class StoreError(LedgerError):
    """The store could not do, or does not know whether it did, what was asked: reload."""


class HeadMovedError(StoreError):
    """Nothing was written: the store no longer holds the head that was built upon."""


class LeaseError(StoreError):
    """Nothing was written: another sequencer holds the lease."""


class PeerError(LedgerError):
    """Another member did not answer, or not in the form agreed; it may have acted all the same."""


class BusyError(LedgerError):
    """The queue is full; nothing was taken. Try again after a moment."""

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class VerifyError(LedgerError):
    """A log that does not verify: `place` names the entry, tile or line, `reason` says why."""

    def __init__(self, place: str, reason: str, *, index: int | None = None) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason
        self.index = index
