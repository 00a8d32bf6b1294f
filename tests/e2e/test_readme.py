"""The README's session is what the program prints, and its commands exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO_SECONDS_MAX = 280


def session() -> list[str]:
    """The lines of the README's session, without its prompt."""
    block = README.split("<!-- session: demo -->\n```\n", 1)[1].split("\n```", 1)[0]
    prompt, *lines = block.split("\n")
    assert prompt == "$ make demo ONCE=1"
    return lines


def pattern(line: str) -> re.Pattern[str]:
    """The line as printed; `…` in the README stands for whatever is there."""
    return re.compile(".*".join(re.escape(part) for part in line.split("…")))


@pytest.mark.timeout(600)
def test_readme_shows_a_real_session(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "node.cli", "demo", "--once", "--state", str(tmp_path / "state")],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.replace("\N{NO-BREAK SPACE}", " ").split("\n")
    for line in session():
        if line == "…":
            continue
        while printed and not pattern(line).fullmatch(printed[0]):
            printed.pop(0)
        assert printed, f"the demo does not print {line!r} there"
        printed.pop(0)


def test_every_command_of_the_readme_exists() -> None:
    told = set(re.findall(r"^vastedag ([a-z-]+)", README, re.MULTILINE))
    assert told
    done = subprocess.run(
        [sys.executable, "-m", "node.cli", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for command in told:
        assert re.search(rf"^    {command}\b", done.stdout, re.MULTILINE), command


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_of_the_readme_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize("goal", ["demo", "test"])
def test_every_make_goal_of_the_readme_exists(goal: str) -> None:
    assert f"make {goal}" in README
    assert re.search(rf"^{goal}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
