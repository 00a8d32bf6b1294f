"""The form of «what if»: texts as a visitor typed them become suppositions, or say what is wrong.

Pure. Every field has bounds; all errors come at once, each with its field and what to do. What was
typed stays on the page and goes nowhere else. Amounts as people write them: `1.250,50`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeVar

from node.portal.formatting import amount
from node.whatif.minimum_wage import minimum_wage
from node.whatif.suppositions import (
    Child,
    Job,
    Paid,
    Partner,
    Raise,
    Remaining,
    Rent,
    Suppositions,
)
from node.whatif.views import Adult, SituationView
from scheduler.folding.ages import birthday
from scheduler.folding.known import Text
from specs.errors import ValueFaultError
from specs.values import Month, months_of_year

FIELDS_MAX: Final = 40
TEXT_MAX: Final = 20  # characters in a field
DAYS_OF_CHILD: Final = timedelta(days=366)  # before and after today
_AMOUNT: Final = re.compile(r"(?:€\s*)?(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d{1,2}))?", re.ASCII)
_POINT: Final = re.compile(r"(\d+)\.(\d{1,2})", re.ASCII)
_HOURS: Final = re.compile(r"(\d{1,2})(?:[,.](\d))?", re.ASCII)
_DATE: Final = re.compile(r"(\d{1,2})[-/ .](\d{1,2})[-/ .](\d{4})", re.ASCII)
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)

LABELS: Final[Mapping[str, Text]] = {
    "maand": Text("Vanaf welke maand", "From which month"),
    "baan_uren": Text("Uren per week", "Hours a week"),
    "baan_loon": Text("Loon van de baan", "Wage of the job"),
    "baan_uurloon": Text("Uurloon", "Wage an hour"),
    "baan_netto": Text("Netto loon per maand", "Wage a month after tax"),
    "baan_dag": Text("Dag van het loon", "Day of the wage"),
    "baan_wie": Text("Wie gaat werken", "Who will work"),
    "opslag_bruto": Text("Bruto erbij", "More before tax"),
    "opslag_netto": Text("Netto erbij", "More after tax"),
    "opslag_wie": Text("Wie gaat meer verdienen", "Who will earn more"),
    "partner_leeftijd": Text("Leeftijd van uw partner", "Your partner's age"),
    "partner_inkomen": Text("Inkomen van uw partner", "Your partner's income"),
    "partner_band": Text("Trouwen of contract", "Marrying or a contract"),
    "partner_verzekerd": Text("Zorgverzekering van uw partner", "Your partner's insurance"),
    "partner_vermogen": Text("Vermogen van uw partner", "Your partner's assets"),
    "partner_netto": Text("Netto inkomen van uw partner", "Your partner's income after tax"),
    "partner_dag": Text("Dag van dat inkomen", "Day of that income"),
    "kind_datum": Text("Geboortedag van uw kind", "Your child's birthday"),
    "huur_kaal": Text("Kale huur", "Bare rent"),
    "huur_service": Text("Servicekosten", "Service costs"),
    "huur_zelfstandig": Text("Eigen voordeur, keuken en wc", "A front door of your own"),
    "uitkering_bruto": Text("Uitkering die overblijft, bruto", "Benefit left, before tax"),
    "uitkering_netto": Text("Uitkering die overblijft, netto", "Benefit left, after tax"),
}

ANSWER: Final = Text("Kies een antwoord.", "Choose an answer.")
NEEDED: Final = Text("Vul dit ook in.", "Fill this in as well.")
NOTHING: Final = Text("Vul minstens één van de vragen in.", "Fill in at least one question.")
AMOUNT: Final = Text("Schrijf het bedrag zo: 1.250,50.", "Write the amount like this: 1250,50.")
WHOLE: Final = Text("Schrijf een heel getal.", "Write a whole number.")
HOURS: Final = Text("Vul 0,5 tot en met 60 uur in, zoals 24 of 24,5.",
                    "Fill in 0.5 to 60 hours, such as 24 or 24.5.")  # fmt: skip
DAY: Final = Text("Schrijf de datum zo: 14-08-2026.", "Write the date like this: 14-08-2026.")
CHILD_RANGE: Final = Text("Kies een dag van hooguit een jaar terug of een jaar vooruit.",
                          "Choose a day at most a year back or a year ahead.")  # fmt: skip
MONTH: Final = Text("Kies een maand uit de lijst.", "Choose a month from the list.")
TOO_LONG: Final = Text("Dit is te lang.", "This is too long.")
HAS_PARTNER: Final = Text("U heeft al een toeslagpartner. Dit kunt u dus niet invullen.",
                          "You have an allowance partner already. Leave this empty.")  # fmt: skip
NO_MINIMUM: Final = Text("Wij kennen het minimumloon van dat jaar niet. Vul het uurloon in.",
                         "We do not know that year's minimum wage. Fill in the wage.")  # fmt: skip
TOO_YOUNG: Final = Text("Dit minimumloon geldt vanaf 21 jaar. Vul het uurloon in.",
                        "This minimum wage is for 21 and older. Fill in the wage.")  # fmt: skip
NO_WHO: Final = Text("Kies om wie het gaat.", "Choose whom it is about.")
WITH_GROSS: Final = Text("Vul ook het bruto bedrag in.", "Fill in the amount before tax as well.")
NOT_WITHOUT: Final = Text("Vul dit alleen in bij werk, opslag of samenwonen.",
                          "Fill this in only with work, a raise or a partner.")  # fmt: skip
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Fault(Exception):  # noqa: N818 - a field's fault, not an error of the program
    """What is wrong with one field, in words for who typed it."""

    says: Text


class _Form:
    """The texts of one form and the faults found in them."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields
        self.faults: dict[str, Text] = {}

    def text(self, name: str) -> str:
        return self._fields.get(name, "").strip()

    def any(self, *names: str) -> bool:
        return any(self.text(name) for name in names)

    def fault(self, name: str, says: Text) -> None:
        self.faults.setdefault(name, says)

    def read(self, name: str, reads: Callable[[str], Read], *, needed: bool = False) -> Read | None:
        """The value of a field; None when it is empty or wrong, with the fault kept."""
        text = self.text(name)
        if not text:
            if needed:
                self.fault(name, NEEDED)
            return None
        try:
            if len(text) > TEXT_MAX:
                raise Fault(TOO_LONG)
            return reads(text)
        except Fault as fault:
            self.fault(name, fault.says)
            return None

    def answer(self, name: str) -> bool | None:
        """Yes, no, or not known; a question without an answer is a fault."""
        found = {"ja": True, "nee": False, "weet-niet": None}
        if self.text(name) not in found:
            self.fault(name, ANSWER)
            return None
        return found[self.text(name)]


