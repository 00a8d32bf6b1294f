"""Files made to cost time or memory: every reader stops at a named limit, in linear time."""

from __future__ import annotations

import time

import pytest

from adapters import brp_gbav, charges, own_csv, reading, statements, xml
from adapters.formats import FORMATS
from adapters.suwinet import suwinet_uwv

SECONDS_MAX = 10.0  # of processor time; the work itself takes about one


def test_a_file_over_the_limit_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"x" * (reading.FILE_BYTES_MAX + 1)
    for name in ("gbav-csv", "recurring-csv", "statement-csv", "suwinet-uwv"):
        drafts, problems = FORMATS[name](content, source="x")
        assert drafts == []
        assert [problem.where for problem in problems] == ["file"]
        assert "bytes, more than" in problems[0].reason


def test_an_answer_over_the_limit_for_xml_is_not_read() -> None:
    content = b"<a>" + b" " * xml.XML_BYTES_MAX + b"</a>"
    drafts, problems = suwinet_uwv.read(content, source="x")
    assert (drafts, len(problems)) == ([], 1)


@pytest.mark.parametrize(
    "content",
    [
        b";" * 2_000_000,
        b"a;" * 500_000 + b"\n",
        b"\xef\xbb\xbf" + b";01.01.20" * 100_000 + b"\n",
        b"\n" * 150_000,
        b'"' * 1_000_000,
    ],
    ids=["one row", "one header", "one column often", "empty rows", "quotes"],
)
@pytest.mark.parametrize("reader", [brp_gbav.read, charges.read, statements.read])
def test_rows_and_columns_without_end(reader: object, content: bytes) -> None:
    begin = time.process_time()
    drafts, problems = reader(content, source="x")  # type: ignore[operator]
    assert (drafts, bool(problems)) == ([], True)
    assert len(problems) <= reading.PROBLEMS_MAX + 1
    assert time.process_time() - begin < SECONDS_MAX


def test_many_enrolments_are_read_in_linear_time() -> None:
    head = "bsn;birth_date;surname;fact;value;valid_from"
    rows = [f"999902003;1988-04-12;Wit;enrolled;;{1900 + n // 336}-{n // 28 % 12 + 1:02d}-"
            f"{n % 28 + 1:02d}" for n in range(10_000)]  # fmt: skip
    content = "\n".join([head, *rows, f"end;{len(rows)}"]).encode()
    begin = time.process_time()
    drafts, problems = statements.read(content, source="x")
    assert (len(drafts), problems) == (10_000, [])
    assert time.process_time() - begin < SECONDS_MAX


def test_more_rows_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_csv, "ROWS_MAX", 10)
    drafts, problems = charges.read(b"bsn\n" * 20, source="x")
    assert (drafts, ["more than 10 rows" in p.reason for p in problems]) == ([], [True])


def test_problems_stop_at_their_limit() -> None:
    many = "".join("<Hobby/>" for _ in range(reading.PROBLEMS_MAX + 50))
    content = (
        f'<s:UWVPersoonsIkvInfoResponse xmlns:s="{suwinet_uwv.NAMESPACE}"><ClientSuwi>'
        f"<Burgerservicenr>999902003</Burgerservicenr>{many}</ClientSuwi>"
        "</s:UWVPersoonsIkvInfoResponse>"
    ).encode()
    drafts, problems = suwinet_uwv.read(content, source="x")
    assert (drafts, len(problems)) == ([], reading.PROBLEMS_MAX + 1)
    assert "the rest is not told" in problems[-1].reason
