"""How a process is set that is to run for long, as a sequencer's: settings of the interpreter."""

from __future__ import annotations

import gc
import sys
from typing import Final

# Python looks for circles of garbage after 700 new objects; a batch, or a page, makes some
# thousands, none of them in a circle that matters. A full search stops all for its time.
NEW_OBJECTS: Final = 50_000
YOUNG_SEARCHES: Final = 20
MIDDLE_SEARCHES: Final = 50
# A database driver lets go of the interpreter lock for every statement, and a thread that computes
# gives it back after this long. Python's own 5 ms made a commit of eight statements take 40 ms.
SWITCH_SECONDS: Final = 0.0005


def settle() -> None:
    """Leave what was made at the start out of all later searches for garbage; share the lock."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_SEARCHES, MIDDLE_SEARCHES)
    sys.setswitchinterval(SWITCH_SECONDS)
