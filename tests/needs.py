"""What a test needs of the machine, and how its lack is told.

A *service* can be installed: its lack fails in CI. A *capability* belongs to the machine: its lack
is counted in the closing line.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest


def _loop_device() -> bool:
    found = shutil.which("losetup")
    if found is None or os.geteuid() != 0:
        return False
    return subprocess.run([found, "-f"], capture_output=True, check=False).returncode == 0


def _network_namespace() -> bool:
    found = shutil.which("ip")
    if found is None or os.geteuid() != 0:
        return False
    name = f"vastedag-probe-{os.getpid()}"
    steps = (["netns", "add", name], ["-n", name, "link"], ["netns", "del", name])
    done = [subprocess.run([found, *step], capture_output=True, check=False) for step in steps]
    return all(step.returncode == 0 for step in done)  # inside a chroot only the first one works


def chromium() -> str | None:
    """Path of Debian's browser."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def postgres_bin() -> Path | None:
    """Folder of the newest PostgreSQL server programs."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def softhsm() -> Path | None:
    """The module of SoftHSM 2: a PKCS#11 token in software."""
    found = sorted(Path("/usr/lib").glob("**/softhsm/libsofthsm2.so"))
    return found[0] if found and shutil.which("softhsm2-util") else None


SERVICES: dict[str, Callable[[], bool]] = {
    "chromium": lambda: chromium() is not None,
    "postgresql": lambda: postgres_bin() is not None,
    "softhsm2": lambda: softhsm() is not None,
}
CAPABILITIES: dict[str, Callable[[], bool]] = {
    "a loop device": _loop_device,
    "a network namespace": _network_namespace,
    "npm": lambda: shutil.which("npm") is not None,
    "the Go toolchain": lambda: shutil.which("go") is not None,
    "VASTEDAG_FACTS": lambda: Path(os.environ.get("VASTEDAG_FACTS", "/nowhere")).is_dir(),
    "VASTEDAG_REALDATA": lambda: Path(os.environ.get("VASTEDAG_REALDATA", "/nowhere")).is_dir(),
}


@cache
def present(name: str) -> bool:
    """Whether this machine has it; asked once a process."""
    return {**SERVICES, **CAPABILITIES}[name]()


def require(name: str) -> None:
    """Go on, skip with the one known wording, or fail in CI for a missing service."""
    if present(name):
        return
    if name in SERVICES and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing; `make test` installs it as root")
    pytest.skip(f"not run: needs {name}")
