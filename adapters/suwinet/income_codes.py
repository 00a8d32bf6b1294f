"""The income codes of the wage declaration (*code soort inkomstenverhouding*), as kinds.

Source: Belastingdienst, *Codes voor de aangifte loonheffingen* (editions 2017 to 2026), checked
against two payroll vendors' copies of that table (support.nmbrs.nl 204052866,
support.logihuis.nl inkomenscode). A code that stands in no edition is a problem, never a guess.
Some comments in public test files call 31 a WW benefit; the table says Ziektewet.
"""

from __future__ import annotations

from typing import Final, Literal

IncomeKind = Literal[
    "wage", "ww", "zw", "wia", "wajong", "aow", "pension", "bijstand", "anw", "other"
]

KIND_OF_CODE: Final[dict[str, IncomeKind]] = {
    "11": "wage",  # civil servants
    "12": "wage",  # subsidised institutions (until 2010)
    "13": "wage",  # directors, insured
    "14": "wage",  # other employees not insured for incapacity (until 2010)
    "15": "wage",  # all other employees
    "17": "wage",  # directors and major shareholders, not insured
    "18": "other",  # redundancy pay of a public body
    "21": "pension",  # pensions and annuities (older editions)
    "22": "aow",
    "23": "pension",  # war and resistance pensions
    "24": "anw",
    "31": "zw",
    "32": "other",  # WAO and private insurance against incapacity
    "33": "ww",
    "34": "other",  # IOAW
    "35": "ww",  # follow-up benefit of the WW
    "36": "other",  # WAZ
    "37": "wajong",
    "38": "wajong",  # Wajong together with another incapacity benefit
    "39": "wia",  # IVA
    "40": "wia",  # WGA
    "42": "bijstand",  # Bbz, self-employed
    "43": "bijstand",  # Participatiewet
    "45": "other",  # IOAZ
    "46": "other",  # Toeslagenwet
    "50": "other",  # other social insurance acts
    "52": "other",  # IOW
    "54": "other",  # life-course savings
    "55": "pension",  # APPA
    "56": "pension",
    "57": "pension",
    "58": "pension",
    "59": "pension",  # annuities through work
    "60": "pension",  # other annuities
    "61": "other",  # employer's supplement after the employment
    "62": "other",  # severance pay
    "63": "pension",  # other pensions
}
