"""The demo's members vouch for the verifier: its digest as a governance entry, once."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ledger.formats.envelope import GOVERNANCE_CLASS, Header, sign_record
from ledger.rules import governance
from node.errors import StartError
from node.portal import verifier
from node.runtime import Node
from node.setup.network import governance_signer

IDENTIFIER_BYTES: Final = 32


async def publish_verifier(directory: Path, sequencer: Node) -> None:
    """Sign with the offline keys of as many members as must vote, and record; nothing when done."""
    log, registry = sequencer.ledger.log, sequencer.view.registry
    if log is None:
        raise StartError(f"{sequencer.member}: its home holds no sequencer; remove the state")
    known = registry.artefacts.get(verifier.NAME)
    if known is not None and known.sha256 == verifier.digest():
        return
    voters = sorted(member.id for member in registry.members.values() if member.votes)
    signers = {m: governance_signer(directory, m) for m in voters[: registry.votes_needed]}
    body = governance.next_body(
        registry, "publish", artefact=verifier.NAME, sha256=verifier.digest()
    )
    header = Header(
        log=registry.log,
        id=secrets.token_urlsafe(IDENTIFIER_BYTES),
        author=sequencer.member,
        record_class=GOVERNANCE_CLASS,
        at=f"{datetime.now(UTC):%Y-%m-%dT%H}:00:00Z",
        seen=sequencer.view.size,
        body=governance.with_signers(body, signers),
    )
    await log.append(sign_record(header, governance_signer(directory, sequencer.member)))
