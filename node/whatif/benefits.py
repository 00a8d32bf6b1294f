"""Benefits that a supposition changes, and that this node cannot compute: which, and by what law.

How much of a WW, bijstand or supplement is left beside a wage rests on facts that only its payer
has (the day wage, what is set free, the cost sharers). Then the amount is unknown, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from node.portal.calendar_words import INCOME_WORDS
from node.whatif.suppositions import Suppositions
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text, Unknown
from specs.records import INCOME_BEGUN, TW_SET, BenefitDecision, IncomeRelation, IncomeStatement
from specs.values import Month

BY_WORK: Final = frozenset({"ww", "zw", "wia", "wajong", "bijstand", "anw", "other"})
BY_PARTNER: Final = frozenset({"bijstand", "anw", "aow"})
SUPPLEMENTED: Final = frozenset({"ww", "zw", "wia", "wajong"})  # what the Toeslagenwet adds to
LAW: Final[Mapping[str, str]] = {
    "ww": "Werkloosheidswet, artikel 47",
    "zw": "Ziektewet, artikel 31",
    "wia": "Wet WIA, artikel 52",
    "wajong": "Wajong, artikel 2:40",
    "bijstand": "Participatiewet, artikel 19",
    "anw": "Algemene nabestaandenwet, artikel 18",
    "aow": "Algemene Ouderdomswet, artikel 9",
}
PAYER: Final[Mapping[str, Text]] = {
    **dict.fromkeys(("ww", "zw", "wia", "wajong"), Text("UWV", "UWV")),
    **dict.fromkeys(("aow", "anw"), Text("de SVB", "the SVB")),
    "bijstand": Text("uw gemeente", "your municipality"),
}
ITS_PAYER: Final = Text("wie het betaalt", "whoever pays it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """An income relation that goes on: what it is, who told of it, its statements."""

    who: SubjectId
    relation: str
    kind: str
    source_code: str
    payer: str
    author: str
    statements: tuple[Fact, ...]

    @property
    def words(self) -> Text:
        """What people call it."""
        return INCOME_WORDS[self.kind]

    def unknown(self) -> Unknown:
        """Why what is left of it is not known here."""
        payer = PAYER.get(self.kind, ITS_PAYER)
        return Unknown(
            missing=Text(
                f"Wij weten niet hoeveel {self.words.nl} u dan nog krijgt. Vraag dat aan "
                f"{payer.nl} en vul het in.",
                f"We do not know how much {self.words.en} you will still get. Ask {payer.en} and "
                "fill it in.",
            ),
            article=LAW.get(self.kind, ""),
        )


def running(facts: Iterable[Fact], who: SubjectId, start: Month) -> tuple[Benefit, ...]:
    """Incomes of a person that go on in a month, as the wage administration tells."""
    statements: dict[str, list[Fact]] = {}
    ends: dict[str, list[date]] = {}
    begins: dict[str, list[date]] = {}
    for fact in known_facts(facts, None):
        if fact.subject() != who:
            continue
        if isinstance(fact.data, IncomeStatement):
            statements.setdefault(fact.data.relation, []).append(fact)
        elif isinstance(fact.data, IncomeRelation):
            into = begins if fact.type == INCOME_BEGUN else ends
            into.setdefault(fact.data.relation, []).append(fact.valid_from)
    found = []
    for relation, told in sorted(statements.items()):
        last, data = told[-1], told[-1].data
        assert isinstance(data, IncomeStatement)
        ended = max(ends.get(relation, ()), default=None)
        again = max(begins.get(relation, ()), default=date.min)
        if ended is not None and ended <= start.first_day and again < ended:
            continue
        if data.period_end.year >= start.year - 1:
            found.append(
                Benefit(
                    who=who, relation=relation, kind=data.kind, source_code=data.source_code,
                    payer=data.payer, author=last.author, statements=tuple(told),
                )
            )  # fmt: skip
    return tuple(found)


def changed_by(
    facts: Sequence[Fact], applicant: SubjectId, supposed: Suppositions
) -> tuple[Benefit, ...]:
    """The benefits that the suppositions change in a way that is not known here."""
    found: list[Benefit] = []
    for who in supposed.earners():
        found += [one for one in running(facts, who, supposed.start) if one.kind in BY_WORK]
    if supposed.partner is not None:
        supplemented = _supplemented(facts, applicant)
        for one in running(facts, applicant, supposed.start):
            if one.kind in BY_PARTNER or (supplemented and one.kind in SUPPLEMENTED):
                found.append(one)
    return tuple({(one.who, one.relation): one for one in found}.values())


def _supplemented(facts: Iterable[Fact], who: SubjectId) -> bool:
    """Whether the last decision on a supplement (Toeslagenwet) of a person gives one."""
    told = [
        (fact.valid_from, fact.known, fact.data.ended)
        for fact in known_facts(facts, None)
        if fact.type == TW_SET and isinstance(fact.data, BenefitDecision) and fact.subject() == who
    ]
    return bool(told) and not max(told)[2]
