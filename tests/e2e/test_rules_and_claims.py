"""A running network: a late correction becomes claims, two persons release rules, a decision is
computed again from a file. The command line as an operator uses it, beside running workers.

The household is the demo's single parent; zorgtoeslag of 129 euro a month is the published table's
(test_demo_once). The correction is invented: a year's wage that was told too low.
"""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from adapters import samples
from adapters.reading import delivered
from adapters.suwinet import suwinet_uwv
from node.cli import main
from node.flow import record
from node.setup.network import OFFLINE
from scheduler.folding.facts import Fact
from scheduler.rulebook import REGULATIONS
from specs.records import (
    ALLOWANCE_SET,
    BACK_PAYMENT_SET,
    INCOME_STATED,
    RECLAIM_SET,
    TERMS_SET,
    AllowanceDecision,
    BackPayment,
    PersonRef,
    Reclaim,
    RecordDraft,
)
from tests.household_facts import demo_book
from tests.node_network import TODAY, Running, make_homes, running

WIT = "999902003"
UWV = (
    samples.shipped()["demo"]
    / "uwv/2026-03"
    / ("UWVDossierInkomstenGSD_UWVPersoonsIkvInfo_999902003.xml")
)
RULE = "zorgtoeslag/2026-01-01"


async def load_one_household(network: Running) -> PersonRef:
    """The demo's records about one household, each by its own member; who applied."""
    book = demo_book()
    known = {who for fact in book.facts_of([WIT]) for who in fact.subjects.values()}
    about = [
        fact
        for fact in book.facts
        if fact.subjects.values() and set(fact.subjects.values()) <= known and fact.author != "uwv"
    ]
    moves = [fact for fact in about if fact.type.startswith("nl.brp.verhuisd")]
    for wave in (moves, [fact for fact in about if fact not in moves]):  # where they live first
        await asyncio.gather(
            *(record(network.nodes[fact.author].desk, _draft(fact)) for fact in wave)
        )
    return next(
        fact.data.person
        for fact in book.facts_of([WIT])
        if fact.type == INCOME_STATED and hasattr(fact.data, "person")
    )


def _draft(fact: Fact) -> RecordDraft:
    return RecordDraft(
        type=fact.type, source_event_id=fact.record, data=fact.data, valid_from=fact.valid_from,
        valid_until=fact.valid_until,
    )  # fmt: skip


async def tell_wages(network: Running, person: PersonRef, cents: int, name: str) -> list[str]:
    """UWV's answer about this person with another wage in every month; ids of its statements."""
    content = UWV.read_bytes().replace(b">205000<", f">{cents}<".encode())
    read, problems = suwinet_uwv.read(content, source=UWV.name, asked_for=person)
    assert not problems
    drafts = delivered(read, name)
    told = await asyncio.gather(*(record(network.nodes["uwv"].desk, draft) for draft in drafts))
    await network.quiet()
    pairs = zip(drafts, told, strict=True)
    return [one.record for draft, one in pairs if draft.type == INCOME_STATED]


def facts_at(network: Running, record_type: str) -> list[Fact]:
    return network.nodes["toeslagen"].facts.of_type(record_type)


def zorgtoeslag(network: Running) -> dict[str, int]:
    """The months as decided now."""
    months: dict[str, int] = {}
    for fact in facts_at(network, ALLOWANCE_SET):
        if isinstance(fact.data, AllowanceDecision) and fact.data.scheme == "zorgtoeslag":
            months |= {one.month: one.cents for one in fact.data.months}
    return months


async def vastedag(*arguments: str) -> tuple[int, str, str]:
    """The command line in this process: the rules are compiled once."""

    def run() -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(arguments)
        return code, out.getvalue(), err.getvalue()

    return await asyncio.to_thread(run)


async def json_of(*arguments: str) -> tuple[int, Any]:
    code, out, err = await vastedag(*arguments, "--json")
    assert out, err
    return code, json.loads(out)


