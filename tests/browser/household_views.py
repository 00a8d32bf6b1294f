"""Hand-made read models for tests of the pages: input, not a stand-in for anything derived.

The figures are invented; what is tested is how they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Literal

from node.portal.calendar_views import (
    ChangeView,
    Direction,
    HouseholdView,
    LineView,
    MissedView,
    MonthView,
    NoticeLineView,
    NoticeView,
    NotPlannedView,
    RecordView,
    SignalView,
    SourceView,
    StepView,
    UnknownView,
    WhyKey,
    WhyView,
)
from node.portal.surface import Access, Check
from specs.values import Month

JANUARY = Month(2026, 1)
DE_VRIES = "huishouden-een"
YILMAZ = "huishouden-twee"
NEWCOMER = "huishouden-drie"  # has not joined one pay date
PHONE = "14 030"
OPENING_CENTS = 4_250

_PAYMENTS: tuple[tuple[int, int, str, str, Direction, int, bool, WhyKey | None], ...] = (
    (23, 12, "Huur van Woonstad", "Rent to Woonstad", "out", 65_000, False, None),
    (23, 23, "WW-uitkering van UWV", "Unemployment benefit", "in", 131_200, False, None),
    (23, 20, "Zorgtoeslag", "Healthcare allowance", "in", 12_900, True,
     WhyKey(scheme="zorgtoeslag", month=Month(2026, 2))),
    (23, 20, "Kindgebonden budget", "Child budget", "in", 31_433, True,
     WhyKey(scheme="kindgebonden_budget", month=Month(2026, 2))),
    (26, 1, "Zorgpremie Zilveren Kruis", "Health insurance premium", "out", 15_925, False, None),
    (26, 5, "Stroom en gas van Lichtstroom", "Power and gas", "out", 14_650, False, None),
    (29, 29, "Drinkwater, per kwartaal", "Drinking water, per quarter", "out", 4_310, False, None),
)  # fmt: skip


def lines() -> tuple[LineView, ...]:
    """January's lines in order with their running balance."""
    made, balance = [], OPENING_CENTS
    ordered = sorted(_PAYMENTS, key=lambda payment: (payment[0], payment[4] == "out"))
    for day, natural, nl, en, direction, cents, estimate, why in ordered:
        balance += cents if direction == "in" else -cents
        stayed = nl.startswith("Drinkwater")
        made.append(
            LineView(
                day=date(2026, 1, day),
                what_nl=nl,
                what_en=en,
                direction=direction,
                cents=cents,
                running_cents=balance,
                flow=nl.lower().replace(" ", "-"),
                natural_day=date(2026, 1, natural),
                moved_days=day - natural,
                not_moved_reason_nl="Het waterbedrijf verschuift deze rekening niet."
                if stayed
                else None,
                not_moved_reason_en="The water company does not move this bill."
                if stayed
                else None,
                estimate=estimate,
                why=why,
            )
        )
    return tuple(made)


def _balance(before: bool) -> tuple[tuple[date, int], ...]:
    per_day: dict[date, int] = {}
    for day, natural, _, _, direction, cents, _, _ in _PAYMENTS:
        on = date(2026, 1, natural if before else day)
        per_day[on] = per_day.get(on, 0) + (cents if direction == "in" else -cents)
    total, points = OPENING_CENTS, []
    for on in sorted(per_day):
        total += per_day[on]
        points.append((on, total))
    return tuple(points)


