"""Hand-made answers of several logbooks for tests of the pages: input, derived from nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from node.feeds import Feed
from node.looked.register import Shown
from node.looked.views import LookedView, Purpose, looked_view


class SampleLooked:
    """WhoLookedPort: two agencies, one of them masked, one silent, thousands of readings."""

    async def who(self, person: str) -> LookedView:
        del person
        avg = "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:32016R0679"

        def told(shown: Shown, nl: str, en: str, article: str, days: int) -> Purpose:
            counted = tuple((date(2025, 6, 1) + timedelta(days=n), 40) for n in range(days))
            return Purpose(
                shown=shown, name_nl=nl, name_en=en, law_url=avg, article=article, days=counted,
                law="Algemene verordening gegevensbescherming",
            )  # fmt: skip

        plan = told("open", "Uw ene betaaldag plannen", "Plan your one pay date", "6(1)(a)", 200)
        own = told("own", "U bekeek uw eigen gegevens", "You looked at your own data", "15", 2)
        masked = told("masked", "", "", "23", 1)
        sent = told("routine", "Uw gegevens sturen", "Send your data", "6(1)(e)", 90)
        pay = told("open", "<b>Betalen</b>", "<b>Pay</b>", "6(1)(b)", 3)
        return looked_view(
            {"Gemeente Utrecht": [plan, own], "UWV": [pay, sent, masked]},
            silent=["Sociale Verzekeringsbank"],
            unknown=["Belastingdienst"],
            retention_years=3,
        )


class SampleFeeds:
    """FeedsPort in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Feed] = {}
        self.told: dict[tuple[str, str], tuple[str, int, int]] = {}

    def of(self, household: str, person: str) -> Feed | None:
        found = [one for one in self.rows.values() if _whose(one) == (household, person)]
        return found[0] if found else None

    def put(self, digest: str, feed: Feed) -> None:
        self.drop(feed.household, feed.person)
        self.rows[digest] = feed

    def choose(self, household: str, person: str, *, amounts: bool) -> None:
        for digest, one in self.rows.items():
            if _whose(one) == (household, person):
                self.rows[digest] = replace(one, amounts=amounts)

    def drop(self, household: str, person: str) -> None:
        self.rows = {k: v for k, v in self.rows.items() if _whose(v) != (household, person)}

    def find(self, digest: str) -> Feed | None:
        return self.rows.get(digest)

    def number(self, digest: str, told: str, now: int) -> tuple[int, int]:
        if digest not in self.rows:
            raise LookupError(digest)
        before = self.told.get(_whose(self.rows[digest]), ("", -1, 0))
        if before[0] != told:
            before = (told, before[1] + 1, now)
        self.told[_whose(self.rows[digest])] = before
        return before[1], before[2]


def _whose(feed: Feed) -> tuple[str, str]:
    return feed.household, feed.person
