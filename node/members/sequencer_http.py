"""The sequencer's door for records, over HTTP: envelopes in, receipts out, many at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import httpx

from ledger.errors import BusyError, LedgerError
from ledger.formats.proof import Receipt, parse_receipt
from node.errors import REFUSALS, NodeError, RefusedError, UnavailableError

LINES_TYPE: Final = "application/x-ndjson"
DETAIL_MAX: Final = 500


class Sequencer(Protocol):
    """Takes envelopes; the same envelope again gives a receipt of the same entry."""

    async def submit(self, envelopes: Sequence[bytes]) -> list[Held | NodeError | BusyError]:
        """For each envelope its receipt, or RefusedError with the admission code, or BusyError.

        Raises UnavailableError when no answer came (records may be on the ledger all the same).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A receipt with its bytes."""

    receipt: Receipt
    content: bytes


class SequencerHttp:
    """The sequencer at `{log_url}/submit-many`."""

    def __init__(self, log_url: str, client: httpx.AsyncClient) -> None:
        self._url = log_url.rstrip("/") + "/submit-many"
        self._client = client

    async def submit(self, envelopes: Sequence[bytes]) -> list[Held | NodeError | BusyError]:
        """See Sequencer."""
        try:
            answer = await self._client.post(
                self._url,
                content=b"\n".join(envelopes) + b"\n",
                headers={"Content-Type": LINES_TYPE},
            )
        except httpx.HTTPError as error:
            raise UnavailableError(f"sequencer: {type(error).__name__}; tried again") from None
        if answer.status_code != httpx.codes.OK:
            error_told = refusal_of(answer.content, answer.status_code)
            return [error_told for _ in envelopes]
        lines = answer.content.removesuffix(b"\n").split(b"\n")
        if len(lines) != len(envelopes):
            raise UnavailableError("sequencer: not one answer for each record; tried again")
        return [_held(line) for line in lines]


def _held(line: bytes) -> Held | NodeError | BusyError:
    try:
        fields = json.loads(line)
        text = fields.get("receipt") if isinstance(fields, dict) else None
    except (ValueError, RecursionError):
        text = None
    if not isinstance(text, str):
        return refusal_of(line, httpx.codes.OK)
    content = text.encode()
    try:
        return Held(receipt=parse_receipt(content), content=content)
    except LedgerError as error:
        return UnavailableError(f"sequencer: no receipt in its answer ({error})")


def refusal_of(body: bytes, status: int) -> NodeError | BusyError:
    """The error that a problem document tells; only its code and a short text are believed."""
    try:
        problem = json.loads(body)
    except (ValueError, RecursionError):
        problem = None
    fields = problem if isinstance(problem, dict) else {}
    code, detail = str(fields.get("code", "")), str(fields.get("detail", ""))[:DETAIL_MAX]
    if code == "busy" or status == httpx.codes.TOO_MANY_REQUESTS:
        return BusyError("sequencer: its queue is full")
    if code in REFUSALS and code != "unavailable":
        return RefusedError(code, detail or REFUSALS[code][1])
    return UnavailableError(f"sequencer: status {status}; tried again")
