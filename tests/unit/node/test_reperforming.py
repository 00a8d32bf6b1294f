"""An auditor's file computed again on the page: agrees, differs by a cent, is no decision."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from node.answering import rulebook
from node.errors import RefusedError
from node.portal.uploads import parts_of
from node.reperforming import FILE_BYTES_MAX, DisclosedFileError, computed_again, read_disclosed
from scheduler.derive import derive_all
from scheduler.documents.calc_document import parse
from scheduler.reperform import disclose, signed_off
from scheduler.rulebook import REGULATIONS
from specs.case_files import read_cases
from tests.asgi import CSRF, Browser
from tests.portal_sign_in import browser_of, sign_in
from tests.portal_surface import WHO, full_surface

PATH = "/toezicht/narekenen"
BOUNDARY = "grens"


@pytest.fixture(scope="module")
def decided() -> dict[str, Any]:
    """The first example of the Toeslagen leaflet of 2026, disclosed."""
    (case,) = (one for one in read_cases(REGULATIONS) if one.id == "leaflet-2026-example-1")
    request, problems = parse(case.document, rulebook())
    assert request is not None, problems
    found = derive_all(request.household, request.year, rulebook(), [case.scheme])[case.scheme]
    return signed_off(disclose(found))


@pytest.fixture(scope="module")
def auditor() -> Browser:
    browser = browser_of(full_surface())
    sign_in(browser, *WHO["toezicht"])
    return browser


def body_of(**fields: bytes) -> bytes:
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (BOUNDARY.encode(), name.encode(), content)
        for name, content in fields.items()
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def sent(browser: Browser, content: bytes, csrf: str | None = None) -> httpx.Response:
    if csrf is None:
        found = CSRF.search(browser.get(PATH).text)
        assert found is not None
        csrf = found[1]
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "accept": "text/html"}
    body = body_of(csrf=csrf.encode(), bestand=content)
    return browser.ask("POST", PATH, headers=headers, content=body)


def test_a_decision_that_holds(auditor: Browser, decided: dict[str, Any]) -> None:
    answer = sent(auditor, json.dumps(decided, indent=1).encode())
    assert answer.status_code == 200
    assert "Elke cent klopt" in answer.text
    # The leaflet: 129 euros a month.
    assert len(re.findall("€\u00a0129,00", answer.text)) == 24


def test_one_cent_more_is_named_with_its_month(auditor: Browser, decided: dict[str, Any]) -> None:
    months = {**decided["months"], "2026-03": decided["months"]["2026-03"] + 1}
    answer = sent(auditor, json.dumps({**decided, "months": months}).encode())
    assert "Het besluit klopt niet" in answer.text
    assert "2026-03: decided 12901 cents, computed 12900" in answer.text
    assert "the file was changed after it was written" in answer.text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "U koos geen bestand"),
        (b"{", "line 1, column 2"),
        (b"\xff", "not UTF-8"),
        (b"[]", "a JSON object is expected"),
        (b'{"v": 1, "v": 1}', "stands twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"v": 1, "scheme": "<script>"}', "no disclosed decision"),
        (b" " * FILE_BYTES_MAX + b"{}", "larger than"),
    ],
)
def test_a_file_that_is_none_is_told_and_nothing_breaks(
    auditor: Browser, content: bytes, told: str
) -> None:
    answer = sent(auditor, content)
    assert answer.status_code == 400
    assert told in answer.text
    assert "<script>" not in answer.text


def test_other_rules_are_told(auditor: Browser, decided: dict[str, Any]) -> None:
    answer = sent(auditor, json.dumps({**decided, "rule_digest": "0" * 64}).encode())
    assert answer.status_code == 400
    assert "take the specs of that release" in answer.text


def test_a_form_of_another_visit_is_refused(auditor: Browser, decided: dict[str, Any]) -> None:
    assert sent(auditor, json.dumps(decided).encode(), csrf="forged").status_code == 403


def test_a_file_beyond_the_limit_is_not_read(auditor: Browser) -> None:
    assert sent(auditor, b"x" * 400_000).status_code == 413


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"csrf=1"),
        ("multipart/form-data", body_of(a=b"1")),
        ("multipart/form-data; boundary=other", body_of(a=b"1")),
        (f"multipart/form-data; boundary={BOUNDARY}", b"no parts"),
        (f"multipart/form-data; boundary={BOUNDARY}", body_of(**{f"f{n}": b"" for n in range(11)})),
        (
            f"multipart/form-data; boundary={BOUNDARY}",
            body_of(a=b"1").replace(b"--grens--\r\n", b"") + body_of(a=b"2"),
        ),
    ],
)
def test_what_is_no_such_form_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(RefusedError) as raised:
        parts_of(content_type, body)
    assert raised.value.problem.code == "malformed"


def test_fields_come_back_byte_for_byte() -> None:
    content = bytes(range(256)) + b"\r\n--gren\r\n"
    found = parts_of(f"multipart/form-data; boundary={BOUNDARY}", body_of(a=content, b=b""))
    assert found == {"a": content, "b": b""}


def test_an_input_that_is_missing_is_unknown(decided: dict[str, Any]) -> None:
    (block,) = decided["blocks"]
    inputs = [one for one in block["inputs"] if one["name"] != "toetsingsinkomen"]
    again = computed_again(
        json.dumps({**decided, "blocks": [{**block, "inputs": inputs}]}).encode(),
        [("shipped rules", rulebook())],
    )
    assert {one.computed_cents for one in again.months} == {None}
    assert not any(one.agrees for one in again.months)


def test_a_file_too_large_for_the_core_is_refused_there_too() -> None:
    with pytest.raises(DisclosedFileError, match="larger"):
        read_disclosed(b" " * (FILE_BYTES_MAX + 1))
