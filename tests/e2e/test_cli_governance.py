"""Changes to a running log, rehearsed by the command line alone, as operators and members do it.

One small network; the keys of governance lie beside it, as on the members' own machines. Every
step is `vastedag …` with files between the steps; what must be refused is tried as well.
"""

from __future__ import annotations

import asyncio
import io
import json
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.envelope import Header, sign_record
from ledger.formats.note import parse_note
from ledger.ports import Signer
from node.cli import main
from node.setup.home import Home, open_home
from node.setup.network import OFFLINE
from node.setup.settings import SETTINGS_FILE, settings_toml
from tests import ledger_network as nets
from tests.node_network import Running, free_ports, make_homes

SEQUENCER = "belastingdienst"
MEMBERS = (SEQUENCER, "uwv", "svb", "toeslagen", "woonstad")


@dataclass
class Bench:
    """The network, and a folder in which files go from step to step."""

    directory: Path
    network: Running
    files: Path
    number: int = 0
    records: dict[str, int] = field(default_factory=dict)

    async def run(self, *arguments: str) -> tuple[int, Any, str]:
        """One command: its exit code, its JSON, its stderr."""

        def work() -> tuple[int, str, str]:
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                code = main([*arguments, "--json"])
            return code, out.getvalue(), err.getvalue()

        code, out, err = await asyncio.to_thread(work)
        return code, json.loads(out) if out else None, err

    async def done(self, *arguments: str) -> Any:
        """The JSON of a command that must succeed."""
        code, answer, err = await self.run(*arguments)
        assert code == 0, (arguments, err, answer)
        return answer

    def file(self, name: str) -> str:
        self.number += 1
        return str(self.files / f"{self.number:02d}-{name}")

    def offline_key(self, member: str) -> str:
        return f"file:{self.directory / OFFLINE / f'{member}.key'}"

    async def state(self) -> str:
        path = self.file("state")
        home = str(self.network.homes[SEQUENCER].directory)
        await self.done("governance", "state", "--home", home, "--out", path)
        return path

    async def signed(
        self, kind: str, *fields: str, by: tuple[str, ...], state: str | None = None
    ) -> tuple[int, str, str]:
        """Prepare, sign by each, combine by the first: exit code, the record's file, stderr."""
        state = state or await self.state()
        body, record = self.file(f"{kind}.body"), self.file(f"{kind}.record")
        with_state = ("--state", state)
        await self.done("governance", "prepare", kind, *fields, *with_state, "--out", body)
        signatures = []
        for member in by:
            signatures.append(self.file(f"{kind}.{member}.signature"))
            code, _, err = await self.run(
                "governance", "sign", body, *with_state, "--member", member, "--development",
                "--key", self.offline_key(member), "--out", signatures[-1],
            )  # fmt: skip
            assert code == 0, err
            assert f"{kind.replace('successor', 'genesis')}, governance entry" in err
        code, _, err = await self.run(
            "governance", "combine", body, *signatures, *with_state, "--member", by[0],
            "--key", self.offline_key(by[0]), "--development", "--out", record,
        )  # fmt: skip
        return code, record, err

    async def change(self, kind: str, *fields: str, by: tuple[str, ...]) -> int:
        """A change that is recorded; answers its entry number."""
        code, record, err = await self.signed(kind, *fields, by=by)
        assert code == 0, err
        home = str(self.network.homes[SEQUENCER].directory)
        answer = await self.done("governance", "submit", record, "--home", home)
        again = await self.done("governance", "submit", record, "--home", home)
        assert again["index"] == answer["index"]  # the same record again is the same entry
        return int(answer["index"])

    async def write(
        self, author: str, signer: Signer, seed: str, record_class: str
    ) -> httpx.Response:
        """One record of this author, at the sequencer's door."""
        header = Header(
            log=self.network.nodes[SEQUENCER].view.registry.log, id=nets.record_id(seed),
            author=author, record_class=record_class, at=nets.AT, seen=0,
            commitment=nets.b64(bytes(32)),
        )  # fmt: skip
        url = str(self.network.homes[SEQUENCER].settings.log_url)
        content = sign_record(header, signer)
        async with httpx.AsyncClient(timeout=60) as client:
            for _ in range(100):  # a sequencer that has just started is still adopting
                answer = await client.post(f"{url}/submit", content=content)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return answer
                await asyncio.sleep(0.2)
        raise AssertionError(f"busy for ever: {answer.text}")

    async def get(self, path: str) -> httpx.Response:
        """What the log shows there."""
        url = str(self.network.homes[SEQUENCER].settings.log_url)
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.get(f"{url}/{path}")

    async def settle(self, home: Home, **changes: Any) -> Home:
        """Change a home's settings, as its operator does."""
        path = home.directory / SETTINGS_FILE
        values = tomllib.loads(path.read_text())
        values.update(changes)
        path.write_text(settings_toml({k: v for k, v in values.items() if v != {}}))
        return open_home(home.directory)

    async def restart(self, member: str, home: Home) -> None:
        await self.network.stop(member)
        self.network.homes[member] = home
        await self.network.start(member)

    async def follow(self, members: tuple[str, ...] = MEMBERS) -> None:
        await self.network.quiet([m for m in members if m in self.network.nodes])


