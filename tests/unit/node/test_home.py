"""Homes, keys and settings: what stops a start, and that the reason is told."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from node.errors import HomeError, StartError
from node.setup.home import create_home, open_home
from node.setup.key_files import create_secret, read_secret
from node.setup.settings import SETTINGS_FILE, check_settings, load_settings, settings_toml


def values(**changes: Any) -> dict[str, Any]:
    """Settings of a municipality's node."""
    return {
        "member": "gm0344",
        "name": 'Gemeente "Utrecht" \\ proef',
        "mode": "development",
        "part": "mirror",
        "origin": "vastedag.example/proef",
        "log_url": "http://127.0.0.1:9001/log",
        "source": "urn:nld:oin:99000000000000000005:systeem:burgerzaken",
        "municipality": "0344",
        "covenants": [],
        "poll_seconds": 0.5,
        "sign_in": "development",
        "peers": {"gm0344": "http://127.0.0.1:9002"},
    } | changes


def test_a_home_opens_as_it_was_made(tmp_path: Path) -> None:
    home = create_home(tmp_path / "gm0344", values())
    opened = open_home(home.directory)
    assert opened.settings == home.settings
    assert opened.settings.name == 'Gemeente "Utrecht" \\ proef'
    first, second = home.keys(), opened.keys()
    assert first.record.public_key == second.record.public_key
    assert first.hpke.public() == second.hpke.public()
    assert first.cosign is not None
    assert first.log is None
    mode = stat.S_IMODE
    assert mode(home.directory.stat().st_mode) == 0o700
    assert {mode(key.stat().st_mode) for key in home.keys_directory.iterdir()} == {0o600}


def test_no_two_keys_of_a_home_are_the_same(tmp_path: Path) -> None:
    home = create_home(tmp_path / "a", values())
    contents = [key.read_bytes().splitlines()[3] for key in home.keys_directory.iterdir()]
    assert len(set(contents)) == len(contents)


def test_a_home_is_made_once(tmp_path: Path) -> None:
    create_home(tmp_path / "a", values())
    with pytest.raises(HomeError, match="here already"):
        create_home(tmp_path / "a", values())


def test_a_home_open_to_others_is_refused(tmp_path: Path) -> None:
    home = create_home(tmp_path / "a", values())
    home.directory.chmod(0o750)
    with pytest.raises(HomeError, match="chmod 700"):
        open_home(home.directory)


def test_a_key_open_to_others_is_refused(tmp_path: Path) -> None:
    home = create_home(tmp_path / "a", values())
    (home.keys_directory / "record.key").chmod(0o640)
    with pytest.raises(HomeError, match="others may read"):
        home.keys()


def test_a_key_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    home = create_home(tmp_path / "a", values())
    record_key = (home.keys_directory / "record.key").read_bytes()
    (home.keys_directory / "api.key").write_bytes(record_key)
    with pytest.raises(HomeError, match="made for record"):
        open_home(home.directory).keys()


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    home = create_home(tmp_path / "a", values())
    (home.keys_directory / "hpke.key").unlink()
    with pytest.raises(HomeError, match=r"hpke\.key: key missing"):
        home.keys()


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "id.key"
    create_secret(path, "id", "development")
    path.write_text(path.read_text(encoding="ascii")[:-10], encoding="ascii")
    with pytest.raises(HomeError, match=r"id\.key"):
        read_secret(path, "id", "development")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    create_secret(tmp_path / "id.key", "id", "development")
    with pytest.raises(HomeError, match="never overwritten"):
        create_secret(tmp_path / "id.key", "id", "development")


def test_production_refuses_development_keys(tmp_path: Path) -> None:
    home = create_home(tmp_path / "a", values())
    changed = values(mode="production", sign_in="none")
    (home.directory / SETTINGS_FILE).write_text(settings_toml(changed), encoding="utf-8")
    with pytest.raises(HomeError, match="a development key"):
        open_home(home.directory).keys()


def test_production_refuses_the_development_sign_in() -> None:
    with pytest.raises(StartError, match="choose oidc"):
        check_settings(values(mode="production"), "settings.toml")


def test_every_fault_in_the_settings_is_told_at_once(tmp_path: Path) -> None:
    wrong = values(part="king", port=0, log_url="nowhere", colour="red")
    (tmp_path / SETTINGS_FILE).write_text(settings_toml(wrong), encoding="utf-8")
    with pytest.raises(StartError) as caught:
        load_settings(tmp_path)
    told = str(caught.value)
    assert all(field in told for field in ("part", "port", "log_url", "colour", SETTINGS_FILE))


def test_no_settings_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="vastedag init"):
        load_settings(tmp_path)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_bytes(b"\xff= [")
    with pytest.raises(StartError, match="cannot be read"):
        load_settings(tmp_path)


def test_the_environment_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_home(tmp_path / "a", values())
    monkeypatch.setenv("VASTEDAG_POLL_SECONDS", "7.5")
    assert open_home(tmp_path / "a").settings.poll_seconds == 7.5


def test_a_municipality_needs_its_code() -> None:
    without = {name: value for name, value in values().items() if name != "municipality"}
    with pytest.raises(StartError, match="four-digit code"):
        check_settings(without, "settings.toml")