def january(name: str = "Huishouden De Vries") -> MonthView:
    """A full month: everything the page can show."""
    income = sum(line.cents for line in lines() if line.direction == "in")
    charges = sum(line.cents for line in lines() if line.direction == "out")
    return MonthView(
        household_name=name,
        month=JANUARY,
        pay_date=date(2026, 1, 23),
        pay_day_why_nl="Op deze dag is uw WW-uitkering binnen. Daarna gaan uw vaste lasten eraf.",
        pay_day_why_en="Your benefit arrives on this day. Your fixed charges follow.",
        left_to_spend_cents=income - charges,
        income_cents=income,
        charges_cents=charges,
        lines=lines(),
        changes=(
            ChangeView(
                what_nl="Zorgtoeslag",
                what_en="Healthcare allowance",
                month=Month(2026, 2),
                before_cents=9_800,
                after_cents=12_900,
                cause_nl="Uw loon is gestopt op 31 december 2025. U krijgt nu WW.",
                cause_en="Your wages stopped on 31 December 2025. You now get a benefit.",
                records=("kq3vT0m8Zb1dX5uQyPzjv2cB7oT3Zr0yQm1tC9bqf1A",),
            ),
            ChangeView(
                what_nl="Loon van Bakkerij Jansen",
                what_en="Wages of Bakkerij Jansen",
                month=JANUARY,
                before_cents=212_000,
                after_cents=0,
                cause_nl="Uw baan is gestopt.",
                cause_en="Your job ended.",
                records=(),
            ),
        ),
        unknowns=(
            UnknownView(
                what_nl="Huurtoeslag",
                what_en="Rent allowance",
                missing_nl="We missen de huurspecificatie van uw verhuurder.",
                missing_en="We miss the rent specification of your landlord.",
            ),
        ),
        not_planned=(
            NotPlannedView(
                what_nl="Regeling met incassobureau",
                what_en="Arrangement with a collector",
                reason_nl="Het bureau heeft nog geen dag doorgegeven.",
                reason_en="The collector has not given a day yet.",
            ),
        ),
        previous=Month(2025, 12),
        next=Month(2026, 2),
        phone=PHONE,
        balance_before=_balance(before=True),
        balance_after=_balance(before=False),
        notices=(
            NoticeView(
                announced_on=date(2026, 1, 12),
                object_by=date(2026, 1, 20),
                may_object=True,
                reason_nl="Nieuwe gegevens veranderen uw plan.",
                reason_en="New data changes your plan.",
                lines=(
                    notice_line("Huur van Woonstad", "Rent to Woonstad", 65_000, 66_500),
                    notice_line("Zorgtoeslag", "Healthcare allowance", None, 12_900),
                    notice_line("Krant", "Newspaper", 2_500, None),
                ),
            ),
        ),
        signals=(
            SignalView(
                kind="shortfall",
                sentence_nl="In februari 2026 komt u € 12,00 tekort.",
                sentence_en="In February 2026 you will be €12.00 short.",
            ),
        ),
    )


def notice_line(nl: str, en: str, before: int | None, after: int | None) -> NoticeLineView:
    """A change that was announced."""
    kind: Literal["amount", "begins", "ends"] = (
        "begins" if before is None else "ends" if after is None else "amount"
    )
    return NoticeLineView(
        what_nl=nl, what_en=en, direction="out", kind=kind, from_day=date(2026, 2, 23),
        before_cents=before, after_cents=after, open_cents=0,
    )  # fmt: skip


def quiet_month(month: Month, name: str) -> MonthView:
    """A month in which nothing is planned."""
    return MonthView(
        household_name=name,
        month=month,
        pay_date=None,
        pay_day_why_nl="",
        pay_day_why_en="",
        left_to_spend_cents=-12_345,
        income_cents=0,
        charges_cents=12_345,
        lines=(),
        changes=(),
        unknowns=(),
        not_planned=(),
        previous=month.plus(-1),
        next=None,
        phone=PHONE,
        balance_before=(),
        balance_after=(),
    )


def why_zorgtoeslag() -> WhyView:
    """A reckoning of four steps."""
    law = "https://wetten.overheid.nl/BWBR0018451/2026-01-01"
    return WhyView(
        scheme_nl="Zorgtoeslag",
        scheme_en="Healthcare allowance",
        month=Month(2026, 2),
        cents=12_900,
        year_cents=154_800,
        estimate=True,
        steps=(
            StepView(
                sentence_nl="Uw inkomen over 2026 schatten we op dit bedrag.",
                sentence_en="We estimate your income for 2026 at this amount.",
                cents=1_900_000,
                article="Algemene wet inkomensafhankelijke regelingen, artikel 8",
                article_url="https://wetten.overheid.nl/BWBR0018472",
                inputs=(
                    SourceView(
                        record="kq3vT0m8Zb1dX5uQyPzjv2cB7oT3Zr0yQm1tC9bqf1A",
                        agency="UWV",
                        what_nl="opgave van uw uitkering",
                        what_en="statement of your benefit",
                        day=date(2026, 1, 31),
                    ),
                    SourceView(
                        record="zzzvT0m8Zb1dX5uQyPzjv2cB7oT3Zr0yQm1tC9bqf1A",
                        agency="Gemeente Utrecht",
                        what_nl="u heeft geen toeslagpartner",
                        what_en="you have no allowance partner",
                        day=date(2024, 3, 1),
                    ),
                ),
                kind="input",
            ),
            StepView(
                sentence_nl="Een zorgverzekering kost gemiddeld dit bedrag per jaar.",
                sentence_en="A health insurance costs this much a year on average.",
                cents=210_600,
                article="Wet op de zorgtoeslag, artikel 4",
                article_url=law,
                inputs=(),
                kind="parameter",
            ),
            StepView(
                sentence_nl="Dit deel betaalt u zelf.",
                sentence_en="You pay this part yourself.",
                cents=55_800,
                article="Wet op de zorgtoeslag, artikel 2",
                article_url=law,
                inputs=(),
            ),
            StepView(
                sentence_nl="Het verschil delen we door twaalf maanden.",
                sentence_en="The difference is divided by twelve months.",
                cents=12_900,
                article="Wet op de zorgtoeslag, artikel 2",
                article_url=law,
                inputs=(),
            ),
        ),
        rule_version="zorgtoeslag 2026-01-01",
        rule_digest="9f" * 32,
        receipt_path="/v1/receipts/kq3vT0m8Zb1dX5uQyPzjv2cB7oT3Zr0yQm1tC9bqf1A",
        decision="kq3vT0m8Zb1dX5uQyPzjv2cB7oT3Zr0yQm1tC9bqf1A",
        held=True,
        if_lost_cents=9_800,
    )


