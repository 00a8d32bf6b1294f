"""XML from outside can neither reach out, nor grow, nor half load."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import samples
from adapters.reading import Report
from adapters.suwinet import suwinet_brp, suwinet_uwv
from adapters.xml import parse_xml

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">]><a>&lol3;</a>"""
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'


@pytest.mark.parametrize(
    "content",
    [
        LAUGHS,
        OUTSIDE,
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
        '<?xml version="1.0"?><a/>'.encode("utf-16"),
        b"<a>" * 1000 + b"</a>" * 1000,
        b"<a>\x00</a>",
        b"<a>&undefined;</a>",
        b"<a><b></a>",
        b"",
        b"   ",
        b"no xml at all",
    ],
    ids=range(13),
)
def test_dangerous_or_broken_xml_gives_one_problem_and_no_tree(content: bytes) -> None:
    report = Report("x.xml")
    assert parse_xml(content, report) is None
    assert len(report.problems) == 1
    assert report.problems[0].repair


def test_a_parser_message_with_content_is_not_passed_on() -> None:
    report = Report("x.xml")
    assert parse_xml(b"<a><Achternaam-Jansen></a>", report) is None
    assert "Jansen" not in str(report.problems[0])


def _shipped(part: str) -> Path:
    return sorted(samples.shipped()["demo"].rglob(f"*{part}*.xml"))[0]


@pytest.mark.parametrize(
    ("part", "reader"), [("UWVPersoonsIkvInfo", suwinet_uwv.read), ("BRPDossier", suwinet_brp.read)]
)
def test_a_file_cut_off_anywhere_gives_no_record(part: str, reader: object) -> None:
    path = _shipped(part)
    content = path.read_bytes().rstrip()
    whole, _ = reader(content, source=path.name)  # type: ignore[operator]
    assert whole
    for length in range(0, len(content), 7):
        drafts, problems = reader(content[:length], source=path.name)  # type: ignore[operator]
        assert drafts == []
        assert problems
