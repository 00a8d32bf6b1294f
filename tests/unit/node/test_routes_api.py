"""/v1, /log and the operator's addresses, against the rules of NL GOV ADR."""

from __future__ import annotations

import logging
import re
from datetime import date

import pytest

from ledger.ports import Answer
from node.errors import RefusedError, UnavailableError
from node.portal.app import create_app
from node.portal.problems import PROBLEM_JSON
from node.portal.routes_health import metrics_text
from node.portal.surface import Check, Surface
from node.submit import Recorded
from tests.asgi import Browser
from tests.browser.household_views import SampleState

RECORD = "A" * 43


class SampleIntake:
    """Answers by the first byte of what is sent."""

    async def submit(self, envelope: bytes) -> Recorded:
        if envelope.startswith(b"!"):
            raise RefusedError("stale_seen", "seen: 3 is too old; read the ledger and send again")
        if envelope.startswith(b"?"):
            raise UnavailableError("sequencer: no answer")
        return Recorded(
            record=RECORD, index=7, receipt=b"c2sp.org/tlog-proof@v1\n",
            repeated=envelope.startswith(b"="),
        )  # fmt: skip

    async def receipt(self, record: str) -> bytes | None:
        return b"c2sp.org/tlog-proof@v1\n" if record == RECORD else None


class SampleLog:
    def kept(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer | None:
        return None

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        if path == "checkpoint":
            return Answer(status=200, body=b"origin\n", cache="no-cache")
        if path.startswith("tile/entries") and not entries_allowed:
            return Answer(status=401, body=b"entry bundles need a token\n")
        if not path.startswith("tile/"):
            return Answer(status=404, body=b"no such tile\n")
        return Answer(
            status=200,
            body=b"\x00" * 32,
            content_type="application/octet-stream",
            cache="public, max-age=31536000, immutable",
        )


def browser(ready: bool = True) -> Browser:
    return Browser(
        create_app(
            Surface(
                member="uwv", name="UWV", phone="14 030", development=True,
                session_key=b"k" * 32, today=lambda: date(2026, 1, 15),
                state=SampleState(ready), intake=SampleIntake(), log=SampleLog(),
                may_read_entries=lambda authorization: authorization == "Bearer right",
            )
        )
    )  # fmt: skip


@pytest.mark.parametrize(("first", "status"), [(b"{", 201), (b"=", 200)])
def test_a_recorded_event_answers_its_receipt(first: bytes, status: int) -> None:
    answer = browser().ask("POST", "/v1/events", content=first + b"}")
    assert answer.status_code == status
    assert answer.headers["location"] == f"/v1/receipts/{RECORD}"
    assert answer.headers["api-version"] == "1.0.0"
    assert answer.json() == {"record": RECORD, "index": 7, "receipt": "c2sp.org/tlog-proof@v1\n"}


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"!", 409, "stale_seen"), (b"?", 503, "unavailable"), (b"", 400, "malformed"),
     (b"x" * 262_145, 413, "oversize")],
)  # fmt: skip
def test_a_refused_event_answers_a_problem(content: bytes, status: int, code: str) -> None:
    answer = browser().ask("POST", "/v1/events", content=content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    ("record", "status"), [(RECORD, 200), ("B" * 43, 404), ("short", 400), ("A" * 44, 400)]
)
def test_receipts(record: str, status: int) -> None:
    answer = browser().ask("GET", f"/v1/receipts/{record}")
    assert answer.status_code == status
    kind = "text/plain; charset=utf-8" if status == 200 else PROBLEM_JSON
    assert answer.headers["content-type"] == kind


def test_a_log_line_names_the_route_and_not_what_was_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="vastedag.web")
    browser().ask("GET", f"/v1/receipts/{RECORD}?secret=x")
    (line,) = [r.getMessage() for r in caplog.records if r.name == "vastedag.web"]
    assert "route=/v1/receipts/{record} status=200" in line
    assert RECORD not in line
    assert "secret" not in line


def test_the_api_description_follows_the_design_rules() -> None:
    answer = browser().ask("GET", "/v1/openapi.json")
    assert answer.headers["access-control-allow-origin"] == "*"
    document = answer.json()
    assert document["openapi"].startswith("3.")
    assert set(document["info"]["contact"]) == {"name", "email", "url"}
    assert all(re.search(r"/v\d", server["url"]) for server in document["servers"])
    assert set(document["paths"]) == {"/events", "/receipts/{record}"}
    for path, operations in document["paths"].items():
        assert re.fullmatch(r"(/([a-z0-9-]+|\{[a-z]+\}))+", path)
        for operation in operations.values():
            assert "400" in operation["responses"]
            assert "422" not in operation["responses"]
            for status, response in operation["responses"].items():
                if status < "400":
                    assert "API-Version" in response["headers"]
                else:
                    assert set(response["content"]) == {PROBLEM_JSON}
    problem = document["components"]["schemas"]["Problem"]["properties"]
    assert {"status", "title", "detail"} <= set(problem)
    assert all(re.fullmatch(r"[A-Z][A-Za-z]*", name) for name in document["components"]["schemas"])


def test_the_log_is_answered_as_the_ledger_says() -> None:
    asked = browser()
    assert asked.ask("GET", "/log/checkpoint").text == "origin\n"
    tile = asked.ask("GET", "/log/tile/0/000")
    assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
    refused = asked.ask("GET", "/log/tile/entries/000")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.headers["content-type"] == PROBLEM_JSON
    assert refused.json()["detail"] == "entry bundles need a token"
    right = {"authorization": "Bearer right"}
    assert asked.ask("GET", "/log/tile/entries/000", headers=right).status_code == 200
    assert asked.ask("GET", "/log/nothing").json()["code"] == "not_found"


def test_ready_names_the_part_that_is_not() -> None:
    assert browser().ask("GET", "/livez").json() == {"status": "ok", "member": "uwv"}
    assert browser().ask("GET", "/readyz").json()["checks"]["ledger"]["size"] == 12
    answer = browser(ready=False).ask("GET", "/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert "ticker" in answer.json()["detail"]


def test_metrics_are_numbers_only() -> None:
    text = metrics_text(
        {"outbox": Check(ready=False, figures={"back-log": 3, "member": "uwv", "late": True})}
    )
    assert 'vastedag_ready{part="outbox"} 0' in text
    assert "vastedag_outbox_back_log 3" in text
    assert "vastedag_outbox_late 1" in text
    assert "uwv" not in text


def test_a_node_without_households_has_no_pages_of_them() -> None:
    asked = browser()
    assert asked.get("/mijn").status_code == 404
    start = asked.get("/")
    assert start.status_code == 200
    assert "/mijn" not in start.text
    assert "/log/checkpoint" in start.text


def test_static_files_are_kept_by_the_browser_and_pages_are_not() -> None:
    asked = browser()
    page = asked.get("/")
    assert page.headers["cache-control"] == "no-store"
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        answer = asked.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert asked.get("/static/../app.py").status_code == 404
    assert asked.get("/static/..%2fapp.py").status_code == 404
