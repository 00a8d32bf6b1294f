"""Two stories from an agency's record to what a household reads, over a running network of nodes.

Nobody applies and nobody presses a button in between: what UWV or the municipality records goes
over the ledger, the allowances are derived again, the calendar is planned again, the pages tell it.
Amounts: the table of zorgtoeslag 2026 by belastingdienst.nl (specs/regulations/zorgtoeslag/
cases.yaml): alone up to 29.500 129, up to 32.000 103; two up to 29.500 246.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from specs.values import Month
from tests.browser.story_people import (
    ANNA,
    BAKERY,
    BRAM,
    CLEO,
    NEW_YEAR,
    UWV,
    comes_in,
    earned,
    joins,
    lives,
    relation,
    rents,
    states,
    union,
    wages,
)
from tests.browser.test_pages_in_chromium import LEVELS, quiet_page, sign_in
from tests.browser.town import Town, town

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BEFORE, JOB_LOST, DIVORCED = date(2026, 3, 10), date(2026, 4, 8), date(2026, 4, 16)
APRIL, MAY = "/mijn/maand/2026-04", "/mijn/maand/2026-05"
WHY_MAY = "/mijn/waarom/zorgtoeslag/2026-05"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Anna alone with a job; Bram and Cleo married, each with a job. Both joined one pay date."""
    with town(tmp_path_factory.mktemp("town"), BEFORE) as made:
        people = (ANNA, BRAM, CLEO)
        made.tell(
            "gm0344",
            lives(ANNA, "1"), lives(BRAM, "2"), lives(CLEO, "2"),
            union(BRAM, CLEO, date(2019, 6, 1), ends=False),
            *(states(one, "insured", 1) for one in people),
            *(states(one, "assets", 0, 2026) for one in people),
        )  # fmt: skip
        made.tell(
            "uwv",
            *wages(ANNA, BAKERY, 266_666, (1, 2)),  # 31.999,92 a year
            *wages(BRAM, "Thuiszorg De Schakel", 158_333, (1, 2)),
            *wages(CLEO, "Bibliotheek Het Plein", 80_000, (1, 2)),  # with Bram 28.599,96 a year
        )
        made.tell("woonstad", rents(ANNA, 60_000), rents(BRAM, 65_000))
        made.rest()
        made.tell(
            "gm0344",
            comes_in(ANNA, "wage_net", BAKERY, 215_000, NEW_YEAR),
            comes_in(BRAM, "wage_net", "Thuiszorg De Schakel", 145_000, NEW_YEAR),
            comes_in(CLEO, "wage_net", "Bibliotheek Het Plein", 75_000, NEW_YEAR),
            joins(ANNA), joins(BRAM, CLEO),
        )  # fmt: skip
        made.rest()
        yield made


def visitor(chromium: Browser, here: Town, who: str, width: int = 1280) -> Page:
    page = quiet_page(chromium, here.address, width)
    sign_in(page, f"Huishouden {who}")
    page.wait_for_url("**/mijn/maand/*")
    return page


def passed(page: Page, path: str) -> str:
    """Go to a page; nothing on it is inaccessible, refused by the policy or wider than the screen.

    Answers its text.
    """
    page.messages.clear()  # type: ignore[attr-defined]
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    checked(page)
    return re.sub(r"\s+", " ", page.locator("main").inner_text())


def checked(page: Page) -> None:
    result = Axe().run(page, options=LEVELS)
    assert result.violations_count == 0, result.generate_report()
    assert page.messages == []  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def line(page: Page, name: str) -> str:
    """What a line of the month says: name, amount, balance after."""
    row = page.locator(".vd-list__line").filter(has_text=name)
    expect(row).to_have_count(1)
    return re.sub(r"\s+", " ", row.inner_text())


