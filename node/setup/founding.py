"""Makes one member's home and takes a genesis as its trust root: what `vastedag init` does.

Done twice it does nothing more. The genesis itself is made of all members' public keys and signed
offline; a whole network on one machine is network.py's work.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.formats.note import NoteSigner
from ledger.rules.genesis import create_log
from ledger.rules.registry import Registry
from ledger.stores.database_sql import Database as LedgerDatabase
from ledger.stores.database_sql import migrate as migrate_ledger
from ledger.stores.store_sql import SqlStore
from node.errors import HomeError, StartError
from node.ledger_side import cosigner, genesis_registry
from node.setup.home import Home, create_home, open_home, write_whole
from node.setup.settings import SETTINGS_FILE
from node.stores.database_sql import migrate as migrate_node


def found(
    directory: Path, settings: Mapping[str, Any] | None, genesis: bytes | None
) -> tuple[Home, str | None]:
    """The home in this directory, made when it is not there, and the id of its log (None yet).

    Raises HomeError and StartError with what to do; call it outside an event loop.
    """
    if (directory / SETTINGS_FILE).exists():
        if settings is not None:
            raise HomeError(f"{directory}: a node is here already; leave out --settings")
        home = open_home(directory)
    elif settings is None:
        raise HomeError(f"{directory}: no node here; give --settings to make one")
    else:
        home = create_home(directory, settings)
    migrate_node(home.database_url)
    migrate_ledger(home.ledger_url)
    if genesis is None:
        if not home.genesis_file.exists():
            return home, None
        genesis = home.genesis_file.read_bytes()
    registry = genesis_registry(genesis)
    _check_named(home, registry)
    if home.genesis_file.exists():
        if home.genesis_file.read_bytes() != genesis:
            raise StartError(f"{home.genesis_file}: another genesis is trusted here already")
        return home, registry.log
    if home.settings.part == "sequencer":
        asyncio.run(_begin_log(home, genesis))
    write_whole(home.policy_file, registry.policy_text().encode())
    write_whole(home.genesis_file, genesis)
    return home, registry.log


def public_keys(home: Home) -> dict[str, str]:
    """What this node registers on the ledger, by use: vkeys for signed notes, base64 otherwise."""
    keys = home.keys()
    found_keys = {
        "record": base64.b64encode(keys.record.public_key).decode(),
        "api": base64.b64encode(keys.api.public_key).decode(),
        "hpke": base64.b64encode(keys.hpke.public().raw).decode(),
    }
    if keys.cosign is not None:
        found_keys[home.settings.part] = cosigner(home, keys.cosign).verifier.vkey
    if keys.log is not None:
        found_keys["log_vkey"] = NoteSigner(
            name=home.settings.origin, signer=keys.log
        ).verifier.vkey
    return found_keys


def _check_named(home: Home, registry: Registry) -> None:
    """Raise StartError unless the genesis names this member with this home's keys."""
    member = registry.members.get(home.settings.member)
    if member is None:
        raise StartError(f"genesis: names no member {home.settings.member}; ask for the right one")
    record = home.keys().record.public_key
    if record not in {key.public_key for key in member.active_keys("record")}:
        raise StartError(
            f"genesis: names another record key for {member.id}; it was made of other keys"
        )


async def _begin_log(home: Home, genesis: bytes) -> None:
    log_key = home.keys().log
    if log_key is None:
        raise HomeError(f"{home.keys_directory}: no log key, but this node is the sequencer")
    database = LedgerDatabase(home.ledger_url)
    try:
        signer = NoteSigner(name=home.settings.origin, signer=log_key)
        await create_log(SqlStore(database), genesis, signer)
    finally:
        await database.close()
