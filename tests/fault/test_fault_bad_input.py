"""Bad input at the submit door of a real `vastedag work` sequencer: refused, no entry, no crash.

The whole network of the sequencer and three mirrors runs as processes with their own homes.
"""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.formats import canonical
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.envelope import PAYLOAD_TYPE, Header, header_bytes, sign_record, signed_bytes
from ledger.formats.note import parse_note
from ledger.formats.proof import parse_receipt
from ledger.keys import Ed25519Signer
from ledger.rules import governance
from node.ledger_side import genesis_registry
from node.setup.home import Home
from node.setup.network import governance_signer
from tests import ledger_network as nets
from tests.fault.flood import flood
from tests.fault.processes import Member, nursery
from tests.fault.runner import runs
from tests.node_network import make_homes

SEQUENCER = "belastingdienst"
RUNNING = (SEQUENCER, "uwv", "svb", "toeslagen")
TINY = runs(short=2_000, long=1_000_000)
GROWTH_KIBIBYTES_MAX = 60_000
PROBLEM = "application/problem+json"
LOW_ORDER = b"\x01" + bytes(31)  # the identity: a signature of zeros would verify under it


@dataclass
class Door:
    """The running sequencer's submit door, and what is needed to knock."""

    url: str
    directory: Path
    homes: dict[str, Home]
    process: Member
    log_id: str

    def post(self, body: bytes, path: str = "submit") -> httpx.Response:
        return httpx.post(f"{self.url}/{path}", content=body, timeout=60.0)

    def size(self) -> int:
        return parse_checkpoint(
            parse_note(httpx.get(f"{self.url}/checkpoint", timeout=30.0).content).text
        ).size

    def memory_kibibytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def key(self, member: str) -> Ed25519Signer:
        return self.homes[member].keys().record

    def header(self, seed: str, **changes: Any) -> Header:
        good = Header(
            log=self.log_id, id=nets.record_id(seed), author="uwv", record_class="income",
            at=nets.AT, seen=0, commitment=nets.b64(bytes(32)),
        )  # fmt: skip
        return replace(good, **changes)

    def record(self, seed: str, key: str = "uwv", **changes: Any) -> bytes:
        return sign_record(self.header(seed, **changes), self.key(key))

    def surely(self, raw: bytes) -> int:
        """Record it, sending again while the answer is `unknown` or `busy`."""
        for _ in range(100):
            answer = self.post(raw)
            if answer.status_code == 200:
                return parse_receipt(answer.content).index
            assert answer.status_code == 503, answer.text
            time.sleep(0.2)
        raise AssertionError("no receipt")

    def govern(self, kind: str, **fields: Any) -> bytes:
        registry = genesis_registry(self.homes[SEQUENCER].genesis_file.read_bytes())
        body = governance.next_body(registry, kind, **fields)
        voters = {m: governance_signer(self.directory, m) for m in ("uwv", "svb", "toeslagen")}
        header = self.header(
            kind, author="uwv", record_class="governance", commitment=None,
            body=governance.with_signers(body, voters),
        )  # fmt: skip
        return sign_record(header, governance_signer(self.directory, "uwv"))


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    directory = tmp_path_factory.mktemp("network")
    homes = make_homes(directory)
    started: dict[str, Member] = {}
    try:
        started = {
            member: nursery().fork(
                argv=["work", "--home", str(homes[member].directory)],
                log=str(directory / f"{member}.log"),
            )
            for member in RUNNING
        }
        log_id = genesis_registry(homes[SEQUENCER].genesis_file.read_bytes()).log
        opened = Door(
            url=str(homes[SEQUENCER].settings.log_url).rstrip("/"), directory=directory,
            homes=homes, process=started[SEQUENCER], log_id=log_id,
        )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                opened.surely(opened.record("the first record"))
                break
            except httpx.HTTPError:
                assert time.monotonic() < until, (directory / f"{SEQUENCER}.log").read_text()
                time.sleep(0.2)
        yield opened
        for member, process in started.items():
            assert not process.ended(), f"{member} has crashed"
    finally:
        for process in started.values():
            process.kill()