async def rotate_and_revoke(bench: Bench) -> None:
    """A record key rotates; the new one is then called compromised; its record is reaffirmed."""
    uwv = bench.network.homes["uwv"]
    old = uwv.keys().record
    assert (await bench.write("uwv", old, "before", "income")).status_code == 200
    place = f"file:{uwv.keys_directory / 'record-2.key'}"
    made = await bench.done("keys", "make", "--key", place, "--use", "record", "--development")
    code, _, err = await bench.signed(
        "rotate", "member=uwv", "use=record", f"key={made['key']}", by=("svb",)
    )
    assert code == 1  # another member alone may not change uwv's key
    assert "members that vote" in err
    await bench.change("rotate", "member=uwv", "use=record", f"key={made['key']}", by=("uwv",))
    refused = await bench.write("uwv", old, "after", "income")
    assert (refused.status_code, refused.json()["code"]) == (403, "key_revoked")
    uwv = await bench.settle(uwv, keys={"record": "file:keys/record-2.key"})
    await bench.restart("uwv", uwv)  # it starts: its key is the registered one
    answer = await bench.write("uwv", uwv.keys().record, "by the new key", "income")
    assert answer.status_code == 200
    n = int(answer.text.split("index ")[1].split("\n")[0])
    await bench.change(
        "revoke", "member=uwv", f"key={made['key']}", f"compromised_since={n}",
        by=("svb", "toeslagen", SEQUENCER),
    )  # fmt: skip
    await bench.follow()
    raw = uwv.keys().record.public_key
    registry = bench.network.nodes["svb"].view.registry
    assert registry.contested("uwv", raw, n)
    assert not registry.contested("uwv", old.public_key, n - 1)
    await bench.change("reaffirm", "member=uwv", f"entries=[{n}]", by=("uwv",))
    place = f"file:{uwv.keys_directory / 'record-3.key'}"
    made = await bench.done("keys", "make", "--key", place, "--use", "record", "--development")
    await bench.change("rotate", "member=uwv", "use=record", f"key={made['key']}", by=("uwv",))
    uwv = await bench.settle(uwv, keys={"record": "file:keys/record-3.key"})
    await bench.restart("uwv", uwv)
    await bench.follow()
    assert not bench.network.nodes["svb"].view.registry.contested("uwv", raw, n)


