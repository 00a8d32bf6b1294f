"""`/log`: the log as an auditor reads it. What is answered is the work of ledger/serve.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ledger.ports import Answer
from node.encodings import takes_gzip
from node.errors import ProblemDetails
from node.portal.log_reads import raw_headers
from node.portal.problems import PROBLEM_JSON, plain_problem, problem_answer
from node.portal.surface import LogPort

DETAIL_CHARACTERS_MAX: Final = 300
_WELL_KNOWN: Final = (400, 401, 403, 404, 503)


def log_router(log: LogPort, may_read_entries: Callable[[str | None], bool]) -> APIRouter:
    """GET of checkpoint, tiles, proofs, vkey and policy."""
    router = APIRouter(prefix="/log", include_in_schema=False)

    @router.get("/{path:path}")
    async def read(request: Request, path: str) -> Response:
        allowed = may_read_entries(request.headers.get("authorization"))
        gzip = takes_gzip(request.headers.get("accept-encoding", ""))
        return log_answer(await log.get(path, entries_allowed=allowed, gzip=gzip))

    return router


def log_answer(answer: Answer) -> Response:
    """The log's answer in HTTP; its refusals as problem documents."""
    if answer.status >= 400 and answer.content_type != PROBLEM_JSON:
        return _refusal(answer)
    headers = {name.decode(): value.decode() for name, value in raw_headers(answer)}
    if answer.retry_after_seconds is not None:
        headers["Retry-After"] = str(answer.retry_after_seconds)
    return Response(answer.body, status_code=answer.status, headers=headers)


def _refusal(answer: Answer) -> Response:
    plain = plain_problem(answer.status if answer.status in _WELL_KNOWN else 500)
    told = answer.body.decode(errors="replace").strip()[:DETAIL_CHARACTERS_MAX]
    problem = ProblemDetails(
        status=answer.status, title=plain.title, detail=told or plain.detail, code=plain.code
    )
    challenge = {"WWW-Authenticate": "Bearer"} if answer.status == 401 else None
    return problem_answer(problem, challenge)
