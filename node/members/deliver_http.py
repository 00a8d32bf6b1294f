"""Delivery between members over HTTP: sealed payloads from the author's outbox to each recipient.

The author sends until the recipient says it has stored them; a recipient also asks each author
what was addressed to it since an entry, so that nothing is lost when either side was restored.
Sealing is done at sending: the outbox holds no content, so erasure reaches it (DESIGN 5).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from sqlalchemy import Connection, select, update

from node.errors import RefusedError, SealError, UnavailableError
from node.ledger_view import LedgerView, hpke_key_of
from node.sealing import SealContext, seal
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.stores.database_sql import Database
from node.stores.store_sql import Records

SEND_MAX: Final = 100  # payloads in one request; about 6 MB at most
ANSWER_MAX: Final = 100  # payloads in one answer to a recipient that asks
DUE_MAX: Final = 1_000
SENDING: Final = "gegevens-versturen"  # the processing activity of sealing to a reader
BACKOFF_SECONDS: Final = (1, 2, 5, 15, 60, 300, 900, 3600)
SEALED_BYTES_MAX: Final = 64_000
MISMATCHES_MAX: Final = 100  # told in one answer
CODE_CHARACTERS: Final = 32
# What accept.py finds wrong with a delivery; the author is told, so that it can set it right.
MISMATCH_CODES: Final = (
    "void", "sealed", "commitment", "schema", "header", "writer", "no_ground", "misfit",
    "not_competent", "other_person",
)  # fmt: skip
FORMS: Final = {"id": 43, "author": 63, "class": 32, "suite": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One sealed payload on its way."""

    author: str
    id: str
    record_class: str
    suite: str
    sealed: bytes

    def as_json(self) -> dict[str, str]:
        """Its JSON form; nothing personal is in clear."""
        return {
            "author": self.author,
            "id": self.id,
            "class": self.record_class,
            "suite": self.suite,
            "sealed": base64.b64encode(self.sealed).decode(),
        }


