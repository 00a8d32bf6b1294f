"""`vastedag keys`: make a signing key in a file or in a token, and show its public half."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ledger.errors import LedgerError
from ledger.formats.canonical import encode_base64
from ledger.formats.note import COSIGNATURE, ED25519, NoteSigner
from ledger.ports import Signer
from node.commands.cli_output import DONE, Command, Output, UsageError
from node.errors import NodeError
from node.setup.key_files import Mode
from node.setup.key_places import make_key, open_key, parse_place

USES: Final = ("record", "api", "cosign", "log", "governance")
_NOTE_TYPES: Final = {"log": ED25519, "cosign": COSIGNATURE}

_EPILOG: Final = """\
KEY is file:PATH (a file of mode 0600), or pkcs11:token=T;object=O?module-path=P, the PIN from
&pin-source=file:PATH (mode 0600) or $VASTEDAG_PKCS11_PIN. A running node finds its keys by the
table [keys] of its settings: record, api, cosign, log, and log-next while the log's key moves.
"""


def add_key(parser: argparse.ArgumentParser) -> None:
    """The options that name one key."""
    parser.add_argument("--key", metavar="KEY", help="file:PATH or pkcs11:…; see `vastedag keys`")
    parser.add_argument(
        "--development", action="store_true", help="a key for trying things out, not for production"
    )


def key_of(arguments: argparse.Namespace, use: str) -> Signer:
    """The key named, opened; raises UsageError when none is named, HomeError with what to do."""
    if arguments.key is None:
        raise UsageError("--key: name the key, file:PATH or pkcs11:…")
    return open_key(parse_place(arguments.key, Path()), use, _mode(arguments))


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("step", metavar="STEP", choices=("make", "show"), help="make or show")
    add_key(parser)
    parser.add_argument("--use", metavar="U", required=True, choices=USES, help=", ".join(USES))
    parser.add_argument(
        "--name", metavar="N", help="for a log or cosign key: its name, to print the vkey"
    )
    parser.epilog = _EPILOG


def _run(arguments: argparse.Namespace, output: Output) -> int:
    """Make or show one key."""
    if arguments.step == "make":
        if arguments.key is None:
            raise UsageError("--key: name the key, file:PATH or pkcs11:…")
        signer = make_key(parse_place(arguments.key, Path()), arguments.use, _mode(arguments))
    else:
        signer = key_of(arguments, arguments.use)
    public = encode_base64(signer.public_key)
    if arguments.name is not None and arguments.use in _NOTE_TYPES:
        key_type = _NOTE_TYPES[arguments.use]
        public = NoteSigner(name=arguments.name, signer=signer, key_type=key_type).verifier.vkey
    output.answer({"use": arguments.use, "key": public})
    output.text(public)
    return DONE


def _mode(arguments: argparse.Namespace) -> Mode:
    return "development" if arguments.development else "production"


COMMANDS: Final = {
    "keys": Command(arguments=_arguments, run=_run, faults=(LedgerError, NodeError, OSError)),
}
