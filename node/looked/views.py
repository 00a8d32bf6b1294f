"""What a person is shown of who looked: by agency and purpose, readable, however much there is.

Pure: from the counts that each member's logbook answers to the frozen views of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from node.looked.register import Shown
from specs.values import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Readings for one activity by one agency, by the first day told of each period.

    A masked one has no names and only first days of months.
    """

    shown: Shown
    name_nl: str
    name_en: str
    law: str
    law_url: str
    article: str
    days: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCount:
    """How often in one month, and when last."""

    month: Month
    count: int
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeView:
    """One purpose of one agency, months the newest first."""

    name_nl: str
    name_en: str
    law: str
    law_url: str
    article: str
    count: int
    last: date
    months: tuple[MonthCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyView:
    """One agency with its purposes, the latest first; `routine` is what goes with every record."""

    name: str
    purposes: tuple[PurposeView, ...]
    routine: tuple[PurposeView, ...]

    @property
    def last(self) -> date:
        """The day on which it last read anything."""
        return max(one.last for one in (*self.purposes, *self.routine))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedView:
    """The whole page.

    `silent` are agencies whose log did not answer now; `unknown` those that know nobody so, or that
    cannot tell that the asking municipality is his.
    """

    agencies: tuple[AgencyView, ...]
    masked: tuple[PurposeView, ...]
    own: tuple[PurposeView, ...]
    silent: tuple[str, ...]
    unknown: tuple[str, ...]
    retention_years: int


def looked_view(
    told: Mapping[str, Iterable[Purpose]],
    *,
    silent: Iterable[str],
    unknown: Iterable[str],
    retention_years: int,
) -> LookedView:
    """The page of one person; `told` by the name of the agency."""
    agencies, masked, own = [], [], []
    for name in sorted(told):
        purposes = list(told[name])
        masked += [one for one in purposes if one.shown == "masked"]
        own += [one for one in purposes if one.shown == "own"]
        seen = _views([one for one in purposes if one.shown == "open"])
        routine = _views([one for one in purposes if one.shown == "routine"])
        if seen or routine:
            agencies.append(AgencyView(name=name, purposes=seen, routine=routine))
    agencies.sort(key=lambda one: one.last, reverse=True)
    return LookedView(
        agencies=tuple(agencies),
        masked=_views(masked),
        own=_views(own),
        silent=tuple(sorted(silent)),
        unknown=tuple(sorted(unknown)),
        retention_years=retention_years,
    )


def _views(purposes: Sequence[Purpose]) -> tuple[PurposeView, ...]:
    """The same purpose told twice is one; the latest first."""
    together: dict[tuple[str, str, str], list[Purpose]] = {}
    for one in purposes:
        together.setdefault((one.name_nl, one.law, one.article), []).append(one)
    views = [_view(group) for group in together.values() if any(one.days for one in group)]
    return tuple(sorted(views, key=lambda one: (one.last, one.name_nl), reverse=True))


def _view(group: Sequence[Purpose]) -> PurposeView:
    months: dict[Month, list[tuple[date, int]]] = {}
    for one in group:
        for day, count in one.days:
            months.setdefault(Month.of(day), []).append((day, count))
    counted = tuple(
        MonthCount(month=month, count=sum(n for _, n in days), last=max(day for day, _ in days))
        for month, days in sorted(months.items(), reverse=True)
    )
    first = group[0]
    return PurposeView(
        name_nl=first.name_nl,
        name_en=first.name_en,
        law=first.law,
        law_url=first.law_url,
        article=first.article,
        count=sum(one.count for one in counted),
        last=counted[0].last,
        months=counted,
    )
