"""The single-file verifier away from any node: opened from a directory, it judges a proof file."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from ledger.formats.envelope import Header, sign_record
from ledger.formats.note import NoteSigner
from ledger.formats.policy import parse_policy
from ledger.formats.proof import parse_receipt, verify_receipt
from ledger.rules import governance
from node.portal import verifier
from tests import ledger_network as nets

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAYLOAD = b'{"data":"what the record says"}'
KEY = bytes(range(32))
GOOD, BAD = "Het bewijs klopt /", "Het bewijs klopt niet /"
Proof = dict[str, Any]


@pytest.fixture(scope="module")
def proof() -> Proof:
    """A proof of one record of a network of five members, as a node hands it out."""
    with ThreadPoolExecutor(1) as other:  # this thread has Playwright's event loop
        return other.submit(lambda: asyncio.run(_proof())).result()


async def _proof() -> Proof:
    network = await nets.make_network()
    for seed in ("one", "two"):
        await network.log.append(nets.record(network.log_id, seed))
    header = Header(
        log=network.log_id,
        id=nets.record_id("shown"),
        author="uwv",
        record_class="income",
        at=nets.AT,
        seen=0,
        commitment=nets.b64(hmac.digest(KEY, PAYLOAD, hashlib.sha256)),
    )
    recorded = await network.log.append(sign_record(header, nets.signer("uwv", "record")))
    receipt = recorded.encode()
    index = parse_receipt(receipt).index
    entry = (await network.store.entries(index, index + 1))[0]
    await network.log.stop()
    policy = genesis_policy()
    verify_receipt(parse_receipt(receipt), entry, parse_policy(policy.encode()))
    return {
        "entry": nets.b64(entry),
        "receipt": receipt.decode(),
        "policy": policy,
        "payload": nets.b64(PAYLOAD),
        "commitment_key": nets.b64(KEY),
    }


def genesis_policy() -> str:
    """The log's keys and quorum, as its members publish them."""
    return governance.genesis(nets.genesis_body(), nets.b64(bytes(32))).policy_text()


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """The verifier as somebody downloaded it; a message of the browser fails the test."""
    (tmp_path / verifier.NAME).write_bytes(verifier.content())
    context = chromium.new_context(offline=True, viewport={"width": 320, "height": 800})
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto((tmp_path / verifier.NAME).as_uri())
    yield page
    assert messages == []
    context.close()


def judged(page: Page, proof: Proof, policy: str = "") -> str:
    """What the page says of this proof file."""
    file = {"name": "bewijs.json", "mimeType": "application/json"}
    page.locator("#proof").set_input_files({**file, "buffer": json.dumps(proof).encode()})
    page.locator("#policy").fill(policy)
    page.get_by_role("button", name="Controleren").click()
    page.locator("#outcome h2").wait_for()
    return page.locator("#outcome").inner_text()


def test_a_good_proof_is_good_and_names_who_cosigned(page: Page, proof: Proof) -> None:
    told = judged(page, proof)
    assert told.startswith(GOOD), told
    assert "hoort erbij" in told
    assert "vergelijk ze nog" in told
    for member in nets.MIRRORS[:3]:
        assert member in told
    assert "de uwe" in judged(page, proof, proof["policy"])


def _flip(text: str, place: int) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[place] ^= 1
    return base64.b64encode(raw).decode()


def _line(text: str, start: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) if line.startswith(start) else line for line in text.split("\n"))


def _without_cosignatures(text: str) -> str:
    kept = [line for line in text.split("\n") if ".example/mirror" not in line]
    return "\n".join(kept)


CHANGES: dict[str, Callable[[Proof], Proof]] = {
    "entry": lambda p: {**p, "entry": _flip(p["entry"], 40)},
    "payload": lambda p: {**p, "payload": _flip(p["payload"], 3)},
    "commitment key": lambda p: {**p, "commitment_key": _flip(p["commitment_key"], 0)},
    "index": lambda p: {**p, "receipt": _line(p["receipt"], "index ", lambda _: "index 2")},
    "huge index": lambda p: {**p, "receipt": _line(p["receipt"], "index ", lambda _: "index 99")},
    "no cosignatures": lambda p: {**p, "receipt": _without_cosignatures(p["receipt"])},
    "another origin": lambda p: {
        **p,
        "receipt": p["receipt"].replace(nets.ORIGIN, "x.example/log"),
    },
    "no receipt": lambda p: {"entry": p["entry"]},
    "empty": lambda _: {},
}


@pytest.mark.parametrize("what", CHANGES)
def test_anything_that_was_changed_is_refused(page: Page, proof: Proof, what: str) -> None:
    changed = CHANGES[what](proof)
    assert changed != proof
    assert judged(page, changed).startswith(BAD)


def test_keys_of_another_log_refuse_it(page: Page, proof: Proof) -> None:
    log = nets.log_signer().verifier.vkey
    stranger = NoteSigner(name=nets.ORIGIN, signer=nets.signer("stranger", "log")).verifier.vkey
    assert judged(page, proof, f"log {log}\nquorum none\n").startswith(GOOD)
    assert judged(page, proof, f"log {stranger}\nquorum none\n").startswith(BAD)
    mirror = nets.note_signer("stranger", "mirror").verifier.vkey
    other = f"log {log}\nwitness x {mirror}\nquorum x\n"
    assert judged(page, proof, other).startswith(BAD)


def test_it_is_accessible_and_fits_a_telephone(page: Page, proof: Proof) -> None:
    judged(page, proof)
    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    result = Axe().run(page, options={"runOnly": {"type": "tag", "values": levels}})
    assert result.violations_count == 0, result.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
