"""Signed notes, checkpoints, cosignatures, the witness: published vectors.

Source: LEDGER-FORMATS.md sections 1.2 to 1.6 (C2SP's examples, sum.golang.org, Tessera's and
Sunlight's test data, torchwood's witness suite), each named at its test.
"""

from __future__ import annotations

import base64
import hashlib

import pytest

from ledger.errors import CheckpointError, NoteError, SignatureError
from ledger.formats import merkle
from ledger.formats.checkpoint import (
    Checkpoint,
    cosign,
    open_checkpoint,
    parse_checkpoint,
    require_cosignature,
    sign_checkpoint,
)
from ledger.formats.note import (
    COSIGNATURE,
    Note,
    NoteSigner,
    Verifier,
    key_id,
    parse_note,
    parse_vkey,
    verify_note,
)
from ledger.formats.tiles import Tile, bundles_between, encode_bundle, parse_bundle, tiles_between
from ledger.keys import Ed25519Signer
from ledger.witness import Answer, Cosigned, Submission, decide, malformed_answer, parse_submission

FOO_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_KEY = "e932791ae6e7a840a46164c904786426d5e7821dd8b29a00d61cae72afdd4da4"
FOO_TEXT = "This is an example message.\n"
FOO_VALUE = (
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
)
SUM_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUM_TEXT = "go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n"
SUM_VALUE = (
    "Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ="
)
TESSERA_VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
TESSERA_TEXT = "example.com/log/testdata\n3\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n"
TESSERA_VALUE = (
    "M9e0lvAQRtH832pk2RTbeSeZMkp4FZSdJYFBUjO5SKxuRbywPUF3cx+HUrb50kjd3rUWW/fj53Wj1dwcwh9bGQnqVAg="
)
TESSERA_BUNDLE = bytes.fromhex("00036f6e65000374776f00057468726565")
TESSERA_LEAVES = [
    "d0d7360ab79f58ab1e1e3fe64ad77e2ea0bc07e36b5f46ed2223edd9298df9e9",
    "ab1ab7f07c7c8fe0eff4ba6faa53c7e4412e91a599153e8aa4e01beece5b7825",
    "671f146c5e471e8a1a83a3c214ce4ba907b8f3a5888d14cc8cd3ce75bb12ef94",
]
SUNLIGHT_VKEY = "mirror.example.org+3fb148ef+BAAjjch9GyYz0sJsJx7ALhbdAtz2ov0unbzSl1vMp94O"
SUNLIGHT_TEXT = "rome2026h1.example.org\n300\ngw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=\n"
SUNLIGHT_VALUE = (
    "P7FI7wAAAABpVGeAjA1S4pJm6MbcXjX7UUImu4azZtrfcVW2uyr/LXIYlwEJzXC0N0EiZkbqfLdXt/4gVEEuGmxJjAfX"
    "KMCISpsJAg=="
)
OWN_LOG = "ledger.example/nl+69f98b83+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
OWN_WITNESS = "uwv.example/w+ddca7ee6+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
OWN_ROOT = "385da30f3917282c8939dff851957e519ab1846b1351a14c0adb3b11632742aa"
OWN_LOG_VALUE = (
    "afmLg5HZYb90fOwSHZ4HEw8IiDsrIKspyA6qDeFF0/FcEcNpmdGI0nb7zThlPBBNQYq0IzQ2eTH5jZ53bgnKTGWY0AE="
)
OWN_COSIGNATURE = (
    "3cp+5gAAAABlU/EA4JZOe2bidmuR3jWh7XVNDh/mmH+98yNxdIdvc940mo/kxeQ3VA7tdKTM9VIBxyl7T6ILhVnJt1oT"
    "Xm/ZIx8fDA=="
)
TORCH_KEY = "ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f"
TORCH_ORIGIN = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
TORCH_1 = (
    "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=",
)
TORCH_3 = (
    "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
    "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=",
)
TORCH_PROOF = [
    "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
]


