"""The register of processing activities, from specs/processing.yaml: what may be read, and why.

Pure. Every ground of a reader in competence.yaml has its activity here, so that opening what was
delivered on it can be told to the person in the same words everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from node.access import COMPETENCE_FILE, Confidence, Ground, load_competence
from node.errors import AccessError
from specs.errors import SpecFileError
from specs.loader import Lines, load_yaml

PROCESSING_FILE: Final = Path(__file__).parent.parent.parent / "specs" / "processing.yaml"
WETTEN: Final = "https://wetten.overheid.nl/"
EUR_LEX: Final = "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:"

Shown = Literal["open", "routine", "own", "masked"]
_FIELDS: Final = {"name", "law", "article", "confidence", "shown"}
_OPTIONAL: Final = {"receives", "masked_by", "by"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One processing activity; `law_url` is where the law can be read."""

    id: str
    name_nl: str
    name_en: str
    law: str
    law_name: str
    law_url: str
    article: str
    confidence: Confidence
    shown: Shown
    by_person: bool  # somebody looks at a page, the node does not work by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """All activities by id, and the term in years for which a line is kept."""

    activities: Mapping[str, Activity]
    by_ground: Mapping[tuple[str, str], str]
    retention_years: int

    def activity(self, identifier: str) -> Activity:
        """One activity; raises AccessError for one that nobody registered."""
        found = self.activities.get(identifier)
        if found is None:
            raise AccessError(f"{identifier}: no activity of specs/processing.yaml; add it there")
        return found

    def receiving(self, ground: Ground) -> str:
        """Under which activity content delivered on this ground is opened."""
        return self.by_ground[ground.law, ground.article]


@cache
def load_register(path: Path = PROCESSING_FILE) -> Register:
    """Read and check the file, once a process; raises SpecFileError naming line and fault."""
    value, lines = load_yaml(path)
    top = _exactly(path, lines, "", value, {"retention", "activities"})
    term = _exactly(path, lines, "retention", top["retention"], {"years", "source", "confidence"})
    if type(term["years"]) is not int or not 1 <= term["years"] <= 20 or not term["source"]:
        raise _fault(path, lines, "retention", "years: a whole number from 1 to 20, with source")
    laws = _laws()
    given = top["activities"]
    if not isinstance(given, dict):
        raise _fault(path, lines, "activities", "activities: a mapping by id")
    activities = {
        name: _activity(path, lines, name, fields, laws) for name, fields in given.items()
    }
    grounds: dict[tuple[str, str], str] = {}
    for name, fields in given.items():
        for ground in fields.get("receives", ()):
            key = (str(ground["law"]), str(ground["article"]))
            if key in grounds:
                raise _fault(path, lines, f"activities.{name}", f"receives: {key} stands twice")
            grounds[key] = name
    _check_grounds(path, lines, grounds)
    return Register(activities=activities, by_ground=grounds, retention_years=term["years"])


def _check_grounds(path: Path, lines: Lines, grounds: Mapping[tuple[str, str], str]) -> None:
    wanted = {
        (reader.ground.law, reader.ground.article)
        for rule in load_competence().rules.values()
        for reader in rule.readers
    }
    for missing in sorted(wanted - grounds.keys()):
        raise _fault(path, lines, "activities", f"no activity receives on the ground {missing}")
    for idle in sorted(grounds.keys() - wanted):
        raise _fault(path, lines, "activities", f"{grounds[idle]}: nobody reads on {idle}")


def _activity(
    path: Path, lines: Lines, name: str, value: Any, laws: Mapping[str, tuple[str, str]]
) -> Activity:
    at = f"activities.{name}"
    optional = _OPTIONAL & value.keys() if isinstance(value, dict) else set()
    fields = _exactly(path, lines, at, value, _FIELDS | optional)
    words = _exactly(path, lines, f"{at}.name", fields["name"], {"nl", "en"})
    if fields["law"] not in laws:
        raise _fault(path, lines, at, "law: one of those under laws in competence.yaml")
    if fields["confidence"] not in get_args(Confidence) or fields["shown"] not in get_args(Shown):
        raise _fault(path, lines, at, "confidence or shown: a word that is none of theirs")
    if (fields["shown"] == "masked") != bool(fields.get("masked_by")):
        raise _fault(path, lines, at, "masked_by: the ground for masking, and only then")
    if fields.get("by", "person") != "person":
        raise _fault(path, lines, at, "by: person, or left out")
    law_name, law_url = laws[fields["law"]]
    return Activity(
        id=name,
        name_nl=str(words["nl"]),
        name_en=str(words["en"]),
        law=fields["law"],
        law_name=law_name,
        law_url=law_url,
        article=str(fields["article"]),
        confidence=fields["confidence"],
        shown=fields["shown"],
        by_person="by" in fields,
    )


def _laws() -> dict[str, tuple[str, str]]:
    """Name and address of every law of competence.yaml."""
    value, _ = load_yaml(COMPETENCE_FILE)
    assert isinstance(value, dict)  # load_competence checked the file
    laws = value["laws"]
    assert isinstance(laws, dict)
    found = {}
    for law, told in laws.items():
        assert isinstance(told, dict)
        number = str(told["bwb"])
        found[law] = (str(told["name"]), (WETTEN if number[:3] == "BWB" else EUR_LEX) + number)
    return found


def _exactly(path: Path, lines: Lines, at: str, value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != names:
        wanted = ", ".join(sorted(names))
        raise _fault(path, lines, at, f"{at or 'the file'}: exactly {wanted}")
    return value


def _fault(path: Path, lines: Lines, at: str, message: str) -> SpecFileError:
    return SpecFileError(str(path), lines.get(at), f"{message}; correct the file")
