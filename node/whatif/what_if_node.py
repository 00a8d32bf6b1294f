"""«What if» of a running node: a municipality's, for its own households."""

from __future__ import annotations

from node.access import MUNICIPALITY
from node.runtime import Node
from node.whatif.asking import WhatIf
from scheduler.planning.payday_files import load_pay_calendars


def what_if_of(node: Node) -> WhatIf | None:
    """The answers for a municipality's households; None on any other node."""
    if node.role != MUNICIPALITY:
        return None
    return WhatIf(
        node.facts,
        member=node.member,
        today=node.desk.today,
        rulebook=lambda: node.rules.rulebook(node.facts),
        calendars=load_pay_calendars(),
        reading=node.facts.reading,
        names={member.id: member.name for member in node.view.registry.members.values()},
    )
