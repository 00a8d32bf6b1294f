"""A key or a PIN stands in no output, exception, traceback or repr; a token never gives a key out.

Each child is a process that makes a home, signs, and runs into every error we know, with all
logging on; then all it wrote is searched for the secrets in the forms in which they could appear.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger import keys
from ledger.rules import governance
from node.setup.home import open_home
from node.setup.key_files import read_secret
from tests.soft_token import PIN, SoftToken, make_token
from tests.unit.node.test_home import values

ROOT = Path(__file__).parents[3]
USES = ("record", "api", "cosign")

# Run in a process of its own: a PKCS#11 module reads its environment once.
CHILD = """
import faulthandler, json, logging, sys, traceback
from pathlib import Path
from node.setup.home import create_home, open_home
from node.setup.key_places import make_key, open_key, parse_place
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
home_path, values, steps = Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
home = open_home(home_path) if (home_path / "settings.toml").exists() else create_home(
    home_path, values)
held = home.keys()
for name in ("record", "api", "cosign"):
    signer = getattr(held, name)
    print(name, signer.public_key.hex(), signer.sign(b"a message").hex())
    print(repr(signer), str(signer), [signer], {name: signer}, held, home)
    try:
        __import__("pickle").dumps(signer)
        raise SystemExit("a signer was copied")
    except TypeError:
        traceback.print_exc()
for step in steps:
    place = parse_place(step["place"], home_path)
    try:
        act = make_key if step["make"] else open_key
        act(place, step["purpose"], "development")
        raise SystemExit("nothing was wrong with " + step["place"])
    except Exception as error:
        traceback.print_exception(error)
        logging.exception("told")
        print(type(error).__name__, error, repr(error), error.args, repr(place))
"""


def child(home: Path, steps: list[dict[str, object]], **environment: str) -> str:
    """All that the process wrote."""
    keys_table = environment.pop("keys", "{}")
    settings = values(keys=json.loads(keys_table))
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", CHILD, str(home), json.dumps(settings),
         json.dumps(steps)],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def forms(secret: bytes) -> list[str]:
    """How bytes may appear in a text."""
    plain = base64.b64encode(secret).decode()
    return [
        secret.hex(), secret.hex().upper(), plain, plain.rstrip("="), repr(secret)[2:-1],
        base64.urlsafe_b64encode(secret).decode().rstrip("="), str(list(secret)),
        secret[::-1].hex(),
    ]  # fmt: skip


def assert_absent(secret: bytes, text: str) -> None:
    found = [form for form in forms(secret) if form in text]
    assert not found, "a secret stands in what was written"


def signatures_of(told: str) -> dict[str, tuple[bytes, bytes]]:
    lines = [line.split() for line in told.splitlines()]
    return {
        words[0]: (bytes.fromhex(words[1]), bytes.fromhex(words[2]))
        for words in lines
        if len(words) == 3 and words[0] in USES and len(words[2]) == 128
    }


def test_no_key_of_a_file_is_written_anywhere(tmp_path: Path) -> None:
    home = tmp_path / "home"
    wrong = [
        {"place": "file:keys/record.key", "purpose": "api", "make": False},
        {"place": "file:keys/record.key", "purpose": "record", "make": True},
        {"place": "file:keys", "purpose": "record", "make": False},
    ]
    told = child(home, wrong)
    for use in (*USES, "id", "lookup", "wrap", "session"):
        secret = read_secret(home / "keys" / f"{use}.key", use, "development").value
        assert_absent(secret, told)
    assert "Ed25519Signer(public_key=" in told


@pytest.fixture
def token(tmp_path: Path) -> SoftToken:
    return make_token(tmp_path / "token")


@pytest.mark.needs("softhsm2")
def test_a_home_whose_signing_keys_are_in_a_token(token: SoftToken, tmp_path: Path) -> None:
    home, pin_file = tmp_path / "home", tmp_path / "pin"
    pin_file.write_text(PIN + "\n")
    pin_file.chmod(0o600)
    table = json.dumps({use: token.key(use, pin_file=pin_file) for use in USES})
    wrong_pin = tmp_path / "wrong-pin"
    wrong_pin.write_text("not-" + PIN)
    wrong_pin.chmod(0o600)
    wrong: list[dict[str, object]] = [
        {"place": token.key("absent", pin_file=pin_file), "purpose": "log", "make": False},
        {"place": token.key("record", pin_file=pin_file), "purpose": "record", "make": True},
        {
            "place": token.key("x", pin_file=pin_file).replace("token=vastedag", "token=other"),
            "purpose": "log", "make": False,
        },
    ]  # fmt: skip
    told = child(home, wrong, keys=table, **token.environment)
    again = child(home, [], keys=table, **token.environment)
    made = signatures_of(told)
    assert set(made) == set(USES)
    assert signatures_of(again) == made  # the same keys, and Ed25519 is deterministic
    for public_key, signature in made.values():
        keys.verify(public_key, b"a message", signature)
    # No signing key lies in the home, and the PIN nowhere but in its own file.
    assert not any((home / "keys" / f"{use}.key").exists() for use in USES)
    assert open_home(home).key_place("record").token is not None
    everything = told + again + (home / "settings.toml").read_text()
    assert_absent(PIN.encode(), everything)
    assert PIN not in everything
    assert PIN.encode() not in token.contents()
    assert "NoSuchKey" in told
    assert "is there already" in told
    assert "NoSuchToken" in told


@pytest.mark.needs("softhsm2")
def test_a_wrong_pin_is_refused_and_not_repeated(token: SoftToken, tmp_path: Path) -> None:
    table = json.dumps({"record": token.key("record")})
    home, wrong = tmp_path / "home", "0000-verkeerd"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(home), json.dumps(values(keys=json.loads(table))), "[]"],
        cwd=ROOT, env={**os.environ, **token.environment, "VASTEDAG_PKCS11_PIN": wrong},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "PinIncorrect" in done.stderr
    assert wrong not in done.stdout + done.stderr
    assert not (home / "settings.toml").exists()  # an unfinished home is not opened


@pytest.mark.needs("softhsm2")
def test_the_token_does_not_give_the_key_out(token: SoftToken, tmp_path: Path) -> None:
    probe = """
