"""Policy files and receipts: who suffices, and what proves that an entry is recorded."""

from __future__ import annotations

import pytest

from ledger.errors import CheckpointError, PolicyError, ProofError
from ledger.formats import merkle
from ledger.formats.checkpoint import Checkpoint, cosign, sign_checkpoint
from ledger.formats.note import Note, NoteSignature
from ledger.formats.policy import Group, Party, Policy, parse_policy
from ledger.formats.proof import Receipt, parse_receipt, verify_receipt
from tests.ledger_logs import LOG_SIGNER, ORIGIN, TIME, mirror_signer

NAMES = ["uwv", "svb", "gm1", "gm2", "gm3"]
VKEYS = {name: mirror_signer(name).verifier.vkey for name in NAMES}
LOG = LOG_SIGNER.verifier.vkey
# LEDGER-FORMATS 1.7: «UWV and SVB and any two of the municipalities»
FILE = f"""# the network
log {LOG} https://ledger.example/log

witness uwv {VKEYS["uwv"]} https://uwv.example/
witness svb\t{VKEYS["svb"]}
  witness gm1 {VKEYS["gm1"]}
witness gm2 {VKEYS["gm2"]}
witness gm3 {VKEYS["gm3"]}
group municipalities 2 gm1 gm2 gm3
group both all uwv svb
group all-of-it all both municipalities
quorum all-of-it
"""
POLICY = parse_policy(FILE.encode())
ENTRIES = [b"alpha", b"beta", b"gamma"]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]


def checkpoint(*names: str) -> Note:
    note = sign_checkpoint(
        Checkpoint(origin=ORIGIN, size=3, root=merkle.root_of(LEAVES)), LOG_SIGNER
    )
    return note.with_signatures(cosign(note, mirror_signer(name), TIME) for name in names)


def test_a_file_is_read_and_written_back() -> None:
    assert POLICY.logs[0].url == "https://ledger.example/log"
    assert POLICY.witnesses["uwv"].url == "https://uwv.example/"
    assert POLICY.groups["municipalities"] == Group(threshold=2, members=("gm1", "gm2", "gm3"))
    assert parse_policy(POLICY.encode()) == POLICY


@pytest.mark.parametrize(
    "names",
    [["uwv", "svb", "gm1", "gm3"], ["gm3", "gm2", "svb", "uwv"], NAMES],
)
def test_a_quorum(names: list[str]) -> None:
    assert POLICY.satisfied(checkpoint(*names)) == tuple(names)
    opened = POLICY.open(checkpoint(*names).encode())
    assert (opened.checkpoint.size, opened.cosigners, opened.damaged) == (3, tuple(names), ())


@pytest.mark.parametrize(
    "names", [[], ["uwv", "svb", "gm1"], ["uwv", "gm1", "gm2", "gm3"], ["stranger"] * 4]
)
def test_no_quorum(names: list[str]) -> None:
    with pytest.raises(PolicyError, match="quorum 'all-of-it' is not reached"):
        POLICY.open(checkpoint(*names))
    with pytest.raises(PolicyError):
        POLICY.satisfied(checkpoint(*names))


def test_a_damaged_cosignature_does_not_count_and_is_named() -> None:
    gm1 = mirror_signer("gm1").verifier
    bad = NoteSignature(name=gm1.name, key_id=gm1.key_id, body=bytes(72))
    note = checkpoint("uwv", "svb", "gm2").with_signatures([bad])
    with pytest.raises(PolicyError, match=gm1.name):
        POLICY.open(note)
    opened = POLICY.open(note.with_signatures([cosign(note, mirror_signer("gm3"), TIME)]))
    assert opened.cosigners == ("uwv", "svb", "gm2", "gm3")
    assert gm1.name in opened.damaged[0]


def test_none_any_and_a_single_witness() -> None:
    lines = f"log {LOG}\nwitness w {VKEYS['uwv']}\nwitness v {VKEYS['svb']}\n"
    assert parse_policy(f"{lines}quorum none".encode()).satisfied(checkpoint()) == ()
    one = parse_policy(f"{lines}quorum w\n".encode())
    assert one.satisfied(checkpoint("uwv")) == ("w",)
    with pytest.raises(PolicyError):
        one.satisfied(checkpoint("svb"))
    either = parse_policy(f"{lines}group g any v w\nquorum g\n".encode())
    assert either.satisfied(checkpoint("svb")) == ("v",)


