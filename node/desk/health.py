"""The state of a node's parts in plain words, with what an operator does now. Pure.

The figures are those of `/readyz` (portal/web.py); whether the ledger's last head has its quorum is
an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from node.desk.views import HealthView, State
from scheduler.folding.known import Text

Figure = int | str | bool | None

PARTS: Final[Mapping[str, Text]] = {
    "database": Text("De database", "The database"),
    "backlog": Text("Bezorgen en ontvangen", "Delivering and receiving"),
    "ticker": Text("De klok van dit knooppunt", "The clock of this node"),
    "orders": Text("Betaalopdrachten", "Payment orders"),
    "follower": Text("Het volgen van het grootboek", "Following the ledger"),
    "worker": Text("Het werk op de achtergrond", "The work in the background"),
    "sequencer": Text("De volgorde van het grootboek", "The order of the ledger"),
    "mirror": Text("Onze kopie van het grootboek", "Our copy of the ledger"),
    "quorum": Text("Handtekeningen van de leden", "Signatures of the members"),
}
_GOOD: Final = Text("Dit werkt.", "This works.")
_WRONG: Final[Mapping[str, tuple[Text, Text]]] = {
    "ticker": (
        Text("De klok liep te lang geleden.", "The clock ticked too long ago."),
        Text(
            "Kijk of `vastedag work` draait. Start het zo nodig opnieuw.",
            "See whether `vastedag work` runs. Start it again if needed.",
        ),
    ),
    "follower": (
        Text("Wij hebben nog niets gelezen.", "We have read nothing yet."),
        Text(
            "Kijk of het adres van het grootboek klopt en bereikbaar is.",
            "See whether the ledger's address is right and can be reached.",
        ),
    ),
    "worker": (
        Text("Een ronde is mislukt.", "A round failed."),
        Text(
            "Het gaat vanzelf opnieuw. Blijft dit staan? Kijk in het logboek van `vastedag work`.",
            "It is tried again. Does this stay? See the log of `vastedag work`.",
        ),
    ),
    "sequencer": (
        Text("Het grootboek neemt nu niets op.", "The ledger records nothing now."),
        Text(
            "Kijk of de database en de spiegels bereikbaar zijn. Er gaat niets verloren.",
            "See whether the database and the mirrors can be reached. Nothing is lost.",
        ),
    ),
    "mirror": (
        Text("Onze kopie loopt niet mee.", "Our copy does not keep up."),
        Text(
            "Draai `vastedag fsck`. Bel de beheerder van het grootboek als dat iets vindt.",
            "Run `vastedag fsck`. Call the operator of the ledger if it finds something.",
        ),
    ),
    "quorum": (
        Text(
            "Te weinig leden tekenden voor de laatste stand.",
            "Too few members signed for the last head.",
        ),
        Text(
            "Bel de leden die niet tekenden. U ziet ze bij Toezicht.",
            "Call the members that did not sign. Oversight shows them.",
        ),
    ),
}
_UNKNOWN: Final = (
    Text("Dit onderdeel is niet klaar.", "This part is not ready."),
    Text("Kijk op /readyz voor de reden.", "See /readyz for the reason."),
)


class PartCheck(Protocol):
    """What portal/surface.py's Check tells of one part."""

    @property
    def ready(self) -> bool:
        """Whether it works."""
        ...

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Its figures by name."""
        ...


def health_of(checks: Mapping[str, PartCheck], quorum: bool | None) -> tuple[HealthView, ...]:
    """Every part, what is wrong first. quorum: None where this node keeps no copy of the log."""
    found = [_part(name, check) for name, check in checks.items()]
    if quorum is not None:
        found.append(_view("quorum", "good" if quorum else "wrong"))
    order = {"wrong": 0, "attention": 1, "good": 2}
    return tuple(sorted(found, key=lambda one: order[one.state]))


def _part(name: str, check: PartCheck) -> HealthView:
    if not check.ready:
        return _view(name, "wrong")
    special = _SPECIAL.get(name)
    told = None if special is None else special(check.figures)
    if told is None:
        return _view(name, "good")
    what, now = told
    return HealthView(part=_name(name), state="attention", what=what, now=now)


def _view(name: str, state: State) -> HealthView:
    what, now = (_GOOD, None) if state == "good" else _WRONG.get(name, _UNKNOWN)
    return HealthView(part=_name(name), state=state, what=what, now=now)


def _name(name: str) -> Text:
    return PARTS.get(name, Text(name, name))


def _database(figures: Mapping[str, Figure]) -> tuple[Text, Text] | None:
    count = figures.get("desk")
    if not isinstance(count, int) or count == 0:
        return None
    return (
        Text(f"Er liggen {count} zaken op de balie.", f"{count} matters lie on the desk."),
        Text("Bekijk ze bij Post.", "See them under Post."),
    )


def _backlog(figures: Mapping[str, Figure]) -> tuple[Text, Text] | None:
    count = _sum(figures, "undelivered", "unsent")
    if count == 0:
        return None
    return (
        Text(f"{count} berichten wachten op bezorging.", f"{count} records wait for delivery."),
        Text(
            "Wacht een paar minuten. Bel daarna de ontvanger die niet antwoordt.",
            "Wait a few minutes. Then call the recipient that does not answer.",
        ),
    )


def _ticker(figures: Mapping[str, Figure]) -> tuple[Text, Text] | None:
    late = figures.get("steps_overdue")
    if not isinstance(late, int) or late == 0:
        return None
    return (
        Text(f"{late} stappen van de maand zijn te laat.", f"{late} steps of the month are late."),
        Text(
            "Ze worden vanzelf ingehaald. Kijk over een uur opnieuw.",
            "They are caught up by themselves. Look again in an hour.",
        ),
    )


def _orders(figures: Mapping[str, Figure]) -> tuple[Text, Text] | None:
    count = figures.get("unknown")
    if not isinstance(count, int) or count == 0:
        return None
    return (
        Text(f"Van {count} opdrachten is de afloop onbekend.", f"{count} orders have no outcome."),
        Text(
            "Vraag het de bank. Stuur niets opnieuw voor u het weet.",
            "Ask the bank. Send nothing again before you know.",
        ),
    )


def _sum(figures: Mapping[str, Figure], *names: str) -> int:
    return sum(value for value in map(figures.get, names) if isinstance(value, int))


_SPECIAL: Final = {
    "database": _database,
    "backlog": _backlog,
    "ticker": _ticker,
    "orders": _orders,
}
