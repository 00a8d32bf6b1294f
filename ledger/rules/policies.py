"""Which registries a head must satisfy: every one in force since the last published head.

A quorum change needs the old and the new quorum (DESIGN 4): the head that first covers it must
satisfy the policies of both, later heads only the new one.
"""

from __future__ import annotations

from ledger.formats.policy import Policy, parse_policy
from ledger.ports import Store
from ledger.rules.registry import Registry
from ledger.tail import registry_of


class PolicyHistory:
    """(size from which it holds, registry), oldest first, one for each change of the policy."""

    def __init__(self, since: list[tuple[int, Registry]]) -> None:
        self._since = since

    def add(self, size: int, registry: Registry) -> None:
        """The registry after a governance entry, which is number size - 1."""
        if not self._since or policy_of(self._since[-1][1]) != policy_of(registry):
            self._since.append((size, registry))

    def between(self, published_size: int, size: int) -> list[Registry]:
        """Those in force at some size from published_size to size; forgets older ones."""
        held = [each for each in self._since if each[0] <= published_size][-1:]
        self._since = held + [each for each in self._since if each[0] > published_size]
        return [registry for since, registry in self._since if since <= size]


async def load_policies(store: Store) -> PolicyHistory:
    """The history of a stored log."""
    rows = await store.governance()
    history = PolicyHistory([])
    for count in range(1, len(rows) + 1):
        registry = registry_of(rows[:count])
        assert registry is not None
        history.add(rows[count - 1].n + 1, registry)
    return history


def policy_of(registry: Registry) -> Policy:
    """The policy that a registry states."""
    return parse_policy(registry.policy_text().encode())
