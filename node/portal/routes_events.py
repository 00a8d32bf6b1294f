"""`/v1`: what agency systems send and ask. Each event is signed by one of the member's api keys.

The checks themselves (signature, schema, competence) are the intake's work; these routes read
bytes, answer receipts, and describe themselves.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import FastAPI, Request
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from node.errors import RefusedError
from node.portal.guard import API_VERSION
from node.portal.openapi import describe, refusals
from node.portal.problems import install_problems
from node.portal.surface import IntakePort

SERVER: Final = "/v1"
RECEIPT_TYPE: Final = "text/plain; charset=utf-8"
RecordId = Annotated[
    str,
    PathParameter(
        pattern=r"^[A-Za-z0-9_-]{43}$", description="Id of the record: 256 bits in base64url"
    ),
]


class EventRecorded(BaseModel):
    """The event stands on the ledger, covered by a checkpoint with its quorum."""

    model_config = ConfigDict(title="EventRecorded")

    record: str = Field(description="Id of the record")
    index: int = Field(description="Place of the entry on the ledger", ge=0)
    receipt: str = Field(description="C2SP tlog-proof of the entry, to be kept")


SUBMISSION: Final[dict[str, Any]] = {
    "required": True,
    "description": (
        "A DSSE envelope. Its payload (type application/vnd.vastedag.submission+json) is the JSON "
        "of member, log, seen and event; event is a CloudEvent by the NL GOV profile. It is signed "
        "with one of the member's registered api keys."
    ),
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["payload", "payloadType", "signatures"],
                "additionalProperties": False,
                "properties": {
                    "payload": {"type": "string", "description": "Canonical base64"},
                    "payloadType": {
                        "type": "string",
                        "enum": ["application/vnd.vastedag.submission+json"],
                    },
                    "signatures": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["keyid", "sig"],
                            "properties": {
                                "keyid": {"type": "string", "enum": [""]},
                                "sig": {"type": "string", "description": "Ed25519, base64"},
                            },
                        },
                    },
                },
            }
        }
    },
}


def create_api(name: str, intake: IntakePort | None) -> FastAPI:
    """The app that is mounted at /v1."""
    api = FastAPI(
        title=f"Vastedag, node of {name}",
        version=API_VERSION,
        description="Signed life events in, receipts out. Errors follow RFC 9457.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    install_problems(api)
    if intake is not None:
        _add_events(api, intake)
    document = describe(api, SERVER)

    @api.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(document, headers={"Access-Control-Allow-Origin": "*"})

    return api


def _add_events(api: FastAPI, intake: IntakePort) -> None:
    @api.post(
        "/events",
        operation_id="submitEvent",
        tags=["events"],
        summary="Submit one signed event",
        status_code=201,
        response_model=EventRecorded,
        responses={
            200: {"model": EventRecorded, "description": "The same bytes were recorded before"},
            201: {"description": "Recorded now"},
            **refusals(400, 403, 409, 413, 503),
        },
        openapi_extra={"requestBody": SUBMISSION},
    )
    async def submit_event(request: Request) -> Response:
        body = await request.body()
        if not body:
            raise RefusedError("malformed", "The body is empty; send one DSSE envelope.")
        recorded = await intake.submit(body)
        answer = EventRecorded(
            record=recorded.record, index=recorded.index, receipt=recorded.receipt.decode()
        )
        return JSONResponse(
            answer.model_dump(),
            status_code=200 if recorded.repeated else 201,
            headers={"Location": f"{SERVER}/receipts/{recorded.record}"},
        )

    @api.get(
        "/receipts/{record}",
        operation_id="getReceipt",
        tags=["receipts"],
        summary="The receipt of a record, as a C2SP tlog-proof",
        response_class=PlainTextResponse,
        responses={
            200: {
                "description": "The receipt",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
            **refusals(400, 404, 503),
        },
    )
    async def get_receipt(record: RecordId) -> Response:
        receipt = await intake.receipt(record)
        if receipt is None:
            raise HTTPException(status_code=404)
        return Response(receipt, media_type=RECEIPT_TYPE)