async def quorum_and_members(bench: Bench) -> None:
    """The quorum changes by old and new votes; members are admitted, suspended and merged."""
    mirrors = 'mirrors=["uwv","svb","toeslagen"]'
    code, _, err = await bench.signed(
        "quorum", mirrors, "quorum=2", "votes_needed=2", by=("uwv", "svb")
    )
    assert code == 1  # two would do by the new rule; the old one wants three
    assert "2 members that vote signed, 3 must" in err
    by = ("uwv", "svb", "toeslagen")
    await bench.change("quorum", mirrors, "quorum=2", "votes_needed=2", by=by)
    await bench.follow()
    registry = bench.network.nodes["toeslagen"].view.registry
    assert (registry.quorum, registry.votes_needed, len(registry.mirrors)) == (2, 2, 3)
    key = bench.files / "gm0363.governance.key"
    made = await bench.done(
        "keys", "make", "--key", f"file:{key}", "--use", "governance", "--development"
    )
    member = {
        "id": "gm0363", "name": "Gemeente (proef)", "role": "municipality", "url": "",
        "votes": True, "keys": [{"use": "governance", "key": made["key"]}],
    }  # fmt: skip
    told = bench.files / "member.json"
    told.write_text(json.dumps(member))
    await bench.change("admit", f"member=@{told}", by=("uwv", "svb"))
    await bench.change("suspend", "member=gm0363", "suspended=true", by=("uwv", "svb"))
    lichtstroom = bench.network.homes["lichtstroom"].keys().record
    assert (await bench.write("lichtstroom", lichtstroom, "own", "charge")).status_code == 200
    await bench.change("merge", 'members=["lichtstroom"]', "into=woonstad", by=("uwv", "svb"))
    refused = await bench.write("lichtstroom", lichtstroom, "gone", "charge")
    assert (refused.status_code, refused.json()["code"]) == (403, "suspended")
    matrix = {role: sorted(classes) for role, classes in registry.matrix.items()}
    matrix["creditor"] = ["correction"]
    fields = (f"matrix={json.dumps(matrix)}", f"seen_lag_max={registry.seen_lag_max}")
    await bench.change("policy", *fields, by=("uwv", "svb"))
    woonstad = bench.network.homes["woonstad"].keys().record
    refused = await bench.write("woonstad", woonstad, "rent", "charge")
    assert (refused.status_code, refused.json()["code"]) == (403, "class_not_allowed")


async def rotate_while_away(bench: Bench) -> None:
    """A node that was not running when its key changed learns of it before it is refused."""
    uwv = bench.network.homes["uwv"]
    await bench.network.stop("uwv")
    place = f"file:{uwv.keys_directory / 'record-4.key'}"
    made = await bench.done("keys", "make", "--key", place, "--use", "record", "--development")
    await bench.change("rotate", "member=uwv", "use=record", f"key={made['key']}", by=("uwv",))
    bench.network.homes["uwv"] = await bench.settle(uwv, keys={"record": "file:keys/record-4.key"})
    await bench.network.start("uwv")


async def move_the_sequencer(bench: Bench) -> None:
    """The log's key moves, and the sequencer to another home, made of a backup."""
    home = bench.network.homes[SEQUENCER]
    place = f"file:{home.keys_directory / 'log-2.key'}"
    origin = home.settings.origin
    made = await bench.done(
        "keys", "make", "--key", place, "--use", "log", "--name", origin, "--development"
    )
    await bench.restart(
        SEQUENCER, await bench.settle(home, keys={"log-next": "file:keys/log-2.key"})
    )
    moved = await bench.change("move", f"log_vkey={made['key']}", by=("uwv", "svb"))
    await bench.follow()
    note = parse_note((await bench.get("checkpoint")).content)
    assert [each.name for each in note.signatures].count(origin) == 2  # the handover carries both
    assert (await bench.get("vkey")).text == made["key"] + "\n"
    backup, elsewhere = bench.files / "backup", bench.files / "elsewhere"
    await bench.done("backup", str(backup), "--home", str(home.directory))
    # What is recorded after the backup is not in it, and is adopted from the mirrors.
    uwv = bench.network.homes["uwv"].keys().record
    late = await bench.write("uwv", uwv, "after the backup", "income")
    assert late.status_code == 200
    await bench.network.stop(SEQUENCER)
    (backup / "policy").write_text("damaged")
    code, _, err = await bench.run("restore", str(backup), "--home", str(elsewhere))
    assert (code, "policy: changed" in err, elsewhere.exists()) == (1, True, False)
    (backup / "policy").write_bytes(home.policy_file.read_bytes())
    restored = await bench.done("restore", str(backup), "--home", str(elsewhere))
    assert "adopted" in restored["next"]
    settled = await bench.settle(open_home(elsewhere), keys={"log": "file:keys/log-2.key"})
    bench.network.homes[SEQUENCER] = settled
    await bench.network.start(SEQUENCER)
    again = await bench.write("uwv", uwv, "after the backup", "income")
    assert (
        again.text.split("index ")[1].split("\n")[0] == late.text.split("index ")[1].split("\n")[0]
    )
    answer = await bench.write("uwv", uwv, "after the move", "income")
    assert answer.status_code == 200
    assert int(answer.text.split("index ")[1].split("\n")[0]) > moved
    await bench.follow()
    note = parse_note((await bench.get("checkpoint")).content)
    assert [each.name for each in note.signatures].count(origin) == 1
    for member in ("uwv", SEQUENCER):
        directory = str(bench.network.homes[member].directory)
        assert (await bench.done("fsck", "--home", directory)) == {"sound": True, "problems": []}
        assert (await bench.done("evidence", "--home", directory)) == {"evidence": []}
    tree = str(bench.files / "tree")
    await bench.done("export", tree, "--home", str(elsewhere))
    verified = await bench.done("verify", tree, "--vkey", made["key"])
    assert verified["verified"]


