"""`vastedag specs-check`: every data file of `specs/` read, with all problems at once.

Checked here: YAML, structure, articles, units present, sources, dates, cases with outside sources,
sentences short enough to read. Whether the formulas hold together (names, units, cycles, overflow)
is checked where they are compiled: `Rulebook.load` in the scheduler; the command runs both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from specs.case_files import read_cases
from specs.errors import SpecFileError
from specs.loader import load_yaml
from specs.population_files import read_population
from specs.regulation_files import (
    CASES_FILE,
    RegulationFile,
    Sentence,
    read_regulation,
    read_regulations,
)

SPECS: Final = Path(__file__).parent
WORDS_MAX: Final = 15  # plain Dutch at level B1: short sentences


def check(directory: Path = SPECS) -> list[SpecFileError]:
    """All problems of the data files, in order of file and line; empty when there are none."""
    found: list[SpecFileError] = []
    for path in sorted(directory.rglob("*.yaml")):
        found.extend(_of_file(path))
    regulations = directory / "regulations"
    if not found and regulations.is_dir():
        found.extend(_of_all(regulations))
    return sorted(found, key=lambda error: (error.path, error.line or 0))


def _of_file(path: Path) -> Iterator[SpecFileError]:
    try:
        load_yaml(path)
        if path.parent.parent.name == "regulations" and path.name != CASES_FILE:
            yield from _sentences(read_regulation(path.read_bytes(), str(path)))
        elif path.parent.name == "population":
            read_population(path.read_bytes(), str(path))
    except SpecFileError as error:
        yield error


def _of_all(regulations: Path) -> Iterator[SpecFileError]:
    """What only shows when the files are seen together: dates that meet, cases with sources."""
    try:
        schemes = {file.scheme for file in read_regulations(regulations)}
        cases = {case.scheme for case in read_cases(regulations)}
    except SpecFileError as error:
        yield error
        return
    for scheme in sorted(schemes - cases):
        path = regulations / scheme / CASES_FILE
        yield SpecFileError(str(path), None, "no case; a scheme without outside cases is a claim")


def _sentences(file: RegulationFile) -> Iterator[SpecFileError]:
    said: list[tuple[int, Sentence]] = [(spec.line, spec.says) for spec in file.inputs]
    said += [(spec.line, spec.says) for spec in file.parameters]
    said += [(spec.line, spec.says) for spec in (*file.steps, *file.year_steps)]
    for line, sentence in said:
        words = len(sentence.nl.split())
        if words > WORDS_MAX:
            reason = f"a sentence of {words} words; split it, at most {WORDS_MAX}"
            yield SpecFileError(file.path, line, reason)
