"""What an answer of «what if» rests on, in sentences: what was counted and what was not. Pure."""

from __future__ import annotations

from node.portal.formatting import amount
from node.whatif.compare import Comparison
from node.whatif.minimum_wage import minimum_wage
from node.whatif.suppositions import Job, Suppositions
from scheduler.folding.known import Text
from specs.values import Month


def counted(supposed: Suppositions, compared: Comparison) -> tuple[Text, ...]:
    """Every assumption that the visitor or the law made, once."""
    found: list[Text] = []
    if supposed.job is not None:
        found += _job(supposed.job, supposed.start)
    if supposed.job is not None or supposed.more is not None:
        found.append(_holiday())
        found.append(
            Text(
                "Voor toeslagen telt uw bruto inkomen van het hele jaar (Awir, artikel 8).",
                "For allowances your income of the whole year before tax counts (Awir, article 8).",
            )
        )
        found.append(
            Text(
                "Uw netto loon rekenen wij niet uit. Dat doet uw werkgever.",
                "We do not work out your wage after tax. Your employer does.",
            )
        )
    if supposed.remaining is not None and compared.benefits:
        found.append(_remaining(supposed.remaining.gross_cents))
    if supposed.partner is not None:
        found += _partner(supposed)
    if supposed.child is not None:
        found.append(
            Text(
                "Wij doen alsof u kinderbijslag aanvraagt en die krijgt.",
                "We assume that you apply for child benefit and get it.",
            )
        )
    if supposed.rent is not None:
        found.append(
            Text(
                "Wij rekenen met uw nieuwe huur, op uw adres van nu.",
                "We count with your new rent, at your present address.",
            )
        )
    return tuple(found)


def _job(job: Job, start: Month) -> list[Text]:
    hours, rest = divmod(job.tenths_of_hours, 10)
    nl, en = (f"{hours},{rest}", f"{hours}.{rest}") if rest else (str(hours), str(hours))
    hourly = job.hourly_cents
    found = []
    if hourly is None:
        hourly = minimum_wage().in_month(start)
        found.append(
            Text(
                "U koos het wettelijk minimumloon voor wie 21 jaar of ouder is.",
                "You chose the legal minimum wage for people of 21 and older.",
            )
        )
    assert hourly is not None, "the form refuses months without a known minimum wage"
    found.append(
        Text(
            f"Loon per maand: {nl} uur per week, {amount(hourly, 'nl')} per uur, 52 weken per "
            "jaar, gedeeld door 12.",
            f"Wage a month: {en} hours a week, {amount(hourly, 'en')} an hour, 52 weeks a year, "
            "divided by 12.",
        )
    )
    return found


def _holiday() -> Text:
    percent = minimum_wage().holiday_percent
    return Text(
        f"Er komt {percent}% vakantiegeld bij, in juni ({minimum_wage().holiday_article}).",
        f"Holiday pay of {percent}% comes besides, in June ({minimum_wage().holiday_article}).",
    )


def _remaining(cents: int) -> Text:
    nl, en = amount(cents, "nl"), amount(cents, "en")
    return Text(
        f"U vulde zelf in wat er van uw uitkering overblijft: {nl} bruto per maand.",
        f"You filled in yourself what is left of your benefit: {en} a month before tax.",
    )


def _partner(supposed: Suppositions) -> list[Text]:
    partner = supposed.partner
    assert partner is not None, "asked for with a partner only"
    found = [
        Text(
            "Het inkomen van uw partner is wat u invulde, over het hele jaar.",
            "Your partner's income is what you filled in, over the whole year.",
        )
    ]
    if partner.bond is None:
        found.append(
            Text(
                "U weet niet of u toeslagpartners wordt. Met een kind onder 18 in huis bent u dat "
                "altijd.",
                "You do not know whether you become allowance partners. With a child under 18 in "
                "the home you always are.",
            )
        )
    return found
