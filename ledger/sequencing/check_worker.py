"""A process that screens runs of records for the sequencer that started it, and nothing else.

`python -P -m ledger.sequencing.check_worker FD`: requests and answers go over that socket, each as
a length and its bytes. It holds no state but the last registry it was given, and ends when the
socket does, so a sequencer that is killed leaves none behind. The other end is checks_processes.py.
"""

from __future__ import annotations

import pickle
import signal
import socket
import struct
import sys
from typing import Final

from ledger.rules.registry import Registry
from ledger.sequencing.screening import decode_raws, encode_screening, screen

LENGTH: Final = struct.Struct(">I")
REGISTRY: Final = b"R"
RECORDS: Final = b"S"
READY: Final = b"ready"
READ_BYTES: Final = 1 << 18


def framed(body: bytes) -> bytes:
    """A request or an answer as it stands on the socket."""
    return LENGTH.pack(len(body)) + body


class Frames:
    """Whole frames out of bytes that arrive in pieces."""

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, data: bytes) -> list[bytes]:
        """The frames that are whole with these bytes."""
        self._held += data
        frames: list[bytes] = []
        at = 0
        while len(self._held) - at >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._held, at)
            end = at + LENGTH.size + length
            if end > len(self._held):
                break
            frames.append(bytes(self._held[at + LENGTH.size : end]))
            at = end
        del self._held[:at]
        return frames


def serve(wire: socket.socket) -> None:
    """Answer until the other end closes."""
    registry: Registry | None = None
    frames = Frames()
    wire.sendall(framed(READY))
    while data := wire.recv(READ_BYTES):
        for frame in frames.take(data):
            if frame[:1] == REGISTRY:
                # Made by this program's own parent process, never read from outside.
                registry = pickle.loads(frame[1:])  # noqa: S301
            elif registry is not None:
                wire.sendall(framed(encode_screening(screen(decode_raws(frame[1:]), registry))))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sequencer decides when to end
    with socket.socket(fileno=int(sys.argv[1])) as wire_to_the_sequencer:
        serve(wire_to_the_sequencer)
