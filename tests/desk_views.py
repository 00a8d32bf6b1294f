"""Hand-made views of the desk for tests of its pages: input, no stand-in for what is derived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from node.contests.desk import ContestToDecide
from node.desk.contest_views import ContestRow, ContestView
from node.desk.correction_views import (
    ChangeView,
    ConsequenceView,
    CorrectionRequest,
    FoundView,
    OwnRecordView,
    ProposalRow,
    ProposalView,
    RecordView,
)
from node.desk.fields import Version, fields_of
from node.desk.mandate_views import MandateRequest, MandatesView, MandateView
from node.desk.person_views import JoinRow, MisfitRow, MisfitView, PersonsView
from node.desk.ports import DeskPorts, PlanReply
from node.desk.proposals_sql import Kind, SameClerkError
from node.desk.views import (
    AnsweredView,
    BatchView,
    FlowView,
    HealthView,
    MatterView,
    OpenPlanView,
    OwnView,
    PlanLineView,
    PlansView,
    PlanView,
    PostView,
    ProblemsView,
    ProblemView,
    ReceiverView,
    ReportedView,
    SenderView,
)
from node.desk.words import advice_of
from node.district.district import NoPurposeError
from node.district.ports import DistrictPorts
from node.district.views import (
    AdvanceView,
    ArrearsView,
    FileView,
    HouseholdRow,
    SignalView,
    TailoringRequest,
    TailoringView,
)
from scheduler.folding.known import Text
from specs.records import PersonRef, Recurring

AT = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)
PLAN = "P" * 43
RECORD = "R" * 43
SUBJECT = "persoon-een"
PROPOSAL = "V" * 43
HOUSEHOLD = "huishouden-een"
RENT = Recurring(
    person=PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="De Vries"),
    flow="huur-1", kind="rent", direction="out", party="Woonstad", amount_cents=65_000,
    every="month", day=1,
)  # fmt: skip


class SamplePost:
    """PostPort of one matter of each kind."""

    def __init__(self) -> None:
        self.replies: list[tuple[str, PlanReply]] = []

    def post(self) -> PostView:
        told = advice_of("waiting")
        return PostView(
            senders=(SenderView(member="uwv", name="UWV", accepted=37, waiting=1, refused=2),),
            matters=(
                MatterView(
                    author="uwv", author_name="UWV", record=RECORD, own=False, code="misfit",
                    kind=None, why=advice_of("misfit").why, now=advice_of("misfit").now, since=AT,
                ),
            ),
            matters_all=1,
            receivers=(
                ReceiverView(
                    member="svb", name="SVB", waiting=3, not_taken=1, attempts=2, since=AT
                ),
            ),
            own=(
                OwnView(
                    record="O" * 43, kind=Text("Verhuizing", "Move"), state="unaddressed",
                    why=told.why, now=told.now, since=AT,
                ),
            ),
            entries=10_000,
            shown=100,
        )  # fmt: skip

    def problems(self) -> ProblemsView:
        problem = ProblemView(
            where="row 17", field="birth date", reason="no such day in the calendar",
            repair="correct it at the source and send the row again", kind="problem",
        )  # fmt: skip
        return ProblemsView(
            batches=(
                BatchView(
                    source="persoonslijsten.csv", format="brp-list", at=AT, records=29, repeated=0,
                    wrong=1, problems=(problem,),
                ),
            ),
            reported=(
                ReportedView(
                    kind="two_addresses", article="Wet BRP 2.34", author_name="Dienst Toeslagen",
                    on=date(2026, 1, 14), own=(RECORD,), others=1,
                ),
            ),
        )  # fmt: skip

    async def health(self) -> Sequence[HealthView]:
        return (
            HealthView(
                part=Text("De klok", "The clock"), state="wrong",
                what=Text("De klok liep te lang geleden.", "The clock ticked too long ago."),
                now=Text("Start het opnieuw.", "Start it again."),
            ),
        )  # fmt: skip

    def plans(self) -> PlansView:
        return PlansView(
            to_answer=(
                PlanView(
                    record=PLAN, planner_name="Gemeente Utrecht", made_on=date(2026, 1, 10),
                    flows=1, open=1, declined=0,
                ),
            ),
            answered=(
                AnsweredView(party_name="Lichtstroom", said="declined", count=1, days=((12, 1),)),
            ),
        )  # fmt: skip

    def plan(self, record: str) -> OpenPlanView:
        if record != PLAN:
            raise LookupError("no such plan")
        line = PlanLineView(
            natural=date(2026, 2, 1), planned=date(2026, 2, 23), cents=65_000, direction="out"
        )
        flow = FlowView(
            flow="huur-1", said="declined", reason="Dit contract loopt af.", proposed_day=12,
            lines=(line,),
        )  # fmt: skip
        return OpenPlanView(
            record=PLAN, planner_name="Gemeente Utrecht", subject=SUBJECT, surname="De Vries",
            day=23, made_on=date(2026, 1, 10), flows=(flow,),
        )  # fmt: skip

    async def answer(self, staff: str, reply: PlanReply) -> None:
        self.replies.append((staff, reply))


class SampleCorrections:
    """CorrectionPort of one own record with an amount."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, CorrectionRequest]] = []

    def find(self, staff: str, bsn: str) -> FoundView:
        del staff
        if bsn != "999993653":
            raise LookupError("nobody")
        own = OwnRecordView(
            record=RECORD, kind=Text("Huur", "Rent"), valid_from=date(2026, 1, 1), taken_back=False
        )
        return FoundView(surname="De Vries", records=(own,))

    def record(self, staff: str, record: str) -> RecordView:
        del staff
        if record != RECORD:
            raise LookupError("no such record")
        version = Version(data=RENT, valid_from=date(2026, 1, 1), valid_until=None)
        return RecordView(
            record=RECORD, kind=Text("Huur", "Rent"), surnames=("De Vries",), entry=12,
            fields=fields_of(version), possible=True, taken_back=False, waiting=None, money=True,
            version=version,
        )  # fmt: skip

    async def correct(self, staff: str, request: CorrectionRequest) -> bool:
        self.asked.append((staff, request))
        return not self.record(staff, request.record).needs_two(request)

    def consequences(self, record: str) -> ConsequenceView:
        if record != RECORD:
            raise LookupError("no such record")
        return ConsequenceView(
            record=RECORD, kind=Text("Huur", "Rent"), recorded=True, told=(("Toeslagen", True),),
            touched=((Text("Besluit over een toeslag", "Decision"), "Toeslagen"),),
        )  # fmt: skip


