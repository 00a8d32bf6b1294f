"""Signed notes, verifier keys, checkpoints: the forms, and who may sign what."""

from __future__ import annotations

import base64

import pytest

from ledger.errors import (
    CheckpointError,
    FormatError,
    KeyFormatError,
    NoteError,
    SignatureError,
)
from ledger.formats.checkpoint import (
    Checkpoint,
    check_cosignatures,
    cosign,
    open_checkpoint,
    parse_checkpoint,
    require_cosignature,
    sign_checkpoint,
)
from ledger.formats.merkle import EMPTY_ROOT
from ledger.formats.note import (
    COSIGNATURE,
    SIGNATURES_MAX,
    TIME_MAX,
    Note,
    NoteSignature,
    NoteSigner,
    Verifier,
    parse_note,
    parse_vkey,
    verify_note,
)
from tests.ledger_logs import LOG_SIGNER, ORIGIN, TIME, b64, mirror_signer, signer

TEXT = "a text\n\nwith an empty line\n"
A = NoteSigner(name="a.example", signer=signer("a"))
B = NoteSigner(name="b.example", signer=signer("b"), key_type=COSIGNATURE)
CHECKPOINT = Checkpoint(origin=ORIGIN, size=5, root=bytes(32))


def test_a_note_splits_at_its_last_empty_line() -> None:
    note = Note(text=TEXT, signatures=(A.sign(TEXT), B.sign(TEXT, TIME)))
    assert parse_note(note.encode()) == note
    first, second = verify_note(note, [A.verifier, B.verifier])
    assert (first.verifier, first.time) == (A.verifier, None)
    assert (second.verifier, second.time) == (B.verifier, TIME)


def test_unknown_keys_are_ignored_and_known_ones_must_verify() -> None:
    note = Note(text=TEXT, signatures=(A.sign(TEXT), B.sign(TEXT, TIME)))
    assert [each.verifier for each in verify_note(note, [A.verifier])] == [A.verifier]
    with pytest.raises(NoteError, match="none of the known keys"):
        verify_note(note, [NoteSigner(name="a.example", signer=signer("c")).verifier])
    bad = NoteSignature(name=A.name, key_id=A.verifier.key_id, body=bytes(64))
    with pytest.raises(SignatureError, match=r"line 5: the signature of a\.example"):
        verify_note(Note(text=TEXT, signatures=(bad, B.sign(TEXT, TIME))), [A.verifier, B.verifier])


def test_a_signature_counts_once_and_lines_are_not_doubled() -> None:
    line = A.sign(TEXT)
    note = Note(text=TEXT, signatures=(line, line))
    assert len(verify_note(note, [A.verifier])) == 1
    assert Note(text=TEXT, signatures=(line,)).with_signatures([line]).signatures == (line,)


def test_sixteen_signatures_and_more_are_taken_but_not_any_number() -> None:
    lines = tuple(
        NoteSignature(name=f"w{number}.example", key_id=b"1234", body=bytes(72))
        for number in range(SIGNATURES_MAX)
    )
    note = Note(text=TEXT, signatures=(A.sign(TEXT), *lines[1:]))
    assert len(verify_note(parse_note(note.encode()), [A.verifier])) == 1
    with pytest.raises(NoteError, match="at most"):
        parse_note(Note(text=TEXT, signatures=(A.sign(TEXT), *lines)).encode())


GOOD = Note(text=TEXT, signatures=(A.sign(TEXT),)).encode().decode()
LINE = A.sign(TEXT).line


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        TEXT.encode(),
        GOOD[:-1].encode(),
        GOOD.replace("\u2014 ", "- ").encode(),
        GOOD.replace("\u2014 a.example ", "\u2014 ").encode(),
        GOOD.replace("a.example ", "a+b ").encode(),
        GOOD.replace("a.example ", "a\u00a0b ").encode(),
        GOOD.replace("a.example ", "a\u2028b ").encode(),
        GOOD.replace("a text", "a\ttext").encode(),
        GOOD.replace("a text", "a\rtext").encode(),
        GOOD.replace("a text", "a\x00text").encode(),
        GOOD.encode() + b"\xff\n",
        GOOD.encode("latin-1", "replace"),
        (TEXT + "\n\u2014 a.example AAAA\n").encode(),
        (TEXT + f"\n\u2014 a.example {b64(b'1234')}\n").encode(),
        GOOD.replace(LINE, LINE[:-1] + "=\n").encode(),
        GOOD.encode() + b"x" * 1_000_000,
    ],
)
def test_any_other_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        parse_note(data)


def test_signers_keep_to_their_type() -> None:
    with pytest.raises(NoteError):
        A.sign(TEXT, TIME)
    for time in (None, -1, TIME_MAX + 1):
        with pytest.raises(NoteError):
            B.sign(TEXT, time)
    for text in ("no newline", "a\ttab\n"):
        with pytest.raises(NoteError):
            A.sign(text)


def test_cosignature_bodies() -> None:
    line = B.sign(TEXT, TIME)
    for body in (line.body[:-1], line.body[8:], bytes(8) + line.body[8:], b"\xff" + line.body[1:]):
        with pytest.raises(SignatureError):
            B.verifier.verify(TEXT, NoteSignature(name=B.name, key_id=line.key_id, body=body))


def test_the_same_key_under_another_name_or_type_has_another_id() -> None:
    ids = {
        Verifier(name=name, public_key=A.signer.public_key, key_type=kind).key_id
        for name in ("a", "b")
        for kind in (1, 4)
    }
    assert len(ids) == 4