class SampleCalendars:
    """The views above behind the port of the pages. The second household has HTML in its name."""

    def __init__(self) -> None:
        self.names: Mapping[str, str] = {
            DE_VRIES: "Huishouden De Vries",
            YILMAZ: "Huishouden Yılmaz <script>alert(1)</script>",
        }

    def households(self) -> tuple[HouseholdView, ...]:
        return tuple(HouseholdView(id=key, name=name) for key, name in self.names.items())

    def month_view(self, household: str, month: Month) -> MonthView:
        if household == DE_VRIES and month == JANUARY:
            return january()
        if not Month(2025, 1) < month < Month(2027, 1):
            raise LookupError("no such month")
        return quiet_month(month, self.names[household])

    def why(self, household: str, scheme: str, month: Month) -> WhyView:
        if (household, scheme, month) != (DE_VRIES, "zorgtoeslag", Month(2026, 2)):
            raise LookupError("no such amount")
        return why_zorgtoeslag()

    def missed(self, household: str) -> tuple[MissedView, ...]:
        """De Vries misses one allowance; the others none."""
        return (missed_huurtoeslag(),) if household == DE_VRIES else ()

    def file(self, household: str) -> tuple[RecordView, ...]:
        """De Vries has one record."""
        return (own_record(),) if household == DE_VRIES else ()

    def trace(self, household: str, scheme: str, month: Month) -> Mapping[str, object]:
        view = self.why(household, scheme, month)
        return {"scheme": scheme, "month": str(month), "cents": view.cents}


class SampleState:
    """A node of which one part can be made unready."""

    def __init__(self, ready: bool = True) -> None:
        self.ready = ready

    async def checks(self) -> Mapping[str, Check]:
        return {
            "ledger": Check(ready=True, figures={"size": 12}),
            "ticker": Check(ready=self.ready, figures={"last_tick_age_seconds": 3}),
        }


def in_order(points: tuple[tuple[date, int], ...]) -> bool:
    """Whether the days of a balance rise."""
    return all(one[0] < two[0] for one, two in pairwise(points))


def missed_huurtoeslag() -> MissedView:
    """A right that is not received."""
    return MissedView(
        what_nl="Huurtoeslag", what_en="Rent allowance", step_nl="Vraag deze toeslag aan.",
        step_en="Apply for this allowance.", first=JANUARY, last=Month(2026, 12), cents=240_000,
    )  # fmt: skip


def own_record() -> RecordView:
    """One record of the file."""
    return RecordView(
        record="A" * 43, kind="nl.vastelasten.huur.vastgesteld", what_nl="huur, Woonstad",
        what_en="rent, Woonstad", agency="Woonstad", valid_from=date(2025, 7, 1),
        valid_until=None, known=12, data={"amount_cents": 65_000, "party": "<b>Woonstad</b>"},
    )  # fmt: skip


class SamplePeople:
    """Persons with their BSNs (test numbers) and whose household each may see."""

    def __init__(self) -> None:
        self.by_bsn = {
            "999991723": "persoon-vries",
            "999993653": "persoon-yilmaz",
            "999994669": "persoon-los",
            "999995078": "persoon-zorg",
            "999995480": "persoon-nieuw",
        }
        self.may_see = {
            "persoon-vries": (Access(household=DE_VRIES, name="Huishouden De Vries"),),
            "persoon-yilmaz": (Access(household=YILMAZ, name="Huishouden Yılmaz"),),
            "persoon-nieuw": (Access(household=NEWCOMER, name="Huishouden Osei", joined=False),),
            "persoon-zorg": (
                Access(household=YILMAZ, name="Huishouden Yılmaz"),
                Access(household=DE_VRIES, name="Huishouden De Vries", mandate="M" * 43),
            ),
        }

    def person(self, bsn: str) -> str | None:
        return self.by_bsn.get(bsn)

    def stands(self, person: str, household: str, mandate: str | None) -> str | None:
        for one in self.accesses(person):
            if (one.household, one.mandate) == (household, mandate):
                return one.name
        return None

    def accesses(self, person: str) -> tuple[Access, ...]:
        return self.may_see.get(person, ())

    def samples(self) -> tuple[tuple[str, str], ...]:
        labels = ("De Vries", "Yılmaz", "Zonder huishouden", "Bewindvoerder", "Doet niet mee")
        return (*zip(labels, self.by_bsn, strict=True), ("Onbekend", "999996186"))
