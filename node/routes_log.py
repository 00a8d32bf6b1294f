"""`/log`: the log as an auditor reads it. What is answered is the work of ledger/serve.py."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from node.surface import LogAnswer, LogPort


def log_router(log: LogPort) -> APIRouter:
    """GET of checkpoint, tiles, vkey and policy."""
    router = APIRouter(prefix="/log", include_in_schema=False)

    @router.get("/{path:path}")
    async def read(request: Request, path: str) -> Response:
        return log_answer(await log.get(path, request.headers.get("authorization")))

    return router


def log_answer(answer: LogAnswer) -> Response:
    """The log's answer in HTTP."""
    return Response(
        answer.body,
        status_code=answer.status,
        headers={
            "Content-Type": answer.content_type,
            "Cache-Control": answer.cache,
            **answer.headers,
        },
    )
