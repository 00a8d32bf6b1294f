"""`vastedag demo`: a whole network on this machine, from agency files to a payment calendar.

The straight line of a demonstration; running the members is demo_network.py's work, reading and
sending the files demo_load.py's, the account of it demo_summary.py's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from adapters import samples
from node.demonstration.demo_answers import say
from node.demonstration.demo_load import Mail, read_set, send
from node.demonstration.demo_network import DemoNetwork, make_homes
from node.demonstration.demo_progress import Progress
from node.demonstration.demo_summary import Summary, summarise
from node.errors import StartError
from node.runtime import system_today
from node.setup.network import HOST

REALDATA: Final = "VASTEDAG_REALDATA"
SHIPPED: Final = "demo"
DEFAULT_PORT: Final = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRequest:
    """What was asked for on the command line."""

    once: bool
    data: Path | None
    state: Path | None
    port: int


Show = Callable[[Summary], None]


class InterruptedDemoError(Exception):
    """The user stopped the demo before it had loaded everything."""


def run_demo(request: DemoRequest, progress: Progress, show: Show) -> None:
    """Run the demo; `show` gets the summary once everything is loaded.

    Raises StartError, ManifestError, DataError, StuckError with what to do;
    InterruptedDemoError when it was stopped while loading.
    """
    if not request.once:
        check_port(request.port)
    data = samples.load(request.data or samples.shipped()[SHIPPED], realdata=_realdata())
    today = data.today or system_today()
    with _state(request.state) as directory:
        progress.begin("making keys and databases")
        homes = make_homes(directory, request.port)
        network = DemoNetwork(directory=directory, homes=homes, today=lambda: today)
        mail = read_set(data, list(homes))
        asyncio.run(_run(request, network, mail, progress, show))


async def _run(
    request: DemoRequest, network: DemoNetwork, mail: Mail, progress: Progress, show: Show
) -> None:
    """Start, load, show, serve until asked to stop; whatever happens, everything is stopped."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        loading = asyncio.create_task(_load(network, mail, progress))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            loading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await loading
            raise InterruptedDemoError
        summary = await loading
        pages = None if request.once else await network.serve()
        progress.end()
        show(replace(summary, pages=pages))
        if not request.once:
            await stopping
        stopping.cancel()
    finally:
        progress.end()
        await network.stop()


async def _load(network: DemoNetwork, mail: Mail, progress: Progress) -> Summary:
    await network.start(progress.started)
    progress.loading(len(mail.letters))

    async def rest() -> None:
        await network.quiet(progress.waiting)

    files = await send(network, mail, progress.step, rest)
    progress.begin("parties answer their plans")
    await say(network)
    await rest()
    progress.begin("verifying the log")
    return await asyncio.to_thread(summarise, network, files)


def check_port(port: int) -> None:
    """Raise StartError when the household pages cannot be served there, before any work is done."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise StartError(
            f"{HOST}:{port}: cannot listen here ({error.strerror}); choose another --port"
        ) from None


def _realdata() -> Path | None:
    name = os.environ.get(REALDATA)
    return Path(name) if name else None


@contextmanager
def _state(kept: Path | None) -> Iterator[Path]:
    """The directory of the homes: the user's, which stays, or one that goes with the demo."""
    if kept is not None:
        yield kept
        return
    directory = Path(tempfile.mkdtemp(prefix="vastedag-demo-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)
