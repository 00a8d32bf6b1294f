"""The strict YAML reader: values with lines, and every refusal with its place."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specs.errors import SpecFileError
from specs.loader import parse_yaml


def test_values_and_lines() -> None:
    value, lines = parse_yaml(b"a: 1\nb:\n  - {c: 2026-01-01}\n  - 'no'\n", "x.yaml")
    assert value == {"a": 1, "b": [{"c": date(2026, 1, 1)}, "no"]}
    assert lines["a"] == 1
    assert lines["b.0.c"] == 3
    assert lines["b.1"] == 4


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\na: 2\n", 2, "twice"),
        ("a: 1\nb: 1.5\n", 2, "float"),
        ("a: no\n", 1, "quotes"),
        ("a: 010\n", 1, "quotes"),
        ("a: 12:30\n", 1, "quotes"),
        ("a: &x 1\nb: *x\n", 1, "anchors"),
        ("a: !!python/none x\n", 1, "tags"),
        ("a:\n  <<: {b: 1}\n", 2, "merge"),
        ("a: 2026-02-30\n", 1, "calendar"),
        ("a: [1\n", 2, "correct the file"),
    ],
)
def test_refusals_name_the_line(text: str, line: int, words: str) -> None:
    with pytest.raises(SpecFileError) as caught:
        parse_yaml(text.encode(), "x.yaml")
    assert caught.value.line == line
    assert words in caught.value.message


@given(st.binary(max_size=300))
def test_any_bytes_load_or_are_refused(content: bytes) -> None:
    with contextlib.suppress(SpecFileError):  # any other exception fails the test
        parse_yaml(content, "x.yaml")
