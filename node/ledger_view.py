"""What the node knows of the ledger: its members, their keys, and how far it has verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from ledger.rules.registry import Registry
from node.errors import RefusedError, SealError
from node.setup.hpke_keys import ML_KEM_PUBLIC_BYTES, SUITE_NAME, X25519_BYTES, HpkePublicKey

HPKE_USE: Final = "hpke"
API_USE: Final = "api"


class LedgerView(Protocol):
    """The verified state of the log; a follower keeps it up to date."""

    @property
    def registry(self) -> Registry:
        """The members after the last verified entry."""
        ...

    @property
    def size(self) -> int:
        """How many entries this node has verified under a quorum."""
        ...


def roles_of(registry: Registry) -> Mapping[str, str]:
    """Role by member id, of members that may still act."""
    return {
        member.id: member.role
        for member in registry.members.values()
        if not member.suspended and member.merged_into is None
    }


def role_of(registry: Registry, member: str) -> str:
    """The role of one member; raises RefusedError unknown_member."""
    found = registry.members.get(member)
    if found is None:
        raise RefusedError("unknown_member", f"{member}: no member of this log")
    return found.role


def hpke_key_of(registry: Registry, member: str) -> HpkePublicKey:
    """The newest active HPKE key of a member; raises SealError when it has none we can use."""
    keys = registry.members[member].active_keys(HPKE_USE)
    if not keys:
        raise SealError(f"member {member}: no HPKE key on the ledger; it must register one")
    raw = keys[-1].public_key
    # The ledger holds bare bytes; a suite is told by the length of its keys until there are two
    # of one length, and then by a key use of its own.
    if len(raw) != ML_KEM_PUBLIC_BYTES + X25519_BYTES:
        raise SealError(f"member {member}: an HPKE key of a suite this version does not know")
    return HpkePublicKey(SUITE_NAME, raw)


def api_keys_of(registry: Registry, member: str) -> tuple[bytes, ...]:
    """The active public keys with which a member's systems sign requests."""
    found = registry.members.get(member)
    if found is None or found.suspended:
        raise RefusedError("unknown_member", f"{member}: no member that may ask")
    return tuple(key.public_key for key in found.active_keys(API_USE))
