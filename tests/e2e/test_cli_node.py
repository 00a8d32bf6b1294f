"""Commands that act on a node: made by init, fed by submit and ingest while its worker runs."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from node.setup.settings import SETTINGS_FILE
from specs.records import INCOME_STATED, STATED
from tests.node_network import make_homes, running

ROOT = Path(__file__).parents[2]
WIT = {"bsn": "999902003", "birth_date": "1988-04-12", "surname": "Wit"}
SETTINGS = """
member = "uwv"
name = "UWV"
mode = "development"
part = "mirror"
origin = "vastedag.example/proef"
log_url = "http://127.0.0.1:8101/log"
source = "urn:nld:oin:99000000000000000002:systeem:polisadministratie"

[peers]
uwv = "http://127.0.0.1:8102"
belastingdienst = "http://127.0.0.1:8101"
"""


async def vastedag(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "node.cli",
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(stdin), 120)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def income_event(**changes: Any) -> bytes:
    data = {
        "person": WIT,
        "relation": "123456789L01-1",
        "payer": "Bakkerij Halverwege",
        "kind": "wage",
        "source_code": "15",
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        "taxable_cents": 215_032,
    }
    event = {
        "specversion": "1.0",
        "id": "opgave-1",
        "source": "urn:nld:oin:99000000000000000002:systeem:polisadministratie",
        "type": INCOME_STATED,
        "time": "2026-11-22T04:00:00Z",
        "validfrom": "2026-10-01",
        "validuntil": "2026-11-01",
        "data": data | changes,
    }
    return json.dumps(event).encode()


def test_init_makes_a_home_once_and_tells_its_public_keys(tmp_path: Path) -> None:
    home, settings = tmp_path / "uwv", tmp_path / "settings.toml"
    settings.write_text(SETTINGS)

    async def work() -> None:
        code, out, err = await vastedag(
            "init", "--home", str(home), "--settings", str(settings), "--json"
        )
        answer = json.loads(out)
        assert (code, err) == (0, "")
        assert answer["log"] is None
        assert set(answer["keys"]) == {"record", "api", "hpke", "mirror"}
        assert answer["keys"]["mirror"].startswith("vastedag.example/proef/mirror/uwv+")
        assert (home / SETTINGS_FILE).is_file()
        assert all(path.stat().st_mode & 0o077 == 0 for path in (home / "keys").iterdir())
        code, again, _ = await vastedag("init", "--home", str(home), "--json")
        assert (code, json.loads(again)) == (0, answer)
        code, _, err = await vastedag(
            "init", "--home", str(home), "--settings", str(settings), "--json"
        )
        assert code == 1
        assert "already" in err
        code, _, err = await vastedag("work", "--home", str(home))
        assert code == 1
        assert "genesis" in err

    asyncio.run(work())


def test_init_refuses_a_genesis_of_other_keys(tmp_path: Path) -> None:
    others = make_homes(tmp_path / "network")
    home, settings = tmp_path / "uwv", tmp_path / "settings.toml"
    settings.write_text(SETTINGS)
    genesis = str(others["uwv"].genesis_file)

    async def work() -> None:
        arguments = ("init", "--home", str(home), "--settings", str(settings))
        code, _, err = await vastedag(*arguments, "--genesis", genesis)
        assert code == 1
        assert "record key" in err
        assert not (home / "genesis.json").exists()
        # The home that the genesis was made of takes it, as often as asked.
        own = ("init", "--home", str(others["uwv"].directory), "--genesis", genesis, "--json")
        code, out, _ = await vastedag(*own)
        assert code == 0
        assert json.loads(out)["log"]

    asyncio.run(work())


def test_submit_and_ingest_beside_a_running_worker(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)
    statements = tmp_path / "opgaven.csv"
    statements.write_text(
        "bsn;birth_date;surname;fact;value;year;valid_from\n"
        "999902003;1988-04-12;Wit;insured;1;;2026-01-01\n"
        "999902004;1988-04-12;Wit;insured;1;;2026-01-01\n"
        "end;2\n"
    )

    async def work() -> None:
        async with running(homes) as network:
            uwv = str(homes["uwv"].directory)
            submit = ("submit", "-", "--home", uwv, "--json")
            code, out, err = await vastedag(*submit, stdin=income_event())
            first = json.loads(out)
            assert code == 0, err
            assert first["repeated"] is False
            assert "c2sp.org/tlog-proof" in first["receipt"]
            code, out, _ = await vastedag(*submit, stdin=income_event())
            again = json.loads(out)
            assert (code, again["index"], again["repeated"]) == (0, first["index"], True)
            # The same id with other content is refused, and nothing is recorded.
            code, out, err = await vastedag(*submit, stdin=income_event(taxable_cents=1))
            assert code == 1
            assert json.loads(out)["code"] == "reused_id"
            code, out, _ = await vastedag(*submit, stdin=income_event(taxable_cents="much"))
            assert code == 1
            assert json.loads(out)["problems"][0]["field"] == "data.taxable_cents"
            # A municipality may not state an income: the role x class matrix and competence.yaml.
            gm0344 = str(homes["gm0344"].directory)
            code, out, _ = await vastedag(
                "submit", "-", "--home", gm0344, "--json", stdin=income_event()
            )
            assert code == 1
            assert json.loads(out)["code"] in ("class_not_allowed", "not_competent")
            # Nobody knows yet that this person lives here: refused, with the row.
            code, out, _ = await vastedag(
                "ingest", "--format", "statement-csv", str(statements), "--home", gm0344, "--json"
            )
            account = json.loads(out)
            assert code == 1
            assert [one["where"] for one in account["problems"]] == ["row 3"]
            assert account["records"] + len(account["refused"]) == 1
            await network.quiet()
            fact = network.nodes["toeslagen"].facts.fact("uwv", first["record"])
            assert fact is not None
            assert network.nodes["toeslagen"].facts.of_type(STATED) == []

    asyncio.run(work())
