"""What can be contested, in words, and why something cannot be contested here. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from node.contests.terms import is_amount
from node.contests.views import Group
from node.portal.calendar_words import KIND_WORDS, record_words, scheme_words
from node.portal.formatting import plain_date
from scheduler.folding.facts import Fact
from scheduler.folding.known import Text
from specs import records as r

FACTS: Final = frozenset({
    r.BIRTH, r.DEATH, r.MOVED_WITHIN, r.MOVED_BETWEEN, r.EMIGRATED, r.IMMIGRATED,
    r.IN_INVESTIGATION, r.UNION_CLOSED, r.UNION_DISSOLVED, r.DIVORCE_REQUESTED, r.INCOME_STATED,
    r.INCOME_BEGUN, r.INCOME_ENDED, r.KINDERBIJSLAG_SET, r.WW_SET, r.WIA_SET, r.ZW_SET,
    r.WAJONG_SET, r.TW_SET, r.AOW_SET, r.AIO_SET, r.ANW_SET, r.BIJSTAND_SET, r.YEAR_INCOME_SET,
    r.YEAR_ASSETS_SET, r.PROVISIONAL_SET, r.TAILORED, r.TAX_REMITTED,
})  # fmt: skip
AMOUNTS: Final = frozenset({r.ALLOWANCE_SET, r.RECLAIM_SET})
DECIDERS: Final = ("toeslagen", "uwv", "svb", "belastingdienst", "municipality")

OWN: Final = Text(
    "Dit heeft u zelf doorgegeven. Geef het nieuwe gegeven door. Bel ons als dat niet lukt.",
    "You told us this yourself. Tell us the new fact. Call us if you cannot.",
)
PRIVATE: Final = Text(
    "Dit komt van een bedrijf. Vraag het bedrijf om het te verbeteren. Bel ons als u hulp wilt.",
    "This comes from a company. Ask the company to correct it. Call us if you want help.",
)
NOT_THIS: Final = Text(
    "Over dit bericht beslist niemand apart. Kies het gegeven of het bedrag zelf. Of bel ons.",
    "Nobody decides on this record by itself. Choose the fact or the amount. Or call us.",
)
GONE: Final = Text(
    "Dit bericht telt niet meer. Het is intussen verbeterd of vervangen.",
    "This record does not count any more. It was corrected or replaced.",
)
RUNNING: Final = Text(
    "U heeft dit al gemeld. Wij zijn ermee bezig.",
    "You have told us already. We are working on it.",
)
DONE: Final = Text(
    "Hierover is al beslist. Bent u het er niet mee eens? Dan kunt u naar de rechter. Bel ons.",
    "This was decided on already. Do you disagree? Then you can go to court. Call us.",
)


def item_words(fact: Fact) -> Text:
    """What a household calls the record, with the date where a decision has one."""
    data = fact.data
    if isinstance(data, r.AllowanceDecision | r.BackPayment | r.Reclaim):
        scheme = scheme_words(data.scheme)
        day, day_en = plain_date(data.decided_on, "nl"), plain_date(data.decided_on, "en")
        if isinstance(data, r.AllowanceDecision):
            return Text(
                f"{scheme.nl} {data.year}, besluit van {day}",
                f"{scheme.en} {data.year}, decision of {day_en}",
            )
        if isinstance(data, r.Reclaim):
            return Text(
                f"{scheme.nl} {data.year} terugbetalen, besluit van {day}",
                f"{scheme.en} {data.year} to pay back, decision of {day_en}",
            )
    words = KIND_WORDS[data.kind] if isinstance(data, r.Recurring) else record_words(fact)
    return Text(words.nl[:1].upper() + words.nl[1:], words.en[:1].upper() + words.en[1:])


def group_of(fact: Fact) -> Group:
    """Under which heading a record stands in the list."""
    if is_amount(fact):
        return "amount"
    if fact.type.startswith("nl.brp."):
        return "person"
    return "income" if isinstance(fact.data, r.IncomeStatement | r.IncomeRelation) else "benefit"


def detail_of(fact: Fact) -> str | None:
    """The address that a record tells; None for all else."""
    address = fact.data.address if isinstance(fact.data, r.Move | r.Birth) else None
    if address is None:
        return None
    street = " ".join(part for part in (address.street, address.number) if part)
    return ", ".join(part for part in (street, address.town or address.postcode) if part) or None


def why_not(fact: Fact, role: str, *, standing: Collection[str]) -> Text | None:
    """Why a record cannot be contested here; None when it can. `standing`: the ids that count."""
    if fact.record not in standing:
        return GONE
    if isinstance(fact.data, r.Statement | r.Enrolment):
        return OWN
    if role not in DECIDERS:
        return PRIVATE
    return None if fact.type in FACTS or fact.type in AMOUNTS else NOT_THIS


def is_listed(fact: Fact) -> bool:
    """Whether a household may look for it in the list: facts, and decisions about amounts."""
    return fact.type in FACTS or (is_amount(fact) and fact.type in AMOUNTS)