class SampleProposals:
    """ProposalPort of one proposal by another clerk; who may agree is asked of `mine`."""

    def __init__(self) -> None:
        self.mine = False
        self.decided: list[tuple[str, str]] = []

    def _row(self) -> ProposalRow:
        return ProposalRow(
            id=PROPOSAL, kind=Text("Herstel", "Correction"), mine=self.mine, agreed=False, at=AT
        )

    def waiting(self, staff: str, kinds: tuple[Kind, ...]) -> tuple[ProposalRow, ...]:
        del staff, kinds
        return (self._row(),)

    def proposal(self, staff: str, identity: str, kinds: tuple[Kind, ...]) -> ProposalView:
        del staff, kinds
        if identity != PROPOSAL:
            raise LookupError("no such proposal")
        change = ChangeView(label=Text("Bedrag", "Amount"), before="650,00", after="655,00")
        return ProposalView(
            row=self._row(), surname="De Vries", reason="Verkeerd overgenomen.", changes=(change,)
        )

    async def agree(self, staff: str, identity: str, kinds: tuple[Kind, ...]) -> None:
        self.proposal(staff, identity, kinds)
        if self.mine:
            raise SameClerkError("another clerk decides")
        self.decided.append(("agree", identity))

    def refuse(self, staff: str, identity: str, why: str, kinds: tuple[Kind, ...]) -> None:
        self.proposal(staff, identity, kinds)
        self.decided.append((why, identity))


class SamplePersons:
    """PersonsPort of one misfit and one join."""

    def __init__(self) -> None:
        self.proposed: list[tuple[str, str, str]] = []

    def waiting(self) -> PersonsView:
        row = MisfitRow(author="uwv", author_name="UWV", record=RECORD, since=AT, waiting=None)
        return PersonsView(misfits=(row,), joins=(JoinRow(proposal=PROPOSAL, at=AT, waiting=None),))

    def misfit(self, author: str, record: str) -> MisfitView:
        if (author, record) != ("uwv", RECORD):
            raise LookupError("no such delivery")
        name = ChangeView(label=Text("Achternaam", "Surname"), before="De Vries", after="Smit")
        return MisfitView(
            row=self.waiting().misfits[0], kind=Text("Inkomstenopgave", "Income statement"),
            decidable=True, persons=((name,),),
        )  # fmt: skip

    def propose(self, staff: str, author: str, record: str, *, same: bool, reason: str) -> None:
        del staff
        self.misfit(author, record)
        self.proposed.append((record, "same" if same else "other", reason))

    def propose_undoing(self, staff: str, proposal: str, reason: str) -> None:
        del staff
        if proposal != PROPOSAL:
            raise LookupError("no such join")
        self.proposed.append((proposal, "undo", reason))


