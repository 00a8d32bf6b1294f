"""Hand-made answers of several logbooks for tests of the pages: input, derived from nothing."""

from __future__ import annotations

from datetime import date, timedelta

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
