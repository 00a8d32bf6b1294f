"""The vendored style sheets: as the locked packages gave them, complete, small, with licences."""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import json
import re

import pytest

from node.portal.pages import STATIC
from node.portal.templating import TEMPLATES

VENDOR = STATIC / "vendor"
ORIGIN = json.loads((VENDOR / "origin.json").read_text())
CSS_BYTES_ZIPPED_MAX = 30_000  # issue 6: at most 60 KB a page without fonts
USED = re.compile(r"var\((--[\w-]+)(,?)")
DEFINED = re.compile(r"(--[\w-]+)\s*:")


def test_every_file_is_as_its_origin_says() -> None:
    named = set(ORIGIN["sha256"]) | {"origin.json"}
    assert {path.name for path in VENDOR.iterdir()} == named
    for name, digest in ORIGIN["sha256"].items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_the_lock_names_the_same_versions() -> None:
    lock = json.loads((STATIC.parents[2] / "tools/design/package-lock.json").read_text())
    for name, version in ORIGIN["packages"].items():
        locked = lock["packages"][f"node_modules/{name}"]
        assert locked["version"] == version
        assert locked["integrity"].startswith("sha512-")


def test_every_package_has_its_licence_text() -> None:
    for name in ("LICENSE-utrecht.md", "LICENSE-voorbeeld.md"):
        assert "EUROPEAN UNION PUBLIC LICENCE" in (VENDOR / name).read_text().upper()
    assert "SIL OPEN FONT LICENSE" in (VENDOR / "LICENSE-noto-sans.txt").read_text().upper()


def test_every_token_our_sheet_uses_is_defined() -> None:
    portal = (STATIC / "portal.css").read_text()
    known = set(DEFINED.findall(portal)) | set(DEFINED.findall((VENDOR / "theme.css").read_text()))
    missing = {name for name, fallback in USED.findall(portal) if not fallback} - known
    assert missing == set()


def test_every_class_on_a_page_has_a_rule() -> None:
    sheets = "".join(
        path.read_text()
        for path in (STATIC / "portal.css", STATIC / "letter.css", VENDOR / "utrecht.css")
    )
    ruled = set(re.findall(r"\.([a-zA-Z][\w-]*)", sheets))
    for template in TEMPLATES.glob("*.html"):
        text = re.sub(r"\{%.*?%\}", " ", template.read_text())
        text = re.sub(r"\{\{.*?\}\}", "*", text)  # any word or part of one
        for classes in re.findall(r'class="([^"]*)"', text):
            for name in classes.split():
                assert fnmatch.filter(ruled, name), f"{template.name}: {name}"


@pytest.mark.parametrize("name", ["portal.css", "vendor/theme.css", "vendor/utrecht.css"])
def test_no_style_sheet_asks_another_host(name: str) -> None:
    text = (STATIC / name).read_text()
    assert "http" not in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert "@import" not in text


def test_the_style_sheets_are_small() -> None:
    sheets = [STATIC / "portal.css", VENDOR / "theme.css", VENDOR / "utrecht.css"]
    assert sum(len(gzip.compress(sheet.read_bytes())) for sheet in sheets) <= CSS_BYTES_ZIPPED_MAX