def parse_parcels(content: bytes) -> list[Parcel]:
    """The parcels of a request or answer; raises RefusedError malformed or oversize."""
    try:
        value = json.loads(content)
        items = value["parcels"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RefusedError(
            "malformed", "parcels: not a JSON object with a list of parcels"
        ) from None
    if not isinstance(items, list) or len(items) > max(SEND_MAX, ANSWER_MAX):
        raise RefusedError("oversize", f"parcels: a list of at most {SEND_MAX}")
    return [_parcel(item) for item in items]


def parse_mismatches(content: bytes) -> dict[str, str]:
    """Code by record id of what a recipient could not accept; what is not in form is ignored."""
    try:
        items = json.loads(content)["mismatches"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
    found = {}
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("code") in MISMATCH_CODES:
            found[str(item.get("id"))[:43]] = str(item["code"])
    return found


def _parcel(item: Any) -> Parcel:
    if not isinstance(item, dict) or item.keys() != {*FORMS, "sealed"}:
        raise RefusedError("malformed", "parcel: id, author, class, suite and sealed, no more")
    if any(not isinstance(item[n], str) or len(item[n]) > most for n, most in FORMS.items()):
        raise RefusedError("malformed", "parcel: a member of it is no text or too long")
    try:
        sealed = base64.b64decode(str(item["sealed"]), validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError("malformed", "parcel: sealed is not base64") from None
    if len(sealed) > SEALED_BYTES_MAX:
        raise RefusedError("oversize", f"parcel: at most {SEALED_BYTES_MAX} sealed bytes")
    return Parcel(
        author=item["author"],
        id=item["id"],
        record_class=item["class"],
        suite=item["suite"],
        sealed=sealed,
    )


class Deliveries:
    """Both ends of delivery for one node."""

    def __init__(
        self,
        *,
        member: str,
        database: Database,
        records: Records,
        view: LedgerView,
        peers: Mapping[str, str],
        client: httpx.AsyncClient,
        now: Callable[[], int],
    ) -> None:
        """peers: URL of each member's machine listener; client signs its requests itself."""
        self._member = member
        self._database = database
        self._records = records
        self._view = view
        self._peers = peers
        self._client = client
        self._now = now

    # The author's end.

    async def send_due(self) -> int:
        """Send what is due, every recipient at once; answers how many parcels were taken."""
        due = await asyncio.to_thread(self._due)
        taken = await asyncio.gather(*(self._send_all(to, ids) for to, ids in due.items()))
        return sum(taken)

    async def _send_all(self, recipient: str, ids: Sequence[str]) -> int:
        taken = 0
        for start in range(0, len(ids), SEND_MAX):
            part = ids[start : start + SEND_MAX]
            try:
                parcels = await asyncio.to_thread(self._seal_all, recipient, part)
                answer = await self._post(recipient, parcels)
                await asyncio.to_thread(self._note_mismatches, recipient, answer)
            except (UnavailableError, SealError):
                await asyncio.to_thread(self._put_off, recipient, part)
                break
            await asyncio.to_thread(self._delivered, recipient, part)
            taken += len(parcels)
        return taken

    async def _post(self, recipient: str, parcels: Sequence[Parcel]) -> bytes:
        body = json.dumps({"parcels": [parcel.as_json() for parcel in parcels]})
        url = self._url(recipient) + "/inbox"
        try:
            answer = await self._client.post(
                url, content=body.encode(), headers={"Content-Type": "application/json"}
            )
        except httpx.HTTPError as error:
            raise UnavailableError(f"{recipient}: {type(error).__name__}; tried again") from None
        if answer.status_code != httpx.codes.OK:
            raise UnavailableError(f"{recipient}: status {answer.status_code}; tried again")
        return answer.content

    def _due(self) -> dict[str, list[str]]:
        outbox, records = tables.outbox, tables.records
        query = (
            select(outbox.c.recipient, outbox.c.id)
            .join(records, records.c.id == outbox.c.id)
            .where(
                outbox.c.state == "queued",
                outbox.c.due_at <= self._now(),
                records.c.author == self._member,
                records.c.n.is_not(None),
                records.c.state != "mismatch",
            )
            .order_by(records.c.n)
            .limit(DUE_MAX)
        )
        due: dict[str, list[str]] = {}
        with self._database.read() as connection:
            for recipient, record in connection.execute(query):
                due.setdefault(recipient, []).append(record)
        return due

    def _seal_all(self, recipient: str, ids: Sequence[str]) -> list[Parcel]:
        with self._records.subjects.log.reading(SENDING), self._database.read() as connection:
            return [self._seal(connection, recipient, record) for record in ids]

    def _seal(self, connection: Connection, recipient: str, record: str) -> Parcel:
        stored = self._records.get(connection, self._member, record)
        assert stored is not None  # an outbox row always has its record
        key = hpke_key_of(self._view.registry, recipient)
        context = SealContext(
            log=self._view.registry.log,
            id=record,
            author=self._member,
            record_class=stored.record_class,
            recipient=recipient,
        )
        content = self._records.content(connection, self._member, record)
        return Parcel(
            author=self._member,
            id=record,
            record_class=stored.record_class,
            suite=key.suite_name,
            sealed=seal(content, key, context),
        )

    def _delivered(self, recipient: str, ids: Sequence[str]) -> None:
        outbox = tables.outbox
        with self._database.write() as connection:
            connection.execute(
                update(outbox)
                .where(outbox.c.recipient == recipient, outbox.c.id.in_(ids))
                .values(state="delivered")
            )

    def _put_off(self, recipient: str, ids: Sequence[str]) -> None:
        outbox = tables.outbox
        with self._database.write() as connection:
            rows = connection.execute(
                select(outbox.c.id, outbox.c.attempts).where(
                    outbox.c.recipient == recipient, outbox.c.id.in_(ids)
                )
            ).all()
            for record, attempts in rows:
                wait = BACKOFF_SECONDS[min(attempts, len(BACKOFF_SECONDS) - 1)]
                connection.execute(
                    update(outbox)
                    .where(outbox.c.recipient == recipient, outbox.c.id == record)
                    .values(attempts=attempts + 1, due_at=self._now() + wait)
                )

    def _note_mismatches(self, recipient: str, answer: bytes) -> None:
        """Put before a human what a recipient could not accept, and take away what it now did.

        What it could not open is sealed and sent again: bytes may have been damaged there, or its
        key is a newer one.
        """
        refused = parse_mismatches(answer)
        outbox, code = tables.outbox, f"not-taken-by-{recipient}"[:CODE_CHARACTERS]
        with self._database.write() as connection:
            known = connection.execute(
                select(outbox.c.id, outbox.c.state, outbox.c.attempts).where(
                    outbox.c.recipient == recipient,
                    (outbox.c.state == "mismatch") | outbox.c.id.in_(list(refused)),
                )
            ).all()
            for record, state, attempts in known:
                values: dict[str, Any] = {"state": "delivered"}
                if record in refused:
                    detail = f"{recipient} did not accept this record: {refused[record]}"
                    work.to_desk(connection, self._member, record, code, detail, self._now())
                    values = {"state": "mismatch"}
                    if refused[record] == "sealed" and attempts < len(BACKOFF_SECONDS):
                        due = self._now() + BACKOFF_SECONDS[attempts]
                        values = {"state": "queued", "attempts": attempts + 1, "due_at": due}
                else:
                    work.off_desk(connection, self._member, record, (code,))
                if state not in ("queued", values["state"]):
                    connection.execute(
                        update(outbox)
                        .where(outbox.c.recipient == recipient, outbox.c.id == record)
                        .values(values)
                    )

    def addressed_to(self, recipient: str, since: int) -> tuple[list[Parcel], int | None]:
        """Parcels of entries from `since` on for one recipient, and where to ask on; None = end."""
        outbox, records = tables.outbox, tables.records
        query = (
            select(outbox.c.id, records.c.n)
            .join(records, records.c.id == outbox.c.id)
            .where(
                outbox.c.recipient == recipient,
                records.c.author == self._member,
                records.c.n >= since,
                records.c.state != "mismatch",
            )
            .order_by(records.c.n)
            .limit(ANSWER_MAX + 1)
        )
        with self._records.subjects.log.reading(SENDING), self._database.read() as connection:
            rows = connection.execute(query).all()
            parcels = [self._seal(connection, recipient, row.id) for row in rows[:ANSWER_MAX]]
        return parcels, int(rows[ANSWER_MAX].n) if len(rows) > ANSWER_MAX else None

    # The recipient's end.

    def mismatches_of(self, author: str) -> list[dict[str, str]]:
        """What of this author's lies on the desk here unaccepted: record ids and codes."""
        desk = tables.desk
        query = (
            select(desk.c.id, desk.c.code)
            .where(desk.c.author == author, desk.c.code.in_(MISMATCH_CODES))
            .order_by(desk.c.at.desc())
            .limit(MISMATCHES_MAX)
        )
        with self._database.read() as connection:
            return [{"id": row.id, "code": row.code} for row in connection.execute(query)]

    def take(self, sender: str, parcels: Sequence[Parcel]) -> int:
        """Store parcels of one author durably; again is no harm. Answers how many were new."""
        if any(parcel.author != sender for parcel in parcels):
            raise RefusedError("not_competent", "parcel: delivered by another than its author")
        added = 0
        with self._database.write() as connection:
            for parcel in parcels:
                if self._records.get(connection, parcel.author, parcel.id) is None:
                    added += self._take(connection, parcel)
        return added

    def _take(self, connection: Connection, parcel: Parcel) -> bool:
        inbox = tables.inbox
        values = {name: getattr(parcel, name) for name in Parcel.__slots__}
        values |= {"state": "received", "received_at": self._now()}
        if work.add_once(connection, inbox, values, ("author", "id")):
            return True
        # One that was found wanting may come again in order; one that waits is left as it is.
        again = connection.execute(
            update(inbox)
            .where(
                inbox.c.author == parcel.author,
                inbox.c.id == parcel.id,
                inbox.c.state == "mismatch",
            )
            .values(values)
        )
        return again.rowcount == 1

    async def ask_all(self) -> int:
        """Ask every author what was addressed here since last time; answers how many were new."""
        others = [member for member in self._peers if member != self._member]
        found = await asyncio.gather(*map(self._ask, others))
        return sum(found)

    async def _ask(self, author: str) -> int:
        with self._database.read() as connection:
            since: int | None = int(work.get_value(connection, f"asked.{author}") or "0")
        added = 0
        while since is not None:
            try:
                answer = await self._client.get(
                    self._url(author) + "/outbox", params={"since": since}
                )
            except httpx.HTTPError:
                return added  # the next tick asks again from the same place
            if answer.status_code != httpx.codes.OK:
                return added
            parcels = parse_parcels(answer.content)
            await asyncio.to_thread(self._note_mismatches, author, answer.content)
            added += await asyncio.to_thread(self.take, author, parcels)
            following = json.loads(answer.content).get("next")
            since = following if type(following) is int and following > since else None
            # Everything below the entries verified here was asked for; entries to come are not.
            reached = since if since is not None else self._view.size
            with self._database.write() as connection:
                work.set_value(connection, f"asked.{author}", str(reached))
        return added

    def _url(self, member: str) -> str:
        url = self._peers.get(member)
        if url is None:
            raise UnavailableError(f"{member}: no address in settings.toml under peers")
        return url.rstrip("/")
