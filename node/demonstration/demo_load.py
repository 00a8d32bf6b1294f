"""Loads a set of agency files into the demo network, in the order in which life would send them.

First what is known, then who enrols, then what is new: a second answer of the same source about
somebody is news, and everybody has derived and planned before it comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from adapters import samples
from adapters.reading import masked
from adapters.samples import DataFile, DataSet
from node.demonstration.demo_network import MUNICIPALITY, DemoNetwork
from node.errors import NodeError
from node.flow import record
from node.ingest import Answer, Loaded, load, loaded
from node.stores import problems_sql
from specs.errors import Problem
from specs.records import ENROLLED, RecordDraft

KNOWN: Final = 0
ENROLMENT: Final = 1
NEWS: Final = 2

Answered = tuple[RecordDraft, Answer]


class DataError(NodeError):
    """A data directory that names what the demo network does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A draft with its file, its sender and the wave in which it is sent."""

    file: int  # place in the set
    member: str
    draft: RecordDraft
    wave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A set that was read: every draft, and every problem by file."""

    files: tuple[DataFile, ...]
    letters: tuple[Letter, ...]
    problems: tuple[tuple[Problem, ...], ...]  # by file

    def waves(self) -> list[int]:
        """The waves that hold something, in order."""
        return sorted({letter.wave for letter in self.letters})


def read_set(data: DataSet, members: Sequence[str]) -> Mail:
    """Read every file. Raises DataError for a member that the network does not have."""
    letters: list[Letter] = []
    problems: list[tuple[Problem, ...]] = []
    seen: set[tuple[object, ...]] = set()
    for place, (file, drafts, found) in enumerate(samples.read_all(data)):
        problems.append(tuple(found))
        news = _is_news(file, seen)
        for draft in drafts:
            member = samples.member_for(file, draft)
            if member not in members:
                raise DataError(
                    f"{masked(file.name)}: member {member!r} is none of {', '.join(members)}; "
                    "correct set.yaml"
                )
            wave = NEWS if news else ENROLMENT if draft.type == ENROLLED else KNOWN
            letters.append(Letter(file=place, member=member, draft=draft, wave=wave))
    return Mail(files=data.files, letters=tuple(letters), problems=tuple(problems))


def _is_news(file: DataFile, seen: set[tuple[object, ...]]) -> bool:
    """Whether this source answered about this person in an earlier file of the set."""
    if file.person is None:
        return False
    key = (file.format, file.member, file.person.bsn)
    again = key in seen
    seen.add(key)
    return again


async def send(
    network: DemoNetwork, mail: Mail, step: Callable[[], None], rest: Callable[[], Awaitable[None]]
) -> list[Loaded]:
    """Send every wave, and let the network come to rest after each; the account of every file.

    `step` is called for every record sent, `rest` waits until nobody has work left.
    """
    answers: dict[int, list[Answered]] = {place: [] for place in range(len(mail.files))}
    for wave in mail.waves():
        letters = [letter for letter in mail.letters if letter.wave == wave]
        members = sorted({letter.member for letter in letters})
        # All at once, so that the sequencer makes batches; one member's in the order of its files.
        for sent, told in await asyncio.gather(
            *(_send_of(network, mail, letters, member, step) for member in members)
        ):
            for letter, answer in zip(sent, told, strict=True):
                answers[letter.file].append((letter.draft, answer))
        await rest()
    accounts = [
        loaded(masked(file.name), file.format or "", mail.problems[place], answers[place])
        for place, file in enumerate(mail.files)
    ]
    await asyncio.to_thread(_keep, network, mail, accounts)
    return accounts


def _keep(network: DemoNetwork, mail: Mail, accounts: Sequence[Loaded]) -> None:
    """Every sender's desk tells what became of its files."""
    for place, account in enumerate(accounts):
        told = {letter.member for letter in mail.letters if letter.file == place}
        told |= {mail.files[place].member or MUNICIPALITY}  # a file of which no row could be read
        for member in sorted(told):
            node = network.nodes[member]
            with node.database.write() as connection:
                problems_sql.keep(connection, account, node.clock())


async def _send_of(
    network: DemoNetwork,
    mail: Mail,
    letters: Sequence[Letter],
    member: str,
    step: Callable[[], None],
) -> tuple[list[Letter], list[Answer]]:
    """Send one member's letters of a wave; the letters and what became of each."""
    own = [letter for letter in letters if letter.member == member]
    desk = network.nodes[member].desk
    parcels = [(masked(mail.files[letter.file].name), letter.draft) for letter in own]
    return own, await load(parcels, lambda draft: record(desk, draft), step)
