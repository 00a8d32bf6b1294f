"""The sequencer's door for records, over HTTP: an envelope in, a receipt out."""

from __future__ import annotations

from typing import Final, Protocol

import httpx

from ledger.errors import BusyError, FormatError, LedgerError
from ledger.proof import RECEIPT_BYTES_MAX, Receipt, parse_receipt
from node.errors import REFUSALS, NodeError, RefusedError, UnavailableError

ENVELOPE_MEDIA_TYPE: Final = "application/json"


class Sequencer(Protocol):
    """Takes envelopes; the same envelope again gives a receipt of the same entry."""

    async def submit(self, envelope: bytes) -> tuple[Receipt, bytes]:
        """The receipt and its bytes.

        Raises RefusedError with the admission code, BusyError, or UnavailableError when no answer
        came (the record may be on the ledger all the same).
        """
        ...


class SequencerHttp:
    """The sequencer at `{log_url}/submit`."""

    def __init__(self, log_url: str, client: httpx.AsyncClient) -> None:
        self._url = log_url.rstrip("/") + "/submit"
        self._client = client

    async def submit(self, envelope: bytes) -> tuple[Receipt, bytes]:
        """See Sequencer."""
        try:
            answer = await self._client.post(
                self._url, content=envelope, headers={"Content-Type": ENVELOPE_MEDIA_TYPE}
            )
        except httpx.HTTPError as error:
            raise UnavailableError(f"sequencer: {type(error).__name__}; tried again") from None
        if answer.status_code == httpx.codes.OK:
            if len(answer.content) > RECEIPT_BYTES_MAX:
                raise UnavailableError("sequencer: a receipt larger than any; tried again")
            try:
                return parse_receipt(answer.content), answer.content
            except (FormatError, LedgerError) as error:
                raise UnavailableError(f"sequencer: no receipt in its answer ({error})") from None
        raise refusal_of(answer)


def refusal_of(answer: httpx.Response) -> NodeError | BusyError:
    """The error that a problem document tells; its texts are the other member's, so not ours."""
    try:
        problem = answer.json()
        code = str(problem["code"]) if isinstance(problem, dict) else ""
        detail = str(problem.get("detail", ""))[:500] if isinstance(problem, dict) else ""
    except (ValueError, KeyError, RecursionError):
        code, detail = "", ""
    if code == "busy" or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        after = answer.headers.get("retry-after", "1")
        seconds = int(after) if after.isdecimal() and len(after) < 4 else 1
        return BusyError("sequencer: its queue is full", retry_after_seconds=seconds)
    if code in REFUSALS and code != "unavailable":
        return RefusedError(code, detail or REFUSALS[code][1])
    return UnavailableError(f"sequencer: status {answer.status_code}; tried again")