def read_suppositions(
    fields: Mapping[str, str], situation: SituationView, today: date
) -> tuple[Suppositions | None, Mapping[str, Text]]:
    """The suppositions, or None with the faults by field (`` for the form as a whole)."""
    form = _Form(fields)
    start = _start(form, situation)
    job = _job(form, situation, start)
    more = _raise(form, situation)
    partner = _partner(form, situation)
    child = form.read("kind_datum", lambda text: _child(text, today))
    rent = _rent(form)
    supposed = Suppositions(
        start=start, job=job, more=more, partner=partner, child=child, rent=rent,
        remaining=_remaining(form, situation),
    )  # fmt: skip
    if supposed.remaining is not None and not (job or more or partner) and not form.faults:
        form.fault("uitkering_bruto", NOT_WITHOUT)
    if supposed.nothing and not form.faults:
        form.fault("", NOTHING)
    return (None if form.faults else supposed), form.faults


def cents_of(low: int, high: int) -> Callable[[str], int]:
    """A reader of amounts between two bounds, in cents."""

    def read(text: str) -> int:
        found = _AMOUNT.fullmatch(text) or _POINT.fullmatch(text)
        if found is None:
            raise Fault(AMOUNT)
        whole, rest = found[1].replace(".", ""), (found[2] or "0").ljust(2, "0")
        cents = int(whole) * 100 + int(rest)
        if not low <= cents <= high:
            nl = f"Vul een bedrag in van {amount(low, 'nl')} tot en met {amount(high, 'nl')}."
            en = f"Fill in an amount from {amount(low, 'en')} to {amount(high, 'en')}."
            raise Fault(Text(nl, en))
        return cents

    return read


