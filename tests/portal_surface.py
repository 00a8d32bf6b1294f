"""A node's whole web side over hand-made parts, and how each role signs in to it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from ledger.ports import Answer
from ledger.rules import governance
from node.intake import read_submission
from node.oversight.views import (
    ConsistencyView,
    CosignatureView,
    EntryView,
    GrowthView,
    HeadView,
    KeyView,
    MemberView,
    OversightView,
    SampleView,
)
from node.portal.surface import Surface
from node.submit import Recorded
from tests import ledger_network as nets
from tests.browser.household_views import PHONE, SampleCalendars, SamplePeople, SampleState
from tests.contest_views import BookContests
from tests.desk_views import sample_desk, sample_district
from tests.looked_port import SampleFeeds, SampleLooked
from tests.paydate_book import LatePayDates
from tests.whatif_port import SampleWhatIf

MIJN, STAFF = "/mijn/aanmelden", "/medewerkers/aanmelden"
WHO = {
    "household": ("De Vries", MIJN),
    "toezicht": ("Toezichthouder", STAFF),
    "balie": ("Balie, eerste medewerker", STAFF),
    "wijk": ("Wijkteam", STAFF),
}
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
ENTRY = EntryView(
    n=3, author="uwv", author_name="UWV", record_class="income", at="2026-01-15T11:00:00Z",
    void=None, raw=b'{"n":3}', leaf="bGVhZg==", index=3, size=9, root="cm9vdA==",
    path=("cGF0aA==",), recorded_by=AT, receipt="c2sp.org/tlog-proof@v1\n", governance=None,
)  # fmt: skip


class SampleOversight:
    """Figures as the ledger's reader would give them; the reader has tests of its own."""

    async def whole(self) -> OversightView:
        genesis = {"type": "genesis", "signers": [{"member": "uwv"}]}
        return OversightView(
            head=HeadView(
                origin="vastedag.example/proef", vkey="vastedag.example/proef+00000000+AAAA",
                size=9, root="cm9vdA==", damaged=(), quorum=3, mirrors=4, satisfied=True,
                cosigned=tuple(
                    CosignatureView(member=m, name=m.upper(), at=AT) for m in ("uwv", "svb", "dt")
                ),
                note="note\n", policy="quorum none\n",
            ),
            members=[
                MemberView(
                    id="uwv", name="UWV", role="uwv", votes=True, mirror=True, suspended=False,
                    merged_into=None, last_cosigned=AT,
                    keys=(KeyView(use="record", text="AAAA", since=0, until=5,
                                  compromised_since=4),),
                )
            ],
            growth=GrowthView(days=((date(2026, 1, 14), 4), (date(2026, 1, 15), 5)), before=0),
            governance=[
                EntryView(**{**{f: getattr(ENTRY, f) for f in ENTRY.__slots__}, "n": 0,
                             "governance": genesis})
            ],
            evidence=[], void=0, refused={"reused_id": 2}, verifier_digest="0" * 64,
            verifier_published=True,
        )  # fmt: skip

    async def entry(self, n: int) -> EntryView:
        if n != ENTRY.n:
            raise LookupError("no such entry")
        return ENTRY

    async def between(self, first: date, last: date) -> ConsistencyView:
        del first, last
        return ConsistencyView(
            old_size=4, new_size=9, old_root="b2xk", new_root="bmV3", path=("cGF0aA==",),
            old_at=AT, new_at=AT,
        )  # fmt: skip

    async def sample(self, count: int, seed: str) -> SampleView:
        return SampleView(seed=seed, size=9, checked=tuple(range(min(count, 9))), wrong=())


class GenesisView:
    """The members of a log of which only the genesis is verified."""

    registry = governance.genesis(nets.genesis_body(), nets.b64(bytes(32)))
    size = 1


class SampleIntake:
    """The door's own reading of an event; nobody here holds a key that signs one."""

    async def submit(self, envelope: bytes) -> Recorded:
        read_submission(envelope, "gm0344", GenesisView())
        raise AssertionError("an event came in that nobody signed")

    async def receipt(self, record: str) -> bytes | None:
        """The receipt of one record, and of no other."""
        return b"c2sp.org/tlog-proof@v1\n" if record == "A" * 43 else None


class SampleLog:
    """A published tree of one text."""

    def kept(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer | None:
        del path, entries_allowed, gzip
        return None

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        del path, entries_allowed, gzip
        return Answer(status=200, body=b"text\n")


def full_surface(**changes: object) -> Surface:
    """Everything a node can show."""
    parts: dict[str, object] = {
        "member": "gm0344",
        "name": "Gemeente Utrecht",
        "phone": PHONE,
        "development": True,
        "session_key": b"k" * 32,
        "today": lambda: date(2026, 1, 15),
        "state": SampleState(),
        "calendars": SampleCalendars(),
        "people": SamplePeople(),
        "paydates": LatePayDates(),
        "oversight": SampleOversight(),
        "what_if": SampleWhatIf(),
        "intake": SampleIntake(),
        "log": SampleLog(),
        "desk": sample_desk(),
        "district": sample_district(),
        "contests": BookContests(),
        "sign_in": "development",
        "who_looked": SampleLooked(),
        "feeds": SampleFeeds(),
        **changes,
    }
    return Surface(**parts)  # type: ignore[arg-type]
