"""fsck names every kind of damage to a store; evidence can be handed to others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ledger.evidence import list_evidence, write_evidence
from ledger.fsck import fsck
from ledger.ports import Evidence, Head
from ledger.sequencing.checks_threads import InlineChecks
from ledger.stores.store_memory import MemoryStore
from tests import ledger_network as nets

Damage = Callable[[MemoryStore], None]


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def entry_bit(store: MemoryStore) -> None:
    store._rows[300] = store._rows[300]._replace(raw=flip(store._rows[300].raw, 40))


def entry_gone(store: MemoryStore) -> None:
    del store._rows[200]


def tile_bit(store: MemoryStore) -> None:
    store._tiles[0, 0] = flip(store._tiles[0, 0], 777)


def upper_tile_bit(store: MemoryStore) -> None:
    store._tiles[1, 0] = flip(store._tiles[1, 0], 3)


def tile_gone(store: MemoryStore) -> None:
    del store._tiles[0, 1]


def id_gone(store: MemoryStore) -> None:
    store._identities.pop(next(iter(store._identities)))


def void_hidden(store: MemoryStore) -> None:
    store._rows[9] = store._rows[9]._replace(void="bad_signature")


def head_of_others(store: MemoryStore) -> None:
    assert store._head is not None
    store._head = Head(size=store._head.size, note=flip(store._head.note, 40))


def published_ahead(store: MemoryStore) -> None:
    assert store._head is not None
    store._publish(Head(size=9_999, note=store._head.note))


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (entry_bit, "entry 30"),
        (entry_gone, "entries"),
        (tile_bit, "tile/0/000"),
        (upper_tile_bit, "tile/1/000.p/1"),
        (tile_gone, "tile/0/001.p/145"),
        (id_gone, "entry 0"),
        (void_hidden, "entry 9"),
        (head_of_others, "pending head"),
        (published_ahead, "published head"),
    ],
)
def test_every_damage_is_named(damage: Damage, place: str) -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(400)])
        await net.log.stop()
        store = net.store
        assert isinstance(store, MemoryStore)
        assert await fsck(store, InlineChecks()) == []
        damage(store)
        problems = await fsck(store, InlineChecks())
        assert problems
        assert problems[0].place.startswith(place)
        assert "mirror" in problems[0].repair

    run(work)


def test_a_mirror_is_sound_while_it_is_behind_its_pending_head() -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append(nets.record(net.log_id, "a"))
        await net.log.stop()
        for mirror in net.mirrors.values():
            assert await fsck(mirror.store, InlineChecks()) == []

    run(work)


def test_evidence_is_listed_and_written_for_others(tmp_path: Path) -> None:
    async def work() -> None:
        store = MemoryStore()
        parts = {"ours": b"one\n", "theirs": b"two\n\xff"}
        evidence = Evidence(kind="fork", about="o", reason="two roots", parts=parts, found_at=0)
        await store.keep_evidence(evidence)
        (listed,) = await list_evidence(store)
        assert (listed["kind"], listed["parts"]["ours"]) == ("fork", "one\n")
        (folder,) = await write_evidence(store, tmp_path)
        assert folder.name == listed["name"]
        assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
            **parts,
            "reason": b"o\ntwo roots\n",
        }

    run(work)


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]
