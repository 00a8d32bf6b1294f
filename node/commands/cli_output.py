"""What a command reads and prints: one JSON document on stdout, messages on stderr.

Exit codes, the same for every command (DESIGN 9): 0 done, 1 the answer is no, 2 wrong use.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DONE: Final = 0
NO: Final = 1
WRONG_USE: Final = 2
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count it
DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024


class UsageError(Exception):
    """The command was given something it cannot work with: exit 2."""


class AnswerNoError(Exception):
    """The answer is no: exit 1. `document` is what `--json` prints."""

    def __init__(self, message: str, document: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.document = document


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command writes. With `as_json` stdout holds one JSON document and nothing else."""

    as_json: bool

    def document(self, value: Any) -> None:
        """The answer as JSON: one line with `--json`, indented without."""
        indent = None if self.as_json else 2
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")

    def answer(self, value: Any) -> None:
        """The answer as JSON with `--json` only: without it the command says the same in text."""
        if self.as_json:
            self.document(value)

    def text(self, line: str) -> None:
        """A line of a human answer; goes nowhere with `--json`, whose document says the same."""
        if not self.as_json:
            sys.stdout.write(line + "\n")

    def flush(self) -> None:
        """Let a reader on a pipe have what was written so far."""
        sys.stdout.flush()

    def message(self, line: str) -> None:
        """Progress, hints and errors."""
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


Run = Callable[[argparse.Namespace, Output], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command's arguments and its work; `faults` are the errors that mean: the answer is no."""

    arguments: Callable[[argparse.ArgumentParser], None]
    run: Run
    faults: tuple[type[Exception], ...] = ()


def read_bytes(name: str) -> bytes:
    """The file's bytes, or stdin's for `-`; raises UsageError when it cannot be read."""
    try:
        if name == "-":
            content = sys.stdin.buffer.read(DOCUMENT_BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(DOCUMENT_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or 'cannot be read'}; name a file") from error
    if len(content) > DOCUMENT_BYTES_MAX:
        raise UsageError(f"{name}: over {DOCUMENT_BYTES_MAX} bytes; split it")
    return content


def read_json(name: str) -> Any:
    """The JSON value in a file or `-`. Raises UsageError for no file, AnswerNoError for no JSON.

    A key that stands twice is refused: which of the two counts would be a guess.
    """
    content = read_bytes(name)
    try:
        return json.loads(
            content.decode("utf-8"), object_pairs_hook=_one_of_each, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise _refused(name, f"byte {error.start}", "is not UTF-8", "save as UTF-8") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refused(name, place, f"no JSON ({error.msg})", "correct it there") from error
    except RecursionError as error:
        raise _refused(name, "document", "nested too deeply", "send a flat document") from error
    except ValueError as error:
        raise _refused(name, "document", str(error), "correct it and send it again") from error


def _refused(name: str, where: str, reason: str, repair: str) -> AnswerNoError:
    problem = {"source": name, "where": where, "field": "", "reason": reason, "repair": repair}
    return AnswerNoError(f"{name}: {where}: {reason}; {repair}", {"problems": [problem]})


def _one_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
