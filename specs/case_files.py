"""Case files `regulations/<scheme>/cases.yaml`: expected amounts, each with a source outside this
project. A case without one is refused, so that the tests cannot be run on our own opinion.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias

from specs.errors import SpecFileError
from specs.loader import YamlValue, load_yaml
from specs.reading import Section
from specs.regulation_files import CASES_FILE

Json: TypeAlias = object

# What an outside source looks like: page, law by its number, gazette, leaflet, repository.
OUTSIDE: Final = re.compile(r"https?://|BWBR\d|Stb\.|Stcrt\.|tg\d{4}|TG \d|[\w-]+/[\w.-]+|\.nl\b")
_EXPECTED: Final = ("status", "award_year", "every_month", "months", "quarters", "steps", "because")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One document of `vastedag calc` and what must come out.

    `disagrees` tells why a published figure is not followed; then the outcome must differ from it
    and nothing else of the case is expected to differ.
    """

    scheme: str
    id: str
    source: str
    document: dict[str, Json]
    expected: dict[str, Json]
    disagrees: str | None
    place: str  # file and line


def read_cases(directory: Path) -> tuple[Case, ...]:
    """The cases of all schemes; raises SpecFileError, also for a case without an outside source."""
    found: list[Case] = []
    for path in sorted(directory.glob(f"*/{CASES_FILE}")):
        value, lines = load_yaml(path)
        top = Section.whole(str(path), value, lines)
        top.only("cases")
        for _, part in top.sections("cases"):
            found.extend(_case(path.parent.name, part))
        _check_ids(found, str(path))
    return tuple(found)


def _check_ids(cases: list[Case], path: str) -> None:
    ids = [(case.scheme, case.id) for case in cases]
    for scheme, name in ids:
        if ids.count((scheme, name)) > 1:
            raise SpecFileError(path, None, f"the case {name!r} stands here twice; keep one")


def _case(scheme: str, part: Section) -> Iterator[Case]:
    """One case, or one per row: `vary` names a place in the document, `rows` are [there, expected
    every month].
    """
    part.only("id", "source", "document", "expect", "disagrees", "vary", "rows")
    source = part.text("source") if part.has("source") else ""
    if not OUTSIDE.search(source):
        part.fail(
            "source", "a case names a source outside this project: page, law, gazette, leaflet"
        )
    document = plain(part.section("document").content)
    expected = plain(part.section("expect").content)
    assert isinstance(document, dict)
    assert isinstance(expected, dict)
    for key in expected:
        if key not in _EXPECTED:
            part.fail("expect", f"{key!r} is nothing a case can expect")
    document.setdefault("schemes", [scheme])
    place = f"{part.file}:{part.line()}"
    disagrees = part.text("disagrees") if part.has("disagrees") else None
    if not part.has("rows"):
        if not expected:
            part.fail("expect", "a case expects something")
        yield Case(scheme=scheme, id=part.text("id"), source=source, document=document,
                   expected=expected, disagrees=disagrees, place=place)  # fmt: skip
        return
    for row in part.rows("rows"):
        there, every_month = row
        varied = copy.deepcopy(document)
        _put(part, varied, there)
        yield Case(scheme=scheme, id=f"{part.text('id')}-{there}", source=source, document=varied,
                   expected={**expected, "every_month": every_month}, disagrees=disagrees,
                   place=place)  # fmt: skip


def _put(part: Section, document: Json, value: YamlValue) -> None:
    path = part.text("vary").split(".")
    for key in path[:-1]:
        document = document[int(key)] if isinstance(document, list) else _get(part, document, key)
    if not isinstance(document, dict):
        part.fail("vary", "names no place in the document")
    document[path[-1]] = value


def _get(part: Section, document: Json, key: str) -> Json:
    if not isinstance(document, dict) or key not in document:
        part.fail("vary", f"names no place in the document: {key!r}")
    return document[key]


def plain(value: YamlValue) -> Json:
    """YAML as the JSON of a calc document: dates are texts."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
