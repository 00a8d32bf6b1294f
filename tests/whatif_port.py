"""«What if» over the demo's facts behind the hand-made pages of the tests: real amounts."""

from __future__ import annotations

from typing import Final

from node.answering import rulebook
from node.whatif.asking import WhatIf
from node.whatif.suppositions import Suppositions
from node.whatif.views import SituationView, WhatIfView
from scheduler.planning.payday_files import load_pay_calendars
from tests.browser.household_views import DE_VRIES, YILMAZ
from tests.calendar_book import BAKKER, NAMES, VERMEER, recorded_book
from tests.household_facts import TODAY

BEHIND: Final = {DE_VRIES: VERMEER, YILMAZ: BAKKER}


def what_if() -> WhatIf:
    """As on the municipality's node of the demo."""
    return WhatIf(
        recorded_book(), member="gm0344", today=lambda: TODAY, rulebook=rulebook,
        calendars=load_pay_calendars(), names=NAMES,
    )  # fmt: skip


class SampleWhatIf:
    """The households of the tests' pages, each with a household of the demo behind it."""

    def __init__(self) -> None:
        self._live = what_if()
        self.asked: list[str] = []

    def situation(self, household: str) -> SituationView:
        """See WhatIfPort."""
        self.asked.append(household)
        return self._live.situation(BEHIND.get(household, household))

    def suppose(self, household: str, supposed: Suppositions) -> WhatIfView:
        """See WhatIfPort."""
        self.asked.append(household)
        return self._live.suppose(BEHIND.get(household, household), supposed)
