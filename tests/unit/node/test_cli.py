"""The command line's contract (DESIGN 9): exit codes, one JSON document on stdout, quick start."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.cli import COMMANDS, main
from node.commands import cli_contests

HOUSEHOLD: dict[str, Any] = {
    "year": 2026,
    "persons": [
        {
            "id": "a",
            "birth_date": "1990-05-01",
            "income": {"2026": 1_900_000},
            "assets": {"2026": 0},
            "insured": True,
        }
    ],
    "applicant": "a",
    "partner": None,
    "children": [],
    "schemes": ["zorgtoeslag"],
}
FLOWS: dict[str, Any] = {
    "from": "2026-01",
    "months": 2,
    "today": "2025-12-01",
    "flows": [
        {
            "id": "ww",
            "direction": "in",
            "party": "uwv",
            "amount": 131_200,
            "every": "month",
            "day": 23,
            "shift": "preceding",
            "window": {"earlier_days": 10, "later_days": 5},
        }
    ],
    "opening_balance": 0,
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def written(tmp_path: Path, content: object) -> str:
    path = tmp_path / "document.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_calc_answers_the_leaflets_own_example(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Leaflet tg0821z61fd, rekenvoorbeeld 1: income 19,000, single: 129 euro a month in 2026."""
    code, out, err = run(capsys, "calc", written(tmp_path, HOUSEHOLD), "--json")
    answer = json.loads(out)["schemes"]["zorgtoeslag"]
    assert (code, err) == (0, "")
    assert set(answer["months"].values()) == {12_900}
    assert out.count("\n") == 1


def test_json_may_stand_before_the_command_and_a_list_is_answered_by_a_list(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "--json", "calc", written(tmp_path, [HOUSEHOLD, HOUSEHOLD]))
    assert code == 0
    assert len(json.loads(out)) == 2


def test_calc_with_an_unknown_is_an_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    person = {key: value for key, value in HOUSEHOLD["persons"][0].items() if key != "insured"}
    code, out, _ = run(
        capsys, "calc", written(tmp_path, HOUSEHOLD | {"persons": [person]}), "--json"
    )
    assert code == 0
    assert json.loads(out)["schemes"]["zorgtoeslag"]["status"] == "unknown"


def test_calc_refuses_with_every_problem_and_exit_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = HOUSEHOLD | {"year": "soon", "applicant": "nobody"}
    code, out, err = run(capsys, "calc", written(tmp_path, document), "--json")
    assert code == 1
    assert {one["field"] for one in json.loads(out)["problems"]} >= {"year", "applicant"}
    assert "refused" in err


def test_plan_answers_and_refuses(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "plan", written(tmp_path, FLOWS), "--json")
    lines = json.loads(out)["months"][0]["lines"]
    assert code == 0
    assert [line["natural_date"] for line in lines] == ["2026-01-23"]  # a Friday
    code, out, _ = run(capsys, "plan", written(tmp_path, FLOWS | {"months": 0}), "--json")
    assert code == 1
    assert json.loads(out)["problems"]


def test_plan_reads_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(FLOWS).encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    code, out, _ = run(capsys, "plan", "-", "--json")
    assert code == 0
    assert json.loads(out)["day"] in range(1, 29)


def test_paydays_are_those_the_payer_published(capsys: pytest.CaptureFixture[str]) -> None:
    """Dienst Toeslagen 2026, ketelaar/toeslagen-cal (facts/allowances-nl.yaml)."""
    code, out, _ = run(capsys, "paydays", "--payer", "toeslagen", "--year", "2026", "--json")
    days = [one["date"] for one in json.loads(out)["days"]]
    assert code == 0
    assert days[:2] == ["2026-01-20", "2026-02-20"]
    assert "2026-06-22" in days
    assert len(days) == 12


