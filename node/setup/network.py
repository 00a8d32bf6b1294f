"""Makes a network of members on one machine: homes, keys, a signed genesis, databases.

For the demo and for tests; a real network is made by the same steps, each member on its own
machine, and the genesis signed offline. Made once; a home that is there is left as it is.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from ledger.formats.envelope import GOVERNANCE_CLASS, Header, sign_record
from ledger.formats.note import NoteSigner
from ledger.keys import Ed25519Signer
from ledger.rules import governance
from ledger.rules.genesis import create_log
from ledger.rules.registry import Registry
from ledger.stores.database_sql import Database as LedgerDatabase
from ledger.stores.database_sql import migrate as migrate_ledger
from ledger.stores.store_sql import SqlStore
from node.access import MUNICIPALITY_PREFIX
from node.errors import StartError
from node.ledger_side import LOG_PREFIX, cosigner, genesis_registry
from node.rules import FOUNDING_FILE, founding_release
from node.sealing import record_id
from node.setup.home import Home, create_home, open_home, write_whole
from node.setup.key_files import create_secret, read_secret
from node.setup.settings import SETTINGS_FILE, settings_toml
from node.stores.database_sql import migrate as migrate_node
from scheduler.rulebook import Rulebook
from specs.canonical import canonical_bytes

ORIGIN: Final = "vastedag.example/proef"
HOST: Final = "127.0.0.1"
SEEN_LAG_MAX: Final = 100_000
AUDITOR_TOKEN_FILE: Final = "auditor.token"  # noqa: S105 (a file name)
OFFLINE: Final = "offline"  # governance keys: in a real network on no machine at all
GOVERNANCE: Final = "governance"

# The role x class matrix of DESIGN 4; governance is a matter of keys, not of roles.
MATRIX: Final[Mapping[str, Sequence[str]]] = {
    "municipality": ("person", "income", "decision", "charge", "plan", "correction"),
    "uwv": ("income", "decision", "plan", "correction"),
    "svb": ("income", "decision", "plan", "correction"),
    "belastingdienst": ("income", "decision", "plan", "correction"),
    "toeslagen": ("decision", "plan", "correction"),
    "creditor": ("charge", "plan", "correction"),
    "insurer": ("charge", "correction"),
    "childcare": ("charge", "correction"),
}

Part = Literal["sequencer", "mirror", "witness"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPlan:
    """One member of a network to be made. `source` is the URN of its system (NL GOV profile)."""

    id: str
    name: str
    role: str
    part: Part
    source: str
    covenants: tuple[str, ...] = ()
    phone: str = ""

    @property
    def votes(self) -> bool:
        """Agencies vote; commercial creditors do not."""
        return self.role != "creditor"

    @property
    def municipality(self) -> str | None:
        """The four-digit code of a municipality."""
        if self.role != "municipality":
            return None
        return self.id.removeprefix(MUNICIPALITY_PREFIX)


# Organisation numbers of the demo are invented (they begin with 99); the names are roles.
DEMO_MEMBERS: Final = (
    MemberPlan(id="belastingdienst", name="Belastingdienst", role="belastingdienst",
               part="sequencer", source="urn:nld:oin:99000000000000000001:systeem:heffing"),
    MemberPlan(id="uwv", name="UWV", role="uwv", part="mirror",
               source="urn:nld:oin:99000000000000000002:systeem:polisadministratie"),
    MemberPlan(id="svb", name="SVB", role="svb", part="mirror",
               source="urn:nld:oin:99000000000000000003:systeem:kinderbijslag"),
    MemberPlan(id="toeslagen", name="Dienst Toeslagen", role="toeslagen", part="mirror",
               source="urn:nld:oin:99000000000000000004:systeem:toeslagen"),
    MemberPlan(id="gm0344", name="Gemeente Utrecht (demo)", role="municipality", part="mirror",
               source="urn:nld:oin:99000000000000000005:systeem:burgerzaken", phone="14 030"),
    MemberPlan(id="woonstad", name="Woonstad", role="creditor", part="witness",
               source="urn:nld:kvknr:99000006:systeem:huur", covenants=("gm0344",)),
    MemberPlan(id="lichtstroom", name="Lichtstroom", role="creditor", part="witness",
               source="urn:nld:kvknr:99000007:systeem:facturen", covenants=("gm0344",)),
)  # fmt: skip
DEMO_QUORUM: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """A network to be made. `ports`: (web side, machine listener) by member id."""

    members: tuple[MemberPlan, ...] = DEMO_MEMBERS
    quorum: int = DEMO_QUORUM
    votes_needed: int = 3
    origin: str = ORIGIN
    ports: Mapping[str, tuple[int, int]]
    poll_seconds: float = 2.0
    tick_seconds: float = 60.0
    settings: Mapping[str, Any] = field(default_factory=dict)  # further settings for every home


def create_network(directory: Path, plan: NetworkPlan) -> dict[str, Home]:
    """Make every home under this directory, or open those that are there; by member id.

    Homes that are there get the present ports: addresses may move, keys and ledger stay. Raises
    StartError when only some of a network is there.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    present = [plan_of for plan_of in plan.members if _home(directory, plan_of).exists()]
    finished = (directory / "network").exists()
    if present and not finished:
        raise StartError(f"{directory}: a network was left half made here; remove it and try again")
    if finished:
        return {member.id: _reopened(directory, plan, member) for member in plan.members}
    auditor = _auditor_token(directory)
    homes = {
        member.id: create_home(_home(directory, member), _settings(plan, member, auditor))
        for member in plan.members
    }
    genesis = _genesis(directory, plan, homes)
    registry = genesis_registry(genesis)
    released = _release_rules(directory, registry)
    for home in homes.values():
        if released is not None:
            write_whole(home.directory / FOUNDING_FILE, released)
        write_whole(home.genesis_file, genesis)
        write_whole(home.policy_file, registry.policy_text().encode())
        migrate_node(home.database_url)
        migrate_ledger(home.ledger_url)
    for home in homes.values():
        if home.settings.part == "sequencer":
            asyncio.run(_create_log(home, genesis))
    write_whole(directory / "network", f"{registry.log}\n".encode())
    return homes


