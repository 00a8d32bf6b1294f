"""The record of a mandate: who may act for whom, by what, and until when."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from specs.records_base import Name, PersonRef, Reason, RecordData


class Mandate(RecordData):
    """`holder` may act for `person` while the record is valid (from and until are its own).

    parent: wettelijk vertegenwoordiger (BW 1:245), until the child is of age; administrator:
    bewindvoerder (BW 1:431); authorised: gemachtigde (Awb 2:1). `source` is what shows it: the
    court's reference, a signed form. The same again with `withdrawn` ends it.
    """

    person: PersonRef
    holder: PersonRef
    kind: Literal["parent", "administrator", "authorised"]
    source: Name
    withdrawn: bool = False
    reason: Reason | None = None

    @model_validator(mode="after")
    def _of_two_persons(self) -> Mandate:
        if self.person.bsn is None or self.holder.bsn is None:
            raise ValueError("a mandate names both by BSN; look the number up")
        if self.person.bsn == self.holder.bsn:
            raise ValueError("nobody needs a mandate for himself")
        return self
