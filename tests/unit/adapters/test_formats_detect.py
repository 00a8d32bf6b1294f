"""Which format a file is in, by content first and by name second."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters import samples
from adapters.formats import FORMATS, NO_ADAPTER, detect

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b'<a:UWVPersoonsIkvInfoResponse xmlns:a="x"/>', "a.xml", "suwinet-uwv"),
        (b"\xef\xbb\xbf\n<AanvraagPersoonResponse/>", "a.xml", "suwinet-brp"),
        (b"<SVBPersoonsInfoResponse/>", "a.xml", "suwinet-svb"),
        (b"<BijstandsregelingenInfoResponse/>", "a.xml", "suwinet-bijstand"),
        (b"<DUOStudiefinancieringInfoResponse/>", "a.xml", "suwinet-duo"),
        (b"<Envelope/>", "UWVDossierInkomstenGSD_UWVPersoonsIkvInfo_1.xml", "suwinet-uwv"),
        (b"<Envelope/>", "Bijstandsregelingen_1.xml", "suwinet-bijstand"),
        (b"<Document/>", "camt.xml", None),
        (b"\xef\xbb\xbf;01.01.10;01.01.20;\n", "a.csv", "gbav-csv"),
        (b"bsn;flow;amount_cents\n", "a.csv", "recurring-csv"),
        (b"bsn;fact;valid_from\r\n", "a.csv", "statement-csv"),
        (b"Code,Omschrijving\n", "Tabel33.csv", None),
        ("Code,Omschrijving\n".encode("utf-16"), "Tabel33.csv", None),
        (b"", "a.csv", None),
        (b"\x00\xff\xfe", "a.bin", None),
    ],
)
def test_a_file_is_recognised(content: bytes, name: str, expected: str | None) -> None:
    assert detect(content, name) == expected


@pytest.mark.parametrize("name", sorted(NO_ADAPTER))
def test_a_known_service_without_adapter_says_so(name: str) -> None:
    drafts, problems = FORMATS[name](b"<x/>", source="x.xml")
    assert drafts == []
    assert "no adapter yet" in problems[0].reason
    assert NO_ADAPTER[name] in problems[0].reason


def test_every_shipped_file_is_recognised_as_its_manifest_says() -> None:
    for file in samples.load(samples.shipped()["demo"]).files:
        assert detect(file.path.read_bytes(), file.name) == file.format


def test_every_tolerance_and_format_is_documented() -> None:
    text = (ROOT / "docs" / "formats" / "README.md").read_text(encoding="utf-8")
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "adapters").rglob("*.py"))
    )
    constants = dict(re.findall(r'^([A-Z_]+): Final = "([a-z0-9.-]+)"', code, flags=re.MULTILINE))
    used = {
        constants[name]
        for name in re.findall(r"(?:tolerate\(\s*|order_tolerance=)([A-Z_]+)\b", code)
    }
    documented = set(re.findall(r"^\| `([a-z0-9.-]+)` \|", text.split("## Tolerances")[1], re.M))
    assert used == documented
    assert {name for name in FORMATS if f"`{name}`" not in text} == set()
