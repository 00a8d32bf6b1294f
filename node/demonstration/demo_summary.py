"""The account of a demo: what was recorded and refused, allowances, plans, the proof of the log.

Reads the running nodes. Households are joined over two nodes by BSN, in memory and only here: no
node of a real network can do that. Printing is cli_demo.py's work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.formats.canonical import encode_base64
from ledger.formats.policy import parse_policy
from ledger.verify import Report, verify_log
from ledger.verifying.source_http import HttpSource
from node.decisions import Outcome, due_decisions, outcomes_of
from node.demonstration.demo_network import MUNICIPALITY, TOESLAGEN, DemoNetwork
from node.households import Application, Circles, enrolled, withdrawn
from node.ingest import Loaded
from node.paydate.outcome import PlanOutcome
from node.plans import first_choice
from node.runtime import Node
from scheduler.documents.plan_document import plan_json
from scheduler.folding.facts import SubjectId
from scheduler.folding.known import Text
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.rulebook import Rulebook
from specs.records import (
    ALLOWANCE_SET,
    BACK_PAYMENT_SET,
    ENROLLED,
    PLAN_ANNOUNCED,
    PLAN_ANSWERED,
    PLAN_SET,
    RECLAIM_SET,
    TERMS_SET,
    IncomeStatement,
)

MEMBERS_TOLD_MAX: Final = 40
WITH_PARTNER: Final = Text(
    "Dit is met de partner besloten, die eerder aanvroeg.",
    "This was decided with the partner, who asked earlier.",
)
NO_RECORD: Final = "none"  # a draft names its inputs, and this application is only thought of
NOT_ASKED: Final = "no application: nobody enrolled this person (Awir artikel 15)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What `--json` prints; `pages` is the address of the household pages while they are served."""

    today: str
    directory: str
    members: tuple[dict[str, Any], ...]
    files: tuple[Loaded, ...]
    households: tuple[dict[str, Any], ...]
    not_enrolled: tuple[dict[str, Any], ...]
    report: Report
    log_url: str
    vkey: str
    token: str
    decisions: int
    claims: int
    plans: int
    answers: int
    notices: int
    withdrawn: tuple[str, ...]
    pages: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The whole account as one JSON object."""
        refused = [problem for file in self.files for problem in file.refused]
        problems = [problem for file in self.files for problem in file.problems]
        types: Counter[str] = Counter()
        for file in self.files:
            types.update(file.types)
        tolerated = sum(problem.severity == "tolerated" for problem in problems)
        return {
            "today": self.today,
            "members": list(self.members),
            "records": {
                "admitted": sum(file.records for file in self.files),
                "repeated": sum(file.repeated for file in self.files),
                "refused": len(refused),
                "problems": len(problems) - tolerated,
                "tolerated": tolerated,
                "decisions": self.decisions,
                "claims": self.claims,
                "plans": self.plans,
                "answers": self.answers,
                "notices": self.notices,
                "withdrawals": len(self.withdrawn),
                "by_type": dict(sorted(types.items())),
            },
            "refused": [problem.as_json() for problem in refused],
            "problems": [problem.as_json() for problem in problems],
            "files": [
                {"file": f.source, "format": f.format, "records": f.records} for f in self.files
            ],
            "households": list(self.households),
            "not_enrolled": list(self.not_enrolled),
            "withdrawn": list(self.withdrawn),
            "ledger": {
                "url": self.log_url,
                "origin": self.report.origin,
                "size": self.report.size,
                "root": encode_base64(self.report.root),
                "vkey": self.vkey,
                "cosigners": list(self.report.cosigners),
                "quorum": self.report.quorum,
                "void": self.report.void_count,
                "verified": True,
            },
            "pages": self.pages,
        }


def summarise(network: DemoNetwork, files: Sequence[Loaded]) -> Summary:
    """The account of a network at rest. Blocking: it verifies the log over HTTP as an auditor does.

    Raises VerifyError when the log does not hold.
    """
    source = HttpSource(network.log_url, token=network.token)
    try:
        report = verify_log(source, network.vkey, parse_policy(network.policy.encode()))
    finally:
        source.close()
    municipality, toeslagen = network.nodes[MUNICIPALITY], network.nodes[TOESLAGEN]
    asked = _Allowances(toeslagen, toeslagen.rules.rulebook(toeslagen.facts))
    households = []
    for household in enrolled(municipality.facts.of_type(ENROLLED)):
        outcome = network.calendars.live.outcome(household.applicant)
        bsns = [municipality.facts.person(who).bsn for who in household.members]
        why = first_choice(outcome, load_pay_calendars()) or outcome.plan.why
        households.append(_household(outcome, why, asked.of(bsns)))
    directory = network.directory.resolve()
    return Summary(
        today=network.today().isoformat(),
        directory=str(directory),
        members=tuple(_member(network, member) for member in network.nodes),
        files=tuple(files),
        households=tuple(sorted(households, key=lambda one: str(one["name"]))),
        not_enrolled=tuple(asked.others(network)),
        report=report,
        log_url=network.log_url,
        vkey=network.vkey,
        token=network.token,
        decisions=_written(toeslagen, ALLOWANCE_SET),
        claims=sum(_written(toeslagen, one) for one in (BACK_PAYMENT_SET, RECLAIM_SET, TERMS_SET)),
        plans=_written(municipality, PLAN_SET),
        answers=len(municipality.facts.of_type(PLAN_ANSWERED)),
        notices=_written(municipality, PLAN_ANNOUNCED),
        withdrawn=tuple(
            f"Huishouden {one.surname}" for one in withdrawn(municipality.facts.of_type(ENROLLED))
        ),
    )


def _member(network: DemoNetwork, member: str) -> dict[str, Any]:
    settings = network.homes[member].settings
    return {
        "member": member,
        "name": settings.name,
        "part": settings.part,
        "home": str(network.homes[member].directory.resolve()),
    }


def _written(node: Node, record_type: str) -> int:
    return sum(fact.author == node.member for fact in node.facts.of_type(record_type))


class _Allowances:
    """What the node of Toeslagen derives, by BSN."""

    def __init__(self, node: Node, rulebook: Rulebook) -> None:
        self._node = node
        self._rulebook = rulebook
        self._circles = Circles(node.facts)
        self._subjects = {node.facts.person(who).bsn: who for who in node.facts.subjects()}
        self._told: set[SubjectId] = set()

    def of(self, bsns: Iterable[str | None]) -> list[Outcome]:
        """The outcomes of every applicant among these persons."""
        found: list[Outcome] = []
        for who in (self._subjects[bsn] for bsn in bsns if bsn in self._subjects):
            self._told.add(who)
            facts, _ = self._circles.near([who])
            found += outcomes_of(facts, who, today=self._node.desk.today(), rulebook=self._rulebook)
        return found

    def others(self, network: DemoNetwork) -> list[dict[str, Any]]:
        """Persons with an income whom nobody enrolled: what the law would ask, and nothing sent."""
        told = []
        for who in sorted(set(self._subjects.values()) - self._told):
            facts, _ = self._circles.near([who])
            if not any(isinstance(f.data, IncomeStatement) and f.subject() == who for f in facts):
                continue
            application = Application(
                applicant=who,
                born=date.max,
                first_year=network.today().year,
                since=network.today(),
                record=NO_RECORD,
            )
            outcomes = due_decisions(
                facts, application, others=(), today=network.today(), rulebook=self._rulebook
            )
            told.append(
                {
                    "name": self._node.facts.person(who).surname,
                    "reason": NOT_ASKED,
                    "allowances": [_allowance(outcome) for outcome in outcomes],
                }
            )
        return told[:MEMBERS_TOLD_MAX]


def _household(outcome: PlanOutcome, why: Text, allowances: Sequence[Outcome]) -> dict[str, Any]:
    planned = plan_json(outcome.plan)
    months = [{k: v for k, v in month.items() if k != "lines"} for month in planned["months"]]
    return {
        "name": f"Huishouden {outcome.household.surname}",
        "members": len(outcome.household.members),
        "pay_day": None if outcome.standing is None else outcome.standing.day,
        "why": why.nl,
        "why_en": why.en,
        "share_on_day": planned["share_on_day"],
        "opening_balance": outcome.request.opening_cents,
        "months": months,
        "transition": planned["transition"],
        "signals": planned["signals"],
        "not_planned": planned["not_planned"]
        + [{"flow": one.what.nl, "problem": one.reason.en} for one in outcome.left_out],
        "declined": [
            {"flow": one.what.nl, "party": one.party, "reason": one.declined}
            for one in outcome.flows
            if one.declined is not None
        ],
        "assumed": sorted({one.assumed.nl for one in outcome.flows if one.assumed is not None}),
        "allowances": [_allowance(one) for one in allowances],
    }


def _allowance(outcome: Outcome) -> dict[str, Any]:
    """What was decided, else what was derived; unknown months tell what is missing."""
    derivation, standing = outcome.derivation, outcome.standing
    decided = {} if standing is None else standing.cents
    unknown = {
        str(month): {"nl": amount.because.nl, "en": amount.because.en, "article": amount.article}
        for month, amount in sorted(derivation.months.items())
        if amount.status == "unknown" and amount.because is not None
    }
    because = derivation.because
    if derivation.status == "ok" and standing is None:
        because = WITH_PARTNER
    return {
        "scheme": derivation.scheme,
        "year": derivation.year,
        "status": derivation.status,
        "award_year": derivation.award_year_cents,
        "estimate": derivation.estimate,
        "confidence": derivation.confidence,
        "months": {str(month): cents for month, cents in sorted(decided.items())},
        "unknown": unknown,
        "because": None if because is None else because.nl,
        "because_en": None if because is None else because.en,
        "article": derivation.article,
        "decision": None if standing is None else standing.record,
    }
