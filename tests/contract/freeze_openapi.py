"""Writes `specs/openapi.json` anew after a change of the API that was looked at."""

from __future__ import annotations

import json
from pathlib import Path

from node.portal.routes_events import create_api
from tests.contract.openapi_changes import published
from tests.portal_surface import SampleIntake

PUBLISHED = Path(__file__).parents[2] / "specs" / "openapi.json"

if __name__ == "__main__":
    document = published(create_api("Vastedag", SampleIntake()))
    PUBLISHED.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
