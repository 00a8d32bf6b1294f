"""How the pieces of a node's ledger side are named."""

from __future__ import annotations

import shutil
from pathlib import Path

from node.ledger_side import lease_holder
from node.setup.home import create_home, open_home
from tests.unit.node.test_home import values


def test_the_lease_tells_a_copied_home_from_the_first_and_not_a_restart(tmp_path: Path) -> None:
    home = create_home(tmp_path / "first", values())
    shutil.copytree(home.directory, tmp_path / "copy")
    copy = open_home(tmp_path / "copy")
    assert copy.settings == home.settings
    assert lease_holder(copy) != lease_holder(home)
    assert lease_holder(open_home(home.directory)) == lease_holder(home)
    assert home.settings.member in lease_holder(home)
