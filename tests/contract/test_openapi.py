"""The API as others rely on it: frozen, additive only, by the NL GOV rules, and true of the routes.

`specs/openapi.json` is what is published; `specs/openapi-baseline.json` is what clients were
promised first. A change is written to the first by `python -m tests.contract.freeze_openapi`; the
second never changes within a major version.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from node.portal.app import create_app
from node.portal.routes_events import create_api
from tests import needs
from tests.contract.openapi_changes import breaking, published
from tests.portal_surface import SampleIntake, full_surface

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "specs" / "openapi.json"
BASELINE = ROOT / "specs" / "openapi-baseline.json"
SPECTRAL = ROOT / "tools" / "spectral"
Document = dict[str, Any]


def read(path: Path) -> Document:
    document: Document = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_what_the_routes_say_is_what_is_published() -> None:
    assert published(create_api("Vastedag", SampleIntake())) == read(PUBLISHED), (
        "the API changed: look at the change, raise API_VERSION, then run "
        "python -m tests.contract.freeze_openapi"
    )


def test_nothing_that_a_client_relies_on_was_taken_away() -> None:
    assert breaking(read(BASELINE), read(PUBLISHED)) == []


def _spoilt(change: str) -> Document:
    document = read(BASELINE)
    path, operation = next(
        (path, each["post"]) for path, each in document["paths"].items() if "post" in each
    )
    if change == "path":
        del document["paths"][path]
    elif change == "method":
        del document["paths"][path]["post"]
    elif change == "answer":
        del operation["responses"]["201"]
    elif change == "member":
        schema = document["components"]["schemas"]["EventRecorded"]
        del schema["properties"]["receipt"]
    elif change == "type":
        document["components"]["schemas"]["EventRecorded"]["properties"]["index"]["type"] = "string"
    elif change == "asked":
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        body["required"].append("colour")
        body["properties"]["colour"] = {"type": "string"}
    elif change == "parameter":
        operation.setdefault("parameters", []).append(
            {"name": "colour", "in": "query", "required": True, "schema": {"type": "string"}}
        )
    return document


@pytest.mark.parametrize(
    "change", ["path", "method", "answer", "member", "type", "asked", "parameter"]
)
def test_a_change_that_breaks_clients_is_found(change: str) -> None:
    assert breaking(read(BASELINE), _spoilt(change))
    assert breaking(read(BASELINE), read(BASELINE)) == []


def test_no_bsn_can_stand_in_an_address() -> None:
    for path, operations in read(PUBLISHED)["paths"].items():
        for operation in operations.values():
            names = [each["name"].lower() for each in operation.get("parameters", [])]
            assert not {"bsn", "burgerservicenummer", "name", "birthdate"} & set(names), path


def test_the_design_rules_find_no_error() -> None:
    needs.require("VASTEDAG_REALDATA")
    needs.require("npm")
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    if not (SPECTRAL / "node_modules").is_dir():
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=SPECTRAL, check=True, env=environment
        )
    rules = Path(os.environ["VASTEDAG_REALDATA"]) / "nlgov-standaarden/adr-spectral-ruleset.yaml"
    done = subprocess.run(
        [SPECTRAL / "node_modules/.bin/spectral", "lint", "--format", "json", "--quiet",
         "--fail-severity", "error", "--ruleset", rules, PUBLISHED],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    errors = [each for each in json.loads(done.stdout or "[]") if each["severity"] == 0]
    assert (done.returncode, errors) == (0, []), done.stderr


SCHEMA = schemathesis.openapi.from_asgi("/v1/openapi.json", create_app(full_surface()))


@SCHEMA.parametrize()
@settings(
    max_examples=int(os.environ.get("VASTEDAG_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_any_request_gets_a_documented_answer_and_no_server_error(case: Any) -> None:
    answer = case.call()
    assert answer.status_code < 500 or answer.status_code == 503
    for check in (
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
        response_headers_conformance,
    ):
        case.validate_response(answer, checks=[check])
