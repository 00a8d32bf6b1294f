"""L2: any flipped bit in an entry, tile, root or log signature fails with its place and reason."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable

import pytest

from ledger.errors import StoreError, VerifyError
from ledger.formats import merkle, tiles
from ledger.formats.chain import Entry, encode_entry, entry_hash, parse_entry
from ledger.formats.checkpoint import Checkpoint, cosign, sign_checkpoint
from ledger.formats.note import Note, NoteSigner, parse_note
from ledger.formats.policy import Policy
from ledger.keys import Ed25519Signer
from ledger.verify import Report, verify_log
from tests.ledger_logs import (
    LOG_SIGNER,
    ORIGIN,
    TIME,
    DictSource,
    TestLog,
    b64,
    member_body,
    mirror_signer,
    record_id,
    sample_log,
    signer,
)

SIZE = 600
_LOG = sample_log(SIZE)


def verify(source: DictSource, policy: Policy | None = None, **options: object) -> Report:
    return verify_log(source, _LOG.vkey, policy, **options)  # type: ignore[arg-type]


def flip(data: bytes, at: int, bit: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def refused(source: DictSource, policy: Policy | None = None, **options: object) -> VerifyError:
    with pytest.raises(VerifyError) as caught:
        verify(source, policy, **options)
    assert caught.value.reason
    return caught.value


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513])
def test_a_whole_log_of_every_edge_size(size: int) -> None:
    log = TestLog(entries=_LOG.entries[:size], registry=_LOG.registry)
    report = verify(log.source(), log.policy)
    assert (report.size, report.entries, report.void_count) == (size, size, 0)
    assert report.cosigners == ("uwv", "svb", "gm0344")
    assert report.quorum is True
    assert report.root == merkle.root_of(log.leaves())
    assert json.dumps(report.as_json())


def test_the_empty_log() -> None:
    log = TestLog()
    empty = DictSource({"checkpoint": log.checkpoint(cosigners=()).encode()})
    assert verify(empty).size == 0


def test_progress_ends_at_the_size() -> None:
    steps: list[tuple[int, int]] = []
    verify(_LOG.source(), progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (SIZE, SIZE)


class TestFlips:
    """One bit in each kind of artefact; every hash tile and the places in an entry at random."""

    @pytest.mark.parametrize("index", [0, 1, 254, 255, 256, 511, 512, 599])
    def test_entry(self, index: int) -> None:
        source = _LOG.source()
        tile = tiles.Tile(
            level=tiles.ENTRIES, n=index // 256, width=min(256, SIZE - index // 256 * 256)
        )
        entries = tiles.parse_bundle(source.files[tile.path], tile.width)
        chance = random.Random(index)
        for _ in range(4):
            original = entries[index % 256]
            at = chance.randrange(len(original))
            changed = [*entries]
            changed[index % 256] = flip(original, at, chance.randrange(8))
            source.files[tile.path] = tiles.encode_bundle(changed)
            error = refused(source)
            assert (error.place, error.index) == (f"entry {index}", index)
            assert "not the bytes that were recorded" in error.reason

    def test_length_of_an_entry(self) -> None:
        source = _LOG.source()
        source.files["tile/entries/001"] = flip(source.files["tile/entries/001"], 1)
        assert refused(source).place == "entry 256"

    @pytest.mark.parametrize("index", [0, 255, 256, 512, 599])
    def test_leaf_hash_in_a_tile(self, index: int) -> None:
        source = _LOG.source()
        path = tiles.Tile(level=0, n=index // 256, width=256 if index < 512 else 88).path
        source.files[path] = flip(source.files[path], (index % 256) * 32 + 5)
        error = refused(source)
        assert (error.place, error.index) == (path, index)
        assert f"entry {index}, which is under the signed root" in error.reason

    @pytest.mark.parametrize("at", [0, 33])
    def test_tile_above(self, at: int) -> None:
        source = _LOG.source()
        source.files["tile/1/000.p/2"] = flip(source.files["tile/1/000.p/2"], at)
        error = refused(source)
        assert error.place == "tile/1/000.p/2"
        assert f"tile/0/{at // 32:03d}" in error.reason

    def test_every_byte_of_the_checkpoints_text_and_log_signature(self) -> None:
        source = _LOG.source()
        note = _LOG.checkpoint(cosigners=()).encode()
        for at in range(len(note)):
            source.files["checkpoint"] = flip(note, at, 1)
            assert refused(source).place.startswith("checkpoint")

    def test_the_places_inside_a_checkpoint(self) -> None:
        source = _LOG.source()
        origin, size, root, empty, line, *_ = source.files["checkpoint"].split(b"\n")
        for parts, place in [
            ([b"other", size, root, empty, line], "checkpoint, line 1"),
            ([origin, b"0600", root, empty, line], "checkpoint, line 2"),
            ([origin, size, root[:-2] + b"==", empty, line], "checkpoint, line 3"),
            ([origin, b"601", root, empty, line], "checkpoint, line 5"),
            ([origin, size, root, b"more", empty, line], "checkpoint, line 4"),
        ]:
            source.files["checkpoint"] = b"\n".join(parts) + b"\n"
            assert refused(source).place == place

    def test_a_damaged_cosignature_does_not_count_and_is_named(self) -> None:
        source = _LOG.source()
        lines = source.files["checkpoint"].split(b"\n")
        name, value = lines[6].rsplit(b" ", 1)  # line 7: svb
        damaged = base64.b64encode(flip(base64.b64decode(value), 40))
        lines[6] = name + b" " + damaged
        source.files["checkpoint"] = b"\n".join(lines)
        report = verify(source, _LOG.policy)
        assert report.cosigners == ("uwv", "gm0344")
        (named,) = report.damaged_cosignatures
        assert named.startswith("line 7: the signature of svb.example/mirror")
        lines[5] = lines[5].replace(b"uwv.example", b"elsewhere.example")
        source.files["checkpoint"] = b"\n".join(lines)
        error = refused(source, _LOG.policy)
        assert error.place == "checkpoint"
        assert "quorum 'mirrors'" in error.reason
        assert "svb.example/mirror" in error.reason
        assert verify(source).quorum is False  # without --policy it is told, not demanded


class TestMissingAndMoved:
    def test_an_entry_removed(self) -> None:
        source = _LOG.source()
        entries = tiles.parse_bundle(source.files["tile/entries/000"], 256)
        source.files["tile/entries/000"] = tiles.encode_bundle(entries[:7] + entries[8:])
        error = refused(source)
        assert error.place == "entry 7"
        assert "carries the number 8 (an entry is missing before it)" in error.reason

    def test_the_last_entry_removed(self) -> None:
        source = _LOG.source()
        path = "tile/entries/002.p/88"
        entries = tiles.parse_bundle(source.files[path], 88)
        source.files[path] = tiles.encode_bundle(entries[:-1])
        assert refused(source).place == "entry 599"

    def test_two_entries_exchanged(self) -> None:
        source = _LOG.source()
        entries = tiles.parse_bundle(source.files["tile/entries/000"], 256)
        entries[9], entries[10] = entries[10], entries[9]
        source.files["tile/entries/000"] = tiles.encode_bundle(entries)
        assert refused(source).place == "entry 9"

    @pytest.mark.parametrize("path", ["tile/entries/001", "tile/0/002.p/88", "tile/1/000.p/2"])
    def test_a_file_missing(self, path: str) -> None:
        source = _LOG.source()
        del source.files[path]
        assert refused(source).place == path

    def test_no_checkpoint(self) -> None:
        assert refused(DictSource({})).place == "checkpoint"

    def test_partial_tiles_that_were_dropped_are_cut_out_of_the_full_ones(self) -> None:
        small = TestLog(entries=_LOG.entries[:300], registry=_LOG.registry)
        source, later = small.source(), _LOG.source()
        for path in ("tile/entries/001", "tile/0/001"):
            del source.files[f"{path}.p/44"]
            source.files[path] = later.files[path]
        assert verify(source).entries == 300


def resigned(log: TestLog, change: Callable[[list[bytes]], None]) -> DictSource:
    """A log whose operator altered entries and built tiles and checkpoint over them anew."""
    altered = TestLog(entries=[*log.entries], registry=log.registry)
    change(altered.entries)
    return altered.source()


class TestLyingOperator:
    """The log key signs what is false: only what entries say of each other can tell."""

    def test_a_changed_entry_breaks_the_chain_after_it(self) -> None:
        def change(entries: list[bytes]) -> None:
            prev = parse_entry(entries[300]).prev
            other = parse_entry(entries[303]).envelope_raw
            entries[300] = encode_entry(Entry(n=300, prev=prev, envelope_raw=other))

        error = refused(resigned(_LOG, change))
        assert error.place == "entry 301"
        assert "as the entry before it" in error.reason

    def test_the_link_between_two_runs(self) -> None:
        log = sample_log(1030)
        entry = parse_entry(log.entries[1024])
        log.entries[1024] = encode_entry(
            Entry(n=1024, prev=entry_hash(b"x"), envelope_raw=entry.envelope_raw)
        )
        assert refused(log.source()).place == "entry 1024"

    def test_an_exchanged_signature_is_a_void_entry(self) -> None:
        log = sample_log(20)
        good, other = (parse_entry(log.entries[n]).envelope_raw for n in (4, 5))
        exchanged = good[: good.index(b'"sig":"')] + other[other.index(b'"sig":"') :]
        log.add_raw(exchanged)
        log.add_record("svb")
        report = verify(log.source())
        assert [(void.n, void.code) for void in report.voids] == [(20, "bad_signature")]

    def test_root_of_other_entries_signed(self) -> None:
        source = _LOG.source()
        other = Checkpoint(origin=ORIGIN, size=SIZE, root=bytes(32))
        source.files["checkpoint"] = sign_checkpoint(other, LOG_SIGNER).encode()
        error = refused(source)
        assert error.place == "checkpoint, line 3"
        assert "the log signed root" in error.reason

    def test_another_log_key(self) -> None:
        log = NoteSigner(name=ORIGIN, signer=Ed25519Signer(bytes(32)))
        source = _LOG.source()
        source.files["checkpoint"] = _LOG.checkpoint(log=log, cosigners=()).encode()
        assert refused(source).place == "checkpoint"
        with pytest.raises(VerifyError, match="the ledger itself names"):
            verify_log(source, log.verifier.vkey)

    def test_no_genesis(self) -> None:
        log = TestLog()
        log.add_record("uwv", log=b64(bytes(32)))
        assert refused(log.source()).place == "entry 0"


class TestSince:
    def test_a_beginning(self) -> None:
        for size in (0, 1, 255, 256, 257, 512, 599, 600):
            older = _LOG.checkpoint(size, cosigners=()).encode()
            assert verify(_LOG.source(), since=older).since == size
            assert verify(_LOG.source(), since=older, entries=False).since == size

    @pytest.mark.parametrize("size", [1, 256, 300, 600])
    def test_a_rewritten_log(self, size: int) -> None:
        rewritten = TestLog(entries=[*_LOG.entries[:size], *sample_log(3).entries])
        rewritten.entries[size - 1] = b"other"
        older = rewritten.checkpoint(size, cosigners=()).encode()
        error = refused(_LOG.source(), since=older)
        assert error.place == "older checkpoint, line 3"
        assert "rewritten" in error.reason

    def test_a_log_rolled_back(self) -> None:
        small = TestLog(entries=_LOG.entries[:300], registry=_LOG.registry)
        error = refused(small.source(), since=_LOG.checkpoint().encode())
        assert error.place == "older checkpoint, line 2"
        assert "rolled back" in error.reason

    def test_an_older_checkpoint_that_the_log_never_signed(self) -> None:
        note = _LOG.checkpoint(300, cosigners=())
        body = flip(note.signatures[0].body, 3)
        line = type(note.signatures[0])(name=ORIGIN, key_id=note.signatures[0].key_id, body=body)
        forged = Note(text=note.text, signatures=(line,)).encode()
        assert refused(_LOG.source(), since=forged).place == "older checkpoint, line 5"
        assert refused(_LOG.source(), since=b"nothing").place == "older checkpoint"
        other = _LOG.checkpoint(300).encode().replace(ORIGIN.encode(), b"other.example")
        assert refused(_LOG.source(), since=other).place == "older checkpoint, line 1"

    def test_an_older_checkpoint_by_the_key_before_a_move(self) -> None:
        log = sample_log(10)
        older = log.checkpoint(cosigners=()).encode()
        next_log = NoteSigner(name=ORIGIN, signer=signer("next log"))
        log.add_governance("move", ["uwv", "svb"], log_vkey=next_log.verifier.vkey)
        source = log.source()
        source.files["checkpoint"] = log.checkpoint(log=next_log).encode()
        assert verify_log(source, next_log.verifier.vkey, since=older).since == 10
        # The handover checkpoint carries both signatures; later ones only the new key's.
        both = log.checkpoint(log=next_log).with_signatures(log.checkpoint().signatures)
        handover = DictSource({**source.files, "checkpoint": both.encode()})
        for vkey in (log.vkey, next_log.verifier.vkey):
            assert verify_log(handover, vkey).size == 11
        old_only = DictSource({**source.files, "checkpoint": log.checkpoint().encode()})
        with pytest.raises(VerifyError, match="the ledger itself names"):
            verify_log(old_only, log.vkey)
        with pytest.raises(VerifyError, match="older checkpoint"):
            verify_log(source, next_log.verifier.vkey, since=older, entries=False)


class TestAdmissionInTheLog:
    def test_void_entries_are_reported_with_their_reason(self) -> None:
        log = sample_log(5)
        log.add_record("nobody")
        log.add_record("uwv", key="svb record")
        log.add_record("svb", record_class="plan")
        log.add_record("uwv", seen=99)
        log.add_record("uwv", log=b64(bytes(32)))
        log.add_raw(b'{"payload":"e30=","payloadType":"x","signatures":[]}')
        log.add_raw(b'{"no":"envelope"}')
        log.add_record("gm0344")
        report = verify(log.source())
        assert [(void.n, void.code) for void in report.voids] == [
            (5, "unknown_member"),
            (6, "wrong_key"),
            (7, "class_not_allowed"),
            (8, "future_seen"),
            (9, "wrong_log"),
            (10, "malformed"),
            (11, "malformed"),
        ]
        assert (report.entries, report.void_count) == (13, 7)

    def test_an_id_recorded_twice(self) -> None:
        log = sample_log(700)
        log.add_record("uwv", id=record_id("once"))
        log.add_record("svb", id=record_id("once"))  # unique per author
        log.add_record("uwv", id=record_id("once"))
        log.add_record("uwv", id=record_id("void"), seen=10**6)
        log.add_record("uwv", id=record_id("void"))  # a void entry uses up no id
        report = verify(log.source())
        assert [(v.n, v.code) for v in report.voids] == [(702, "reused_id"), (703, "future_seen")]

    def test_governance_in_the_middle_of_a_run_holds_from_there_on(self) -> None:
        log = sample_log(300)
        log.add_record("svb", record_class="plan")
        log.add_governance(
            "policy",
            ["uwv", "gm0344"],
            matrix={"svb": ["plan"], "uwv": ["income"], "municipality": ["plan"]},
            seen_lag_max=1000,
        )
        log.add_record("svb", record_class="plan")
        log.add_governance("admit", ["uwv", "svb"], member=member_body("gm9999", "municipality"))
        log.add_record("gm9999", record_class="plan")
        log.add_governance(
            "revoke",
            ["svb"],
            member="svb",
            key=b64(signer("svb record").public_key),
            compromised_since=None,
        )
        log.add_record("svb", record_class="plan")
        for workers in (0, 2):
            report = verify(log.source(), workers=workers)
            assert [(v.n, v.code) for v in report.voids] == [
                (300, "class_not_allowed"),
                (306, "key_revoked"),
            ]
            assert (report.governance, report.members) == (4, 4)

    def test_governance_with_too_few_votes_or_a_used_id_has_no_effect(self) -> None:
        log = sample_log(5)
        log.add_record("uwv", id=record_id("taken"))
        registry = log.registry
        log.add_governance("suspend", ["uwv", "svb"], member="gm0344", suspended=True)
        spare = TestLog(entries=log.entries[:6], registry=registry)
        spare.add_record("gm0344")
        report = verify(spare.source())
        assert report.void_count == 0
        log.add_record("gm0344")
        assert [v.code for v in verify(log.source()).voids] == ["suspended"]


def test_hash_tiles_alone_prove_the_root_and_name_a_flip() -> None:
    source = _LOG.source()
    for path in [path for path in source.files if path.startswith("tile/entries")]:
        del source.files[path]
    report = verify(source, _LOG.policy, entries=False)
    assert (report.entries, report.tiles, report.quorum) == (0, 4, True)
    source.files["tile/0/001"] = flip(source.files["tile/0/001"], 77)
    assert refused(source, entries=False).place == "tile/1/000.p/2"
    source = _LOG.source()
    source.files["tile/0/002.p/88"] = flip(source.files["tile/0/002.p/88"], 77)
    assert refused(source, entries=False).place == "checkpoint, line 3"


@pytest.mark.parametrize("workers", [0, 2])
def test_processes_find_what_one_process_finds(workers: int) -> None:
    log = sample_log(1300)
    assert verify(log.source(), workers=workers).entries == 1300
    source = log.source()
    entries = tiles.parse_bundle(source.files["tile/entries/004"], 256)
    entries[3] = flip(entries[3], 200)
    source.files["tile/entries/004"] = tiles.encode_bundle(entries)
    assert refused(source, workers=workers).place == f"entry {4 * 256 + 3}"


@pytest.mark.parametrize("workers", [0, 2])
def test_what_is_wrong_first_is_told_first(workers: int) -> None:
    source = sample_log(1030).source()
    source.files["tile/entries/003"] = flip(source.files["tile/entries/003"], 900)
    del source.files["tile/0/004.p/6"]
    assert refused(source, workers=workers).place.startswith("entry 76")


def test_a_source_that_fails_is_told_with_its_reason() -> None:
    class Down(DictSource):
        def read(self, path: str) -> bytes:
            if path == "tile/entries/002.p/88":
                raise StoreError("401: give an auditor's token")
            return super().read(path)

    error = refused(Down(_LOG.source().files))
    assert (error.place, error.reason) == ("tile/entries/002.p/88", "401: give an auditor's token")


def test_cosignature_of_a_stranger_is_ignored() -> None:
    source = _LOG.source()
    note = parse_note(source.files["checkpoint"])
    stranger = cosign(note, mirror_signer("stranger"), TIME)
    source.files["checkpoint"] = note.with_signatures([stranger]).encode()
    assert verify(source, _LOG.policy).cosigners == ("uwv", "svb", "gm0344")
