"""P6 on a running network: wages are contested on the municipality's node, Toeslagen pays the
favourable amount, UWV decides from its own node, and all is as if it had never been contested.

The household is the demo's single parent; zorgtoeslag of 129 euro a month is the published table's
(test_demo_once). The other wage is invented.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from node.contests.node_contests import NodeContests, contests_of
from node.contests.views import CaseView
from specs.records import (
    ALLOWANCE_SET,
    BACK_PAYMENT_SET,
    RECLAIM_SET,
    TERMS_SET,
    AllowanceDecision,
    BackPayment,
    Reclaim,
    RepaymentTerms,
)
from tests.e2e.test_rules_and_claims import (
    facts_at,
    json_of,
    load_one_household,
    tell_wages,
    zorgtoeslag,
)
from tests.node_network import Running, make_homes, running


def reclaims(network: Running) -> list[Reclaim]:
    found = [fact.data for fact in facts_at(network, RECLAIM_SET)]
    return [one for one in found if isinstance(one, Reclaim) and one.scheme == "zorgtoeslag"]


def paid_back(network: Running) -> int:
    found = [fact.data for fact in facts_at(network, BACK_PAYMENT_SET)]
    return sum(one.cents for one in found if isinstance(one, BackPayment))


def latest(network: Running) -> AllowanceDecision:
    found = [fact.data for fact in facts_at(network, ALLOWANCE_SET)]
    return [
        one for one in found if isinstance(one, AllowanceDecision) and one.scheme == "zorgtoeslag"
    ][-1]


def open_and_lifted(network: Running, claim: Reclaim) -> tuple[int, int]:
    """Of one reclaim: what is still asked or open, and what was lifted."""
    (record,) = [fact.record for fact in facts_at(network, RECLAIM_SET) if fact.data == claim]
    terms = [fact.data for fact in facts_at(network, TERMS_SET)]
    last = [one for one in terms if isinstance(one, RepaymentTerms) and one.claim == record][-1]
    return last.cents - last.lifted_cents, last.lifted_cents


async def contested(
    network: Running, port: NodeContests, household: str, wages: list[str]
) -> list[CaseView]:
    """Every one of these statements: the household holds the first wage to be right."""
    for record in wages:
        preview = await asyncio.to_thread(port.preview, household, record, 205_000)
        assert preview.item.agency == "UWV"
        for _ in range(2):  # a double click
            await port.file(household, record, "Zo veel verdien ik niet.", 205_000)
    await network.quiet()
    return list(await asyncio.to_thread(port.cases, household))


async def story(network: Running, uwv: str) -> None:
    person = await load_one_household(network)
    await tell_wages(network, person, 205_000, "answer of March")
    first = zorgtoeslag(network)
    assert set(first.values()) == {12_900}
    wrong = await tell_wages(network, person, 405_000, "answer with another wage")
    assert set(zorgtoeslag(network).values()) == {0}
    (reclaim,) = reclaims(network)
    was_paid = paid_back(network)

    node = network.nodes["gm0344"]
    port = contests_of(node, None)
    assert port is not None
    assert contests_of(network.nodes["uwv"], None) is None
    household = node.facts.known_as(str(person.bsn))
    assert household is not None
    cases = await contested(network, port, household, wrong)
    assert [case.state for case in cases] == ["open"] * len(wrong)

    # The favourable amount is decided again; of the claim nothing was paid, so all of it is lifted.
    assert zorgtoeslag(network) == first
    decision = latest(network)
    assert set(decision.contests) == {case.case for case in cases}
    assert {one.cents for one in decision.if_lost} == {0}
    assert paid_back(network) == was_paid
    assert open_and_lifted(network, reclaim) == (0, reclaim.cents)
    every = [fact.data for fact in facts_at(network, RECLAIM_SET)]
    both = sum(one.cents for one in every if isinstance(one, Reclaim))  # the child budget too
    assert {case.due_if_lost_cents for case in cases} == {both}

    # UWV sees them on its own node and decides; everything is as it was, asked anew (P5).
    code, listed = await json_of("contests", "list", "--home", uwv)
    assert code == 0
    assert {one["contest"] for one in listed["to_decide"]} == {case.case for case in cases}
    for case in cases:
        code, told = await json_of(
            "contests", "decide", case.case, "--outcome", "rejected",
            "--reason", "De werkgever bevestigt het loon.", "--home", uwv,
        )  # fmt: skip
        assert (code, told["outcome"]) == (0, "rejected")
    await network.quiet()
    assert set(zorgtoeslag(network).values()) == {0}
    assert latest(network).contests == ()
    again = reclaims(network)
    assert [one.cents for one in again] == [reclaim.cents, reclaim.cents]
    assert open_and_lifted(network, again[1]) == (reclaim.cents, 0)
    over = await asyncio.to_thread(port.cases, household)
    assert [(case.state, case.answer) for case in over] == [
        ("rejected", "De werkgever bevestigt het loon.")
    ] * len(wrong)
    code, listed = await json_of("contests", "list", "--all", "--home", uwv)
    assert (listed["to_decide"], len(listed["over"])) == ([], len(wrong))
    code, told = await json_of(
        "contests", "decide", cases[0].case, "--outcome", "upheld", "--reason", "Toch niet.",
        "--home", uwv,
    )  # fmt: skip
    assert code == 1


def test_p6_contested_wages_from_the_form_to_the_decision(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)

    async def work() -> None:
        async with running(homes) as network:
            await story(network, str(homes["uwv"].directory))

    asyncio.run(work())
