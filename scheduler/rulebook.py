"""The rulebook: every regulation file compiled, and which version is in force in a month.

A month without a version in force is Unknown, never last year's law.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import specs
from scheduler.compiling.program import Version, compile_version
from scheduler.errors import RuleError
from scheduler.folding.known import Text, Unknown
from scheduler.schemes import SUPPLIED
from specs.canonical import digest_of
from specs.regulation_files import read_regulations
from specs.values import Month, months_of_year

KEPT_MAX: Final = 4096  # digests of sets of rules: few sets, asked for at every decision
REGULATIONS: Final = Path(specs.__file__).parent / "regulations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All versions of all schemes, each scheme in order of date."""

    versions: Mapping[str, tuple[Version, ...]]
    _years: dict[tuple[str, int], tuple[tuple[Month, Version | Unknown], ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def load(
        cls, directory: Path = REGULATIONS, supplied: Mapping[str, frozenset[str]] | None = SUPPLIED
    ) -> Rulebook:
        """Compile a directory; raises SpecFileError. `supplied` names, per scheme, the inputs that
        the notions in Python give (None: not checked).
        """
        versions: dict[str, tuple[Version, ...]] = {}
        for file in read_regulations(directory):
            names = None if supplied is None else supplied.get(file.scheme, frozenset())
            version = compile_version(file, names)
            versions[file.scheme] = (*versions.get(file.scheme, ()), version)
        return cls(versions=versions)

    @property
    def schemes(self) -> tuple[str, ...]:
        return tuple(sorted(self.versions))

    @property
    def digest(self) -> str:
        """One digest over all files."""
        return digest_of({v.file.rule: v.file.digest for each in self.versions.values()
                          for v in each})  # fmt: skip

    def version(self, rule: str) -> Version:
        """A version by its name, like `zorgtoeslag/2026-01-01`; raises RuleError."""
        scheme = rule.partition("/")[0]
        for version in self.versions.get(scheme, ()):
            if version.file.rule == rule:
                return version
        raise RuleError(f"no rule {rule!r} here; take the specs of the decision's digest")

    def of_year(self, scheme: str, year: int) -> tuple[tuple[Month, Version | Unknown], ...]:
        """The months of a year with the version in force; kept, for it never changes."""
        key = (scheme, year)
        if key not in self._years:
            months = months_of_year(year)
            self._years[key] = tuple((month, self.in_force(scheme, month)) for month in months)
        return self._years[key]

    def in_force(self, scheme: str, month: Month) -> Version | Unknown:
        """The version for a month; raises RuleError for a scheme that does not exist."""
        if scheme not in self.versions:
            raise RuleError(f"no scheme {scheme!r}; known: {', '.join(self.schemes)}")
        day = month.first_day
        for version in self.versions[scheme]:
            until = version.file.valid_until
            if version.file.valid_from <= day and (until is None or day < until):
                return version
        missing = Text(
            f"Voor {month} kennen wij de regels van deze regeling niet.",
            f"For {month} we do not have the rules of this scheme.",
        )
        known = self.versions[scheme]  # none at all while no version of it is released
        return Unknown(missing=missing, article=known[-1].file.article.text if known else scheme)


def digest_of_versions(versions: Sequence[Version]) -> str:
    """What a decision records as its rules: the files used, each by its own digest."""
    if len(versions) == 1:
        return versions[0].digest
    return _digest(tuple((version.file.rule, version.file.digest) for version in versions))


@lru_cache(maxsize=KEPT_MAX)
def _digest(files: tuple[tuple[str, str], ...]) -> str:
    return digest_of(dict(files))