def signed(payload: bytes, key: Ed25519Signer) -> bytes:
    """Any payload in a good envelope."""
    return canonical.encode(envelope_of(payload, nets.b64(key.sign(signed_bytes(payload)))))


def envelope_of(payload: bytes, signature: str) -> dict[str, Any]:
    return {
        "payload": nets.b64(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": "", "sig": signature}],
    }


def edited(change: Callable[[dict[str, Any]], None]) -> Callable[[Door], bytes]:
    """A good envelope with its JSON changed, in canonical form again."""

    def make(door: Door) -> bytes:
        value = json.loads(door.record(f"edited {change}"))
        change(value)
        return canonical.encode(value)

    return make


def payload(old: bytes, new: bytes) -> Callable[[Door], bytes]:
    """A header whose bytes were changed before it was signed by the right key."""

    def make(door: Door) -> bytes:
        content = header_bytes(door.header(f"{old!r} {new!r}"))
        assert old in content
        return signed(content.replace(old, new, 1), door.key("uwv"))

    return make


def two_signatures(value: dict[str, Any]) -> None:
    value["signatures"] *= 2


def other_base64(value: dict[str, Any]) -> None:
    value["payload"] = base64.urlsafe_b64encode(base64.b64decode(value["payload"])).decode() + "_"


def no_padding(value: dict[str, Any]) -> None:
    value["signatures"][0]["sig"] = value["signatures"][0]["sig"].rstrip("=")


def zero_signature(value: dict[str, Any]) -> None:
    value["signatures"][0]["sig"] = nets.b64(LOW_ORDER + bytes(32))


def reused(door: Door) -> bytes:
    return door.record("the first record", commitment=nets.b64(bytes([1]) * 32))


def low_order(door: Door) -> bytes:
    return door.govern("rotate", member="uwv", use="record", key=nets.b64(LOW_ORDER))


CASES: dict[str, tuple[Callable[[Door], bytes], str]] = {
    "empty": (lambda _: b"", "malformed"),
    "not JSON": (lambda _: b"\xff\xfe\x00", "malformed"),
    "another JSON value": (lambda _: b'["x"]', "malformed"),
    "an empty object": (lambda _: b"{}", "malformed"),
    "cut off": (lambda door: door.record("cut")[:-9], "malformed"),
    "not canonical": (lambda door: b" " + door.record("space"), "malformed"),
    "two signatures": (edited(two_signatures), "malformed"),
    "other base64": (edited(other_base64), "malformed"),
    "base64 without padding": (edited(no_padding), "malformed"),
    "another payload type": (
        lambda door: door.record("type").replace(b"record+json", b"other+json"), "malformed",
    ),
    "duplicate key in the envelope": (
        lambda door: door.record("double")[:-1] + b',"payload":"AA=="}', "malformed",
    ),
    "duplicate key in the header": (payload(b'"v":', b'"seen":0,"v":'), "malformed"),
    "number beyond 2^53": (payload(b'"seen":0', b'"seen":9007199254740993'), "malformed"),
    "a float": (payload(b'"seen":0', b'"seen":0.5'), "malformed"),
    "a huge exponent": (payload(b'"seen":0', b'"seen":1e999999999'), "malformed"),
    "deep nesting in the header": (
        payload(b'"seen":0', b'"seen":' + b"[" * 9_000 + b"]" * 9_000), "malformed",
    ),
    "deep nesting in the envelope": (lambda _: b"[" * 60_000, "malformed"),
    "wrong key": (lambda door: door.record("wrong key", key="svb"), "wrong_key"),
    "zeros and the identity as signature": (edited(zero_signature), "bad_signature"),
    "low-order key to be registered": (low_order, "malformed"),
    "unknown author": (lambda door: door.record("unknown", author="niemand"), "unknown_member"),
    "class not allowed": (
        lambda door: door.record("class", record_class="person"), "class_not_allowed",
    ),
    "id reused": (reused, "reused_id"),
    "another log": (lambda door: door.record("log", log=nets.b64(bytes(32))), "wrong_log"),
    "seen in the future": (lambda door: door.record("future", seen=10**6), "future_seen"),
    "larger than an entry": (
        lambda door: signed(b'{"x":"' + b"a" * 70_000 + b'"}', door.key("uwv")), "oversize",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.xdist_group("bad input")
def test_bad_input_is_refused_with_a_problem_and_no_entry(name: str, door: Door) -> None:
    make, code = CASES[name]
    raw, before = make(door), door.size()
    answer = door.post(raw)
    assert answer.headers["Content-Type"].startswith(PROBLEM), answer.text
    problem = json.loads(answer.content)
    allowed = {code, "bad_signature"} if code == "wrong_key" else {code}
    assert problem["code"] in allowed, problem
    assert problem["status"] == answer.status_code
    assert 400 <= answer.status_code < 500
    assert problem["detail"]
    assert door.size() == before


@pytest.mark.xdist_group("bad input")
def test_a_body_beyond_all_limits_is_refused_while_it_comes(door: Door) -> None:
    before = door.size()

    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(1024 * 1024)

    code = "closed while we were still sending"
    with suppress(httpx.NetworkError):
        answer = httpx.post(f"{door.url}/submit", content=endless(), timeout=60.0)
        code = json.loads(answer.content)["code"]
    assert code in ("oversize", "closed while we were still sending")
    assert door.size() == before
    assert door.surely(door.record("after the flood")) >= before


@pytest.mark.xdist_group("bad input")
def test_a_slow_sender_is_ended_and_holds_up_nobody(door: Door) -> None:
    host, port = door.url.removeprefix("http://").split("/")[0].split(":")
    slow = [socket.create_connection((host, int(port)), timeout=30) for _ in range(50)]
    try:
        for each in slow:
            each.sendall(b"POST /log/submit HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{")
        begun = time.monotonic()
        door.surely(door.record("beside slow senders"))
        assert time.monotonic() - begun < 5
        for each in slow:
            assert b" 408 " in each.recv(4_096).split(b"\r\n")[0]
        assert time.monotonic() - begun < 25
    finally:
        for each in slow:
            each.close()


@pytest.mark.timeout(3_600)
@pytest.mark.xdist_group("bad input")
def test_many_tiny_requests_leave_nothing_behind(door: Door, told: Callable[[str], None]) -> None:
    before = door.size()

    warm = runs(short=200, long=2_000)  # so many are answered before memory is looked at
    assert flood(f"{door.url}/submit", warm, 400) == warm
    memory, begun = door.memory_kibibytes(), time.monotonic()
    assert flood(f"{door.url}/submit", TINY, 400) == TINY
    seconds = time.monotonic() - begun
    grown = door.memory_kibibytes() - memory
    assert grown < GROWTH_KIBIBYTES_MAX
    assert door.size() == before
    told(f"{TINY} tiny requests in {seconds:.0f} s: no entry, memory grew by {grown} KiB")


@pytest.mark.xdist_group("bad input")
def test_z_a_revoked_key_is_refused_from_then_on(door: Door) -> None:
    revoked = nets.b64(door.key("uwv").public_key)
    good = door.record("before the revocation")
    n = door.surely(good)
    raw = door.govern("revoke", member="uwv", key=revoked, compromised_since=None)
    assert door.surely(raw) > n
    size = door.size()
    answer = door.post(door.record("after the revocation"))
    assert (answer.status_code, json.loads(answer.content)["code"]) == (403, "key_revoked")
    assert door.post(good).status_code == 200  # what was recorded keeps its receipt
    assert door.size() == size
