"""A receipt that is held is one that verifies: inclusion of the very entry, under the quorum."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.formats.merkle import verify_inclusion
from ledger.formats.policy import parse_policy
from ledger.formats.proof import Receipt
from ledger.rules.registry import Registry
from node.errors import MismatchError


def check_receipt(receipt: Receipt, leaf: bytes, registry: Registry) -> None:
    """Raise MismatchError unless the receipt proves the entry with this leaf hash.

    The leaf hash is one this node verified itself when it followed the log.
    """
    try:
        opened = parse_policy(registry.policy_text().encode()).open(receipt.checkpoint)
        verify_inclusion(
            leaf,
            receipt.index,
            opened.checkpoint.size,
            receipt.path,
            opened.checkpoint.root,
        )
    except LedgerError as error:
        raise MismatchError(
            "receipt", f"the sequencer's receipt does not verify: {error}"
        ) from None
