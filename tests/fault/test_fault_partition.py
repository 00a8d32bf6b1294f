"""L1: mirrors cut off the network: own namespaces behind veth pairs whose link goes down.

With one of four cut off the log goes on; with two there is no receipt; healed, all catch up.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import ledger_network as nets
from tests.fault.member import SEQUENCER
from tests.fault.runner import SEED, Site, runs

ROUNDS = runs(short=1, long=20)
CUT_OFF = nets.MIRRORS[:2]


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"


class Cable:
    """A namespace of its own for one mirror, and the cable to it."""

    def __init__(self, number: int) -> None:
        own = os.getpid() % 16_000
        self.space = f"vastedag-{own}-{number}"
        self.link = f"vd{own}n{number}"
        block = (own * 2 + number) * 4  # of 10.192.0.0/11, four addresses each
        self.near, self.host = (
            f"10.{192 + (at >> 16)}.{at >> 8 & 255}.{at & 255}" for at in (block + 1, block + 2)
        )

    def lay(self) -> None:
        ip("netns", "add", self.space)
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.space)
        ip("addr", "add", f"{self.near}/30", "dev", self.link)
        ip("-n", self.space, "addr", "add", f"{self.host}/30", "dev", "eth0")
        ip("-n", self.space, "link", "set", "eth0", "up")
        ip("link", "set", self.link, "up")

    def pull(self) -> None:
        ip("link", "set", self.link, "down")

    def plug(self) -> None:
        ip("link", "set", self.link, "up")

    def remove(self) -> None:
        for words in (("link", "del", self.link), ("netns", "del", self.space)):
            subprocess.run(["ip", *words], capture_output=True, check=False)


@contextmanager
def cables() -> Iterator[dict[str, Cable]]:
    laid = {name: Cable(number) for number, name in enumerate(CUT_OFF)}
    try:
        for cable in laid.values():
            cable.lay()
        yield laid
    finally:
        for cable in laid.values():
            cable.remove()


@pytest.mark.needs("a network namespace")
@pytest.mark.timeout(3_600)
def test_l1_mirrors_cut_off_and_healed(tmp_path: Path, told: Callable[[str], None]) -> None:
    chance = random.Random(SEED)

    async def work(laid: dict[str, Cable]) -> None:
        site = Site(tmp_path)
        site.spaces = {name: cable.space for name, cable in laid.items()}
        try:
            await site.prepare({name: cable.host for name, cable in laid.items()})
            site.start()
            await site.settled()
            for number in range(ROUNDS):
                one, two = chance.sample(CUT_OFF, 2)
                async with site.load():
                    laid[one].pull()
                    await site.acknowledged(20)  # three of four
                    laid[two].pull()
                    await asyncio.sleep(0.5)
                lonely = site.record(f"with two cut off {number}")
                assert await site.submit(lonely, seconds=1.5) is None
                assert lonely not in site.journal.receipts
                if chance.random() < 0.5:
                    site.kill(SEQUENCER)
                    site.start(SEQUENCER)
                laid[two].plug()
                async with site.load(1):
                    await site.acknowledged(5, seconds=90)
                assert await site.checkpoint_size(one) is None
                laid[one].plug()
                await site.settled()
            size = await site.check()
            told(
                f"partition by namespaces, one then two of four mirrors, {ROUNDS} rounds: {size} "
                f"entries, {len(site.journal.receipts)} acknowledged"
            )
        finally:
            site.close()

    with cables() as laid:
        asyncio.run(work(laid))
