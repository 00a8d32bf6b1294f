"""HTML of our own to a tagged PDF (PDF/UA-1), without a network.

weasyprint needs Pango of the system; it is imported when a PDF is asked for, because a node that
makes none needs neither.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from node.errors import UnavailableError

STATIC: Final = Path(__file__).parent.parent / "portal" / "static"
VARIANT: Final = "pdf/ua-1"
STYLE: Final = "letter.css"
_TYPES: Final = {".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


def pdf_of(html: str) -> bytes:
    """The PDF of a page of our own; raises UnavailableError when this machine lacks Pango.

    Takes some tenths of a second of a core. Only files of our own static directory are read.
    """
    try:
        import weasyprint
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except OSError as error:
        raise UnavailableError(
            "letters need Pango; install libpango-1.0-0 and libpangoft2-1.0-0"
        ) from error

    class OwnFiles(URLFetcher):  # type: ignore[misc]
        """Reads files of the static directory and nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            path = own_file(url)
            del headers
            kind = {"Content-Type": _TYPES.get(path.suffix, "application/octet-stream")}
            return URLFetcherResponse(url, path.read_bytes(), kind)

    fetcher = OwnFiles()
    document = weasyprint.HTML(string=html, base_url=STATIC.as_uri() + "/", url_fetcher=fetcher)
    style = weasyprint.CSS(url=(STATIC / STYLE).as_uri(), url_fetcher=fetcher)
    return bytes(document.write_pdf(stylesheets=[style], pdf_variant=VARIANT))


def own_file(url: str) -> Path:
    """The static file behind an address; raises ValueError for anything else."""
    base = STATIC.as_uri() + "/"
    path = STATIC / url.removeprefix(base).partition("?")[0]
    if not url.startswith(base) or STATIC not in path.resolve().parents:
        raise ValueError("a letter loads nothing from outside")
    return path
