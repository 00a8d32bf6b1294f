"""The auditor's report as a tagged PDF (PDF/UA-1), made of the same figures as the page."""

from __future__ import annotations

import asyncio

from node.letters.pdf import pdf_of
from node.oversight.views import OversightView
from node.portal.formatting import Language
from node.portal.pages import Pages


async def report_pdf(pages: Pages, view: OversightView, language: Language) -> bytes:
    """The bytes of the PDF."""
    html = pages.text("oversight_report.html", language=language, view=view)
    return await asyncio.to_thread(pdf_of, html)
