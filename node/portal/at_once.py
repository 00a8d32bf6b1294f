"""Answers that need no waiting, given by the connection itself: no task, no framework, no queue.

`BoundedHttp` (http_protocol.py) asks the app, if it is one of these, for every head that is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

RawHeaders = Sequence[tuple[bytes, bytes]]


@runtime_checkable
class AnswersAtOnce(Protocol):
    """An ASGI app that can answer some GET requests from memory."""

    def at_once(self, target: bytes, headers: RawHeaders) -> tuple[bytes, bytes] | None:
        """Header lines (each ended, without the empty line) and body of a 200, or None.

        target is the request's, as it was sent; header names are in lower case. None means: let
        the app itself answer.
        """
        ...
