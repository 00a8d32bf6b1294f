"""Every refusal as an HTTP answer: problem+json (RFC 9457) for machines, a page for people.

Refused input answers 400 (NL GOV ADR: invalid-input), never 422. No answer shows a stack trace, an
exception's text or the input. What a refusal says is written where it is raised (errors.py).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from node.errors import ProblemDetails, RefusedError, UnavailableError
from specs.errors import Problem

PROBLEM_JSON: Final = "application/problem+json"
PROBLEMS_SHOWN_MAX: Final = 50
MACHINE_PREFIXES: Final = ("/v1", "/log", "/machine", "/livez", "/readyz", "/metrics", "/clockwork")

# status -> (code, title, detail): what HTTP itself refuses
_PLAIN: Final[dict[int, tuple[str, str, str]]] = {
    400: ("malformed", "The request cannot be read", "See the API description and send it again."),
    401: ("credential_missing", "A credential is needed", "Send a valid Authorization header."),
    403: ("forbidden", "This is not allowed", "Ask the operator of this node for access."),
    404: ("not_found", "Nothing is here", "Check the address, or start at /v1/openapi.json."),
    405: (
        "method_not_allowed",
        "This address does not take that method",
        "The Allow header names the methods that it takes.",
    ),
    408: (
        "too_slow",
        "The request came too slowly",
        "Send it again, without pauses.",
    ),
    431: (
        "oversize",
        "The headers of the request are too large",
        "Send fewer or shorter headers.",
    ),
    413: ("oversize", "The message is too large", "Send less in one message."),
    500: (
        "internal",
        "The node made an error",
        "Nothing was recorded for this request. Try again; tell the operator the request id.",
    ),
    503: ("unavailable", "The node cannot answer now", "Try again in a moment."),
}


class ProblemItem(BaseModel):
    """One thing wrong in what was sent."""

    model_config = ConfigDict(title="ProblemItem")

    source: str = Field(description="File or format, as the sender knows it")
    where: str = Field(description="Row or element")
    field: str = Field(description="Field; empty when the whole is meant")
    reason: str = Field(description="What is wrong")
    repair: str = Field(description="What the sender does now")
    severity: str = Field(description="`problem`, or `tolerated` when read nevertheless")


class ProblemBody(BaseModel):
    """A problem document (RFC 9457), as the API description shows it."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="A URI that names the kind of problem")
    status: int = Field(description="The HTTP status")
    title: str = Field(description="The kind of problem in words")
    detail: str = Field(description="What is wrong here, and what to do now")
    code: str = Field(description="The kind of problem for machines")
    problems: list[ProblemItem] | None = Field(
        default=None, description="Every single fault, when there are several"
    )


ErrorPage = Callable[[Request, int], Awaitable[Response]]


def plain_problem(status: int) -> ProblemDetails:
    """What HTTP itself refuses: unknown address, wrong method, too large, our own error."""
    known = _PLAIN.get(status)
    code, title, detail = known or _PLAIN[500 if status >= 500 else 400]
    return ProblemDetails(status=status, title=title, detail=detail, code=code)


def problem_answer(problem: ProblemDetails, headers: Mapping[str, str] | None = None) -> Response:
    """The problem document as an HTTP answer."""
    return Response(
        content=json.dumps(problem.as_json(), ensure_ascii=False),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers=dict(headers or {}),
    )


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, at an address that is meant for people."""
    path = request.scope.get("root_path", "") + request.scope["path"]
    machine = any(path == prefix or path.startswith(prefix + "/") for prefix in MACHINE_PREFIXES)
    return not machine and "text/html" in request.headers.get("accept", "")


def install_problems(app: FastAPI, error_page: ErrorPage | None = None) -> None:
    """Answer every refusal of this app, and of HTTP itself, as a problem or as a page."""

    async def answer(request: Request, problem: ProblemDetails, headers: Any = None) -> Response:
        if error_page is not None and wants_page(request):
            return await error_page(request, problem.status)
        return problem_answer(problem, headers)

    async def http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        return await answer(request, plain_problem(error.status_code), error.headers)

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, RefusedError):
            raise error
        retry = {"Retry-After": "1"} if error.problem.status == 503 else None
        return await answer(request, error.problem, retry)

    async def invalid(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        return await answer(request, _invalid(error))

    async def unavailable(request: Request, error: Exception) -> Response:
        del error
        return await answer(request, plain_problem(503), {"Retry-After": "5"})

    async def broken(request: Request, error: Exception) -> Response:
        del error  # guard.py tells its place in the log; nobody tells its text
        return await answer(request, plain_problem(500))

    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RefusedError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(UnavailableError, unavailable)
    app.add_exception_handler(Exception, broken)


def _invalid(error: RequestValidationError) -> ProblemDetails:
    """Each fault with its place and reason, never with the value that was sent."""
    problems = tuple(
        Problem(
            source=str(fault["loc"][0]) if fault["loc"] else "request",
            where="/".join(str(part) for part in fault["loc"][:-1]) or "request",
            field=str(fault["loc"][-1]) if fault["loc"] else "",
            reason=str(fault["msg"]),
            repair="correct it as the API description says and send it again",
        )
        for fault in error.errors()[:PROBLEMS_SHOWN_MAX]
    )
    return ProblemDetails(
        status=400,
        title="The request does not follow the API description",
        detail=f"{len(error.errors())} fault(s); each stands in `problems`.",
        code="invalid_request",
        problems=problems,
    )