def test_paydays_of_nobody_is_wrong_use_and_an_unpublished_year_is_a_no(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capsys, "paydays", "--payer", "nobody", "--year", "2026", "--json")
    assert (code, out) == (2, "")
    assert "toeslagen" in err
    code, out, err = run(capsys, "paydays", "--payer", "aow", "--year", "2031", "--json")
    assert code == 1
    assert "2031" in json.loads(out)["error"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "no JSON"),
        ('{"year": 1, "year": 2}', "twice"),
        ('{"year": NaN}', "NaN"),
        ("[" * 100_000, ""),
    ],
    ids=["cut off", "key twice", "no number", "too deep"],
)
def test_what_is_no_json_is_refused_with_its_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, reason: str
) -> None:
    code, out, err = run(capsys, "calc", written(tmp_path, content), "--json")
    (problem,) = json.loads(out)["problems"]
    assert code == 1
    assert reason in problem["reason"]
    assert problem["repair"]
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_wrong_use(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = run(capsys, "calc", str(tmp_path / "none.json"), "--json")
    assert (code, out) == (2, "")
    assert "none.json" in err


@pytest.mark.parametrize(
    "arguments",
    [[], ["nosuch"], ["paydays"], ["verify", "somewhere"], ["paydays", "--payer=uwv", "--year=x"]],
    ids=" ".join,
)
def test_wrong_use_exits_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], name: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"vastedag {name}" in capsys.readouterr().out


@pytest.mark.parametrize("record", ["-" + "a" * 42, "--" + "a" * 41, "-1" + "_" * 41])
def test_an_id_that_begins_with_a_dash_is_no_option(
    monkeypatch: pytest.MonkeyPatch, record: str
) -> None:
    """One id in 64 does: base64url, LEDGER-FORMATS 4."""
    seen: list[str] = []

    def run(arguments: Namespace, output: object) -> int:
        seen.append(arguments.contest)
        return 0

    known = cli_contests.COMMANDS["contests"]
    monkeypatch.setitem(cli_contests.COMMANDS, "contests", replace(known, run=run))
    words = ["contests", "decide", record, "--outcome", "upheld", "--reason", "y", "--home", "h"]
    assert main(words) == 0
    assert seen == [record]


def test_calc_help_lists_the_keys_each_scheme_requires(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["calc", "--help"])
    told = capsys.readouterr().out
    assert "zorgtoeslag" in told
    assert "persons.insured" in told or "insured" in told


@pytest.mark.parametrize("name", ["submit", "replay", "serve", "work", "export"])
def test_a_command_on_a_node_asks_for_its_home(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
) -> None:
    monkeypatch.delenv("VASTEDAG_HOME", raising=False)
    event = written(tmp_path, {})
    extra = {"submit": [event], "export": [str(tmp_path / "tree")]}.get(name, [])
    code, _, err = run(capsys, name, *extra)
    assert code == 2
    assert "--home" in err
    code, _, err = run(capsys, name, *extra, "--home", str(tmp_path))
    assert code == 2
    assert "no node here" in err


def test_ingest_dry_run_tells_records_and_all_problems_without_a_node(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "opgaven.csv"
    path.write_text(
        "bsn;birth_date;surname;fact;value;year;valid_from\n"
        "999902003;1988-04-12;Wit;insured;1;;2026-01-01\n"
        "999902004;1988-04-12;Wit;insured;1;;2026-01-01\n"
        "999902003;1988-04-12;Wit;assets;-5;2026;2026-02-30\n"
        "end;3\n"
    )
    code, out, _ = run(
        capsys, "ingest", "--format", "statement-csv", "--dry-run", str(path), "--json"
    )
    answer = json.loads(out)
    assert code == 1
    assert answer["records"] == 1
    assert {problem["where"] for problem in answer["problems"]} == {"row 3", "row 4"}
    assert "999902004" not in out


def test_specs_check_finds_the_shipped_specs_in_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "specs-check", "--json")
    assert (code, json.loads(out)) == (0, {"ok": True, "problems": []})


def test_verify_of_nothing_is_wrong_use(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    key = "example.com/log+530dcf36+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    code, _, err = run(capsys, "verify", str(tmp_path / "tree"), "--vkey", key)
    assert code == 2
    assert "no such directory" in err
    code, _, err = run(capsys, "verify", str(tmp_path), "--vkey", "nokey")
    assert code == 2
    assert "--vkey" in err


def test_a_demo_on_a_taken_port_stops_before_any_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, err = run(capsys, "demo", "--port", port, "--state", str(tmp_path / "state"))
    assert code == 1
    assert port in err
    assert "--port" in err
    assert not (tmp_path / "state").exists()


def test_a_demo_on_a_directory_that_is_not_there_is_wrong_use(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = run(capsys, "demo", "--once", "--data", str(tmp_path / "none"))
    assert code == 2
    assert "no such directory" in err


def test_the_command_line_starts_without_what_it_does_not_need() -> None:
    program = (
        "import sys, node.cli\n"
        "heavy = {'sqlalchemy', 'fastapi', 'numpy', 'pydantic', 'cryptography', 'httpx', 'rich'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (done.returncode, done.stderr) == (0, "")
