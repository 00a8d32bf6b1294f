"""The document of `vastedag calc` (DESIGN 9.1): a household described in JSON, and the answer.

Reading gives a household or all problems of the document at once, never a default. Deriving is
derive.py's work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias, cast, get_args

from scheduler.derive import derive
from scheduler.documents.calc_answer import derivation_json
from scheduler.documents.calc_benefits import (
    dates,
    read_daily_benefit,
    read_exemptions,
    read_maatwerk,
    read_unemployment,
)
from scheduler.documents.calc_home import read_childcare, read_homes
from scheduler.documents.calc_values import OMITTED, Json, Problems, Reader, as_known, moment_of
from scheduler.folding.known import Known, Spell, Text, Unknown, Value
from scheduler.folding.persons import (
    Household,
    Housemate,
    Income,
    Person,
    Relation,
)
from scheduler.rulebook import Rulebook
from specs.errors import Problem
from specs.values import Month, months_of_year

Answer: TypeAlias = dict[str, object]

TOP: Final = (
    "year", "known_on", "persons", "applicant", "partner", "partner_from", "partner_until",
    "children", "housemates", "home", "childcare", "schemes",
)  # fmt: skip
PERSON: Final = (
    "id", "birth_date", "death_date", "income", "monthly_income", "assets", "insured",
    "insured_from", "insured_until", "works", "works_from", "works_until", "relation",
    "lives_here_from", "lives_here_until", "intensive_care", "lives_away", "kinderbijslag",
    "aow_years", "ww", "daily_benefit", "earned_income", "earnings", "exemption", "maatwerk",
    "institution", "institution_from", "institution_until", "no_parents",
)  # fmt: skip
GIVEN: Final = Text("Zo opgegeven.", "As stated.")
DOCUMENTS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CalcRequest:
    """One document, read."""

    year: int
    household: Household
    schemes: tuple[str, ...]


def calc(value: Json, rulebook: Rulebook) -> tuple[Answer | list[Answer], bool]:
    """Answer one document or a list of them; the second value tells whether all were answered.

    A refused document is answered by its problems.
    """
    if isinstance(value, list):
        if len(value) > DOCUMENTS_MAX:
            problems = Problems()
            problems.add("", "", f"more than {DOCUMENTS_MAX} documents", "send them in parts")
            return _refusal(problems.found), False
        pairs = [answer(item, rulebook) for item in value]
        return [pair[0] for pair in pairs], all(pair[1] for pair in pairs)
    return answer(value, rulebook)


def answer(document: Json, rulebook: Rulebook) -> tuple[Answer, bool]:
    """Answer one document, or refuse it with all its problems."""
    request, problems = parse(document, rulebook)
    if request is None:
        return _refusal(problems), False
    schemes = {
        scheme: derivation_json(derive(request.household, scheme, request.year, rulebook))
        for scheme in request.schemes
    }
    return {"year": request.year, "schemes": schemes}, True


def requirements(rulebook: Rulebook) -> dict[str, tuple[tuple[str, Text], ...]]:
    """Per scheme the keys its newest version with figures needs, with what they mean."""
    found: dict[str, tuple[tuple[str, Text], ...]] = {}
    for scheme, versions in sorted(rulebook.versions.items()):
        told = [version.file.requires for version in versions if version.file.requires]
        keys = told[-1] if told else ()
        found[scheme] = tuple((key, Text(says.nl, says.en)) for key, says in keys)
    return found


def parse(document: Json, rulebook: Rulebook) -> tuple[CalcRequest | None, list[Problem]]:
    """Read one document; None with all its problems when there are any."""
    problems = Problems()
    if not isinstance(document, Mapping):
        problems.add("", "", "is no JSON object", "see `vastedag calc --help`")
        return None, problems.found
    known_on = moment_of(document.get("known_on"), "known_on", problems)
    resolved = as_known({key: item for key, item in document.items() if key != "known_on"},
                        known_on, problems)  # fmt: skip
    if not isinstance(resolved, Mapping):  # the whole document was written as one fact
        problems.add("", "", "is no document", "see `vastedag calc --help`")
        return None, problems.found
    top = Reader(resolved, "", problems)
    top.only(*(key for key in TOP if key != "known_on"))
    year = None if top.content.get("year") is None else top.whole("year", 2000, 2100)
    if year is None:
        top.bad("year", "is missing or no year", "write the calendar year, like 2026")
    household = _Document(top, year or 2000, _ids(document)).household()
    schemes = _schemes(top, rulebook)
    if problems.found or household is None or year is None:
        return None, problems.found
    return CalcRequest(year=year, household=household, schemes=schemes), []


def _ids(document: Mapping[str, Json]) -> frozenset[str]:
    """All ids of the document, also of persons not yet known."""
    persons = document.get("persons")
    items = persons if isinstance(persons, list) else []
    return frozenset(str(item.get("id")) for item in items if isinstance(item, Mapping))


def _schemes(top: Reader, rulebook: Rulebook) -> tuple[str, ...]:
    value = top.get("schemes")
    if value is OMITTED:
        return rulebook.schemes
    if not isinstance(value, list) or not value:
        top.bad("schemes", "is no list of schemes", f"known: {', '.join(rulebook.schemes)}")
        return ()
    for name in value:
        if name not in rulebook.schemes:
            top.bad("schemes", "names a scheme we do not have",
                    f"known: {', '.join(rulebook.schemes)}")  # fmt: skip
    return tuple(dict.fromkeys(str(name) for name in value))


class _Document:
    """Builds the household of one document."""

    def __init__(self, top: Reader, year: int, all_ids: frozenset[str]) -> None:
        self._top = top
        self._year = year
        self._all_ids = all_ids  # also those not known yet at known_on
        self._readers: dict[str, Reader] = {}

    def household(self) -> Household | None:
        persons = self._persons()
        applicant = self._top.text("applicant")
        if applicant is None or applicant not in persons:
            self._top.bad("applicant", "names none of the persons", "write the id of one of them")
        housemates = self._housemates(persons)
        household = Household(
            applicant=applicant or "",
            persons=persons,
            partners=self._partners(persons, housemates),
            children=self._children(persons),
            housemates=housemates,
            homes=read_homes(self._top),
            childcare=read_childcare(
                self._top, lambda key, value: self._reference(key, value, persons)
            ),
        )
        return None if self._top.problems.found else household

    def _persons(self) -> dict[str, Person]:
        if not self._top.has("persons"):
            self._top.bad("persons", "is missing", "write a list of persons with id and birth_date")
        found: dict[str, Person] = {}
        for reader in self._top.objects("persons"):
            self._person(reader, found)
        return found

    def _person(self, reader: Reader, found: dict[str, Person]) -> None:
        reader.only(*PERSON)
        name = reader.text("id")
        if name is None:
            reader.bad("id", "is missing", "give each person an id of your own")
            return
        if name in found:
            reader.bad("id", "is used twice", "give each person an id of his own")
        found[name] = self._read_person(reader, name)
        self._readers[name] = reader

    def _read_person(self, reader: Reader, name: str) -> Person:
        at = f"persons.{name}"
        birth, death = reader.day("birth_date"), reader.day("death_date")
        unborn = Text("Een geboortedatum ontbreekt.", "A birth date is missing.")
        insured, works = reader.flag("insured"), reader.flag("works")
        institution = reader.flag("institution")
        income, assets = reader.by_year("income"), reader.by_year("assets")
        earned = reader.by_year("earned_income")
        return Person(
            id=name,
            birth_date=Unknown(missing=unborn, article="Wet basisregistratie personen, artikel 2.7")
            if birth is None else Known(value=birth, records=(f"{at}.birth_date",)),
            death_date=Known(value=death, records=(f"{at}.death_date",) if death else ()),
            insured=() if insured is None else _spells(reader, "insured", insured, f"{at}.insured"),
            income={} if income is None else {
                year: Known(value=Income(cents=cents, estimate=False, how=GIVEN), records=(source,))
                for year, cents, source in self._years(income, f"{at}.income")
            },
            monthly_income=self._months(reader, at, "monthly_income"),
            earnings=self._months(reader, at, "earnings"),
            assets={} if assets is None else {
                year: Known(value=cents, records=(source,))
                for year, cents, source in self._years(assets, f"{at}.assets")
            },
            earned={} if earned is None else {
                year: Known(value=cents, records=(source,))
                for year, cents, source in self._years(earned, f"{at}.earned_income")
            },
            work=None if works is None else _spells(reader, "works", works, f"{at}.works"),
            exemptions=read_exemptions(reader, f"{at}.exemption"),
            maatwerk=read_maatwerk(reader, f"{at}.maatwerk"),
            institution=() if institution is None else _spells(
                reader, "institution", institution, f"{at}.institution"),
            no_parents=reader.flag("no_parents") or False,
            intensive_care=reader.flag("intensive_care") or False,
            lives_away=reader.flag("lives_away") or False,
            paid_elsewhere=reader.flag("kinderbijslag") is False,
            aow_years=_years_built(reader, f"{at}.aow_years"),
            unemployment=read_unemployment(reader, f"{at}.ww"),
            daily_benefit=read_daily_benefit(reader, f"{at}.daily_benefit"),
        )  # fmt: skip

    def _years(self, amounts: Mapping[int, int], at: str) -> list[tuple[int, int, str]]:
        """Year, cents and source; empty means none, so zero in the year of the document."""
        if not amounts:
            return [(self._year, 0, at)]
        return [(year, cents, f"{at}.{year}") for year, cents in amounts.items()]

    def _months(self, reader: Reader, at: str, key: str) -> dict[Month, Value[int]]:
        amounts = reader.by_month(key)
        if amounts is None:
            return {}
        if not amounts:
            return {month: Known(value=0, records=(f"{at}.{key}",))
                    for month in months_of_year(self._year)}  # fmt: skip
        return {month: Known(value=cents, records=(f"{at}.{key}.{month}",))
                for month, cents in amounts.items()}  # fmt: skip

    def _partners(
        self, persons: Mapping[str, Person], housemates: tuple[Spell[Housemate], ...] | Unknown
    ) -> tuple[Spell[str | Unknown | None], ...]:
        """As stated; a former partner who still lives at the address stays partner (Awir 3 lid 2 f
        and lid 3).
        """
        value = self._top.get("partner")
        if value is OMITTED:
            return ()
        if value is None:
            return (Spell(value=None, records=("partner",)),)
        name = self._reference("partner", value, persons)
        if name is None:
            return ()
        start, end = dates(self._top, "partner_from", "partner_until")
        mates = () if isinstance(housemates, Unknown) else housemates
        for mate in mates:
            if end is not None and mate.value.person == name and mate.holds(end):
                end = mate.end
        spells: list[Spell[str | Unknown | None]] = []
        if start is not None:
            spells.append(Spell(value=None, end=start, records=("partner_from",)))
        spells.append(Spell(value=name, start=start, end=end, records=("partner",)))
        if end is not None:
            spells.append(Spell(value=None, start=end, records=("partner_until",)))
        return tuple(spells)

    def _children(self, persons: Mapping[str, Person]) -> tuple[Spell[str], ...] | Unknown:
        value = self._top.get("children")
        if value is OMITTED:
            missing = Text(
                "Wij weten niet welke kinderen u heeft.", "We do not know your children."
            )
            article = "Wet op het kindgebonden budget, artikel 2 lid 1"
            return Unknown(missing=missing, article=article)
        return tuple(Spell(value=name, start=start, end=end, records=(f"children.{name}",))
                     for name, start, end in self._living("children", value, persons))  # fmt: skip

    def _housemates(self, persons: Mapping[str, Person]) -> tuple[Spell[Housemate], ...] | Unknown:
        value = self._top.get("housemates")
        if value is OMITTED:
            missing = Text("Wij weten niet wie bij u wonen.", "We do not know who live with you.")
            article = "Algemene wet inkomensafhankelijke regelingen, artikel 2 lid 1 e"
            return Unknown(missing=missing, article=article)
        spells: list[Spell[Housemate]] = []
        for name, start, end in self._living("housemates", value, persons):
            reader = self._readers[name]
            relation = reader.text("relation")
            if relation not in get_args(Relation):
                reader.bad("relation", "is missing or unknown",
                           f"one of {', '.join(get_args(Relation))}")  # fmt: skip
                continue
            mate = Housemate(person=name, relation=cast("Relation", relation))
            spells.append(Spell(value=mate, start=start, end=end, records=(f"housemates.{name}",)))
        return tuple(spells)

    def _living(
        self, key: str, value: Json, persons: Mapping[str, Person]
    ) -> list[tuple[str, date | None, date | None]]:
        """Ids in a list with the dates from and until which they live here."""
        if value is None:
            return []
        if not isinstance(value, list):
            self._top.bad(key, "is no list", "write a list of ids of persons")
            return []
        found: list[tuple[str, date | None, date | None]] = []
        for item in value:
            name = self._reference(key, item, persons)
            if name is not None:
                start, end = dates(self._readers[name], "lives_here_from", "lives_here_until")
                found.append((name, start, end))
        return found

    def _reference(self, key: str, value: Json, persons: Mapping[str, Person]) -> str | None:
        if isinstance(value, str) and value in persons:
            return value
        if not (isinstance(value, str) and value in self._all_ids):  # else: not known yet
            self._top.bad(key, "names none of the persons", "write the id of a person")
        return None


def _spells(reader: Reader, key: str, value: bool, at: str) -> tuple[Spell[bool], ...]:
    """A flag from `key_from` up to `key_until`, and false outside; false is false all the time."""
    if not value:
        return (Spell(value=False, records=(at,)),)
    start, end = dates(reader, f"{key}_from", f"{key}_until")
    spells = [Spell(value=True, start=start, end=end, records=(at,))]
    if start is not None:
        spells.append(Spell(value=False, end=start, records=(f"{at}_from",)))
    if end is not None:
        spells.append(Spell(value=False, start=end, records=(f"{at}_until",)))
    return tuple(spells)


def _years_built(reader: Reader, at: str) -> Value[int] | None:
    years = reader.whole("aow_years", 0, 50)
    return None if years is None else Known(value=years, records=(at,))


def _refusal(problems: Sequence[Problem]) -> Answer:
    return {"problems": [problem.as_json() for problem in problems]}
