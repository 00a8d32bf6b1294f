"""`vastedag demo` as a newcomer runs it: in a process of its own, on the shipped sample set."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import rfc8785

from adapters import samples
from ledger.formats.tiles import TILE_WIDTH, encode_bundle, split_bundle

ROOT = Path(__file__).parents[2]
VASTEDAG = [sys.executable, "-m", "node.cli"]
DEMO_SECONDS_MAX = 280
SERVED_SECONDS_MAX = 200
STOP_SECONDS_MAX = 60
FOUNDING = 2  # entries: genesis, and the governance entry of the founding
ANSWERS = (
    "decisions",
    "claims",
    "plans",
    "answers",
    "notices",
    "withdrawals",
)  # what the nodes record by themselves

pytestmark = pytest.mark.timeout(600)


def vastedag(*arguments: str, seconds: int = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*VASTEDAG, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "state"


@pytest.fixture(scope="module")
def ran(state: Path) -> subprocess.CompletedProcess[str]:
    return vastedag("demo", "--once", "--json", "--state", str(state), seconds=DEMO_SECONDS_MAX)


@pytest.fixture(scope="module")
def summary(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert ran.returncode == 0, ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def household(summary: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in summary["households"] if one["name"] == f"Huishouden {name}")


def allowance(summary: dict[str, Any], name: str, scheme: str) -> dict[str, Any]:
    found = household(summary, name)["allowances"]
    return next(one for one in found if (one["scheme"], one["year"]) == (scheme, 2026))


def test_every_record_of_the_set_is_admitted(summary: dict[str, Any]) -> None:
    drafts = [
        (samples.member_for(file, draft), draft.source_event_id)
        for file, found, _ in samples.read_all(samples.load(samples.shipped()["demo"]))
        for draft in found
    ]
    assert summary["records"]["admitted"] == len(drafts)
    assert (summary["records"]["refused"], summary["records"]["problems"]) == (0, 0)
    assert len(summary["households"]) >= 12
    # Genesis, each record once, and the answers of Toeslagen and the municipality: no more.
    answers = sum(summary["records"][kind] for kind in ANSWERS)
    assert summary["ledger"]["size"] == FOUNDING + len(set(drafts)) + answers


def test_amounts_are_those_that_dienst_toeslagen_publishes(summary: dict[str, Any]) -> None:
    """Toeslagenkaart 2026 (TG 710-1Z61PL): a single parent of two has at most 8,576 a year, so 714
    a month; leaflet tg0821z61fd and the official table: zorgtoeslag 129 a month for one person."""
    budget = allowance(summary, "Wit", "kindgebonden_budget")["months"]
    assert [budget[f"2026-{month:02d}"] for month in range(1, 10)] == [71_400] * 9
    assert set(allowance(summary, "Wit", "zorgtoeslag")["months"].values()) == {12_900}


def test_a_divorce_a_birth_and_an_eighteenth_birthday_pass_through(
    summary: dict[str, Any],
) -> None:
    def months(name: str, scheme: str) -> list[int]:
        return list(allowance(summary, name, scheme)["months"].values())

    care = months("Jansma", "zorgtoeslag")
    assert care[1] < care[2], "alone from March: the other's income counts no more (Awir 3)"
    budget = months("Smeets", "kindgebonden_budget")
    assert budget[0] == 0 < budget[2], "born on 12 February: from March (WKB 2 lid 1)"
    osei = months("Osei", "kindgebonden_budget")
    assert osei[5] > osei[6], "18 on 20 June: the child counts up to June"


def test_what_is_unknown_says_what_is_missing(summary: dict[str, Any]) -> None:
    unknown = allowance(summary, "Loon", "zorgtoeslag")
    assert unknown["status"] == "unknown"
    assert unknown["months"] == {}
    assert "zorgverzekering" in unknown["unknown"]["2026-04"]["nl"]


def test_every_household_has_one_pay_date_that_helps(summary: dict[str, Any]) -> None:
    for one in summary["households"]:
        assert one["pay_day"] in range(1, 29)
        assert one["why"]
        for month in one["months"][1:]:
            # P1: no shortage is made or deepened by the plan.
            assert min(month["lowest_after"], 0) >= min(month["lowest_before"], 0)


def test_a_party_declines_with_its_reason_and_a_household_takes_its_agreement_back(
    summary: dict[str, Any],
) -> None:
    (declined,) = household(summary, "Koster")["declined"]
    assert declined["party"] == "lichtstroom"
    assert "incassodag" in declined["reason"]
    assert [one["name"] for one in summary["households"] if one["declined"]] == [
        "Huishouden Koster"
    ]
    assert summary["withdrawn"] == ["Huishouden Hendriks"]
    assert "Huishouden Hendriks" not in {one["name"] for one in summary["households"]}
    assert summary["records"]["answers"] > 40
    # What nobody promised is told: the window of Dienst Toeslagen is our assumption.
    assert "nog niet toegezegd" in household(summary, "Wit")["assumed"][0]


def test_the_log_is_verified_under_its_quorum(summary: dict[str, Any]) -> None:
    ledger = summary["ledger"]
    assert ledger["verified"] is True
    assert ledger["quorum"] is True
    assert ledger["void"] == 0
    assert len(ledger["cosigners"]) >= 3


def test_nothing_personal_is_said_on_the_terminal(
    ran: subprocess.CompletedProcess[str], summary: dict[str, Any]
) -> None:
    assert "9999" not in ran.stdout.replace(summary["ledger"]["root"], "")
    assert "Traceback" not in ran.stderr


def test_the_same_files_again_change_nothing(state: Path, summary: dict[str, Any]) -> None:
    again = vastedag("demo", "--once", "--json", "--state", str(state), seconds=DEMO_SECONDS_MAX)
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout)
    assert told["records"]["repeated"] == told["records"]["admitted"]
    ledger = told["ledger"]
    assert (ledger["size"], ledger["root"]) == (
        summary["ledger"]["size"],
        summary["ledger"]["root"],
    )


@pytest.fixture(scope="module")
def tree(state: Path, summary: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tree") / "log"
    done = vastedag("export", str(directory), "--home", str(state / "belastingdienst"))
    assert done.returncode == 0, done.stderr
    return directory


def verify(tree: Path, summary: dict[str, Any], *more: str) -> tuple[int, dict[str, Any]]:
    done = vastedag("verify", str(tree), "--vkey", summary["ledger"]["vkey"], "--json", *more)
    return done.returncode, json.loads(done.stdout)


def test_the_exported_log_verifies_with_its_policy(tree: Path, summary: dict[str, Any]) -> None:
    code, report = verify(tree, summary, "--policy", str(tree / "policy"))
    assert code == 0
    assert report["entries"] == summary["ledger"]["size"]
    assert verify(tree, summary, "--since", str(tree / "checkpoint"))[0] == 0


def bundle_of(tree: Path) -> Path:
    """The first entry bundle, full or partial."""
    found = sorted(path for path in (tree / "tile" / "entries").rglob("*") if path.is_file())
    return found[0]


@pytest.mark.parametrize("offset", [50, 3_000, -40])
def test_one_flipped_byte_is_found_in_its_entry(
    tree: Path, summary: dict[str, Any], tmp_path: Path, offset: int
) -> None:
    damaged = tmp_path / "log"
    shutil.copytree(tree, damaged)
    path = bundle_of(damaged)
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
    code, report = verify(damaged, summary)
    assert code == 1
    assert report["verified"] is False
    assert report["place"]
    assert report["reason"]
    assert report["index"] is None or 0 <= report["index"] < TILE_WIDTH


def without_entry(entries: list[bytes]) -> list[bytes]:
    return entries[:7] + entries[8:]


def with_exchanged_signatures(entries: list[bytes]) -> list[bytes]:
    seven, eight = json.loads(entries[7]), json.loads(entries[8])
    mine, other = seven["envelope"]["signatures"], eight["envelope"]["signatures"]
    seven["envelope"]["signatures"], eight["envelope"]["signatures"] = other, mine
    return [*entries[:7], rfc8785.dumps(seven), rfc8785.dumps(eight), *entries[9:]]


@pytest.mark.parametrize("change", [without_entry, with_exchanged_signatures])
def test_a_removed_entry_and_an_exchanged_signature_are_found_in_their_place(
    tree: Path,
    summary: dict[str, Any],
    tmp_path: Path,
    change: Callable[[list[bytes]], list[bytes]],
) -> None:
    damaged = tmp_path / "log"
    shutil.copytree(tree, damaged)
    path = bundle_of(damaged)
    entries, _ = split_bundle(path.read_bytes())
    path.write_bytes(encode_bundle(change(entries)))
    code, report = verify(damaged, summary)
    assert code == 1
    assert report["index"] == 7 or "entries" in report["place"]
    assert report["reason"]


def test_another_key_does_not_verify(tree: Path, summary: dict[str, Any]) -> None:
    name, _, _ = summary["ledger"]["vkey"].partition("+")
    other = "+530dcf36+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    done = vastedag("verify", str(tree), "--vkey", name + other, "--json")
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr


def test_replay_gives_one_digest_and_nothing_is_due(state: Path, summary: dict[str, Any]) -> None:
    for member in ("toeslagen", "gm0344"):
        arguments = ("replay", "--home", str(state / member), "--today", summary["today"], "--json")
        first, second = (json.loads(vastedag(*arguments).stdout) for _ in range(2))
        assert first == second
        assert first["due"] == 0
        # Who took his agreement to one pay date back has asked for his allowances still.
        asked = len(summary["households"]) + len(summary["withdrawn"])
        assert first["applicants"] == asked


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_served_pages_show_the_calendar_and_ctrl_c_stops_cleanly(
    state: Path, summary: dict[str, Any]
) -> None:
    port = free_port()
    process = subprocess.Popen(
        [*VASTEDAG, "demo", "--state", str(state), "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        deadline = time.monotonic() + SERVED_SECONDS_MAX
        told = ""
        while "vastedag verify" not in told:
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline
            told += line
        address = f"http://127.0.0.1:{port}"
        assert address in told
        with httpx.Client(base_url=address, follow_redirects=True) as client:
            assert client.get("/readyz").status_code == 200
            page = client.get("/mijn/aanmelden/begin")  # to the development provider, and its list
            assert page.status_code == 200
            key = re.search(r'value="([^"]+)">Huishouden Wit<', page.text)
            assert key is not None
            month = client.post(str(page.url), data={"wie": key.group(1)})
            assert (month.status_code, "Over om van te leven" in month.text) == (200, True)
            assert "Huishouden Wit" in month.text
            checkpoint = client.get("/log/checkpoint")
            assert checkpoint.text.split("\n")[1] == str(summary["ledger"]["size"])
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=STOP_SECONDS_MAX)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert process.returncode == 0
    assert "Traceback" not in err