def test_job_lost(chromium: Browser, here: Town) -> None:
    page = visitor(chromium, here, "Moulin")
    passed(page, APRIL)
    assert "€ 2.150,00" in line(page, f"Loon ({BAKERY})")
    assert "€ 103,00" in line(page, "Zorgtoeslag")

    here.on(JOB_LOST)
    here.tell(
        "uwv",
        earned(ANNA, "wage", BAKERY, Month(2026, 3), 266_666),
        relation(ANNA, "wage", BAKERY, date(2026, 4, 1), ends=True),
        relation(ANNA, "ww", UWV, date(2026, 4, 1), ends=False),
        earned(ANNA, "ww", UWV, Month(2026, 4), 186_666),  # with the wage 24.799,92 a year
    )
    here.tell(
        "gm0344",
        comes_in(ANNA, "wage_net", BAKERY, 215_000, date(2026, 4, 1), ends=True),
        comes_in(ANNA, "benefit_net", "uwv", 155_000, date(2026, 4, 1)),
    )
    here.rest()

    changes = passed(page, "/mijn/wijzigingen/2026-04")
    assert "Zorgtoeslag: nieuw besluit" in changes
    assert "€ 103,00" in changes
    assert "€ 129,00" in changes
    assert f"Uw loon van {BAKERY} is gestopt." in changes
    assert "Uitkering (UWV)" in changes

    passed(page, APRIL)
    assert "€ 1.550,00 erbij" in line(page, "Uitkering (UWV)")
    assert page.locator(".vd-list__line").filter(has_text=BAKERY).count() == 0
    # P5: a correction in favour is paid at once, over January to April.
    assert f"€ {4 * (129 - 103)},00 erbij" in line(page, "Nabetaling Zorgtoeslag")

    page.get_by_role("link", name="Waarom dit bedrag? Zorgtoeslag, € 129,00").click()
    page.wait_for_url(f"**{WHY_MAY}")
    checked(page)
    main = page.get_by_role("main")
    expect(main).to_contain_text("€ 129,00")
    ended = main.locator(".vd-step__inputs li").filter(has_text="het einde van loon").first
    assert re.sub(r"\s+", " ", ended.inner_text()) == (
        f"UWV: het einde van loon, {BAKERY}, 1 april 2026"
    )
    told = page.request.get(f"{WHY_MAY}/rekenstappen").json()
    assert told["cents"] == told["recomputed_cents"] == 12_900
    assert here.recorded[f"wage {ANNA.bsn} 2026-04-01 einde"] in told["inputs"]
    receipt = page.request.get(f"/v1/receipts/{told['decision']}")
    assert receipt.status == 200
    assert receipt.text().startswith("c2sp.org/tlog-proof@v1")
    page.context.close()

    small = visitor(chromium, here, "Moulin", 320)
    for path in (APRIL, "/mijn/wijzigingen/2026-04", WHY_MAY, MAY):
        passed(small, path)
    small.context.close()


def test_divorce(chromium: Browser, here: Town) -> None:
    page = visitor(chromium, here, "Jansma")
    passed(page, APRIL)
    assert "€ 246,00" in line(page, "Zorgtoeslag")
    assert "€ 750,00" in line(page, "Loon (Bibliotheek Het Plein)")

    here.on(DIVORCED)
    here.tell(
        "gm0344",
        union(BRAM, CLEO, date(2026, 4, 15), ends=True),
        lives(CLEO, "9", date(2026, 4, 15)),
    )
    here.rest()

    changes = passed(page, "/mijn/wijzigingen/2026-04")
    assert "€ 246,00" in changes
    assert "€ 129,00" in changes
    assert "Uw huwelijk of partnerschap is voorbij." in changes
    passed(page, MAY)
    assert "€ 129,00" in line(page, "Zorgtoeslag")
    assert page.locator(".vd-list__line").filter(has_text="Bibliotheek").count() == 0
    passed(page, WHY_MAY)
    ended = page.locator(".vd-step__inputs li").filter(has_text="het einde van het huwelijk").first
    assert "15 april 2026" in ended.inner_text()
    assert "Gemeente Utrecht" in ended.inner_text()
    page.context.close()

    # Cleo has a household of her own now: her money, and nothing of his.
    hers = visitor(chromium, here, "Wit")
    month = passed(hers, MAY)
    assert "€ 750,00 erbij" in line(hers, "Loon (Bibliotheek Het Plein)")
    for his in ("Jansma", "Thuiszorg", "€ 650,00", "Zorgtoeslag"):
        assert his not in month
    assert "Thuiszorg" not in passed(hers, "/mijn/dossier")
    assert hers.request.get(WHY_MAY).status == 404
    hers.context.close()
