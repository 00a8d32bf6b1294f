"""Small ext4 disks in files (loop devices): to be filled, or to have their power cut."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path


class Disk:
    """An ext4 file system in one image file, mounted at a folder."""

    def __init__(self, image: Path, folder: Path, *, mebibytes: int) -> None:
        self.image = image
        self.folder = folder
        with image.open("wb") as file:
            file.truncate(mebibytes * 1024 * 1024)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        self.mount()

    def mount(self) -> None:
        """Mount it; a journal that a cut left behind is replayed."""
        self.folder.mkdir(exist_ok=True)
        _run("mount", "-o", "loop", str(self.image), str(self.folder))

    def unmount(self) -> None:
        """Let go of it."""
        _run("umount", str(self.folder))

    def copy_as_cut(self, image: Path) -> None:
        """What had reached the disk at this moment, as another image (LEDGER-FORMATS 5.1)."""
        _run("cp", "--sparse=always", str(self.image), str(image))

    def fill(self, leave_bytes: int = 0) -> Path:
        """Use up all space but this."""
        filler = self.folder / "filler"
        reserve = self.folder / "reserve"
        reserve.write_bytes(bytes(leave_bytes))
        block = bytes(65_536)
        with filler.open("wb", buffering=0) as file:
            free = os.statvfs(self.folder)
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize * 9 // 10)
            file.seek(0, os.SEEK_END)
            for size in (65_536, 4_096, 512):
                while True:
                    try:
                        file.write(block[:size])
                    except OSError as error:
                        if error.errno != errno.ENOSPC:
                            raise
                        break
            os.fsync(file.fileno())
        reserve.unlink()
        return filler


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