def note_bytes(text: str, name: str, value: str) -> bytes:
    return f"{text}\n\u2014 {name} {value}\n".encode()


@pytest.mark.parametrize(
    ("vkey", "text", "value"),
    [
        (FOO_VKEY, FOO_TEXT, FOO_VALUE),  # C2SP signed-note
        (SUM_VKEY, SUM_TEXT, SUM_VALUE),  # sum.golang.org: key name and origin differ
        (TESSERA_VKEY, TESSERA_TEXT, TESSERA_VALUE),  # Tessera testdata
        (SUNLIGHT_VKEY, SUNLIGHT_TEXT, SUNLIGHT_VALUE),  # Sunlight, a cosignature
        (OWN_LOG, f"ledger.example/nl\n3\n{base64.b64encode(bytes.fromhex(OWN_ROOT)).decode()}\n",
         OWN_LOG_VALUE),
    ],
)  # fmt: skip
def test_notes_verify_and_write_back_as_they_were(vkey: str, text: str, value: str) -> None:
    verifier = parse_vkey(vkey)
    assert verifier.vkey == vkey
    data = note_bytes(text, verifier.name, value)
    note = parse_note(data)
    assert note.encode() == data
    assert [each.verifier for each in verify_note(note, [verifier])] == [verifier]
    altered = Note(text=text.replace("a", "b", 1), signatures=note.signatures)
    with pytest.raises(SignatureError):
        verify_note(altered, [verifier])


def test_key_of_the_signed_note_example() -> None:
    assert parse_vkey(FOO_VKEY).public_key.hex() == FOO_KEY
    assert key_id("example.com/foo", 0x01, bytes.fromhex(FOO_KEY)).hex() == "530d903a"


def test_a_checkpoint_whose_key_name_is_not_its_origin() -> None:
    verifier = parse_vkey(SUM_VKEY)
    data = note_bytes(SUM_TEXT, verifier.name, SUM_VALUE)
    opened = open_checkpoint(data, verifier, origin="go.sum database tree")
    assert opened.checkpoint.size == 35225469
    with pytest.raises(CheckpointError, match="line 1"):
        open_checkpoint(data, verifier)


def test_tesseras_small_log() -> None:
    entries = [b"one", b"two", b"three"]
    assert encode_bundle(entries) == TESSERA_BUNDLE
    assert parse_bundle(TESSERA_BUNDLE, 3) == entries
    leaves = [merkle.leaf_hash(each) for each in entries]
    assert [each.hex() for each in leaves] == TESSERA_LEAVES
    opened = open_checkpoint(
        note_bytes(TESSERA_TEXT, "example.com/log/testdata", TESSERA_VALUE),
        parse_vkey(TESSERA_VKEY),
    )
    assert opened.checkpoint.root == merkle.root_of(leaves)
    empty = Checkpoint(origin="example.com/log/testdata", size=0, root=merkle.EMPTY_ROOT)
    assert "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" in empty.text


def test_sunlights_cosignature_and_its_time() -> None:
    verifier = parse_vkey(SUNLIGHT_VKEY)
    assert verifier.key_type == COSIGNATURE
    note = parse_note(note_bytes(SUNLIGHT_TEXT, verifier.name, SUNLIGHT_VALUE))
    assert require_cosignature(note, verifier) == 1767139200


def test_own_deterministic_log_and_witness() -> None:
    log = NoteSigner(name="ledger.example/nl", signer=Ed25519Signer(bytes(range(0x20))))
    witness = NoteSigner(
        name="uwv.example/w",
        signer=Ed25519Signer(bytes(range(0x20, 0x40))),
        key_type=COSIGNATURE,
    )
    assert (log.verifier.vkey, witness.verifier.vkey) == (OWN_LOG, OWN_WITNESS)
    root = merkle.root_of(merkle.leaf_hash(each) for each in (b"alpha", b"beta", b"gamma"))
    assert root.hex() == OWN_ROOT
    note = sign_checkpoint(Checkpoint(origin=log.name, size=3, root=root), log)
    assert note.signatures[0].line == f"\u2014 ledger.example/nl {OWN_LOG_VALUE}\n"
    line = cosign(note, witness, 1_700_000_000)
    assert line.line == f"\u2014 uwv.example/w {OWN_COSIGNATURE}\n"
    assert require_cosignature(note.with_signatures([line]), witness.verifier) == 1_700_000_000


