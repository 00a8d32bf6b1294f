"""For whom a page is made when a visitor acts by a mandate: set by doors.py, in base.html."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

ACTING_FOR: Final[ContextVar[str | None]] = ContextVar("acting_for", default=None)