VKEY = A.verifier.vkey


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a.example",
        VKEY.replace("a.example", "b.example"),
        VKEY.upper(),
        VKEY + "=",
        VKEY[:-4],
        "a.example+00000000+",
        "+".join([*VKEY.split("+")[:2], b64(b"\x06" + bytes(1312))]),
        "\ud800+00000000+AAAA",
        "x" * 2000,
    ],
)
def test_other_vkeys_are_refused(vkey: str) -> None:
    with pytest.raises(FormatError):
        parse_vkey(vkey)


def test_a_vkey_of_low_order_is_refused() -> None:
    with pytest.raises(KeyFormatError):
        Verifier(name="a", public_key=bytes(32))
    with pytest.raises(NoteError):
        Verifier(name="a b", public_key=A.signer.public_key)
    with pytest.raises(NoteError):
        Verifier(name="a", public_key=A.signer.public_key, key_type=6)


def test_checkpoint_text() -> None:
    assert CHECKPOINT.text == f"{ORIGIN}\n5\n{b64(bytes(32))}\n"
    assert parse_checkpoint(CHECKPOINT.text) == CHECKPOINT


ROOT = b64(bytes(32))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"\n5\n{ROOT}\n", "line 1"),
        (f"o\x01\n5\n{ROOT}\n", "line 1"),
        (f"o\n05\n{ROOT}\n", "line 2"),
        (f"o\n-1\n{ROOT}\n", "line 2"),
        (f"o\n+1\n{ROOT}\n", "line 2"),
        (f"o\n٥\n{ROOT}\n", "line 2"),
        (f"o\n{2**63}\n{ROOT}\n", "line 2"),
        (f"o\n5\n{ROOT[:-1]}\n", "line 3"),
        (f"o\n5\n{b64(bytes(31))}\n", "line 3"),
        (f"o\n5\n{ROOT[:-2]}B=\n", "line 3"),
        (f"o\n5\n{ROOT}\nextension\n", "line 4"),
        ("o\n5\n", "three lines"),
        ("", "three lines"),
        (f"o\n5\n{ROOT}", "three lines"),
    ],
)
def test_other_checkpoints_are_refused_with_the_line(text: str, line: str) -> None:
    with pytest.raises(CheckpointError, match=line):
        parse_checkpoint(text)


def test_only_the_log_signs_its_checkpoint() -> None:
    with pytest.raises(CheckpointError, match="not the log of key"):
        sign_checkpoint(CHECKPOINT, A)
    with pytest.raises(CheckpointError, match="Ed25519 signature of the log"):
        sign_checkpoint(CHECKPOINT, mirror_signer("uwv"))
    with pytest.raises(CheckpointError, match="not a cosigner"):
        cosign(sign_checkpoint(CHECKPOINT, LOG_SIGNER), LOG_SIGNER, TIME)
    with pytest.raises(CheckpointError):
        cosign(Note(text=TEXT, signatures=()), mirror_signer("uwv"), TIME)


def test_opening() -> None:
    note = sign_checkpoint(CHECKPOINT, LOG_SIGNER)
    assert open_checkpoint(note.encode(), LOG_SIGNER.verifier).checkpoint == CHECKPOINT
    with pytest.raises(CheckpointError, match="not signed by the log"):
        open_checkpoint(note, NoteSigner(name=ORIGIN, signer=signer("another")).verifier)
    with pytest.raises(CheckpointError, match="line 1: of origin"):
        open_checkpoint(note, A.verifier)
    with pytest.raises(CheckpointError, match="checkpoint: note"):
        open_checkpoint(b"", A.verifier)
    empty = sign_checkpoint(Checkpoint(origin=ORIGIN, size=0, root=bytes(32)), LOG_SIGNER)
    with pytest.raises(CheckpointError, match="empty tree"):
        open_checkpoint(empty, LOG_SIGNER.verifier)
    right = sign_checkpoint(Checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT), LOG_SIGNER)
    assert open_checkpoint(right, LOG_SIGNER.verifier).checkpoint.size == 0


def test_a_handover_checkpoint_carries_both_log_signatures() -> None:
    following = NoteSigner(name=ORIGIN, signer=signer("next log"))
    note = sign_checkpoint(CHECKPOINT, LOG_SIGNER)
    both = note.with_signatures(sign_checkpoint(CHECKPOINT, following).signatures)
    for log in (LOG_SIGNER, following):
        assert open_checkpoint(both, log.verifier).checkpoint == CHECKPOINT
    bad = NoteSignature(name=ORIGIN, key_id=following.verifier.key_id, body=bytes(64))
    with pytest.raises(CheckpointError, match="line 6"):
        open_checkpoint(note.with_signatures([bad]), [LOG_SIGNER.verifier, following.verifier])


def test_a_damaged_cosignature_does_not_count_and_is_named() -> None:
    note = sign_checkpoint(CHECKPOINT, LOG_SIGNER)
    uwv, svb = mirror_signer("uwv"), mirror_signer("svb")
    bad = NoteSignature(
        name=svb.name, key_id=svb.verifier.key_id, body=cosign(note, svb, TIME).body[:-1] + b"x"
    )
    note = note.with_signatures([cosign(note, uwv, TIME), bad])
    found = check_cosignatures(note, [uwv.verifier, svb.verifier])
    assert found.good == {uwv.verifier: TIME}
    (named,) = found.damaged
    assert svb.name in named
    assert require_cosignature(note, uwv.verifier) == TIME
    for missing in (svb, mirror_signer("gm0344")):
        with pytest.raises(SignatureError, match=missing.name):
            require_cosignature(note, missing.verifier)
    assert base64.b64encode(bad.body).decode() not in named