@pytest.mark.parametrize(
    ("number", "digits"),
    [(5, "005"), (1234067, "x001/x234/067"), (999, "999"), (1000, "x001/000")],
)
def test_tile_numbers(number: int, digits: str) -> None:
    assert Tile(level=0, n=number).path == f"tile/0/{digits}"


def test_tiles_of_a_tree_of_70000() -> None:
    tiles = tiles_between(0, 70_000)
    widths = {level: [t.width for t in tiles if t.level == level] for level in (0, 1, 2)}
    assert widths == {0: [256] * 273 + [112], 1: [256, 17], 2: [1]}
    assert [tile.path for tile in tiles_between(0, 256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert len(bundles_between(0, 70_000)) == 274


class TestTorchwoodWitness:
    """torchwood's public suite; its older 403 for an unknown origin is 404 in the current text."""

    verifier = Verifier(name=TORCH_ORIGIN, public_key=bytes.fromhex(TORCH_KEY))

    def submission(self, old: int, size: int, parts: tuple[str, str], proof: list[str]) -> bytes:
        root, value = parts
        lines = "".join(f"{each}\n" for each in proof)
        note = note_bytes(f"{TORCH_ORIGIN}\n{size}\n{root}\n", TORCH_ORIGIN, value)
        return f"old {old}\n{lines}\n".encode() + note

    def decide(self, body: bytes, last: Cosigned | None) -> Cosigned | Answer:
        return decide(parse_submission(body), {TORCH_ORIGIN: [self.verifier]}, last)

    def first(self) -> Cosigned:
        decision = self.decide(self.submission(0, 1, TORCH_1, []), None)
        assert isinstance(decision, Cosigned)
        return decision

    def status(self, body: bytes, last: Cosigned | None) -> int:
        try:
            decision = self.decide(body, last)
        except NoteError as error:
            return malformed_answer(error).status
        assert isinstance(decision, Answer)
        return decision.status

    def test_key_id_and_origin(self) -> None:
        assert self.verifier.key_id.hex() == "5202289b"
        assert hashlib.sha256(self.verifier.public_key).hexdigest() == TORCH_ORIGIN[-64:]

    def test_size_1_and_then_3(self) -> None:
        decision = self.decide(self.submission(1, 3, TORCH_3, TORCH_PROOF), self.first())
        assert isinstance(decision, Cosigned)
        assert decision.checkpoint == parse_checkpoint(f"{TORCH_ORIGIN}\n3\n{TORCH_3[0]}\n")

    def test_last_signature_characters_changed_is_403(self) -> None:
        value = TORCH_3[1].replace("6go=", "6gx=")
        body = self.submission(1, 3, (TORCH_3[0], value), TORCH_PROOF)
        assert self.status(body, self.first()) == 403
        in_one_form = base64.b64encode(base64.b64decode(value)).decode()
        assert in_one_form != TORCH_3[1]
        body = self.submission(1, 3, (TORCH_3[0], in_one_form), TORCH_PROOF)
        assert self.status(body, self.first()) == 403

    def test_no_proof_is_422(self) -> None:
        assert self.status(self.submission(1, 3, TORCH_3, []), self.first()) == 422

    def test_second_hash_altered_is_422(self) -> None:
        altered = [TORCH_PROOF[0], TORCH_PROOF[1].replace("KgI", "KgM")]
        assert self.status(self.submission(1, 3, TORCH_3, altered), self.first()) == 422

    def test_submission_writes_back(self) -> None:
        body = self.submission(1, 3, TORCH_3, TORCH_PROOF)
        parsed = parse_submission(body)
        assert isinstance(parsed, Submission)
        assert parsed.encode() == body
