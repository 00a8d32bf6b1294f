"""Any bytes to any door or parser of the log: a value, a refusal, or a LedgerError; no growth."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import AdmissionError, LedgerError
from ledger.formats.packages import (
    Package,
    Upload,
    package_bounds,
    parse_info,
    parse_packages,
    parse_upload,
)
from ledger.formats.policy import parse_policy
from ledger.ports import Answer
from ledger.rules import governance
from ledger.rules.admission import open_envelope
from ledger.serve import LogDoor, MirrorDoor
from tests import ledger_network as nets

REGISTRY = governance.genesis(nets.genesis_body(), nets.b64(bytes(32)))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*sorted(nets.genesis_body()), "x"]), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(st.binary(max_size=400))
def test_parsers_of_uploads(data: bytes) -> None:
    for parse in (parse_upload, parse_info, open_envelope):
        try:
            parse(data)  # type: ignore[operator]
        except LedgerError:
            continue


@given(
    st.lists(st.binary(max_size=40), min_size=1, max_size=9),
    st.lists(st.binary(min_size=32, max_size=32), max_size=4),
    st.integers(0, 600),
    st.binary(max_size=9),
)
def test_packages_are_read_as_they_were_written(
    entries: list[bytes], proof: list[bytes], start: int, tail: bytes
) -> None:
    bounds = package_bounds(start, start + len(entries))
    packages = [
        Package(entries=tuple(entries[first - start : last - start]), proof=tuple(proof))
        for first, last in bounds
    ]
    upload = Upload(origin="o", start=start, end=start + len(entries), ticket=tail)
    body = upload.encode() + b"".join(each.encode() for each in packages)
    parsed, at = parse_upload(body)
    assert parsed == upload
    assert parse_packages(body, at, bounds) == packages
    assert parse_packages(body[:-1], at, bounds) == packages[:-1]


@settings(deadline=None)
@given(json_values)
def test_any_governance_body_is_a_registry_or_a_refusal(value: Any) -> None:
    body = value if isinstance(value, dict) else {"type": value}
    for kind in (*governance.CHANGES, None):
        named = body if kind is None else {**governance.next_body(REGISTRY, kind), **body}
        try:
            governance.apply(REGISTRY, 3, nets.b64(bytes(32)), named)
        except AdmissionError:
            continue


@settings(deadline=None)
@given(json_values)
def test_any_genesis_is_a_registry_or_a_refusal(value: Any) -> None:
    body = {**nets.genesis_body(), **(value if isinstance(value, dict) else {"members": value})}
    try:
        registry = governance.genesis(body, nets.b64(bytes(32)))
    except AdmissionError:
        return
    parse_policy(registry.policy_text().encode())


def test_doors_answer_anything_and_nothing_grows() -> None:
    async def opened() -> nets.Network:
        net = await nets.make_network()
        await net.log.append(nets.record(net.log_id, "a"))
        return net

    loop = asyncio.new_event_loop()
    net = loop.run_until_complete(opened())
    doors = (LogDoor(net.log), MirrorDoor(net.mirrors["uwv"]))
    whole = loop.run_until_complete(net.store.entries(1, 2))[0]

    @settings(deadline=None, max_examples=150)
    @given(
        st.sampled_from(("submit", "add-checkpoint", "add-entries", "other")),
        st.binary(max_size=200) | st.integers(0, len(whole)).map(lambda cut: whole[:cut]),
        st.text(max_size=30) | st.sampled_from(("tile/0/000.p/9", "tile/entries/000.p/3")),
    )
    def ask(path: str, body: bytes, page: str) -> None:
        async def both() -> list[Answer]:
            return [
                answer
                for door in doors
                for answer in (
                    await door.post(path, body),
                    await door.get(page, entries_allowed=True),
                )
            ]

        for answer in loop.run_until_complete(both()):
            assert 400 <= answer.status < 500
        assert net.log.status().size == 2
        assert net.mirrors["uwv"].size == 2

    ask()
    loop.run_until_complete(net.log.stop())
    loop.close()
