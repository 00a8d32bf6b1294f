"""Records, schemes and flows in the words of a household: Dutch at level B1, English beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from node.portal.formatting import Language, month_name, plain_date
from scheduler.folding.facts import Fact
from scheduler.folding.known import Text
from specs import records as r
from specs.values import Month

SCHEME_WORDS: Final[Mapping[str, Text]] = {
    "zorgtoeslag": Text("Zorgtoeslag", "Health care allowance"),
    "kindgebonden_budget": Text("Kindgebonden budget", "Child budget"),
    "huurtoeslag": Text("Huurtoeslag", "Rent allowance"),
    "kinderopvangtoeslag": Text("Kinderopvangtoeslag", "Childcare allowance"),
    "kinderbijslag": Text("Kinderbijslag", "Child benefit"),
}
AGENCY_WORDS: Final[Mapping[str, str]] = {
    "uwv": "UWV",
    "svb": "SVB",
    "belastingdienst": "Belastingdienst",
    "toeslagen": "Dienst Toeslagen",
}
KIND_WORDS: Final[Mapping[str, Text]] = {
    "rent": Text("Huur", "Rent"),
    "health_premium": Text("Zorgverzekering", "Health insurance"),
    "energy": Text("Energie", "Energy"),
    "water": Text("Water", "Water"),
    "water_authority": Text("Waterschap", "Water authority tax"),
    "municipal_tax": Text("Gemeentelijke belasting", "Municipal tax"),
    "arrangement": Text("Betalingsregeling", "Payment arrangement"),
    "childcare": Text("Kinderopvang", "Childcare"),
    "subscription": Text("Abonnement", "Subscription"),
    "kinderbijslag": Text("Kinderbijslag", "Child benefit"),
    "wage_net": Text("Loon", "Wage"),
    "benefit_net": Text("Uitkering", "Benefit"),
    "other": Text("Overig", "Other"),
}
INCOME_WORDS: Final[Mapping[str, Text]] = {
    "wage": Text("loon", "wage"),
    "ww": Text("WW-uitkering", "unemployment benefit"),
    "zw": Text("Ziektewetuitkering", "sickness benefit"),
    "wia": Text("WIA-uitkering", "disability benefit (WIA)"),
    "wajong": Text("Wajong-uitkering", "disability benefit (Wajong)"),
    "aow": Text("AOW", "state pension (AOW)"),
    "pension": Text("pensioen", "pension"),
    "bijstand": Text("bijstandsuitkering", "social assistance"),
    "anw": Text("Anw-uitkering", "survivor benefit (Anw)"),
    "other": Text("inkomen", "income"),
}
STATEMENT_WORDS: Final[Mapping[str, Text]] = {
    "insured": Text("uw opgave van uw zorgverzekering", "your statement of your insurance"),
    "expected_income": Text("uw opgave van uw inkomen", "your statement of your income"),
    "assets": Text("uw opgave van uw vermogen", "your statement of your assets"),
    "toeslagpartner": Text("uw opgave van uw partner", "your statement of your partner"),
    "opening_balance": Text("uw opgave van uw saldo", "your statement of your balance"),
}
_PLAIN: Final[Mapping[str, Text]] = {
    r.BIRTH: Text("de geboorte", "the birth"),
    r.DEATH: Text("het overlijden", "the death"),
    r.MOVED_WITHIN: Text("het adres", "the address"),
    r.MOVED_BETWEEN: Text("het adres", "the address"),
    r.EMIGRATED: Text("het vertrek naar het buitenland", "the move abroad"),
    r.IMMIGRATED: Text("de komst naar Nederland", "the arrival in the Netherlands"),
    r.IN_INVESTIGATION: Text("het onderzoek naar het adres", "the check of the address"),
    r.ENROLLED: Text("uw aanmelding", "your enrolment"),
    r.RENT_SET: Text("de huur", "the rent"),
    r.KINDERBIJSLAG_SET: Text("de kinderbijslag", "the child benefit"),
    r.ALLOWANCE_SET: Text("het besluit over de toeslag", "the decision on the allowance"),
    r.BACK_PAYMENT_SET: Text("het besluit over een nabetaling", "the decision on a back payment"),
    r.RECLAIM_SET: Text("het besluit over terugbetalen", "the decision on paying back"),
    r.TERMS_SET: Text("de betalingsregeling", "the payment arrangement"),
    r.CONTESTED: Text("uw melding dat iets niet klopt", "your report that something is wrong"),
    r.CONTEST_DECIDED: Text("het antwoord op uw melding", "the answer to your report"),
}
_OTHER: Final = Text("een bericht", "a record")


def scheme_words(scheme: str) -> Text:
    """A scheme's name; the law's own where we have no translation."""
    return SCHEME_WORDS.get(scheme, Text(scheme.replace("_", " "), scheme.replace("_", " ")))


def record_words(fact: Fact) -> Text:
    """What a record is about, without names or amounts of persons."""
    data = fact.data
    if isinstance(data, r.IncomeStatement):
        return _income(data)
    if isinstance(data, r.IncomeRelation):
        kind = INCOME_WORDS[data.kind]
        if fact.type == r.INCOME_ENDED:
            return Text(f"het einde van {kind.nl}, {data.payer}", f"{kind.en} ended, {data.payer}")
        return Text(f"het begin van {kind.nl}, {data.payer}", f"{kind.en} began, {data.payer}")
    if isinstance(data, r.Union):
        if fact.type == r.UNION_CLOSED:
            return Text("het huwelijk of partnerschap", "the marriage or partnership")
        return Text("het einde van het huwelijk", "the end of the marriage")
    if isinstance(data, r.Statement):
        return STATEMENT_WORDS[data.fact]
    if isinstance(data, r.Recurring):
        kind = KIND_WORDS[data.kind]
        return Text(f"{kind.nl}, {data.party}", f"{kind.en}, {data.party}")
    return _PLAIN.get(fact.type, _OTHER)


def _income(data: r.IncomeStatement) -> Text:
    kind = INCOME_WORDS[data.kind]
    whole_month = data.period_start.day == 1 and Month.of(data.period_end).last_day == (
        data.period_end
    )
    if whole_month:
        month = Month.of(data.period_start)
        return Text(
            f"{kind.nl} over {month_name(month, 'nl')}, {data.payer}",
            f"{kind.en} for {month_name(month, 'en')}, {data.payer}",
        )
    return Text(
        f"{kind.nl} van {_span(data, 'nl')}, {data.payer}",
        f"{kind.en} from {_span(data, 'en')}, {data.payer}",
    )


def _span(data: r.IncomeStatement, language: Language) -> str:
    until = "tot en met" if language == "nl" else "to"
    return (
        f"{plain_date(data.period_start, language)} {until} {plain_date(data.period_end, language)}"
    )


def cause_words(fact: Fact) -> Text:
    """Why an amount changed, in one sentence, when this record caused it."""
    data = fact.data
    if isinstance(data, r.Birth):
        return Text("Er is een kind geboren.", "A child was born.")
    if isinstance(data, r.Death):
        return Text("Iemand in uw gezin is overleden.", "Somebody in your family died.")
    if isinstance(data, r.Union):
        if fact.type == r.UNION_CLOSED:
            return Text("U bent getrouwd of partners geworden.", "You married or became partners.")
        return Text(
            "Uw huwelijk of partnerschap is voorbij.", "Your marriage or partnership ended."
        )
    if isinstance(data, r.IncomeRelation):
        kind = INCOME_WORDS[data.kind]
        if fact.type == r.INCOME_ENDED:
            return Text(
                f"Uw {kind.nl} van {data.payer} is gestopt.",
                f"Your {kind.en} from {data.payer} stopped.",
            )
        return Text(
            f"U kreeg een nieuw inkomen: {kind.nl} van {data.payer}.",
            f"You got a new income: {kind.en} from {data.payer}.",
        )
    if isinstance(data, r.IncomeStatement):
        words = _income(data)
        return Text(
            f"Er is een nieuw inkomen doorgegeven: {words.nl}.",
            f"A new income was passed on: {words.en}.",
        )
    if isinstance(data, r.Move):
        return Text("Een adres in uw gezin is veranderd.", "An address in your family changed.")
    words = record_words(fact)
    return Text(f"Dit is nieuw: {words.nl}.", f"This is new: {words.en}.")
