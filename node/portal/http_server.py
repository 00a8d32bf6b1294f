"""One listener: an ASGI app on a bound socket, inside the caller's event loop.

Several of them run in one process (the demo) or one each (serve, work); signals stay with the
program around it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from node.errors import StartError
from node.portal.at_once import AnswersAtOnce
from node.portal.http_protocol import BoundedHttp

BACKLOG: Final = 2_048
KEEP_ALIVE_SECONDS: Final = 30
STOP_SECONDS_MAX: Final = 5


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class Listener:
    """`start` binds and serves, `stop` lets running requests end."""

    def __init__(self, app: ASGIApp, host: str, port: int, *, shared: bool = False) -> None:
        """shared: other processes listen on the same port (SO_REUSEPORT)."""
        self._shared = shared
        self._host = host
        self._port = port
        memory = app if isinstance(app, AnswersAtOnce) else None
        self._server = _Server(
            uvicorn.Config(
                app,
                http=type("Http", (BoundedHttp,), {"memory": memory}),
                ws="none",
                log_config=None,
                log_level="warning",
                access_log=False,  # our own log lines hold no address that was filled in
                server_header=False,
                date_header=True,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=STOP_SECONDS_MAX,
                lifespan="off",
            )
        )
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is bound; of use when 0 was asked for."""
        return self._port if self._socket is None else int(self._socket.getsockname()[1])

    async def start(self) -> None:
        """Bind and serve; raises StartError when the address is taken."""
        try:
            self._socket = socket.create_server(
                (self._host, self._port), backlog=BACKLOG, reuse_port=self._shared
            )
        except OSError as error:
            raise StartError(
                f"{self._host}:{self._port}: cannot listen here ({error.strerror}); "
                "stop what uses it, or choose another port in settings.toml"
            ) from None
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._task.done():
                await self._task
                raise StartError(f"{self._host}:{self._port}: the listener ended at once")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """End; requests under way get STOP_SECONDS_MAX to finish."""
        if self._task is None:
            return
        self._server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if self._socket is not None:
            self._socket.close()
        self._task = None
