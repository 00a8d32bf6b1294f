"""A real regulation file, spoilt in one place each time: it does not load, and the refusal names
the file, the line and the article.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.compiling.program import compile_version
from scheduler.rulebook import REGULATIONS, Rulebook
from specs.errors import SpecFileError
from specs.regulation_files import read_regulation, read_regulations

FILE = REGULATIONS / "zorgtoeslag" / "2026-01-01.yaml"
TEXT = FILE.read_text()


def refusal(text: str) -> SpecFileError:
    with pytest.raises(SpecFileError) as caught:
        compile_version(read_regulation(text.encode(), "zorgtoeslag/2026-01-01.yaml"))
    return caught.value


def step_line(name: str) -> int:
    return TEXT.splitlines().index(f"  {name}:") + 1


def spoilt(name: str, key: str, new: str) -> str:
    """The file with one key of one part replaced; an empty text leaves the key out."""
    lines = TEXT.splitlines()
    at = next(i for i in range(step_line(name), len(lines)) if lines[i].strip().startswith(key))
    end = at + 1
    while lines[at].endswith(">-") and lines[end].startswith("      "):
        end += 1
    lines[at:end] = [f"    {new}"] if new else []
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "key", "new", "words", "article"),
    [
        ("standaardpremie", "source:", "", "source", "4"),
        ("standaardpremie", "unit:", "unit: furlong", "no such unit", ""),
        ("standaardpremie", "confidence:", "confidence: sure", "confidence", "4"),
        ("betaling", "rounding:", "rounding: {to: euro, method: down}", "rounding without article",
         ""),
        ("aanspraak", "expression:", "expression: normpremie + inkomensjaar",
         "unknown name 'inkomensjaar'", "artikel 2 lid 4"),
        ("aanspraak", "expression:", "expression: normpremie % 2", "no operator",
         "artikel 2 lid 4"),
        ("aanspraak", "expression:", "expression: normpremie + verzekerd", "units clash",
         "artikel 2 lid 4"),
        ("normpremie", "expression:", "expression: aanspraak", "circle", "artikel 2"),
        ("normpremie", "article:", "", "article", ""),
    ],
)  # fmt: skip
def test_a_spoilt_file_names_file_line_and_article(
    name: str, key: str, new: str, words: str, article: str
) -> None:
    error = refusal(spoilt(name, key, new))
    assert error.path == "zorgtoeslag/2026-01-01.yaml"
    assert words in error.message
    assert error.line is not None
    assert abs(error.line - step_line(name)) <= 12 or words == "circle"
    assert article in error.message


def copied(directory: Path, valid_from: str, valid_until: str) -> None:
    text = TEXT.replace("valid_from: 2026-01-01", f"valid_from: {valid_from}")
    text = text.replace("valid_until: 2027-01-01", f"valid_until: {valid_until}")
    (directory / "zorgtoeslag").mkdir(exist_ok=True)
    (directory / "zorgtoeslag" / f"{valid_from}.yaml").write_text(text)


@pytest.mark.parametrize(
    ("until", "words"),
    [("2026-07-01", "a gap after"), ("2027-07-01", "overlaps"), ("open", "overlaps")],
)
def test_versions_that_do_not_meet_do_not_load(tmp_path: Path, until: str, words: str) -> None:
    copied(tmp_path, "2026-01-01", until)
    copied(tmp_path, "2027-01-01", "open")
    with pytest.raises(SpecFileError) as caught:
        read_regulations(tmp_path)
    assert words in caught.value.message
    assert caught.value.path.endswith("zorgtoeslag/2027-01-01.yaml")
    assert "zorgtoeslag/2026-01-01.yaml" in caught.value.message


def test_the_rulebook_refuses_the_same(tmp_path: Path) -> None:
    copied(tmp_path, "2026-01-01", "2027-01-01")
    copied(tmp_path, "2027-07-01", "open")
    with pytest.raises(SpecFileError, match="a gap after"):
        Rulebook.load(tmp_path)
