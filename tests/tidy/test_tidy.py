"""Rules we care about, as tests: sizes, words, reasons for dependencies, files a reader expects."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("specs", "ledger", "scheduler", "adapters", "node")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|placeholder|dummy)\b", re.IGNORECASE
)
PYTHON_FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def tracked_files() -> list[str]:
    """What git would hand to somebody else."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [name for name in done.stdout.split("\0") if name]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PYTHON_FILES, ids=_name)
def test_file_is_short_explained_and_finished(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= FILE_LINES_MAX
    assert UNFINISHED.search(text) is None
    tree = ast.parse(text)
    if "migrations/versions" in _name(path):
        return  # a table list, as long as the tables are many
    assert ast.get_docstring(tree), "a module says what it does and what it leaves to others"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", PYTHON_FILES, ids=_name)
def test_no_exception_is_swallowed(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            wide = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
            )
            silent = all(isinstance(step, ast.Pass | ast.Continue) for step in node.body)
            assert not (wide and silent), f"line {node.lineno}"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[<>=\[ ]", line)[0] for line in wanted}
    reasons = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "specs/decisions").glob("*.md")
    )
    assert {name for name in names if name not in reasons} == set()


def test_decisions_have_context_decision_alternatives_and_state() -> None:
    for path in sorted((ROOT / "specs/decisions").glob("*.md")):
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
        text = path.read_text(encoding="utf-8")
        for part in ("**State**", "**Context.**", "**Decision.**", "**Alternatives.**"):
            assert part in text, f"{path.name} lacks {part}"


@pytest.mark.realdata
def test_no_real_agency_file_lies_in_the_repository(realdata: Path) -> None:
    def digests(paths: Iterable[Path]) -> dict[str, str]:
        files = (path for path in paths if path.is_file() and path.stat().st_size > 0)
        return {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in files}

    ours = digests(ROOT / name for name in tracked_files())
    theirs = digests(realdata.rglob("*"))
    assert {theirs[same] for same in ours.keys() & theirs.keys()} == set()


def test_publiccode_names_what_a_catalogue_needs() -> None:
    facts = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert facts["legal"]["license"] == project["license"] == "EUPL-1.2"
    assert facts["softwareVersion"] == project["version"]
    for language in ("nl", "en"):
        words = facts["description"][language]
        assert len(words["shortDescription"].strip()) <= 150
        assert 150 <= len(words["longDescription"]) <= 10_000


def test_ci_runs_the_readmes_own_test_command_and_nothing_more() -> None:
    commands = [
        line.strip()
        for line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
        if line.startswith("make ")
    ]
    assert commands == ["make test"]
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
