"""The single-file verifier that anyone may download, and its digest as members publish it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

NAME: Final = "controleur.html"


@cache
def content() -> bytes:
    """The bytes of the file."""
    return Path(__file__).with_name(NAME).read_bytes()


def digest() -> str:
    """Their SHA-256 in hex, as the governance entry `publish` of this name says it."""
    return hashlib.sha256(content()).hexdigest()