async def break_the_glass(bench: Bench) -> None:
    """Two of three mirrors are gone for good: a successor goes on from the last checkpoint."""
    sequencer = bench.network.homes[SEQUENCER]
    checkpoint = bench.files / "last-checkpoint"
    checkpoint.write_bytes((await bench.get("checkpoint")).content)
    state = await bench.state()
    for member in list(bench.network.nodes):
        await bench.network.stop(member)
    survivors, fresh = (SEQUENCER, "uwv"), {}
    ports = free_ports(4)
    origin = "vastedag.example/opvolger"
    peers = {m: f"http://127.0.0.1:{ports[2 * i + 1]}" for i, m in enumerate(survivors)}
    homes = {}
    for i, member in enumerate(survivors):
        old = tomllib.loads((bench.network.homes[member].directory / SETTINGS_FILE).read_text())
        old.pop("keys", None)
        old.update(
            origin=origin, port=ports[2 * i], log_port=ports[2 * i + 1], peers=peers,
            log_url=f"{peers[SEQUENCER]}/log",
        )  # fmt: skip
        settings = bench.files / f"{member}.toml"
        settings.write_text(settings_toml(old))
        homes[member] = bench.files / f"{member}-opvolger"
        made = await bench.done("init", "--home", str(homes[member]), "--settings", str(settings))
        fresh[member] = made["keys"]
    keys = bench.files / "keys.json"
    keys.write_text(json.dumps(fresh))
    code, genesis, err = await bench.signed(
        "successor", f"predecessor=@{checkpoint}", f"keys=@{keys}", f"origin={origin}",
        f"log_vkey={fresh[SEQUENCER]['log_vkey']}", 'mirrors=["uwv"]', "quorum=1",
        by=(SEQUENCER, "uwv"), state=state,
    )  # fmt: skip
    assert code == 0, err
    answers = [
        await bench.done("init", "--home", str(homes[m]), "--genesis", genesis) for m in survivors
    ]
    assert answers[0]["log"] == answers[1]["log"] is not None
    assert answers[0]["keys"]["log_vkey"] == fresh[SEQUENCER]["log_vkey"]
    bench.network.homes = {m: open_home(homes[m]) for m in survivors}
    for member in survivors:
        await bench.network.start(member)
    uwv = bench.network.homes["uwv"].keys().record
    await bench.follow(survivors)
    assert (await bench.write("uwv", uwv, "on the successor", "income")).status_code == 200
    await bench.follow(survivors)
    predecessor = bench.network.nodes["uwv"].view.registry.predecessor
    assert predecessor == checkpoint.read_text()
    last = parse_checkpoint(parse_note(predecessor.encode()).text)
    assert last.origin == sequencer.settings.origin


@pytest.mark.timeout(120)
def test_every_change_is_rehearsed_by_the_command_line(tmp_path: Path) -> None:
    homes = make_homes(tmp_path / "network")
    files = tmp_path / "files"
    files.mkdir()

    async def work() -> None:
        network = Running(homes=dict(homes), nodes={}, workers={})
        bench = Bench(directory=tmp_path / "network", network=network, files=files)
        try:
            for member in MEMBERS:
                await network.start(member)
            await bench.follow()
            await rotate_and_revoke(bench)
            await quorum_and_members(bench)
            await rotate_while_away(bench)
            await move_the_sequencer(bench)
            await break_the_glass(bench)
        finally:
            for member in list(network.nodes):
                await network.stop(member)

    asyncio.run(work())
