"""A node's settings: from the environment (`VASTEDAG_…`) or one settings.toml, nowhere else.

The environment wins. Secrets are never settings: they are key files of the home (home.py).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from node.errors import StartError

SETTINGS_FILE: Final = "settings.toml"
ENVIRONMENT_PREFIX: Final = "VASTEDAG_"
MEMBER_FORM: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"

MemberName = Annotated[str, Field(pattern=MEMBER_FORM)]
KeyUse = Literal["record", "api", "cosign", "log", "log-next"]
Port = Annotated[int, Field(ge=1, le=65_535)]


class OidcSettings(BaseModel):
    """An OpenID provider this node trusts. `levels`: the `acr` values that are sure enough.

    Households need `person_claim` (where the BSN stands); staff `roles_claim` and `roles` (which of
    its roles is which of ours). `client_key_file`: this client's RSA key, PEM, 0600.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    client_key_file: Path
    levels: Annotated[tuple[str, ...], Field(min_length=1)]
    person_claim: str | None = None
    roles_claim: str | None = None
    roles: Mapping[str, Literal["toezicht", "balie", "wijk"]] = {}


class Settings(BaseSettings):
    """What may differ between two nodes of the same code.

    `peers` names each member's machine listener (scheme, host, port, no path); `log_url` the log's
    prefix. `covenants` are the municipalities a creditor has an agreement with; `auditors` the
    SHA-256 of tokens that may read entry bundles. `keys` tells where a signing key is when it is no
    file of the home (key_places.py). `tick_seconds` is the alarm clock of outbox and
    waiting work; `poll_seconds` how often the log is asked for more.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    member: MemberName
    name: Annotated[str, Field(min_length=1, max_length=120)]
    mode: Literal["development", "production"] = "production"
    part: Literal["sequencer", "mirror", "witness"]
    origin: Annotated[str, Field(min_length=1, max_length=120)]
    log_url: AnyHttpUrl
    peers: Mapping[MemberName, AnyHttpUrl]
    source: Annotated[str, Field(pattern=r"^urn:nld:(oin|kvknr):\d{8,20}:systeem:[A-Za-z0-9-]+$")]
    municipality: Annotated[str, Field(pattern=r"^\d{4}$")] | None = None
    keys: Mapping[KeyUse, str] = {}
    covenants: tuple[MemberName, ...] = ()
    auditors: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    phone: Annotated[str, Field(max_length=40)] = ""
    host: str = "127.0.0.1"
    port: Port = 8000
    log_host: str = "127.0.0.1"
    log_port: Port = 8001
    database_url: str | None = None  # None: node.sqlite3 in the home
    ledger_url: str | None = None  # None: ledger.sqlite3 in the home
    tick_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    poll_seconds: Annotated[float, Field(gt=0, le=3600)] = 2.0
    request_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    sign_in: Literal["development", "oidc", "none"] = "none"
    public_url: AnyHttpUrl | None = None  # where browsers find the pages; None: host and port
    oidc_household: OidcSettings | None = None
    oidc_staff: OidcSettings | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mode == "production" and self.sign_in == "development":
            raise ValueError("sign_in: the development provider signs anyone in; choose oidc")
        self._check_sign_in()
        if self.member.startswith("gm") and self.municipality is None:
            raise ValueError("municipality: a municipality's node needs its four-digit code")
        if self.member not in self.peers:
            raise ValueError("peers: the member's own machine listener is missing")
        return self

    def _check_sign_in(self) -> None:
        providers = [one for one in (self.oidc_household, self.oidc_staff) if one is not None]
        if self.sign_in == "oidc" and (not providers or self.public_url is None):
            raise ValueError("sign_in: oidc needs public_url and oidc_household or oidc_staff")
        if self.oidc_household is not None and self.oidc_household.person_claim is None:
            raise ValueError("oidc_household: person_claim is missing; it names where the BSN is")
        if self.oidc_staff is not None and self.oidc_staff.roles_claim is None:
            raise ValueError("oidc_staff: roles_claim is missing; it names where the roles are")
        plain = [one for one in providers if not one.issuer.startswith("https://")]
        if self.mode == "production" and plain:
            raise ValueError("oidc: a provider without https cannot be trusted; use https")

    @property
    def pages_url(self) -> str:
        """Where browsers find the pages, without a slash at the end."""
        if self.public_url is None:
            return f"http://{self.host}:{self.port}"
        return str(self.public_url).rstrip("/")

    @classmethod
    def settings_customise_sources(  # the signature is pydantic's; three sources are not for us
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file (which load_settings hands in)."""
        return (env_settings, init_settings)


def load_settings(directory: Path) -> Settings:
    """The settings of the home in this directory; raises StartError naming every fault."""
    path = directory / SETTINGS_FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StartError(f"{path}: no node here; create it once with `vastedag init`") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StartError(f"{path}: cannot be read ({error}); repair the file") from error
    return check_settings(content, str(path))


def check_settings(content: Mapping[str, Any], where: str) -> Settings:
    """Settings of these values and the environment; raises StartError naming every fault."""
    try:
        return Settings(**content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'settings'}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise StartError(f"{where}: {faults}; correct these settings and start again") from None


def settings_toml(values: Mapping[str, Any]) -> str:
    """The text of a settings.toml: texts, numbers, booleans, lists of texts, tables of texts."""
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]"]
        lines += [f"{_toml(key)} = {_toml(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _toml(value: str | float | bool | Sequence[str]) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        if any(ord(character) < 0x20 or ord(character) == 0x7F for character in escaped):
            raise StartError("settings: a control character in a value; remove it")
        return f'"{escaped}"'
    return str(value)
