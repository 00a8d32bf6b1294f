"""The OpenID providers of a node's settings, with the client's key read from its file."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from node.errors import HomeError
from node.portal.oidc import Audience, Provider
from node.setup.settings import OidcSettings, Settings


def providers_of(settings: Settings) -> Mapping[Audience, Provider]:
    """Every provider that is set; raises HomeError naming the key file at fault."""
    found: dict[Audience, Provider] = {}
    if settings.oidc_household is not None:
        found["household"] = _provider(settings.oidc_household)
    if settings.oidc_staff is not None:
        found["staff"] = _provider(settings.oidc_staff)
    return found


def _provider(settings: OidcSettings) -> Provider:
    return Provider(
        issuer=settings.issuer,
        client_id=settings.client_id,
        key=_key(settings.client_key_file),
        levels=settings.levels,
        person_claim=settings.person_claim,
        roles_claim=settings.roles_claim,
        roles=dict(settings.roles),
    )


def _key(path: Path) -> RSAKey:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise HomeError(f"{path}: others may read this key; chmod 600 {path}")
        return RSAKey.import_key(path.read_bytes())
    except OSError as error:
        raise HomeError(f"{path}: the client's key cannot be read; make it 0600") from error
    except (JoseError, ValueError) as error:
        raise HomeError(f"{path}: no RSA key in PEM; make one with openssl genrsa") from error
