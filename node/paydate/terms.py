"""Under what terms a payer could move its payment, where nobody published them: data, and told.

Read from `specs/windows/*.yaml`; what a creditor states itself comes with its own record.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import specs
from scheduler.folding.known import Text
from scheduler.planning.flows import Window
from specs.loader import load_yaml
from specs.reading import Section

WINDOWS: Final = Path(specs.__file__).parent / "windows"
Confidence = Literal["assumption", "agreed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerWindow:
    """The window of a payer calendar; an assumption is told to the household in `told`."""

    calendar: str
    window: Window
    confidence: Confidence
    source: str
    told: Text

    @property
    def assumed(self) -> Text | None:
        """What a household reads of it: nothing once the payer agreed."""
        return self.told if self.confidence == "assumption" else None


@cache
def payer_window(calendar: str, directory: Path = WINDOWS) -> PayerWindow:
    """The window of a payer calendar; raises SpecFileError."""
    path = directory / f"{calendar}.yaml"
    value, lines = load_yaml(path)
    section = Section.whole(str(path), value, lines)
    section.only("calendar", "earlier_days", "later_days", "confidence", "source", "told")
    if section.text("calendar") != calendar:
        section.fail("calendar", f"the file is named {calendar!r}; use the same name for both")
    confidence = section.text("confidence")
    if confidence not in ("assumption", "agreed"):
        section.fail("confidence", "assumption, or agreed by the payer")
    told = section.section("told")
    return PayerWindow(
        calendar=calendar,
        window=Window(
            earlier_days=section.integer("earlier_days"), later_days=section.integer("later_days")
        ),
        confidence="assumption" if confidence == "assumption" else "agreed",
        source=section.text("source"),
        told=Text(told.text("nl"), told.text("en")),
    )