def test_the_log_side() -> None:
    with pytest.raises(CheckpointError, match="no log of this origin"):
        parse_policy(b"quorum none\n").open(checkpoint())
    with pytest.raises(CheckpointError, match="checkpoint: note"):
        POLICY.open(b"")
    unsigned = Note(text=checkpoint().text, signatures=checkpoint("uwv").signatures[1:])
    with pytest.raises(CheckpointError, match="not signed by the log"):
        POLICY.open(unsigned)


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (["quorum none", "quorum none"], "line 2"),
        ([], "no quorum"),
        (["quorum x"], "line 1"),
        (["log x", "quorum none"], "line 1"),
        ([f"log {LOG} url more", "quorum none"], "line 1"),
        ([f"log {LOG}", f"log {LOG}", "quorum none"], "stands twice"),
        ([f"log {VKEYS['uwv']}", "quorum none"], "another signature type"),
        ([f"witness w {LOG}", "quorum none"], "another signature type"),
        ([f"witness w {VKEYS['uwv']}", f"witness v {VKEYS['uwv']}", "quorum none"], "twice"),
        ([f"witness w {VKEYS['uwv']}", f"witness w {VKEYS['svb']}", "quorum none"], "line 2"),
        ([f"witness none {VKEYS['uwv']}", "quorum none"], "line 1"),
        (["group g any w", f"witness w {VKEYS['uwv']}", "quorum g"], "line 1"),
        ([f"witness w {VKEYS['uwv']}", "group g 2 w", "quorum g"], "threshold"),
        ([f"witness w {VKEYS['uwv']}", "group g 0 w", "quorum g"], "line 2"),
        ([f"witness w {VKEYS['uwv']}", "group g 01 w", "quorum g"], "line 2"),
        ([f"witness w {VKEYS['uwv']}", "group g all", "quorum g"], "line 2"),
        ([f"witness w {VKEYS['uwv']}", "group g all w w", "quorum g"], "twice"),
        ([f"witness w {VKEYS['uwv']}", "group g all none", "quorum g"], "line 2"),
        ([f"witness w {VKEYS['uwv']}", "group g any w", "group h any w", "quorum h"], "twice"),
        (["something else", "quorum none"], "line 1"),
        (["quorum none", "\x07"], "line 2"),
        (["quorum none\r"], "line 1"),
    ],
)  # fmt: skip
def test_other_files_are_refused_with_the_line(lines: list[str], place: str) -> None:
    with pytest.raises(PolicyError, match=place):
        parse_policy("".join(f"{line}\n" for line in lines).encode())


def test_octets_above_ascii_are_opaque() -> None:
    data = b"# \xff\xfe\nwitness \xe2\x84\xaa " + VKEYS["uwv"].encode() + b"\nquorum \xe2\x84\xaa\n"
    policy = parse_policy(data)
    assert policy.encode() == data.partition(b"\n")[2]
    with pytest.raises(PolicyError):
        parse_policy(data.replace(b"quorum \xe2\x84\xaa", b"quorum K"))


def test_a_policy_is_checked_at_birth_too() -> None:
    party = Party(verifier=mirror_signer("uwv").verifier)
    with pytest.raises(PolicyError):
        Policy(witnesses={"w": party}, quorum="v")
    with pytest.raises(PolicyError):
        Policy(witnesses={"w": party}, groups={"w": Group(threshold=1, members=("w",))})
    with pytest.raises(PolicyError):
        parse_policy(b"#" * 300_000)


def receipt(index: int = 1, **changes: object) -> Receipt:
    def read(level: int, number: int) -> bytes:
        return merkle.root_of(LEAVES[number << level : (number + 1) << level])

    fields: dict[str, object] = {
        "index": index,
        "path": tuple(merkle.inclusion_proof(read, index, 3)),
        "checkpoint": checkpoint(*NAMES),
    }
    return Receipt(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("extra", [None, b"", b"something"])
def test_a_receipt_goes_out_and_comes_back(index: int, extra: bytes | None) -> None:
    given = receipt(index, extra=extra)
    text = given.encode()
    assert text.startswith(b"c2sp.org/tlog-proof@v1\n")
    assert parse_receipt(text) == given
    opened = verify_receipt(parse_receipt(text), ENTRIES[index], POLICY)
    assert opened.checkpoint.size == 3


def test_a_receipt_proves_one_entry_in_one_place() -> None:
    with pytest.raises(ProofError):
        verify_receipt(receipt(), b"another", POLICY)
    for changes in ({"index": 0}, {"index": 3}, {"path": ()}, {"path": (bytes(32),) * 2}):
        with pytest.raises(ProofError):
            verify_receipt(receipt(**changes), ENTRIES[1], POLICY)  # type: ignore[arg-type]
    with pytest.raises(PolicyError):
        verify_receipt(receipt(checkpoint=checkpoint("uwv")), ENTRIES[1], POLICY)


TEXT = receipt().encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        TEXT.replace(b"@v1", b"@v2"),
        TEXT.replace(b"index 1", b"index 01"),
        TEXT.replace(b"index 1", b"index -1"),
        TEXT.replace(b"index 1", b"index"),
        TEXT.replace(b"index 1", b"index 9223372036854775808"),
        TEXT.replace(b"index 1", b"extra AA=="),
        TEXT.replace(b"index 1", b"extra AB==\nindex 1"),
        TEXT.replace(b"index 1\n", b"index 1\nAAAA\n"),
        TEXT.replace(b"index 1\n", b"index 1\n" + b"A" * 43 + b"=\n" + b"A" * 42 + b"B=\n"),
        TEXT.replace(b"index 1\n", b"index 1\n" + (b"A" * 43 + b"=\n") * 64),
        TEXT.replace(b"index 1", "indéx 1".encode()),
        TEXT[:60],
        TEXT[:-1],
        TEXT + b"x" * 2_000_000,
    ],
)
def test_any_other_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(ProofError):
        parse_receipt(data)
