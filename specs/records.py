"""The records members exchange: type names, their class on the ledger and the shape of their data.

Type names follow the NL GOV profile for CloudEvents: reverse DNS by data source or law, no
organisation names, past tense; BRP's own published names where they exist. Who may write and read
each type stands in `competence.yaml`; sealing and signing are the node's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from specs.records_base import BsnText as BsnText
from specs.records_base import (
    CentsInt,
    Channel,
    Code,
    MunicipalityCode,
    Name,
    PositiveCents,
)
from specs.records_base import IbanText as IbanText
from specs.records_base import MonthText as MonthText
from specs.records_base import PersonRef as PersonRef
from specs.records_base import RecordClass as RecordClass
from specs.records_base import RecordData as RecordData
from specs.records_law import AllowanceDecision as AllowanceDecision
from specs.records_law import BackPayment as BackPayment
from specs.records_law import DecisionMonth as DecisionMonth
from specs.records_law import Reclaim as Reclaim
from specs.records_law import RepaymentTerms as RepaymentTerms
from specs.records_law import ReportBack as ReportBack
from specs.records_law import RulesRelease as RulesRelease
from specs.records_mandate import Mandate as Mandate
from specs.records_plan import Enrolment as Enrolment
from specs.records_plan import PartyPlan as PartyPlan
from specs.records_plan import PaymentReport as PaymentReport
from specs.records_plan import PlanAdvance as PlanAdvance
from specs.records_plan import PlanAnswer as PlanAnswer
from specs.records_plan import PlanHandover as PlanHandover
from specs.records_plan import PlanLine as PlanLine
from specs.records_plan import PlanNotice as PlanNotice
from specs.records_plan import Receiver as Receiver
from specs.records_sources import Arrangement as Arrangement
from specs.records_sources import Arrears as Arrears
from specs.records_sources import BenefitDecision as BenefitDecision
from specs.records_sources import ChildcareHours as ChildcareHours
from specs.records_sources import Contest as Contest
from specs.records_sources import ContestDecision as ContestDecision
from specs.records_sources import DivorceRequest as DivorceRequest
from specs.records_sources import Erasure as Erasure
from specs.records_sources import HealthInsurance as HealthInsurance
from specs.records_sources import ProvisionalAssessment as ProvisionalAssessment
from specs.records_sources import Tailoring as Tailoring
from specs.records_sources import TaxRemission as TaxRemission
from specs.records_sources import YearAssets as YearAssets
from specs.records_sources import YearIncome as YearIncome


class Address(RecordData):
    """A Dutch address, or a place abroad (`country` is the code of national table 34)."""

    municipality: MunicipalityCode | None = None
    street: Name | None = None
    number: Annotated[str, Field(max_length=20)] | None = None  # number with letter and addition
    postcode: Annotated[str, Field(pattern=r"^\d{4}[A-Z]{2}$")] | None = None
    town: Name | None = None
    bag_id: Annotated[str, Field(pattern=r"^\d{16}$")] | None = None  # nummeraanduiding or object
    country: Annotated[str, Field(pattern=r"^\d{4}$")] = "6030"


class Birth(RecordData):
    """A birth (or first registration); valid from the birth date. BW 1:19, Wet BRP 2.7."""

    person: PersonRef
    parents: tuple[PersonRef, ...] = ()
    address: Address | None = None


class Death(RecordData):
    """A death; valid from that day."""

    person: PersonRef


class Move(RecordData):
    """A new address; valid from its first day. Type says within, between, out of or into NL.

    `left` is the municipality moved from, where the source says so: its pay plan is handed over.
    """

    person: PersonRef
    address: Address
    left: MunicipalityCode | None = None


class AddressInvestigation(RecordData):
    """Address *in onderzoek* (LO3 83.10); valid from its start; `ended` closes it."""

    person: PersonRef
    code: Code
    ended: bool = False


class Union(RecordData):
    """Marriage or registered partnership closed or dissolved; valid from that day. BW 1:30, 1:80a.

    Each side may report it: `persons` is in the order of the BSNs so that both give one record.
    """

    persons: tuple[PersonRef, PersonRef]
    kind: Literal["marriage", "registered_partnership"]
    reason: Literal["closed", "divorce", "death", "annulled", "converted", "unknown"]


class IncomeStatement(RecordData):
    """One *inkomstenopgave* of the polisadministratie (Wfsv 33): one relation, one period.

    `kind`: wage = employment (CdSrtIkv 11-18), the others by benefit. `taxable_cents` is *loon
    LB/PH*. `net_cents` is known only where the payer said so; it is never computed here.
    """

    person: PersonRef
    relation: Code  # payer's number plus relation number: stable over the statements
    payer: Name
    kind: Literal["wage", "ww", "zw", "wia", "wajong", "aow", "pension", "bijstand", "anw", "other"]
    source_code: Code  # the code as the source writes it
    period_start: date
    period_end: date
    taxable_cents: CentsInt
    sv_wage_cents: CentsInt | None = None
    hours: Annotated[int, Field(ge=0, le=10_000)] | None = None
    net_cents: CentsInt | None = None

    @model_validator(mode="after")
    def _period_in_order(self) -> IncomeStatement:
        if self.period_end < self.period_start:
            raise ValueError("the period ends before it starts; correct it at the source")
        return self


class IncomeRelation(RecordData):
    """An income relation begun or ended; valid from that day."""

    person: PersonRef
    relation: Code
    payer: Name
    kind: Literal["wage", "ww", "zw", "wia", "wajong", "aow", "pension", "bijstand", "anw", "other"]
    source_code: Code
    rhythm: Literal["month", "four_weeks", "week", "unknown"] = "unknown"


class Recurring(RecordData):
    """A recurring charge or income that a party fixed: amount, rhythm, own day, accepted window.

    The same vocabulary as `vastedag plan` (DESIGN 9.2). `person` is the one who pays or receives.
    With `calendar` (a file of `specs/paydays/`) the payer's own days count instead of `day`.
    For rent, `bare_rent_cents` and `service_costs_cents` say what it is made of. `channel` is how a
    charge is taken, where the source says so: one contract has one channel at a time.
    """

    person: PersonRef
    flow: Code  # the party's own stable reference: contract, policy, mandate
    kind: Literal[
        "rent", "health_premium", "energy", "water", "water_authority", "municipal_tax",
        "arrangement", "childcare", "subscription",
        "kinderbijslag", "wage_net", "benefit_net", "other",
    ]  # fmt: skip
    direction: Literal["in", "out"]
    party: Name
    amount_cents: PositiveCents
    every: Literal["month", "four_weeks", "quarter", "year"]
    calendar: Code | None = None
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    start: date | None = None  # four_weeks: one of its pay days
    months: tuple[
        Annotated[int, Field(ge=1, le=12)], ...
    ] = ()  # quarter, year: the months it is due
    shift: Literal["preceding", "following"] = "following"
    covers: Literal["same_month", "next_month", "previous_month", "previous_quarter", "year"] = (
        "same_month"
    )
    earlier_days: Annotated[int, Field(ge=0, le=62)] = 0
    later_days: Annotated[int, Field(ge=0, le=62)] = 0
    bare_rent_cents: PositiveCents | None = None
    service_costs_cents: PositiveCents | None = None
    independent_home: bool | None = None
    channel: Channel | None = None
    ended: bool = False


class Statement(RecordData):
    """One fact by the applicant about himself (Awir 15, 17), through his municipality.

    `value` by `fact`: insured: 0 or 1; expected_income, assets: cents for `year`;
    opening_balance: cents; toeslagpartner: 1, and `other` names the partner.
    """

    person: PersonRef
    fact: Literal["insured", "expected_income", "assets", "toeslagpartner", "opening_balance"]
    value: CentsInt
    year: Annotated[int, Field(ge=2000, le=2100)] | None = None
    other: PersonRef | None = None


class Correction(RecordData):
    """Takes back an earlier record of the same author; the right one follows as its own record."""

    person: PersonRef
    corrects: Code  # id of the record taken back
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """One type: its name, its ledger class and the model of its data."""

    name: str
    record_class: RecordClass
    model: type[RecordData]


BIRTH: Final = "nl.brp.ingeschreven.geboorte"
DEATH: Final = "nl.brp.overleden"
MOVED_WITHIN: Final = "nl.brp.verhuisd.binnengemeentelijk"
MOVED_BETWEEN: Final = "nl.brp.verhuisd.buitengemeentelijk"
EMIGRATED: Final = "nl.brp.verhuisd.emigratie"
IMMIGRATED: Final = "nl.brp.verhuisd.immigratie"
IN_INVESTIGATION: Final = "nl.brp.verblijfplaats.in-onderzoek"
UNION_CLOSED: Final = "nl.brp.verbintenis.gesloten"
UNION_DISSOLVED: Final = "nl.brp.verbintenis.ontbonden"
BRP_CORRECTED: Final = "nl.brp.gecorrigeerd"
INCOME_STATED: Final = "nl.polisadministratie.inkomstenopgave.gedaan"
INCOME_BEGUN: Final = "nl.polisadministratie.inkomstenverhouding.begonnen"
INCOME_ENDED: Final = "nl.polisadministratie.inkomstenverhouding.beeindigd"
INCOME_CORRECTED: Final = "nl.polisadministratie.gecorrigeerd"
KINDERBIJSLAG_SET: Final = "nl.kinderbijslag.vastgesteld"
RENT_SET: Final = "nl.vastelasten.huur.vastgesteld"
CHARGE_SET: Final = "nl.vastelasten.last.vastgesteld"
CHARGE_CORRECTED: Final = "nl.vastelasten.gecorrigeerd"
STATED: Final = "nl.awir.opgave.gedaan"
ALLOWANCE_SET: Final = "nl.awir.toeslag.vastgesteld"
BACK_PAYMENT_SET: Final = "nl.awir.nabetaling.vastgesteld"
RECLAIM_SET: Final = "nl.awir.terugvordering.vastgesteld"
TERMS_SET: Final = "nl.awir.betalingsregeling.vastgesteld"
REPORTED_BACK: Final = "nl.brp.terugmelding.gedaan"
RULES_RELEASED: Final = "nl.awir.rekenregels.vrijgegeven"
ENROLLED: Final = "nl.vastelasten.betaaldag.aangemeld"
PLAN_SET: Final = "nl.vastelasten.betaalplan.vastgesteld"
PLAN_ANSWERED: Final = "nl.vastelasten.betaalplan.beantwoord"
PLAN_ANNOUNCED: Final = "nl.vastelasten.betaalplan.aangekondigd"
PLAN_HANDED_OVER: Final = "nl.vastelasten.betaalplan.overgedragen"
RECEIVER_SET: Final = "nl.vastelasten.ontvanger.aangewezen"
PAYMENT_REPORTED: Final = "nl.vastelasten.betaling.gemeld"

DIVORCE_REQUESTED: Final = "nl.brp.verbintenis.ontbinding-verzocht"
WW_SET: Final = "nl.werkloosheidswet.uitkering.vastgesteld"
WIA_SET: Final = "nl.wia.uitkering.vastgesteld"
ZW_SET: Final = "nl.ziektewet.uitkering.vastgesteld"
WAJONG_SET: Final = "nl.wajong.uitkering.vastgesteld"
TW_SET: Final = "nl.toeslagenwet.toeslag.vastgesteld"
AOW_SET: Final = "nl.aow.pensioen.vastgesteld"
AIO_SET: Final = "nl.participatiewet.aio.vastgesteld"
ANW_SET: Final = "nl.anw.uitkering.vastgesteld"
BIJSTAND_SET: Final = "nl.participatiewet.bijstand.vastgesteld"
YEAR_INCOME_SET: Final = "nl.bri.inkomensgegeven.vastgesteld"
YEAR_ASSETS_SET: Final = "nl.inkomstenbelasting.vermogen.vastgesteld"
PROVISIONAL_SET: Final = "nl.inkomstenbelasting.voorlopige-aanslag.opgelegd"
CHILDCARE_SET: Final = "nl.kinderopvang.uren.opgegeven"
INSURED_BEGUN: Final = "nl.zorgverzekering.begonnen"
INSURED_ENDED: Final = "nl.zorgverzekering.beeindigd"
TAILORED: Final = "nl.participatiewet.maatwerk.toegekend"
TAX_REMITTED: Final = "nl.gemeentewet.kwijtschelding.verleend"
ARREARS_TOLD: Final = "nl.vastelasten.achterstand.gemeld"
ARRANGEMENT_MADE: Final = "nl.vastelasten.betalingsregeling.getroffen"
CONTESTED: Final = "nl.awb.bezwaar.ingediend"
CONTEST_DECIDED: Final = "nl.awb.bezwaar.besloten"
ERASURE_ASKED: Final = "nl.avg.wissing.gevraagd"
MANDATE_SET: Final = "nl.awb.machtiging.geregistreerd"


def _types() -> dict[str, RecordType]:
    rows: list[tuple[str, RecordClass, type[RecordData]]] = [
        (BIRTH, "person", Birth),
        (DEATH, "person", Death),
        (MOVED_WITHIN, "person", Move),
        (MOVED_BETWEEN, "person", Move),
        (EMIGRATED, "person", Move),
        (IMMIGRATED, "person", Move),
        (IN_INVESTIGATION, "person", AddressInvestigation),
        (UNION_CLOSED, "person", Union),
        (UNION_DISSOLVED, "person", Union),
        (BRP_CORRECTED, "correction", Correction),
        (INCOME_STATED, "income", IncomeStatement),
        (INCOME_BEGUN, "income", IncomeRelation),
        (INCOME_ENDED, "income", IncomeRelation),
        (INCOME_CORRECTED, "correction", Correction),
        (KINDERBIJSLAG_SET, "decision", Recurring),
        (RENT_SET, "charge", Recurring),
        (CHARGE_SET, "charge", Recurring),
        (CHARGE_CORRECTED, "correction", Correction),
        (STATED, "person", Statement),
        (ALLOWANCE_SET, "decision", AllowanceDecision),
        (BACK_PAYMENT_SET, "decision", BackPayment),
        (RECLAIM_SET, "decision", Reclaim),
        (TERMS_SET, "decision", RepaymentTerms),
        (REPORTED_BACK, "decision", ReportBack),
        (RULES_RELEASED, "decision", RulesRelease),
        (ENROLLED, "plan", Enrolment),
        (PLAN_SET, "plan", PartyPlan),
        (PLAN_ANSWERED, "plan", PlanAnswer),
        (PLAN_ANNOUNCED, "plan", PlanNotice),
        (PLAN_HANDED_OVER, "plan", PlanHandover),
        (RECEIVER_SET, "plan", Receiver),
        (PAYMENT_REPORTED, "plan", PaymentReport),
        (DIVORCE_REQUESTED, "person", DivorceRequest),
        (WW_SET, "income", BenefitDecision),
        (WIA_SET, "income", BenefitDecision),
        (ZW_SET, "income", BenefitDecision),
        (WAJONG_SET, "income", BenefitDecision),
        (TW_SET, "income", BenefitDecision),
        (AOW_SET, "income", BenefitDecision),
        (AIO_SET, "income", BenefitDecision),
        (ANW_SET, "income", BenefitDecision),
        (BIJSTAND_SET, "income", BenefitDecision),
        (YEAR_INCOME_SET, "income", YearIncome),
        (YEAR_ASSETS_SET, "income", YearAssets),
        (PROVISIONAL_SET, "decision", ProvisionalAssessment),
        (CHILDCARE_SET, "charge", ChildcareHours),
        (INSURED_BEGUN, "charge", HealthInsurance),
        (INSURED_ENDED, "charge", HealthInsurance),
        (TAILORED, "decision", Tailoring),
        (TAX_REMITTED, "decision", TaxRemission),
        (ARREARS_TOLD, "charge", Arrears),
        (ARRANGEMENT_MADE, "charge", Arrangement),
        (CONTESTED, "person", Contest),
        (CONTEST_DECIDED, "decision", ContestDecision),
        (ERASURE_ASKED, "decision", Erasure),
        (MANDATE_SET, "person", Mandate),
    ]
    return {n: RecordType(name=n, record_class=c, model=m) for n, c, m in rows}


RECORD_TYPES: Final = _types()


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """When and where a source told something that a later telling of it replaces.

    A value told again after another one came in between is a new record; the node tells that from
    a repeated delivery by these (node/tellings.py). All of it stays in the node.
    """

    slot: str  # what it is about, in the source's own terms: may hold personal data
    at: str = ""  # the source's own moment, ISO 8601 in UTC or its day; "" when it gives none
    delivery: str = ""  # digest of the delivery it came in; "" when it came alone
    place: int = 0  # its place among the tellings of this slot in that delivery
    last: bool = True  # the delivery says nothing later of this slot


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDraft:
    """A record as an adapter reads it: content and identity in the source, not yet signed.

    `source_event_id` is the same whenever the same fact of the source is read again, so that a file
    read twice gives no second record; it may hold personal data and never leaves the node. A source
    without event ids of its own gets one from the content, and `told` says when it was told.
    """

    type: str
    source_event_id: str
    data: RecordData
    valid_from: date
    valid_until: date | None = None  # first day no longer valid; None = open
    where: str = ""  # place in the file
    told: Telling | None = None  # None: the source numbers its events itself

    def data_json(self) -> dict[str, Any]:
        """The data as plain JSON values."""
        return self.data.model_dump(mode="json")
