"""Where a visitor can go: the main menu by who he is, and what a household can arrange.

Pure. A place is shown only when this node has a page at it (`Offers`, told once at start-up), so
that no menu ever holds a dead link.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from node.portal.auth import Session
from node.portal.formatting import Language

Current: TypeAlias = Literal["page", "true", ""]
"""`aria-current`: this very page, one inside this place, or neither."""

Offers: TypeAlias = Callable[[str], bool]
"""Whether this node has a page at an address."""

ARRANGE: Final = "arrange"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address with its name; `keys` are the pages at or inside it (`active` of Pages.answer).

    `told_nl` and `told_en` say on the hub page what one can do there.
    """

    href: str
    nl: str
    en: str
    keys: tuple[str, ...]
    told_nl: str = ""
    told_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuLink:
    """One item of the menu as it is shown."""

    href: str
    label: str
    current: Current


START: Final = Place(href="/", nl="Start", en="Home", keys=("start",))
CALENDAR: Final = Place(href="/mijn", nl="Mijn kalender", en="My calendar", keys=("month",))
ARRANGED: Final = (
    Place(
        href="/mijn/betaaldag", nl="Eén betaaldag", en="One pay date", keys=("paydate",),
        told_nl="Bekijk uw betaaldag. Kies een andere dag, of stop ermee.",
        told_en="See your pay date. Choose another day, or stop.",
    ),
    Place(
        href="/mijn/klopt-niet", nl="Klopt dit niet?", en="Is this wrong?",
        keys=("contest", "klopt-niet"),
        told_nl="Klopt een bedrag of gegeven niet? Zeg het ons. Dan zoeken we het uit.",
        told_en="Is an amount or a fact wrong? Tell us. We will look into it.",
    ),
    Place(
        href="/mijn/misgelopen", nl="Loopt u geld mis?", en="Do you miss out on money?",
        keys=("missed",),
        told_nl="Kijk of u geld kunt krijgen dat u nu niet krijgt.",
        told_en="See whether you can get money that you do not get now.",
    ),
    Place(
        href="/mijn/agenda", nl="Kalender in uw telefoon", en="Calendar on your telephone",
        keys=("feed", "agenda"),
        told_nl="Zet uw betaaldagen in de agenda van uw telefoon.",
        told_en="Put your pay dates in the calendar of your telephone.",
    ),
)  # fmt: skip
WHO_LOOKED: Final = "/mijn/wie-keek"  # a link on the page of «Mijn gegevens»
HOUSEHOLD: Final = (
    Place(href="/mijn", nl="Deze maand", en="This month", keys=("month",)),
    Place(href="/mijn/wijzigingen", nl="Wijzigingen", en="Changes", keys=("changes",)),
    Place(href="/mijn/jaar", nl="Mijn jaar", en="My year", keys=("year",)),
    Place(href="/mijn/wat-als", nl="Wat als?", en="What if?", keys=("whatif", "wat-als")),
    Place(
        href="/mijn/regelen", nl="Regelen", en="Arrange",
        keys=(ARRANGE, *(key for place in ARRANGED for key in place.keys)),
    ),
    Place(
        href="/mijn/dossier", nl="Mijn gegevens", en="My data",
        keys=("file", "looked", "wie-keek"),
    ),
)  # fmt: skip
STAFF: Final = {
    "toezicht": (
        Place(href="/toezicht", nl="Toezicht", en="Oversight", keys=("oversight",)),
        Place(href="/toezicht/leden", nl="Leden", en="Members", keys=("members",)),
        Place(href="/toezicht/bestuur", nl="Bestuur", en="Governance", keys=("governance",)),
        Place(href="/toezicht/vergelijken", nl="Vergelijken", en="Compare", keys=("compare",)),
        Place(href="/toezicht/steekproef", nl="Steekproef", en="Sample", keys=("sample",)),
        Place(href="/toezicht/narekenen", nl="Narekenen", en="Compute again", keys=("reperform",)),
    ),
    "balie": (Place(href="/balie", nl="Balie", en="Desk", keys=("balie", "desk")),),
    "wijk": (Place(href="/wijk", nl="Wijkteam", en="Local team", keys=("wijk", "district")),),
}


def menu_of(
    session: Session | None, active: str, language: Language, offers: Offers
) -> tuple[MenuLink, ...]:
    """The menu of one visitor on one page."""
    if session is not None and session.household is not None:
        places: tuple[Place, ...] = HOUSEHOLD if session.joined else (START, ARRANGED[0])
    elif session is not None and session.roles:
        places = (START, *(place for role in session.roles for place in STAFF.get(role, ())))
    elif session is not None and session.person is not None:
        places = (START,)  # signed in, no household chosen yet
    else:
        places = (START, CALENDAR)
    return tuple(
        MenuLink(
            href=place.href,
            label=place.en if language == "en" else place.nl,
            current=_current(place.keys, active),
        )
        for place in places
        if offers(place.href)
    )


def arranged(offers: Offers) -> tuple[Place, ...]:
    """What a household can arrange on this node."""
    return tuple(place for place in ARRANGED if offers(place.href))


def every_href() -> Collection[str]:
    """All addresses that a menu or the hub page can hold."""
    staff = [place for places in STAFF.values() for place in places]
    places = (START, CALENDAR, *HOUSEHOLD, *ARRANGED, *staff)
    return {WHO_LOOKED, *(place.href for place in places)}


def _current(keys: tuple[str, ...], active: str) -> Current:
    if active not in keys:
        return ""
    return "page" if active == keys[0] else "true"
