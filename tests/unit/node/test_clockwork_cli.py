"""`vastedag clockwork` and `answer`, `/clockwork`, and what `/readyz` tells of the ticker."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from node.cli import main
from node.clockwork.clockwork import LEASE
from node.portal.routes_health import metrics_text
from node.portal.surface import Check
from node.portal.web import State
from node.runtime import Node
from node.stores import lease_sql
from node.worker import Worker
from tests.node_network import make_homes


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_the_calendar_is_published_without_a_node(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys, "clockwork", "calendar", "--from", "2026-12", "--months", "2", "--json"
    )
    assert code == 0
    december, january = json.loads(out)["months"]
    assert (december["month"], january["month"]) == ("2026-12", "2027-01")
    assert january["first_payment"] == "2027-01-04"  # after Friday 1 January comes a weekend
    assert december["confidence"] == "assumption"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("clockwork", "calendar", "--from", "2026-13"), 2),
        (("clockwork", "calendar", "--months", "99"), 2),
        (("clockwork", "calendar", "--from", "2020-01"), 1),
        (("clockwork", "steps", "--take"), 2),
        (("answer", "--decline", "--plan", "x"), 2),
    ],
)
def test_wrong_use_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int
) -> None:
    found, _, err = run(capsys, *arguments)
    assert (found, bool(err)) == (code, True)


def test_a_node_tells_its_ticker_and_a_dead_thread_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = make_homes(tmp_path)["belastingdienst"]

    async def work() -> None:
        node = Node.open(home.directory)
        worker = Worker(node)
        await worker.start()
        state = State(node, worker)
        ticker = (await state.checks())["ticker"]
        assert ticker.ready
        assert ticker.figures["thread_alive"] is True
        assert ticker.figures["holder"] == node.holder
        assert ticker.figures["steps_overdue"] == 0
        assert isinstance(ticker.figures["last_tick_age_seconds"], int)
        text = metrics_text({"ticker": ticker})
        assert f'vastedag_ticker_holder{{holder="{node.holder}"}} 1' in text
        assert "vastedag_ticker_last_tick_age_seconds" in text
        worker.ticker._scheduler.shutdown()  # its thread ends, as after a failure inside it
        deadline = time.monotonic() + 10
        while worker.ticker.alive and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        dead = (await state.checks())["ticker"]
        assert (dead.ready, dead.figures["thread_alive"]) == (False, False)
        await worker.stop()
        await node.close()

    asyncio.run(work())
    code, out, _ = run(capsys, "clockwork", "steps", "--home", str(home.directory), "--json")
    told = json.loads(out)
    assert (code, told["overdue"]) == (0, 0)
    assert {step["step"] for step in told["steps"]} == {
        "facts_known", "derivation", "notice", "cut_off",
    }  # fmt: skip
    code, out, _ = run(capsys, "clockwork", "orders", "--home", str(home.directory), "--json")
    assert (code, json.loads(out)["orders"]) == (0, [])


def test_a_ticker_stands_by_while_another_holds_the_lease(tmp_path: Path) -> None:
    home = make_homes(tmp_path)["belastingdienst"]

    async def work() -> None:
        node = Node.open(home.directory)
        with node.database.write() as connection:
            now = int(time.time())
            lease_sql.take(connection, LEASE, "elsewhere", fence=None, now=now, seconds=120)
        worker = Worker(node)
        await worker.start()
        assert worker.ticker.problem == "standing by: another ticker is active"
        ticker = (await State(node, worker).checks())["ticker"]
        assert ticker.figures["holder"] == "elsewhere"
        await worker.stop()
        await node.close()

    asyncio.run(work())


def test_a_holder_with_odd_signs_makes_no_other_metric() -> None:
    text = metrics_text({"ticker": Check(ready=True, figures={"holder": 'a"b\\c\nd'})})
    assert 'vastedag_ticker_holder{holder="a\\"b\\\\c d"} 1' in text.splitlines()
