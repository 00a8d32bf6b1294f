"""The log and nothing else, for as many processes as the readers of a log ask for.

Each keeps its own tiles in memory and shares nothing, so that several may listen on one port
(`vastedag serve --log-only`).
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.types import ASGIApp

from node.portal.guard import Guard
from node.portal.log_reads import LogReads
from node.portal.problems import install_problems
from node.portal.routes_log import log_router
from node.portal.surface import LogPort


def create_log_app(log: LogPort, may_read_entries: Callable[[str | None], bool]) -> ASGIApp:
    """`/log/…`, with the headers and limits of every answer."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    install_problems(app)
    app.include_router(log_router(log, may_read_entries))
    return LogReads(Guard(app), log, may_read_entries)
