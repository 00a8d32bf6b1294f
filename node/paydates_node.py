"""One pay date on a running node: its facts, its store and the door of the ledger."""

from __future__ import annotations

from functools import partial

from node.access import MUNICIPALITY
from node.flow import record
from node.flows import Naming
from node.paydates import PayDateDesk, PayDates
from node.portal.calendar_words import AGENCY_WORDS
from node.runtime import Node
from node.worker import Worker
from scheduler.planning.payday_files import load_pay_calendars


def paydates_of(node: Node, worker: Worker | None) -> PayDates | None:
    """One pay date on a municipality's node; None on any other."""
    if node.role != MUNICIPALITY:
        return None
    names = {member.id: member.name for member in node.view.registry.members.values()}
    desk = PayDateDesk(
        facts=node.facts,
        database=node.database,
        records=node.records,
        record=partial(record, node.desk),
        today=node.desk.today,
        wake=_nothing if worker is None else worker.wake,
    )
    naming = Naming(member=node.member, names={**AGENCY_WORDS, **names})
    return PayDates(desk, naming, load_pay_calendars())


def _nothing() -> None:
    """No worker runs in this process: the one elsewhere looks by itself."""
