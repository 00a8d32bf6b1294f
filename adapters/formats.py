"""The formats by name, and which one a file is in. Opening files is left to others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from adapters import brp_gbav, charges, statements
from adapters.reading import ReadResult, Report
from adapters.suwinet import suwinet_brp, suwinet_svb, suwinet_uwv

Reader = Callable[..., ReadResult]  # (content: bytes, *, source: str)
LOOKED_AT_BYTES: Final = 8192
NO_ADAPTER: Final = {
    "suwinet-bijstand": "Bijstandsregelingen",
    "suwinet-duo": "DUODossierStudiefinancieringGSD",
}
_ROOTS: Final = {
    "UWVPersoonsIkvInfoResponse": "suwinet-uwv",
    "AanvraagPersoonResponse": "suwinet-brp",
    "SVBPersoonsInfoResponse": "suwinet-svb",
    "BijstandsregelingenInfoResponse": "suwinet-bijstand",
    "DUOStudiefinancieringInfoResponse": "suwinet-duo",
}
_NAMES: Final = {
    "UWVDossierInkomstenGSD": "suwinet-uwv",
    "BRPDossierPersoonGSD": "suwinet-brp",
    "SVBDossierPersoonGSD": "suwinet-svb",
    "Bijstandsregelingen": "suwinet-bijstand",
    "DUODossierStudiefinancieringGSD": "suwinet-duo",
}


def _without_adapter(format_name: str) -> Reader:
    def read(content: bytes, *, source: str) -> ReadResult:
        report = Report(source)
        report.add(
            "file",
            "",
            f"there is no adapter yet for {NO_ADAPTER[format_name]}: {len(content)} bytes not read",
            "leave it out; what it says stays unknown to the allowances",
        )
        return [], report.problems

    return read


FORMATS: Final[dict[str, Reader]] = {
    "suwinet-uwv": suwinet_uwv.read,
    "suwinet-brp": suwinet_brp.read,
    "suwinet-svb": suwinet_svb.read,
    "gbav-csv": brp_gbav.read,
    "recurring-csv": charges.read,
    "statement-csv": statements.read,
    **{name: _without_adapter(name) for name in NO_ADAPTER},
}


def detect(content: bytes, name: str) -> str | None:
    """The name of the format, by what stands in the file first and by its name second."""
    start = content[:LOOKED_AT_BYTES].decode("utf-8", errors="replace").removeprefix("\ufeff")
    if start.lstrip().startswith("<"):
        for root, format_name in _ROOTS.items():
            if root in start:
                return format_name
        return next((found for part, found in _NAMES.items() if part in name), None)
    columns = start.splitlines()[0].split(";") if start else []
    if "01.01.20" in columns:
        return "gbav-csv"
    if {"flow", "amount_cents"} <= set(columns):
        return "recurring-csv"
    return "statement-csv" if {"fact", "valid_from"} <= set(columns) else None
