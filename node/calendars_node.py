"""The read models of a running node, out of its facts, its members' names and its settings."""

from __future__ import annotations

from node.calendars import Calendars
from node.runtime import Node
from node.stored_calendars import StoredCalendars
from node.stores.views_sql import ViewStore
from scheduler.planning.payday_files import load_pay_calendars


def calendars_of(node: Node) -> StoredCalendars | None:
    """The calendars of a municipality's households; None on any other node."""
    if node.role != "municipality":
        return None
    live = Calendars(
        node.facts,
        member=node.member,
        today=node.desk.today,
        rulebook=lambda: node.rules.rulebook(node.facts),
        calendars=load_pay_calendars(),
        phone=node.home.settings.phone,
        names={member.id: member.name for member in node.view.registry.members.values()},
    )
    return StoredCalendars(live, ViewStore(node.database, node.records.subjects))
