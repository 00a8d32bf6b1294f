"""`/livez`, `/readyz`, `/metrics`: the state of a node for its operator. Nothing personal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse, Response

from node.clockwork.timetable import load_timetable
from node.errors import ProblemDetails
from node.portal.problems import PROBLEM_JSON
from node.portal.surface import Check, StatePort
from specs.values import Month

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MONTHS_PUBLISHED = 13
HOLDER = "holder"  # the one text among the figures: who ticks
_NAME = re.compile(r"[^a-z0-9_]")


def health_router(member: str, state: StatePort, today: Callable[[], date]) -> APIRouter:
    """Liveness, readiness and figures; and the published calendar of the monthly clockwork."""
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> Response:
        return JSONResponse({"status": "ok", "member": member})

    @router.get("/readyz")
    async def readyz() -> Response:
        return _ready_answer(member, await state.checks())

    @router.get("/metrics")
    async def metrics() -> Response:
        return PlainTextResponse(metrics_text(await state.checks()), media_type=METRICS_TYPE)

    @router.get("/clockwork")
    async def clockwork() -> Response:
        first = Month.of(today())
        table = load_timetable()
        months = [table.month(first.plus(step)).as_json() for step in range(MONTHS_PUBLISHED)]
        return JSONResponse({"months": months}, headers={"Cache-Control": "public, max-age=3600"})

    return router


def metrics_text(checks: Mapping[str, Check]) -> str:
    """The figures of every part in the Prometheus text format."""
    lines = ["# TYPE vastedag_ready gauge"]
    lines += [
        f'vastedag_ready{{part="{_metric(part)}"}} {int(check.ready)}'
        for part, check in checks.items()
    ]
    for part, check in checks.items():
        for figure, value in check.figures.items():
            if isinstance(value, int):
                name = f"vastedag_{_metric(part)}_{_metric(figure)}"
                lines += [f"# TYPE {name} gauge", f"{name} {int(value)}"]
            elif isinstance(value, str) and figure == HOLDER:
                name = f"vastedag_{_metric(part)}_{HOLDER}"
                lines += [f"# TYPE {name} gauge", f'{name}{{{HOLDER}="{_label(value)}"}} 1']
    return "\n".join(lines) + "\n"


def _metric(text: str) -> str:
    return _NAME.sub("_", text.lower())


def _label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", " ")


def _ready_answer(member: str, checks: Mapping[str, Check]) -> Response:
    parts = {name: {"ready": c.ready, **c.figures} for name, c in checks.items()}
    waiting = [name for name, check in checks.items() if not check.ready]
    if not waiting:
        return JSONResponse({"ready": True, "member": member, "checks": parts})
    problem = ProblemDetails(
        status=503,
        title="The node is not ready",
        detail=f"Not ready: {', '.join(waiting)}. `checks` says more.",
        code="not_ready",
    )
    body = {**problem.as_json(), "ready": False, "member": member, "checks": parts}
    return Response(json.dumps(body), status_code=503, media_type=PROBLEM_JSON)
