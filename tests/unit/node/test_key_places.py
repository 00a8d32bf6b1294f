"""Where a signing key is kept: the line that names it, and what stops a start."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.errors import HomeError
from node.setup.key_places import PIN_VARIABLE, make_key, open_key, parse_place

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
WHOLE = f"pkcs11:token=utrecht;object=record?module-path={MODULE}"


def test_a_file_is_found_from_the_home(tmp_path: Path) -> None:
    assert parse_place("file:keys/record.key", tmp_path).file == tmp_path / "keys/record.key"
    assert parse_place("file:/safe/record.key", tmp_path).file == Path("/safe/record.key")


def test_a_token_key_is_named_as_rfc_7512_says(tmp_path: Path) -> None:
    text = "pkcs11:token=Utrecht%20een;object=record?module-path=hsm.so&pin-source=file:pin"
    place = parse_place(text, tmp_path)
    assert place.token is not None
    assert (place.token.token, place.token.label) == ("Utrecht een", "record")
    assert (place.token.module, place.pin_file) == (tmp_path / "hsm.so", tmp_path / "pin")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "neither file"),
        ("file:", "neither file"),
        ("keys/record.key", "neither file"),
        ("pkcs11:token=a;object=b", "module-path"),
        (f"pkcs11:object=b?module-path={MODULE}", "token"),
        (WHOLE + "&pin-value=1234", "no setting"),
        (WHOLE + "&slot-id=3", "each once"),
        ("pkcs11:token=a;token=b;object=c?module-path=x", "each once"),
        ("pkcs11:token=;object=c?module-path=x", "each once"),
    ],
)
def test_a_line_that_names_no_key_is_refused(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=told) as caught:
        parse_place(text, tmp_path)
    assert "1234" not in str(caught.value)


def test_a_key_file_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    place = parse_place("file:next.key", tmp_path)
    made = make_key(place, "record", "production")
    assert open_key(place, "record", "production").public_key == made.public_key
    with pytest.raises(HomeError, match="never overwritten"):
        make_key(place, "record", "production")
    with pytest.raises(HomeError, match="made for record"):
        open_key(place, "log", "production")
    (tmp_path / "next.key").chmod(0o640)
    with pytest.raises(HomeError, match="others may read"):
        open_key(place, "record", "production")


def test_a_pin_comes_from_the_environment_or_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PIN_VARIABLE, raising=False)
    with pytest.raises(HomeError, match="no PIN"):
        open_key(parse_place(WHOLE, tmp_path), "record", "production")
    place = parse_place(WHOLE + "&pin-source=file:pin", tmp_path)
    with pytest.raises(HomeError, match="cannot be opened"):
        open_key(place, "record", "production")
    for content, told in ((b"", "no PIN"), (b"12\n34\n", "no PIN"), (b"\xff", "no PIN")):
        (tmp_path / "pin").write_bytes(content)
        (tmp_path / "pin").chmod(0o600)
        with pytest.raises(HomeError, match=told):
            open_key(place, "record", "production")
    (tmp_path / "pin").chmod(0o604)
    with pytest.raises(HomeError, match="others may read this PIN"):
        open_key(place, "record", "production")


def test_a_module_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PIN_VARIABLE, "1234")
    place = parse_place("pkcs11:token=a;object=b?module-path=/nowhere.so", tmp_path)
    with pytest.raises(HomeError, match="key 'b' on token 'a'") as caught:
        open_key(place, "record", "production")
    assert "1234" not in str(caught.value)
