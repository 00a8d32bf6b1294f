"""Any bytes: records or problems, never another exception, nothing personal in a problem."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import samples
from adapters.formats import FORMATS, detect
from specs.records import RECORD_TYPES

DEMO = samples.load(samples.shipped()["demo"])
ONE_OF_EACH = {file.format: file for file in DEMO.files if file.format is not None}
SEEDS = {name: file.path.read_bytes() for name, file in ONE_OF_EACH.items()}
NINE_DIGITS = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")
SURNAMES = ("Moreira", "Yildiz", "Willemse", "Haddad", "Jansma", "Vermeer")


def check(name: str, content: bytes, source: str = "file") -> None:
    drafts, problems = FORMATS[name](content, source=source)
    assert drafts or problems
    ids = [draft.source_event_id for draft in drafts]
    assert len(ids) == len(set(ids))
    for draft in drafts:
        model = RECORD_TYPES[draft.type].model
        assert model.model_validate(draft.data_json()) == draft.data
        assert draft.where
    for problem in problems:
        text = str(problem)
        assert problem.where
        assert problem.reason
        assert problem.repair
        assert not NINE_DIGITS.search(text)
        assert not any(surname in text for surname in SURNAMES)


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=400), name=st.sampled_from(sorted(FORMATS)))
def test_arbitrary_bytes(content: bytes, name: str) -> None:
    check(name, content)
    detect(content, "file.xml")


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=300), name=st.sampled_from(sorted(FORMATS)))
def test_arbitrary_text(text: str, name: str) -> None:
    check(name, text.encode("utf-8", errors="replace"))


@pytest.mark.parametrize("name", sorted(SEEDS))
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_mutated_files(name: str, data: st.DataObject) -> None:
    content = bytearray(SEEDS[name])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        how = data.draw(st.sampled_from(("set", "cut", "insert", "swap", "digit")))
        if how == "set":
            content[place] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del content[place : place + data.draw(st.integers(1, 40))]
        elif how == "insert":
            content[place:place] = data.draw(st.binary(min_size=1, max_size=20))
        elif how == "swap":
            other = data.draw(st.integers(0, len(content) - 1))
            content[place], content[other] = content[other], content[place]
        else:
            content[place] = data.draw(st.sampled_from(b"0123456789;<>-"))
        if not content:
            break
    check(name, bytes(content), ONE_OF_EACH[name].name)


@pytest.mark.parametrize("reader", sorted(FORMATS))
@pytest.mark.parametrize("seed", sorted(SEEDS))
def test_a_file_given_to_any_reader(reader: str, seed: str) -> None:
    check(reader, SEEDS[seed])


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_reading_twice_gives_the_same(name: str) -> None:
    first = FORMATS[name](SEEDS[name], source="file")
    assert first == FORMATS[name](SEEDS[name], source="file")
