"""Persons: from BSN, birth date and surname to this node's own random subject id, and their keys.

A person is found by a keyed hash of the BSN and joined only when birth date and surname fit too;
anything else is a misfit for the desk. Identities and data keys lie wrapped per subject and
retention term; `erase` destroys them. Functions take the caller's transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from node.errors import ErasedError, MisfitError
from node.looked.reading import ReadingLog
from node.sealing import bound, decrypt, encrypt, new_key
from node.stores import schema_desk_sql as desk_tables
from node.stores import schema_sql as tables
from scheduler.folding.facts import SubjectId
from specs.canonical import canonical_bytes
from specs.records import PersonRef, RecordData

SUBJECT_BYTES: Final = 16
IDENTITY_TERM: Final = 0  # the "term" of the identity itself: it lives as long as the subject
_LOOKUP: Final = b"vastedag/lookup/v1\x00"
_ALIAS: Final = b"vastedag/alias/v1\x00"


OWN_PATH: Final = "-"
OWN: Final = "-"  # who a record about no person belongs to: the node itself; it is never erased


def persons_of(data: RecordData) -> tuple[tuple[str, PersonRef], ...]:
    """Every person the data names with its path: `person`, `parents.0`, `persons.1`, `other`."""
    return tuple(_persons(data))


def _persons(data: RecordData) -> Iterator[tuple[str, PersonRef]]:
    for name in type(data).model_fields:
        value = getattr(data, name)
        if isinstance(value, PersonRef):
            yield name, value
        elif isinstance(value, tuple):
            for place, item in enumerate(value):
                if isinstance(item, PersonRef):
                    yield f"{name}.{place}", item


def main_paths(data: RecordData) -> tuple[str, ...]:
    """The paths of those the record is about: their keys wrap it, their BSN must be known."""
    return tuple(path for path, _ in _persons(data) if path.split(".")[0] in ("person", "persons"))


# Built once: these run several times for every record.
_KEY: Final = select(tables.subject_keys.c.wrapped).where(
    tables.subject_keys.c.subject == bindparam("subject"),
    tables.subject_keys.c.term == bindparam("term"),
)
_UNWRAP: Final = (
    select(tables.content_keys.c.subject, tables.content_keys.c.term, tables.content_keys.c.wrapped)
    .where(
        tables.content_keys.c.author == bindparam("author"),
        tables.content_keys.c.id == bindparam("id"),
    )
    .order_by(tables.content_keys.c.subject)
)


class Subjects:
    """The node's persons; holds the lookup and the wrap secret and never prints them.

    Whatever is opened here is noted in `log`; outside a reading of it nothing is (UnloggedError).
    """

    __slots__ = ("__lookup_secret", "__wrap_secret", "log")

    def __init__(self, lookup_secret: bytes, wrap_secret: bytes, log: ReadingLog) -> None:
        self.log = log
        self.__lookup_secret = lookup_secret
        self.__wrap_secret = wrap_secret

    def lookup(self, bsn: str) -> str:
        """The keyed hash under which a BSN is found, hex."""
        return hmac.digest(self.__lookup_secret, _LOOKUP + bsn.encode(), hashlib.sha256).hex()

    def known_as(self, connection: Connection, bsn: str) -> SubjectId | None:
        """The subject with this BSN, None when there is none. Joins nobody: see `find`."""
        row = connection.execute(
            select(tables.subjects.c.subject).where(tables.subjects.c.lookup == self.lookup(bsn))
        ).scalar_one_or_none()
        return None if row is None else SubjectId(row)

    def find(self, connection: Connection, person: PersonRef) -> SubjectId | None:
        """The subject of a person, None when not known yet; raises MisfitError."""
        if person.bsn is None:
            raise MisfitError("a person without BSN: nobody is joined by name and date alone")
        row = self.known_as(connection, person.bsn)
        if row is None:
            return None
        known = self.identity(connection, row)
        same_day = known.birth_date == person.birth_date
        if same_day and _folded(known.surname) == _folded(person.surname):
            return row
        if self._joined(connection, row, person):
            return row
        what = "surname" if same_day else "birth date"
        raise MisfitError(f"another {what} than is known under the same number")

    def alias(self, person: PersonRef) -> str:
        """The keyed hash of a number with this very name and birth date, hex."""
        told = [person.bsn, str(person.birth_date), _folded(person.surname)]
        return hmac.digest(
            self.__lookup_secret, _ALIAS + canonical_bytes(told), hashlib.sha256
        ).hex()

    def _joined(self, connection: Connection, subject: SubjectId, person: PersonRef) -> bool:
        """Whether two clerks decided that this is the same person (desk/persons.py)."""
        aliases = desk_tables.aliases
        found = connection.execute(
            select(aliases.c.subject).where(aliases.c.digest == self.alias(person))
        ).scalar()
        return found == subject

    def find_or_add(self, connection: Connection, person: PersonRef) -> SubjectId:
        """The subject of a person, a fresh random one for somebody new; raises MisfitError."""
        found = self.find(connection, person)
        if found is not None:
            return found
        assert person.bsn is not None  # find raises for such a person
        subject = secrets.token_urlsafe(SUBJECT_BYTES)
        key = self._key(connection, subject, IDENTITY_TERM, add=True)
        identity = canonical_bytes(person.model_dump(mode="json"))
        connection.execute(
            insert(tables.subjects).values(
                subject=subject,
                lookup=self.lookup(person.bsn),
                identity=encrypt(key, identity, bound("identity", subject)),
            )
        )
        return subject

    def identity(self, connection: Connection, subject: SubjectId) -> PersonRef:
        """BSN, birth date and surname of a subject; raises ErasedError when destroyed."""
        self.log.note((subject,))
        ciphertext = connection.execute(
            select(tables.subjects.c.identity).where(tables.subjects.c.subject == subject)
        ).scalar_one_or_none()
        if ciphertext is None:
            raise ErasedError("no such subject here, or its data was erased")
        key = self._key(connection, subject, IDENTITY_TERM)
        plain = decrypt(key, ciphertext, bound("identity", subject))
        return PersonRef.model_validate(json.loads(plain))

    def hide(self, connection: Connection, subject: SubjectId, text: str) -> bytes:
        """A short text about a subject as ciphertext that dies with the subject's keys."""
        key = self._key(connection, subject, IDENTITY_TERM)
        return encrypt(key, text.encode(), bound("note", subject))

    def show(self, connection: Connection, subject: SubjectId, hidden: bytes) -> str:
        """The inverse of `hide`; raises ErasedError, SealError."""
        self.log.note((subject,))
        key = self._key(connection, subject, IDENTITY_TERM)
        return decrypt(key, hidden, bound("note", subject)).decode()

    def seal_bytes(self, connection: Connection, subject: SubjectId, content: bytes) -> bytes:
        """Content about a subject as ciphertext that dies with the subject's keys."""
        key = self._key(connection, subject, IDENTITY_TERM)
        return encrypt(key, content, bound("view", subject))

    def open_with(self, wrapped: bytes, subject: SubjectId, hidden: bytes) -> bytes:
        """The inverse of `seal_bytes` by the wrapped key of the subject; raises SealError."""
        self.log.note((subject,))
        binding = bound("subject-key", subject, str(IDENTITY_TERM))
        return decrypt(
            decrypt(self.__wrap_secret, wrapped, binding), hidden, bound("view", subject)
        )

    def wrap(
        self,
        connection: Connection,
        data_key: bytes,
        *,
        author: str,
        record: str,
        subjects: Sequence[SubjectId],
        term: int,
    ) -> None:
        """Store a record's data key, wrapped for each of these subjects and the record's term."""
        for subject in dict.fromkeys(subjects):
            key = self._key(connection, subject, term, add=True)
            wrapped = encrypt(key, data_key, bound("content-key", author, record, subject))
            connection.execute(
                insert(tables.content_keys).values(
                    author=author, id=record, subject=subject, term=term, wrapped=wrapped
                )
            )

    def unwrap(self, connection: Connection, author: str, record: str) -> bytes:
        """A record's data key; raises ErasedError when every wrapping of it was destroyed."""
        rows = connection.execute(_UNWRAP, {"author": author, "id": record}).all()
        if not rows:
            raise ErasedError(f"record {record}: its keys were destroyed")
        self.log.note(str(row.subject) for row in rows)
        subject, term, wrapped = rows[0]
        key = self._key(connection, subject, term)
        return decrypt(key, wrapped, bound("content-key", author, record, subject))

    def erase(self, connection: Connection, subject: SubjectId) -> list[tuple[str, str]]:
        """Destroy all keys of a subject; answers (author, id) of records no key is left of."""
        keys = tables.content_keys
        touched = connection.execute(
            select(keys.c.author, keys.c.id).where(keys.c.subject == subject)
        ).all()
        for table in (tables.content_keys, tables.subject_keys, tables.subjects):
            connection.execute(delete(table).where(table.c.subject == subject))
        gone = []
        for author, record in touched:
            left = connection.execute(
                select(keys.c.subject).where(keys.c.author == author, keys.c.id == record).limit(1)
            ).first()
            if left is None:
                gone.append((str(author), str(record)))
        return gone

    def _key(
        self, connection: Connection, subject: SubjectId, term: int, *, add: bool = False
    ) -> bytes:
        """The key of one subject and term; made when asked to add and there is none."""
        keys = tables.subject_keys
        wrapped = connection.execute(_KEY, {"subject": subject, "term": term}).scalar()
        binding = bound("subject-key", subject, str(term))
        if wrapped is not None:
            return decrypt(self.__wrap_secret, wrapped, binding)
        if not add:
            raise ErasedError("the key of this subject was destroyed")
        key = new_key()
        connection.execute(
            insert(keys).values(
                subject=subject, term=term, wrapped=encrypt(self.__wrap_secret, key, binding)
            )
        )
        return key


def _folded(surname: str) -> str:
    """Case, spaces at the ends and Unicode form are no difference; anything else is."""
    return unicodedata.normalize("NFC", surname).strip().casefold()