def _release_rules(directory: Path, registry: Registry) -> bytes | None:
    """The shipped rules, released by two persons: one of Toeslagen, one of another agency."""
    own = next((one.id for one in registry.members.values() if one.role == "toeslagen"), None)
    other = next((one.id for one in registry.members.values() if one.votes and one.id != own), None)
    if own is None or other is None:
        return None
    signers = {member: governance_signer(directory, member) for member in (own, other)}
    release = founding_release(Rulebook.load(), registry.log, signers)
    return canonical_bytes(release.model_dump(mode="json"))


def auditor_token(directory: Path) -> str:
    """The token with which an auditor reads the entry bundles of this network."""
    return (directory / AUDITOR_TOKEN_FILE).read_text(encoding="ascii").strip()


def governance_signer(directory: Path, member: str) -> Ed25519Signer:
    """A member's offline governance key, as the demo keeps it."""
    path = directory / OFFLINE / f"{member}.key"
    return Ed25519Signer(read_secret(path, GOVERNANCE, "development").value)


def _home(directory: Path, member: MemberPlan) -> Path:
    return directory / member.id


def _auditor_token(directory: Path) -> str:
    token = secrets.token_urlsafe(32)
    path = directory / AUDITOR_TOKEN_FILE
    path.touch(mode=0o600)
    path.write_text(token + "\n", encoding="ascii")
    return hashlib.sha256(token.encode()).hexdigest()