import pkcs11, sys
from pathlib import Path
from node.setup.key_places import make_key, parse_place
from ledger import signer_pkcs11
make_key(parse_place(sys.argv[1], Path(".")), "log", "production")
(session,) = signer_pkcs11._SESSIONS.values()
private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label="log")
try:
    print("OUT", bytes(private[pkcs11.Attribute.VALUE]).hex())
except pkcs11.AttributeSensitive:
    print("sensitive")
"""
    done = subprocess.run(
        [sys.executable, "-c", probe, token.key("log")],
        cwd=ROOT, env={**os.environ, **token.environment, "VASTEDAG_PKCS11_PIN": PIN},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "sensitive\n", done.stderr


@pytest.mark.needs("softhsm2")
def test_a_governance_key_in_a_token_signs_by_the_command_line(
    token: SoftToken, tmp_path: Path
) -> None:
    environment = {**os.environ, **token.environment, "VASTEDAG_PKCS11_PIN": PIN}

    def vastedag(*arguments: str) -> dict[str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "node.cli", *arguments, "--json"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert PIN not in done.stdout + done.stderr
        found: dict[str, str] = json.loads(done.stdout)
        return found

    key = token.key("bestuur")
    made = vastedag("keys", "make", "--key", key, "--use", "governance")
    body = {"type": "suspend", "seq": 1, "prev": "", "member": "x", "suspended": True}
    (tmp_path / "body").write_text(json.dumps({**body, "signers": []}))
    signed = vastedag(
        "governance", "sign", str(tmp_path / "body"), "--member", "uwv", "--key", key,
        "--out", str(tmp_path / "signature"),
    )  # fmt: skip
    assert signed["key"] == made["key"]
    public, signature = (base64.b64decode(signed[name]) for name in ("key", "signature"))
    keys.verify(public, governance.unsigned(body), signature)
