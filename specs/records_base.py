"""What all record data is made of: checked texts, whole cents, and how a payload names a person."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from specs.values import CENTS_MAX, Bsn, Month, check_iban

RecordClass = Literal["person", "income", "decision", "charge", "plan", "correction", "governance"]
Channel = Literal["debit", "transfer", "deduction"]  # how a charge is taken


def _bsn(text: str) -> str:
    return str(Bsn(text))


def _month(text: str) -> str:
    return str(Month.parse(text))


BsnText = Annotated[str, AfterValidator(_bsn)]
IbanText = Annotated[str, AfterValidator(check_iban)]
MonthText = Annotated[str, AfterValidator(_month)]  # "2026-01"
CentsInt = Annotated[int, Field(strict=True, ge=-CENTS_MAX, le=CENTS_MAX)]
PositiveCents = Annotated[int, Field(strict=True, ge=0, le=CENTS_MAX)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=80)]
MunicipalityCode = Annotated[str, Field(pattern=r"^\d{4}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class RecordData(BaseModel):
    """Root of all record data: nothing unknown, nothing changed after birth, input never shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PersonRef(RecordData):
    """How a payload names a person; every recipient maps it to its own random subject id.

    `surname` is the significant part (without prefixes). `bsn` may be unknown (a parent in an old
    list): then a recipient has only name and date, and sends the record to the desk.
    """

    bsn: BsnText | None
    birth_date: date | None
    surname: Name
