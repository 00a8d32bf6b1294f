"""A PKCS#11 token of SoftHSM in a folder of its own, for tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.needs import softhsm

PIN = "7391-geheim-pin"
LABEL = "vastedag"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftToken:
    """A token that is there, and the environment in which its module finds it."""

    folder: Path
    environment: Mapping[str, str]

    def key(self, name: str, *, pin_file: Path | None = None) -> str:
        """The line that names a key in this token."""
        source = "" if pin_file is None else f"&pin-source=file:{pin_file}"
        return f"pkcs11:token={LABEL};object={name}?module-path={softhsm()}{source}"

    def contents(self) -> bytes:
        """All that SoftHSM keeps on disk."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return b"".join(path.read_bytes() for path in files)


def make_token(folder: Path) -> SoftToken:
    """Make and initialise it."""
    (folder / "tokens").mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    environment = {"SOFTHSM2_CONF": str(settings)}
    done = subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN,
         "--so-pin", "8" + PIN],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return SoftToken(folder=folder, environment=environment)
