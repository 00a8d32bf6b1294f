"""The description of /v1 as the NL GOV API Design Rules ask for it, made from the routes. Pure.

FastAPI's own description breaks eight of the rules (ECOSYSTEM 5.1): here refusals answer 400 with
problem+json, and every good answer names the header `API-Version`.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from node.portal.problems import PROBLEM_JSON, ProblemBody, ProblemItem

OPENAPI_VERSION: Final = "3.0.3"
VERSION_HEADER: Final = {
    "API-Version": {
        "description": "The full version of this API",
        "schema": {"type": "string", "example": "1.0.0"},
    }
}
CONTACT: Final = {
    "name": "Vastedag",
    "url": "https://github.com/vastedag/vastedag",
    "email": "api@vastedag.example",
}
REFUSALS: Final[dict[int, str]] = {
    400: "What was sent cannot be read or does not follow its schema",
    403: "The signature, key, member or role does not allow this",
    404: "Nothing is here",
    409: "In conflict with what is already on the ledger",
    413: "The message is too large",
    500: "The node made an error",
    503: "The node or the ledger cannot answer now; try again",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Which refusals a route may answer, for its `responses`."""
    return {status: {"description": REFUSALS[status]} for status in (*statuses, 500)}


def describe(app: FastAPI, server: str) -> dict[str, Any]:
    """The OpenAPI document of this app, reachable at `server`."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=OPENAPI_VERSION,
        description=app.description,
        routes=app.routes,
        license_info={"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"},
        servers=[{"url": server}],
    )
    document["info"]["contact"] = CONTACT
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _schema(ProblemBody)
    schemas["ProblemItem"] = _schema(ProblemItem)
    for path in document["paths"].values():
        for operation in path.values():
            _follow_rules(operation["responses"])
    return document


def _follow_rules(responses: dict[str, Any]) -> None:
    responses.pop("422", None)
    for status, answer in responses.items():
        if status.startswith(("2", "3")):
            answer.setdefault("headers", {}).update(VERSION_HEADER)
        else:
            answer["content"] = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _schema(model: type[ProblemBody] | type[ProblemItem]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    problems = schema["properties"].get("problems")
    if problems is not None:  # 3.0 has no `null` type: the member is left out when there are none
        listed = problems.pop("anyOf")[0]
        problems.pop("default", None)
        problems.update(listed)
    return schema
