"""Names of the LDV standard and its extension «lezen», in one place: they are moving standards.

Logboek Dataverwerkingen, Logius working version of 2026; extension «lezen», working version of
2026: at least a person, a trace or an activity is asked for, else 400; criteria go in the body of a
POST, never in an address. Asked for here is always one person, sealed to the member that is asked;
answered are counts by day instead of single spans (decision 0019).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast, get_args

from node.errors import RefusedError
from node.looked.register import Shown
from node.looked.views import Purpose
from specs.canonical import canonical_bytes

PATH: Final = "/logboek/dataverwerkingen"
RECORD_CLASS: Final = "logboek"  # in the seal's context: no class of record has this name
PERSON: Final = "dataSubject"
ACTIVITY_ID: Final = "dpl.core.processing_activity_id"
ACTIVITY_URI: Final = "urn:vastedag:verwerkingsactiviteit:"
SEALED_BYTES_MAX: Final = 8_192
PURPOSES_MAX: Final = 200
DAYS_MAX: Final = 4_000  # ten years of days
TEXT_MAX: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who is asked about, sealed to the member that is asked."""

    id: str
    suite: str
    sealed: bytes

    def as_json(self) -> bytes:
        """The body of the POST."""
        sealed = base64.b64encode(self.sealed).decode()
        return canonical_bytes({PERSON: {"id": self.id, "suite": self.suite, "sealed": sealed}})


def parse_question(body: bytes) -> Question:
    """The question; raises RefusedError malformed, also when nobody is asked about."""
    try:
        fields = json.loads(body)[PERSON]
        if fields.keys() != {"id", "suite", "sealed"}:
            raise ValueError
        sealed = base64.b64decode(fields["sealed"], validate=True)
        identifier, suite = str(fields["id"]), str(fields["suite"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        raise RefusedError("malformed", f"{PERSON}: id, suite and sealed are asked for") from None
    if len(identifier) > 43 or len(suite) > 80 or len(sealed) > SEALED_BYTES_MAX:
        raise RefusedError("oversize", f"{PERSON}: longer than any sealed person is")
    return Question(id=identifier, suite=suite, sealed=sealed)


def answer_json(known: bool, purposes: Iterable[tuple[str, Purpose]]) -> bytes:
    """The answer; a masked purpose tells law and article, and neither its id nor its name."""
    told = []
    for activity, one in purposes:
        open_one = one.shown != "masked"
        told.append(
            {
                "shown": one.shown,
                ACTIVITY_ID: ACTIVITY_URI + activity if open_one else "",
                "name": {"nl": one.name_nl, "en": one.name_en} if open_one else {},
                "law": one.law,
                "lawUrl": one.law_url,
                "article": one.article,
                "days": [[day.isoformat(), count] for day, count in one.days],
            }
        )
    return canonical_bytes({"known": known, "processings": told})


def parse_answer(body: bytes) -> list[Purpose]:
    """What a member's logbook told; raises ValueError for anything else than an answer."""
    try:
        items = json.loads(body)["processings"]
        if not isinstance(items, list) or len(items) > PURPOSES_MAX:
            raise ValueError
        return [_purpose(item) for item in items]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError("no answer of a logbook") from error


def _purpose(item: dict[str, Any]) -> Purpose:
    shown = item["shown"]
    days = item["days"]
    if shown not in get_args(Shown) or len(days) > DAYS_MAX:
        raise ValueError
    name = item["name"] if shown != "masked" else {"nl": "", "en": ""}
    texts = [name["nl"], name["en"], item["law"], item["lawUrl"], item["article"]]
    if any(not isinstance(text, str) or len(text) > TEXT_MAX for text in texts):
        raise ValueError
    if texts[3] and not texts[3].startswith("https://"):  # it becomes a link on a page
        raise ValueError
    counted = []
    for day, count in days:
        if type(count) is not int or count < 1:
            raise ValueError
        counted.append((date.fromisoformat(day), count))
    return Purpose(
        shown=cast(Shown, shown),
        name_nl=texts[0],
        name_en=texts[1],
        law=texts[2],
        law_url=texts[3],
        article=texts[4],
        days=tuple(counted),
    )
