"""Competence and purpose, from specs/competence.yaml: who writes a type, who reads it, and why.

Pure: members, residences and agreements are arguments. A type or reader outside the file has no
ground, so it is refused or not delivered (L4).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from node.errors import AccessError, RefusedError
from specs.canonical import digest_of
from specs.errors import SpecFileError
from specs.loader import Lines, load_yaml
from specs.records import RECORD_TYPES, RecordClass, RecordData

COMPETENCE_FILE: Final = Path(__file__).parent.parent / "specs" / "competence.yaml"
MUNICIPALITY: Final = "municipality"
MUNICIPALITY_PREFIX: Final = "gm"  # member id of a municipality: gm + its code

Scope = Literal["all", "residence", "covenant", "party", "named", "left", "corrected"]
SpeaksFor = Literal["residents", "anyone", "own_record", "plan"]
Confidence = Literal["text", "unverified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """An article of law, and whether its text was read."""

    law: str
    article: str
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One role that may read a type; `only` limits it to records whose field has such a value."""

    role: str
    scope: Scope
    ground: Ground
    why: str
    only_field: str | None = None
    only_values: frozenset[str] = frozenset()

    def needs(self, data: RecordData) -> bool:
        """Whether this reader's task needs this very record."""
        return self.only_field is None or getattr(data, self.only_field) in self.only_values


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRule:
    """Everything the file says of one record type."""

    type: str
    record_class: RecordClass
    writers: tuple[str, ...]
    writes_by: Ground
    speaks_for: SpeaksFor
    retention_years: int
    readers: tuple[Reader, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """To whom a record goes; `residence_unknown` says that a municipality is yet to be found."""

    members: frozenset[str]
    residence_unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Competence:
    """The whole file; `digest` is of its content."""

    rules: Mapping[str, TypeRule]
    digest: str

    def rule(self, record_type: str) -> TypeRule:
        """The rule of a type; raises AccessError when the file does not name it."""
        found = self.rules.get(record_type)
        if found is None:
            raise AccessError(f"{record_type}: not in competence.yaml; it is not exchanged")
        return found

    def check_writer(self, record_type: str, role: str) -> TypeRule:
        """The rule, if this role may write the type; raises AccessError or RefusedError."""
        rule = self.rule(record_type)
        if role not in rule.writers:
            raise RefusedError(
                "not_competent",
                f"{record_type}: role {role} is no writer of it; {', '.join(rule.writers)} may be",
            )
        return rule

    def reader(self, record_type: str, role: str, data: RecordData) -> Reader | None:
        """On what ground a role reads this record; None when it has none."""
        rule = self.rules.get(record_type)
        if rule is None:
            return None
        return next((r for r in rule.readers if r.role == role and r.needs(data)), None)


def recipients(
    rule: TypeRule,
    data: RecordData,
    *,
    author: str,
    roles: Mapping[str, str],
    residences: Collection[str] | None,
    covenants: Collection[str],
    of_corrected: Collection[str],
) -> Recipients:
    """Which members this record is sealed for; the author itself never.

    roles: role by member id. residences: municipality codes where the persons live, None when not
    known yet. covenants: municipalities the author has an agreement with. of_corrected: the
    recipients of the record that this one takes back.
    """
    found: set[str] = set()
    unknown = False
    for reader in rule.readers:
        if not reader.needs(data):
            continue
        with_role = {member for member, role in roles.items() if role == reader.role}
        if reader.scope == "all":
            found |= with_role
        elif reader.scope == "covenant":
            found |= with_role & set(covenants)
        elif reader.scope == "corrected":
            found |= with_role & set(of_corrected)
        elif reader.scope == "party":
            found |= with_role & {str(getattr(data, "party", ""))}
        elif reader.scope == "named":
            found |= with_role & {str(getattr(data, "to", ""))}
        elif reader.scope == "left":
            found |= with_role & {municipality_member(str(getattr(data, "left", "")))}
        elif residences is None:
            unknown = unknown or bool(with_role - {author})
        else:
            found |= with_role & {municipality_member(code) for code in residences}
    return Recipients(members=frozenset(found - {author}), residence_unknown=unknown)


def municipality_member(code: str) -> str:
    """The member id of the municipality with this four-digit code."""
    return MUNICIPALITY_PREFIX + code


@cache
def load_competence(path: Path = COMPETENCE_FILE) -> Competence:
    """Read and check the file, once a process; raises SpecFileError naming line and fault."""
    value, lines = load_yaml(path)
    top = _mapping(path, lines, "", value, {"laws", "retention", "types"})
    terms = _retention(path, lines, top["retention"])
    laws = _mapping(path, lines, "laws", top["laws"], None)
    types = _mapping(path, lines, "types", top["types"], None)
    rules = {name: _rule(path, lines, name, types[name], set(laws)) for name in types}
    for name, rule in rules.items():
        if rule.retention_years not in terms:
            raise _fault(path, lines, f"types.{name}", "retention_years: no such term, with source")
    missing = sorted(RECORD_TYPES.keys() - rules.keys())
    if missing:
        raise SpecFileError(str(path), lines["types"], f"no rule for {', '.join(missing)}; add it")
    return Competence(rules=rules, digest=digest_of(value))


def _retention(path: Path, lines: Lines, value: Any) -> frozenset[int]:
    """The terms in use, in years, each with its source."""
    terms = _mapping(path, lines, "retention", value, None)
    for years, told in terms.items():
        at = f"retention.{years}"
        fields = _mapping(path, lines, at, told, {"source", "confidence"})
        if not str(years).isdigit() or not str(fields["source"]):
            raise _fault(path, lines, at, "retention: a number of years with its source")
        if fields["confidence"] not in get_args(Confidence):
            raise _fault(path, lines, at, f"confidence: one of {', '.join(get_args(Confidence))}")
    return frozenset(int(years) for years in terms)


def _rule(path: Path, lines: Lines, name: str, value: Any, laws: set[str]) -> TypeRule:
    at = f"types.{name}"
    names = {"class", "writers", "writes_by", "speaks_for", "retention_years", "readers"}
    fields = _mapping(path, lines, at, value, names)
    known = RECORD_TYPES.get(name)
    if known is None or fields["class"] != known.record_class:
        raise _fault(path, lines, at, "not a record type of specs/records.py with this class")
    years = fields["retention_years"]
    if type(years) is not int or not 1 <= years <= 100:
        raise _fault(path, lines, at, "retention_years: a whole number from 1 to 100")
    if fields["speaks_for"] not in get_args(SpeaksFor):
        raise _fault(path, lines, at, f"speaks_for: one of {', '.join(get_args(SpeaksFor))}")
    if not isinstance(fields["writers"], list) or not isinstance(fields["readers"], list):
        raise _fault(path, lines, at, "writers and readers are lists")
    return TypeRule(
        type=name,
        record_class=known.record_class,
        writers=tuple(str(role) for role in fields["writers"]),
        writes_by=_ground(
            path,
            lines,
            f"{at}.writes_by",
            _mapping(path, lines, f"{at}.writes_by", fields["writes_by"], {*_GROUND}),
            laws,
        ),
        speaks_for=fields["speaks_for"],
        retention_years=years,
        readers=tuple(
            _reader(path, lines, f"{at}.readers.{place}", reader, laws, name)
            for place, reader in enumerate(fields["readers"])
        ),
    )


_GROUND: Final = ("law", "article", "confidence")


def _reader(path: Path, lines: Lines, at: str, value: Any, laws: set[str], name: str) -> Reader:
    optional = {"only"} if isinstance(value, dict) and "only" in value else set()
    fields = _mapping(path, lines, at, value, {"role", "scope", "why", *_GROUND} | optional)
    if fields["scope"] not in get_args(Scope):
        raise _fault(path, lines, at, f"scope: one of {', '.join(get_args(Scope))}")
    field: str | None = None
    values: frozenset[str] = frozenset()
    if optional:
        only = _mapping(path, lines, f"{at}.only", fields["only"], {"field", "values"})
        field, values = str(only["field"]), frozenset(str(each) for each in only["values"])
        if field not in RECORD_TYPES[name].model.model_fields:
            raise _fault(path, lines, at, "only: no such field in this type's data")
    return Reader(
        role=str(fields["role"]),
        scope=fields["scope"],
        ground=_ground(path, lines, at, fields, laws),
        why=str(fields["why"]),
        only_field=field,
        only_values=values,
    )


def _ground(path: Path, lines: Lines, at: str, fields: Mapping[str, Any], laws: set[str]) -> Ground:
    if fields["law"] not in laws or not str(fields["article"]):
        raise _fault(path, lines, at, "law: one of those listed under laws, with its article")
    if fields["confidence"] not in get_args(Confidence):
        raise _fault(path, lines, at, f"confidence: one of {', '.join(get_args(Confidence))}")
    return Ground(
        law=fields["law"], article=str(fields["article"]), confidence=fields["confidence"]
    )


def _mapping(
    path: Path, lines: Lines, at: str, value: Any, names: set[str] | None
) -> dict[str, Any]:
    if not isinstance(value, dict) or (names is not None and value.keys() != names):
        wanted = "a mapping" if names is None else f"exactly {', '.join(sorted(names))}"
        raise _fault(path, lines, at, f"{at or 'the file'}: {wanted}")
    return value


def _fault(path: Path, lines: Lines, at: str, message: str) -> SpecFileError:
    return SpecFileError(str(path), lines.get(at), f"{message}; correct the file")
