"""Every route with every role: allowed or refused, none missing (`route_roles.txt` is the table).

A new route stops this test until somebody has written down who may pass it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route

from node.portal.app import routed_app
from tests.asgi import Browser
from tests.portal_sign_in import app_of, sign_in
from tests.portal_surface import WHO, full_surface

TABLE = Path(__file__).with_name("route_roles.txt")
ROLES = ("nobody", *WHO)
FILL = {
    "month": "2026-01", "scheme": "zorgtoeslag", "n": "3", "record": "A" * 43, "path": "checkpoint",
    "proposal": "V" * 43, "member": "uwv", "token": "A" * 43,
    "household": "huishouden-een",
}  # fmt: skip
OWN = {"household": "/mijn", "toezicht": "/toezicht", "balie": "/balie", "wijk": "/wijk"}


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path) of every route, of mounted applications too."""
    yield from _routes(app.routes, "")


def _routes(routes: list[BaseRoute], prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Route):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, prefix + route.path
        elif isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from _routes(route.app.routes, prefix + route.path)
        elif isinstance(route, Mount):
            yield "GET", prefix + route.path
        else:  # a router that FastAPI holds as one
            yield from _routes(route.original_router.routes, prefix)  # type: ignore[attr-defined]


def table() -> dict[tuple[str, str], str]:
    """Who may pass: `anyone`, a role, or `token` where a machine's credential is asked."""
    rows = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            method, path, who = line.split()
            rows[method, path] = who
    return rows


@pytest.fixture(scope="module")
def browsers() -> dict[str, Browser]:
    app = app_of(full_surface())
    found = {"nobody": Browser(app, "https://node.test")}
    for role, (label, page) in WHO.items():
        found[role] = Browser(app, "https://node.test")
        sign_in(found[role], label, page)
    return found


def test_the_table_names_every_route_and_no_other() -> None:
    assert set(table()) == set(routes_of(routed_app(full_surface())))


def filled(path: str) -> str:
    for name, value in FILL.items():
        path = path.replace("{" + name + "}", value).replace("{" + name + ":path}", value)
    assert "{" not in path, path
    return path


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), sorted(table()))
def test_only_who_may_pass_passes(
    browsers: dict[str, Browser], method: str, path: str, role: str
) -> None:
    need = table()[method, path]
    browser = browsers[role]
    before = dict(browser.cookies)
    headers = {"accept": "text/html", "content-type": "application/x-www-form-urlencoded"}
    answer = browser.ask(method, filled(path), headers=headers, content=b"")
    browser.cookies.clear()
    for name, value in before.items():  # a sign-in or sign-out here is not for the next row
        browser.cookies.set(name, value, domain="node.test")
    assert answer.status_code < 500, answer.text
    if need in ("anyone", "token", role):
        # What a form lacks is refused for its content, never for who sends it.
        assert answer.headers.get("location", "") not in SIGN_INS or need == "anyone"
        return
    refused = answer.status_code in (403, 404) or answer.headers.get("location") in SIGN_INS
    assert refused, (role, answer.status_code, answer.headers.get("location"))
    for secret in ("Vries", "Yılmaz", "vastedag.example"):
        assert secret not in answer.text


SIGN_INS = ("/mijn/aanmelden", "/medewerkers/aanmelden")


@pytest.mark.parametrize("role", sorted(set(table().values()) & set(WHO)))
def test_each_role_comes_to_its_own_page(browsers: dict[str, Browser], role: str) -> None:
    answer = browsers[role].get(OWN[role])
    assert answer.status_code in (200, 303)
    assert answer.headers.get("location") not in SIGN_INS


def test_what_a_node_does_not_have_it_does_not_show() -> None:
    bare = replace(full_surface(), calendars=None, people=None, oversight=None, log=None)
    paths = {path for _, path in routes_of(routed_app(bare))}
    assert not {path for path in paths if path.startswith(("/mijn", "/toezicht", "/log"))}