def number_of(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers between two bounds."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal():
            raise Fault(WHOLE)
        if not low <= int(text) <= high:
            nl = f"Vul een getal in van {low} tot en met {high}."
            raise Fault(Text(nl, f"Fill in a number from {low} to {high}."))
        return int(text)

    return read


def _start(form: _Form, situation: SituationView) -> Month:
    try:
        start = Month.parse(form.text("maand"))
    except ValueFaultError:
        start = None
    if start not in situation.months:
        form.fault("maand", MONTH)
        return situation.months[0]
    return start


def _who(form: _Form, name: str, situation: SituationView) -> Adult | None:
    """Whom it is about; nobody is asked where one person could be meant only."""
    if len(situation.adults) == 1:
        return situation.adults[0]
    found = next((one for one in situation.adults if one.number == form.text(name)), None)
    if found is None:
        form.fault(name, NO_WHO)
    return found


def _paid(form: _Form, net: str, day: str) -> Paid | None:
    """What comes on the account and when: both or neither."""
    if not form.any(net, day):
        return None
    cents = form.read(net, cents_of(0, 2_000_000), needed=True)
    on = form.read(day, number_of(1, 31), needed=True)
    return None if cents is None or on is None else Paid(net_cents=cents, day=on)


def _job(form: _Form, situation: SituationView, start: Month) -> Job | None:
    if not form.any("baan_uren", "baan_loon", "baan_uurloon", "baan_netto", "baan_dag"):
        return None
    hours = form.read("baan_uren", _hours, needed=True)
    who = _who(form, "baan_wie", situation)
    paid = _paid(form, "baan_netto", "baan_dag")
    kind, hourly = form.text("baan_loon"), None
    if kind == "eigen" or (not kind and form.any("baan_uurloon")):
        hourly = form.read("baan_uurloon", cents_of(100, 50_000), needed=True)
    elif kind == "minimum":
        _check_minimum(form, who, start)
    else:
        form.fault("baan_loon", ANSWER)
    if hours is None or who is None:
        return None
    return Job(who=who.subject, tenths_of_hours=hours, hourly_cents=hourly, paid=paid)


def _check_minimum(form: _Form, who: Adult | None, start: Month) -> None:
    """The legal minimum wage is known for every month of the year, and is this person's."""
    wage = minimum_wage()
    if any(wage.in_month(month) is None for month in months_of_year(start.year)):
        form.fault("baan_loon", NO_MINIMUM)
    elif who is not None and birthday(who.born, wage.adult_age) > start.first_day:
        form.fault("baan_loon", TOO_YOUNG)


def _hours(text: str) -> int:
    found = _HOURS.fullmatch(text)
    tenths = 0 if found is None else int(found[1]) * 10 + int(found[2] or 0)
    if not 5 <= tenths <= 600:
        raise Fault(HOURS)
    return tenths


def _raise(form: _Form, situation: SituationView) -> Raise | None:
    if not form.any("opslag_bruto", "opslag_netto"):
        return None
    if not form.any("opslag_bruto"):
        form.fault("opslag_bruto", WITH_GROSS)
    gross = form.read("opslag_bruto", cents_of(1, 1_000_000))
    net = form.read("opslag_netto", cents_of(0, 1_000_000))
    who = _who(form, "opslag_wie", situation)
    if gross is None or who is None:
        return None
    return Raise(who=who.subject, gross_cents=gross, net_cents=net)


def _partner(form: _Form, situation: SituationView) -> Partner | None:
    asked = ("leeftijd", "inkomen", "band", "verzekerd", "vermogen", "netto", "dag")
    names = [f"partner_{each}" for each in asked]
    if not form.any(*names):
        return None
    if situation.has_partner:
        form.fault("partner_leeftijd", HAS_PARTNER)
        return None
    age = form.read("partner_leeftijd", number_of(18, 110), needed=True)
    income = form.read("partner_inkomen", cents_of(0, 100_000_000), needed=True)
    assets = form.read("partner_vermogen", cents_of(0, 1_000_000_000))
    bond, insured = form.answer("partner_band"), form.answer("partner_verzekerd")
    paid = _paid(form, "partner_netto", "partner_dag")
    if age is None or income is None:
        return None
    return Partner(
        age=age, year_income_cents=income, bond=bond, insured=insured, assets_cents=assets,
        paid=paid,
    )  # fmt: skip


def _child(text: str, today: date) -> Child:
    found, iso = _DATE.fullmatch(text), _ISO.fullmatch(text)
    try:
        if found is not None:
            born = date(int(found[3]), int(found[2]), int(found[1]))
        elif iso is not None:
            born = date(int(iso[1]), int(iso[2]), int(iso[3]))
        else:
            raise Fault(DAY)
    except ValueError:
        raise Fault(DAY) from None
    if abs(born - today) > DAYS_OF_CHILD:
        raise Fault(CHILD_RANGE)
    return Child(born=born)


def _rent(form: _Form) -> Rent | None:
    if not form.any("huur_kaal", "huur_service", "huur_zelfstandig"):
        return None
    bare = form.read("huur_kaal", cents_of(0, 500_000), needed=True)
    service = form.read("huur_service", cents_of(0, 200_000), needed=True)
    independent = form.answer("huur_zelfstandig")
    if bare is None or service is None:
        return None
    return Rent(bare_cents=bare, service_cents=service, independent=independent)


def _remaining(form: _Form, situation: SituationView) -> Remaining | None:
    if not situation.benefits or not form.any("uitkering_bruto", "uitkering_netto"):
        return None
    if not form.any("uitkering_bruto"):
        form.fault("uitkering_bruto", WITH_GROSS)
    gross = form.read("uitkering_bruto", cents_of(0, 1_000_000))
    net = form.read("uitkering_netto", cents_of(0, 1_000_000))
    return None if gross is None else Remaining(gross_cents=gross, net_cents=net)