def _settings(plan: NetworkPlan, member: MemberPlan, auditor: str) -> dict[str, Any]:
    sequencer = next(each for each in plan.members if each.part == "sequencer")
    web, machine = plan.ports[member.id]
    peers = {each.id: f"http://{HOST}:{plan.ports[each.id][1]}" for each in plan.members}
    values: dict[str, Any] = {
        "member": member.id,
        "name": member.name,
        "mode": "development",
        "part": member.part,
        "origin": plan.origin,
        "log_url": f"{peers[sequencer.id]}/{LOG_PREFIX}",
        "source": member.source,
        "covenants": list(member.covenants),
        "auditors": [auditor],
        "phone": member.phone,
        "host": HOST,
        "port": web,
        "log_host": HOST,
        "log_port": machine,
        "poll_seconds": plan.poll_seconds,
        "tick_seconds": plan.tick_seconds,
        "sign_in": "development" if member.municipality else "none",
        **plan.settings,
        "peers": peers,
    }
    if member.municipality is not None:
        values["municipality"] = member.municipality
    return values


def _reopened(directory: Path, plan: NetworkPlan, member: MemberPlan) -> Home:
    """A kept home under the present addresses."""
    home = open_home(_home(directory, member))
    (auditor,) = home.settings.auditors
    values = _settings(plan, member, auditor)
    write_whole(home.directory / SETTINGS_FILE, settings_toml(values).encode())
    migrate_node(home.database_url)
    migrate_ledger(home.ledger_url)
    return open_home(home.directory)


def _genesis(directory: Path, plan: NetworkPlan, homes: Mapping[str, Home]) -> bytes:
    """The genesis envelope, signed by the governance keys of all who vote."""
    offline = directory / OFFLINE
    offline.mkdir(mode=0o700)
    for member in plan.members:
        create_secret(offline / f"{member.id}.key", GOVERNANCE, "development")
    signers = {
        member.id: governance_signer(directory, member.id)
        for member in plan.members
        if member.votes
    }
    sequencer = next(member for member in plan.members if member.part == "sequencer")
    log_key = homes[sequencer.id].keys().log
    assert log_key is not None  # a sequencer's home has one
    body = {
        "type": "genesis",
        "seq": 0,
        "prev": "",
        "origin": plan.origin,
        "log_vkey": NoteSigner(name=plan.origin, signer=log_key).verifier.vkey,
        "members": [_member(directory, member, homes[member.id]) for member in plan.members],
        "matrix": {role: sorted(classes) for role, classes in MATRIX.items()},
        "mirrors": [member.id for member in plan.members if member.part == "mirror"],
        "quorum": plan.quorum,
        "votes_needed": plan.votes_needed,
        "seen_lag_max": SEEN_LAG_MAX,
        "signers": [],
    }
    header = Header(
        log="",
        id=record_id(homes[sequencer.id].keys().id_secret, "genesis"),
        author=sequencer.id,
        record_class=GOVERNANCE_CLASS,
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:00:00Z"),
        seen=0,
        body=governance.with_signers(body, signers),
    )
    return sign_record(header, governance_signer(directory, sequencer.id))


def _member(directory: Path, member: MemberPlan, home: Home) -> dict[str, Any]:
    """A member as the genesis names it: role, address and public keys."""
    keys = home.keys()
    listed = [
        ("record", keys.record.public_key),
        ("api", keys.api.public_key),
        ("governance", governance_signer(directory, member.id).public_key),
        ("hpke", keys.hpke.public().raw),
    ]
    named = [{"use": use, "key": base64.b64encode(raw).decode()} for use, raw in listed]
    if keys.cosign is not None:
        vkey = cosigner(home, keys.cosign).verifier.vkey
        named.append({"use": home.settings.part, "key": vkey})
    return {
        "id": member.id,
        "name": member.name,
        "role": member.role,
        "url": home.peers[member.id],
        "votes": member.votes,
        "keys": named,
    }


async def _create_log(home: Home, genesis: bytes) -> None:
    log_key = home.keys().log
    assert log_key is not None  # a sequencer's home has one
    database = LedgerDatabase(home.ledger_url)
    try:
        signer = NoteSigner(name=home.settings.origin, signer=log_key)
        await create_log(SqlStore(database), genesis, signer)
    finally:
        await database.close()