class SampleContests:
    """ContestsPort of one contest."""

    def __init__(self) -> None:
        self.proposed: list[tuple[str, str, str]] = []

    def waiting(self) -> tuple[ContestRow, ...]:
        return (
            ContestRow(
                contest=RECORD, kind=Text("Inkomstenopgave", "Income statement"),
                filed_on=date(2026, 1, 5), decide_by=date(2026, 2, 16), overdue=False,
                waiting=None,
            ),
        )  # fmt: skip

    def contest(self, contest: str) -> ContestView:
        if contest != RECORD:
            raise LookupError("no such contest")
        found = ContestToDecide(
            contest=RECORD, filed_on=date(2026, 1, 5), decide_by=date(2026, 2, 16), state="open",
            law=Text("Awb 7:10", "Awb 7:10"), filed_by="gm0344", subject=SUBJECT, contested=PLAN,
            contested_type="nl.polisadministratie.inkomstenopgave.gedaan",
            what=Text("loon", "wage"), data={"taxable_cents": 215_032},
            valid_from=date(2026, 1, 1), reason="Ik werkte minder uren.", claimed_cents=200_000,
            outcome_reason=None,
        )  # fmt: skip
        return ContestView(row=self.waiting()[0], surname="De Vries", found=found)

    def propose(self, staff: str, contest: str, outcome: str, reason: str) -> None:
        del staff
        self.contest(contest)
        self.proposed.append((contest, outcome, reason))


class SampleMandates:
    """MandatePort of one mandate."""

    def __init__(self) -> None:
        self.proposed: list[MandateRequest] = []
        self.ended: list[tuple[str, str]] = []

    def of_person(self, staff: str, bsn: str) -> MandatesView:
        del staff
        if bsn != "999993653":
            raise LookupError("nobody")
        one = MandateView(
            record=RECORD, holder="Bakker", kind=Text("Bewindvoerder", "Administrator"),
            since=date(2026, 1, 1), until=None, source="Beschikking 26/1", holds=True,
        )  # fmt: skip
        return MandatesView(surname="De Vries", mandates=(one,))

    def propose(self, staff: str, request: MandateRequest) -> None:
        del staff
        self.proposed.append(request)

    async def end(self, staff: str, record: str, reason: str) -> None:
        del staff
        if record != RECORD:
            raise LookupError("no such mandate")
        self.ended.append((record, reason))


def sample_desk() -> DeskPorts:
    """The desk of one node."""
    return DeskPorts(
        post=SamplePost(),
        corrections=SampleCorrections(),
        proposals=SampleProposals(),
        persons=SamplePersons(),
        contests=SampleContests(),
        mandates=SampleMandates(),
    )


class SampleDistrict:
    """HouseholdsPort of one household; a file opens to whoever stated a purpose."""

    def __init__(self) -> None:
        self.stated: dict[str, str] = {}
        self.proposed: list[TailoringRequest] = []

    def households(self) -> Sequence[HouseholdRow]:
        kinds = ((Text("achterstand", "arrears"), 2),)
        return (HouseholdRow(household=HOUSEHOLD, since=date(2026, 1, 9), kinds=kinds),)

    def state(self, staff: str, household: str, activity: str) -> None:
        if household != HOUSEHOLD:
            raise LookupError("no such household")
        self.stated[staff] = activity

    def file(self, staff: str, household: str) -> FileView:
        if household != HOUSEHOLD:
            raise LookupError("no such household")
        if staff not in self.stated:
            raise NoPurposeError("say first what for")
        signal = SignalView(
            what=Text("betaling niet gekomen", "payment missed"), since=date(2026, 1, 9),
            when="2026-01-08", party="Woonstad", planned_cents=65_000, booked_cents=None,
        )  # fmt: skip
        return FileView(
            household=HOUSEHOLD, surname="De Vries", purpose=Text("Schulden", "Debts"),
            members=((SUBJECT, "De Vries"),), pay_day=23, signals=(signal,),
            arrears=(
                ArrearsView(
                    party="Woonstad", flow="huur-1", cents=130_000, months=2, on=date(2026, 1, 9)
                ),
            ),
            advances=(AdvanceView(party="UWV", day=date(2026, 1, 23), cents=40_000),),
            declined=(("Lichtstroom", "Dit contract loopt af.", 12),),
            tailoring=(
                TailoringView(
                    scheme=Text("Bijstand", "Social assistance"), cents=5_000, reason="Hoge huur.",
                    since=date(2026, 1, 1), until=None,
                ),
            ),
        )  # fmt: skip

    def propose(self, staff: str, request: TailoringRequest) -> None:
        self.file(staff, request.household)
        self.proposed.append(request)


def sample_district() -> DistrictPorts:
    """The social workers' side of one node."""
    return DistrictPorts(households=SampleDistrict(), proposals=SampleProposals())
