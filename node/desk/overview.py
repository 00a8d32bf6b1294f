"""The desk's first page: what waits for a clerk, by kind. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from node.desk.correction_views import ProposalRow
from node.desk.person_views import PersonsView
from node.desk.views import HealthView, PlansView, PostView, ProblemsView
from scheduler.folding.known import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """One kind of work: where it is and how much of it waits."""

    path: str
    name: Text
    count: int
    waits: Text


def first_cards(
    post: PostView,
    problems: ProblemsView,
    plans: PlansView,
    health: Iterable[HealthView],
    waiting: Iterable[ProposalRow],
    persons: PersonsView,
) -> tuple[CardView, ...]:
    """What every member's desk has."""
    wrong_files = sum(one.wrong > 0 for one in problems.batches)
    return (
        CardView(
            path="/balie/post",
            name=Text("Post", "Post"),
            count=post.matters_all + sum(one.waiting for one in post.receivers),
            waits=Text("zaken en berichten wachten", "matters and records wait"),
        ),
        CardView(
            path="/balie/problemen",
            name=Text("Problemen", "Problems"),
            count=wrong_files + len(problems.reported),
            waits=Text("bestanden of meldingen om te herstellen", "files or reports to set right"),
        ),
        CardView(
            path="/balie/plannen",
            name=Text("Plannen", "Plans"),
            count=sum(one.open > 0 for one in plans.to_answer),
            waits=Text("plannen wachten op antwoord", "plans wait for an answer"),
        ),
        CardView(
            path="/balie/personen",
            name=Text("Personen", "Persons"),
            count=sum(one.waiting is None for one in persons.misfits),
            waits=Text("personen passen niet bij elkaar", "persons do not fit"),
        ),
        CardView(
            path="/balie/voorstellen",
            name=Text("Voorstellen", "Proposals"),
            count=sum(not one.mine for one in waiting),
            waits=Text("voorstellen wachten op uw besluit", "proposals wait for your decision"),
        ),
        CardView(
            path="/balie/toestand",
            name=Text("Toestand", "State"),
            count=sum(one.state != "good" for one in health),
            waits=Text("onderdelen vragen aandacht", "parts need attention"),
        ),
    )
