"""A node's pages in a real browser: Debian's Chromium, against a server on the loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from node.portal.app import create_app
from node.portal.surface import Surface
from tests import needs
from tests.browser.household_views import (
    DE_VRIES,
    PHONE,
    YILMAZ,
    SampleCalendars,
    SamplePeople,
    SampleState,
)
from tests.contest_views import LOON, PETERS, BookContests
from tests.desk_views import sample_desk, sample_district
from tests.looked_port import SampleFeeds, SampleLooked
from tests.paydate_book import SamplePayDates
from tests.whatif_port import SampleWhatIf

START_SECONDS_MAX = 10


@contextmanager
def served(surface_of: Callable[..., Surface]) -> Iterator[str]:
    """The pages of a surface on a free port of the loopback; answers their address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(surface_of(public_url=address)), log_level="warning", access_log=False
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + START_SECONDS_MAX
    while not server.started:
        assert time.monotonic() < until, "the pages did not start"
        time.sleep(0.02)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(START_SECONDS_MAX)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a municipality's node with hand-made calendars."""
    paydates = SamplePayDates(tmp_path_factory.mktemp("paydates"))
    surface = Surface(
        member="gm0344",
        name="Gemeente Utrecht",
        phone=PHONE,
        development=True,
        session_key=b"k" * 32,
        today=lambda: date(2026, 1, 15),
        state=SampleState(),
        calendars=SampleCalendars(),
        people=SamplePeople(),
        what_if=SampleWhatIf(),
        desk=sample_desk(),
        district=sample_district(),
        who_looked=SampleLooked(),
        paydates=paydates,
        feeds=SampleFeeds(),
        contests=BookContests({DE_VRIES: PETERS, YILMAZ: LOON}),
        sign_in="development",
    )
    with served(partial(replace, surface)) as address:
        yield address
    paydates.behind.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's browser, for one module: its event loop must be gone before other tests run theirs.

    Root cannot use its sandbox, and test machines run as root.
    """
    needs.require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=needs.chromium(), args=["--no-sandbox"]
        )
        yield browser
        browser.close()