async def corrected_and_corrected_back(network: Running, person: PersonRef, home: str) -> None:
    """A, B, A: the wage comes back, and with it every cent of what was claimed."""
    await tell_wages(network, person, 205_000, "answer of March")
    first = zorgtoeslag(network)
    assert set(first.values()) == {12_900}
    (late,) = [f.data for f in facts_at(network, BACK_PAYMENT_SET)
               if isinstance(f.data, BackPayment) and f.data.scheme == "zorgtoeslag"]  # fmt: skip
    assert late.cents == sum(one.cents for one in late.months)
    assert late.months[-1].month == "2026-12"  # paid on 20 November; today is the 22nd

    wrong = await tell_wages(network, person, 405_000, "answer with another wage")
    assert set(zorgtoeslag(network).values()) == {0}
    (reclaim,) = [f.data for f in facts_at(network, RECLAIM_SET)
                  if isinstance(f.data, Reclaim) and f.data.scheme == "zorgtoeslag"]  # fmt: skip
    assert reclaim.cents == sum(first.values())
    assert facts_at(network, TERMS_SET)  # announced; nothing asked while the room is unknown

    code, told = await json_of("history", wrong[0], "--home", home)
    assert code == 0
    assert told["known_from"] > 0
    assert {one["kind"] for one in told["applicants"][0]["answers"]} >= {"decision", "reclaim"}

    await tell_wages(network, person, 205_000, "answer that came back")
    assert zorgtoeslag(network) == first
    back = [f.data for f in facts_at(network, BACK_PAYMENT_SET)
            if isinstance(f.data, BackPayment) and f.data.scheme == "zorgtoeslag"]  # fmt: skip
    assert [one.cents for one in back] == [late.cents, reclaim.cents]  # never netted


async def computed_again(network: Running, home: str, directory: Path) -> None:
    decision = next(
        fact
        for fact in reversed(facts_at(network, ALLOWANCE_SET))
        if isinstance(fact.data, AllowanceDecision) and fact.data.scheme == "zorgtoeslag"
    )
    path = directory / "decision.json"
    code, _, err = await vastedag("disclose", decision.record, "--home", home, "--out", str(path))
    assert code == 0, err
    assert WIT not in path.read_text()
    code, answer = await json_of("reperform", str(path))
    assert (code, answer["agrees"]) == (0, True)


async def released_and_recalled(network: Running, home: str, state: Path) -> None:
    """100 euro more of standard premium is dry-run, signed twice, in force, and recalled."""
    changed = state / "changed.yaml"
    text = (REGULATIONS / "zorgtoeslag" / "2026-01-01.yaml").read_text(encoding="utf-8")
    changed.write_text(text.replace("value: 211900", "value: 221900"), encoding="utf-8")
    before = zorgtoeslag(network)
    code, listed = await json_of("rules", "list", "--home", home)
    log = listed["log"]
    assert code == 0
    note = state / "note.json"
    today = ("--today", TODAY.isoformat(), "--home", home)
    code, account = await json_of(
        "rules", "dry-run", str(changed), "--reason", "a test", "--out", str(note), *today
    )
    assert (code, account["effect"]["households"], account["effect"]["changed"]) == (0, 1, 1)
    effect = account["effect"]["by_household"][0]["cents"]["zorgtoeslag"]

    async def signed(member: str, of: Path) -> str:
        out = state / f"{member}-{of.stem}.sig"
        key = f"file:{state / OFFLINE / f'{member}.key'}"
        code, _, err = await vastedag(
            "rules", "sign", str(of), "--log", log, "--member", member, "--key", key,
            "--development", "--out", str(out),
        )  # fmt: skip
        assert code == 0, err
        return str(out)

    own, other = await signed("toeslagen", note), await signed("gm0344", note)
    code, _, err = await vastedag("rules", "release", str(note), own, own, "--home", home)
    assert code == 1
    assert "twice" in err
    code, told = await json_of("rules", "release", str(note), own, other, "--home", home)
    assert code == 0, told
    await network.quiet()
    after = zorgtoeslag(network)
    assert sum(after.values()) - sum(before.values()) == effect
    municipality = network.nodes["gm0344"]
    assert municipality.rules.rulebook(municipality.facts).digest == (
        network.nodes["toeslagen"].rules.rulebook(network.nodes["toeslagen"].facts).digest
    )

    recall = state / "recall.json"
    code, _ = await json_of(
        "rules", "dry-run", RULE, "--recall", "--reason", "taken back", "--out", str(recall), *today
    )
    assert code == 0
    own, other = await signed("toeslagen", recall), await signed("gm0344", recall)
    code, told = await json_of("rules", "recall", str(recall), own, other, "--home", home)
    assert code == 0, told
    await network.quiet()
    assert zorgtoeslag(network) == before


def test_a_correction_a_release_and_a_file(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)
    home = str(homes["toeslagen"].directory)

    async def work() -> None:
        async with running(homes) as network:
            person = await load_one_household(network)
            await corrected_and_corrected_back(network, person, home)
            await computed_again(network, home, tmp_path)
            await released_and_recalled(network, home, tmp_path)
            code, missed = await json_of("nontakeup", "--home", home, "--today", TODAY.isoformat())
            assert code == 0
            assert "zorgtoeslag" not in missed["schemes"]
        today = ("--home", home, "--today", TODAY.isoformat())
        first = await json_of("replay", *today)
        assert first == await json_of("replay", *today)
        assert first[1]["due"] == 0
        code, gone = await json_of("erase", "--ended", "--today", "2040-01-01", "--home", home)
        assert code == 0
        assert gone["records"] > 0

    asyncio.run(work())
