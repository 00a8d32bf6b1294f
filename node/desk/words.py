"""Record types and matters in the words of a clerk: what it is, why it lies here, what to do now.

Pure. The codes are those of receiving/accept.py, prepare.py and the refusals of errors.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scheduler.folding.known import Text
from specs import records as r

NOT_TAKEN: Final = "not-taken-by-"

TYPE_WORDS: Final[Mapping[str, Text]] = {
    r.BIRTH: Text("Geboorte", "Birth"),
    r.DEATH: Text("Overlijden", "Death"),
    r.MOVED_WITHIN: Text("Verhuizing binnen de gemeente", "Move within the municipality"),
    r.MOVED_BETWEEN: Text("Verhuizing naar een andere gemeente", "Move between municipalities"),
    r.EMIGRATED: Text("Vertrek naar het buitenland", "Move abroad"),
    r.IMMIGRATED: Text("Komst naar Nederland", "Arrival in the Netherlands"),
    r.IN_INVESTIGATION: Text("Adres in onderzoek", "Address under investigation"),
    r.UNION_CLOSED: Text("Huwelijk of partnerschap", "Marriage or partnership"),
    r.UNION_DISSOLVED: Text("Einde van huwelijk of partnerschap", "Marriage ended"),
    r.BRP_CORRECTED: Text("Herstel in de BRP", "Correction in the BRP"),
    r.INCOME_STATED: Text("Inkomstenopgave", "Income statement"),
    r.INCOME_BEGUN: Text("Begin van inkomen", "Income began"),
    r.INCOME_ENDED: Text("Einde van inkomen", "Income ended"),
    r.INCOME_CORRECTED: Text("Herstel van inkomen", "Correction of income"),
    r.KINDERBIJSLAG_SET: Text("Kinderbijslag", "Child benefit"),
    r.RENT_SET: Text("Huur", "Rent"),
    r.CHARGE_SET: Text("Vaste last", "Recurring charge"),
    r.CHARGE_CORRECTED: Text("Herstel van een vaste last", "Correction of a charge"),
    r.STATED: Text("Opgave van de aanvrager", "Statement of the applicant"),
    r.ALLOWANCE_SET: Text("Besluit over een toeslag", "Decision on an allowance"),
    r.BACK_PAYMENT_SET: Text("Nabetaling", "Back payment"),
    r.RECLAIM_SET: Text("Terugvordering", "Reclaim"),
    r.TERMS_SET: Text("Betalingsregeling van Toeslagen", "Repayment terms of Toeslagen"),
    r.REPORTED_BACK: Text("Terugmelding", "Report back"),
    r.RULES_RELEASED: Text("Vrijgave van rekenregels", "Release of rules"),
    r.ENROLLED: Text("Aanmelding voor één betaaldag", "Enrolment in one pay date"),
    r.PLAN_SET: Text("Betaalplan", "Pay plan"),
    r.PLAN_ANSWERED: Text("Antwoord op een betaalplan", "Answer to a pay plan"),
    r.PLAN_ANNOUNCED: Text("Aankondiging van een wijziging", "Notice of a change"),
    r.PLAN_HANDED_OVER: Text("Overdracht van een betaalplan", "Handover of a pay plan"),
    r.RECEIVER_SET: Text("Beheerder van de rekening", "Holder of the account"),
    r.PAYMENT_REPORTED: Text("Melding van een betaling", "Report of a payment"),
    r.DIVORCE_REQUESTED: Text("Verzoek om te scheiden", "Request for divorce"),
    r.WW_SET: Text("WW-uitkering", "Unemployment benefit"),
    r.WIA_SET: Text("WIA-uitkering", "Disability benefit (WIA)"),
    r.ZW_SET: Text("Ziektewetuitkering", "Sickness benefit"),
    r.WAJONG_SET: Text("Wajong-uitkering", "Disability benefit (Wajong)"),
    r.TW_SET: Text("Toeslag van UWV", "Supplement of UWV"),
    r.AOW_SET: Text("AOW", "State pension (AOW)"),
    r.AIO_SET: Text("AIO-aanvulling", "AIO supplement"),
    r.ANW_SET: Text("Anw-uitkering", "Survivor benefit (Anw)"),
    r.BIJSTAND_SET: Text("Bijstand", "Social assistance"),
    r.YEAR_INCOME_SET: Text("Inkomen over een jaar", "Income of a year"),
    r.YEAR_ASSETS_SET: Text("Vermogen over een jaar", "Assets of a year"),
    r.PROVISIONAL_SET: Text("Voorlopige aanslag", "Provisional assessment"),
    r.CHILDCARE_SET: Text("Uren kinderopvang", "Hours of childcare"),
    r.INSURED_BEGUN: Text("Begin van zorgverzekering", "Health insurance began"),
    r.INSURED_ENDED: Text("Einde van zorgverzekering", "Health insurance ended"),
    r.TAILORED: Text("Maatwerk", "Reasoned exception"),
    r.TAX_REMITTED: Text("Kwijtschelding", "Remission of tax"),
    r.ARREARS_TOLD: Text("Achterstand", "Arrears"),
    r.ARRANGEMENT_MADE: Text("Betalingsregeling", "Payment arrangement"),
    r.CONTESTED: Text("Bezwaar", "Contest"),
    r.CONTEST_DECIDED: Text("Besluit op bezwaar", "Decision on a contest"),
    r.ERASURE_ASKED: Text("Verzoek om wissen", "Request for erasure"),
    r.MANDATE_SET: Text("Machtiging", "Mandate"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Why something lies on the desk, and what the clerk does now."""

    why: Text
    now: Text


_WAIT: Final = Text(
    "U hoeft niets te doen. Het wordt vanzelf opgepakt.", "Nothing to do. It goes on by itself."
)
_AUTHOR: Final = Text(
    "Bel de afzender. Die herstelt het en stuurt het opnieuw.",
    "Call the sender. They correct it and send it again.",
)
_OPERATOR: Final = Text(
    "Meld dit aan uw beheerder. Noem het nummer van het bericht.",
    "Tell your operator. Give the number of the record.",
)
_CORRECT: Final = Text(
    "Herstel het in uw eigen systeem en stuur het opnieuw.",
    "Correct it in your own system and send it again.",
)

ADVICE: Final[Mapping[str, Advice]] = {
    "waiting": Advice(
        why=Text(
            "Wij weten nog niet waar deze persoon woont.",
            "We do not know yet where this person lives.",
        ),
        now=_WAIT,
    ),
    "not_competent": Advice(
        why=Text(
            "De afzender is niet de gemeente waar deze persoon woont.",
            "The sender is not the municipality where this person lives.",
        ),
        now=Text(
            "Bel de afzender. De juiste gemeente stuurt het bericht.",
            "Call the sender. The right municipality sends the record.",
        ),
    ),
    "misfit": Advice(
        why=Text(
            "De persoon past niet bij wie wij onder dit nummer kennen.",
            "The person does not fit whom we know under this number.",
        ),
        now=Text(
            "Beslis met een collega. Dat doet u bij Personen.",
            "Decide with a colleague. Do so under Persons.",
        ),
    ),
    "other_person": Advice(
        why=Text(
            "Twee medewerkers besloten: dit is een andere persoon.",
            "Two clerks decided: this is another person.",
        ),
        now=_AUTHOR,
    ),
    "sealed": Advice(
        why=Text("Wij kunnen dit bericht niet openen.", "We cannot open this record."),
        now=_OPERATOR,
    ),
    "commitment": Advice(
        why=Text(
            "De inhoud is anders dan in het grootboek is vastgelegd.",
            "The content differs from what the ledger holds.",
        ),
        now=_OPERATOR,
    ),
    "header": Advice(
        why=Text(
            "De inhoud noemt een ander kenmerk dan het grootboek.",
            "The content names another header than the ledger.",
        ),
        now=_OPERATOR,
    ),
    "schema": Advice(
        why=Text("Het bericht heeft niet de juiste vorm.", "The record has not the right form."),
        now=_AUTHOR,
    ),
    "void": Advice(
        why=Text("Deze vermelding telt niet mee.", "This entry does not count."), now=_AUTHOR
    ),
    "writer": Advice(
        why=Text(
            "De afzender mag dit soort bericht niet sturen.",
            "The sender may not write this kind of record.",
        ),
        now=_AUTHOR,
    ),
    "no_ground": Advice(
        why=Text(
            "Wij hebben geen wettelijke grond om dit te lezen.",
            "We have no legal ground to read this.",
        ),
        now=Text(
            "Open het niet. Meld dit aan uw functionaris gegevensbescherming.",
            "Do not open it. Tell your data protection officer.",
        ),
    ),
    "receipt": Advice(
        why=Text("Een ontvangstbewijs klopte niet.", "A receipt was wrong."),
        now=Text("Wij vragen het opnieuw. Blijft dit staan? Meld het aan uw beheerder.",
                 "We ask for it again. Does this stay? Tell your operator."),
    ),
    "returned": Advice(
        why=Text(
            "Een oude waarde kwam terug in een nieuwe levering.",
            "An old value came back in a new delivery.",
        ),
        now=Text(
            "Kijk of de levering oud was. Neem het bericht dan terug bij Herstellen.",
            "See whether the delivery was old. If so, take it back under Correct.",
        ),
    ),
    "unmapped": Advice(
        why=Text(
            "Iemand in dit bericht heeft geen BSN.", "Somebody in this record has no BSN."
        ),
        now=Text(
            "Vraag de afzender om het BSN als het nodig is.",
            "Ask the sender for the BSN if it is needed.",
        ),
    ),
    "double": Advice(
        why=Text(
            "Deze last wordt al langs een andere weg betaald.",
            "This charge is already paid in another way.",
        ),
        now=Text(
            "Kies één weg met de schuldeiser. Wij betalen niet dubbel.",
            "Choose one way with the creditor. We do not pay twice.",
        ),
    ),
    NOT_TAKEN: Advice(
        why=Text("De ontvanger nam dit bericht niet aan.", "The recipient did not accept it."),
        now=Text(
            "Bel de ontvanger. Herstel het bericht als u fout zat.",
            "Call the recipient. Correct the record if you were wrong.",
        ),
    ),
    "unjoined": Advice(
        why=Text(
            "Dit eigen bericht noemt iemand bij een naam die niet meer geldt.",
            "This own record names somebody by a name that no longer counts.",
        ),
        now=Text("Neem het terug bij Herstellen.", "Take it back under Correct."),
    ),
    "refused": Advice(
        why=Text("Het grootboek weigerde dit bericht.", "The ledger refused this record."),
        now=_CORRECT,
    ),
    "unsent": Advice(
        why=Text("Het grootboek heeft dit nog niet.", "The ledger does not have this yet."),
        now=_WAIT,
    ),
    "unaddressed": Advice(
        why=Text(
            "Wij weten nog niet in welke gemeente deze persoon woont.",
            "We do not know yet in which municipality this person lives.",
        ),
        now=_WAIT,
    ),
    "superseded": Advice(
        why=Text("De bron zei hierover later iets anders.", "The source said otherwise since."),
        now=_WAIT,
    ),
}  # fmt: skip

_UNKNOWN: Final = Advice(
    why=Text("Dit bericht heeft aandacht nodig.", "This record needs attention."), now=_OPERATOR
)


def type_words(record_type: str) -> Text:
    """A record type in words; KeyError for a type that specs/records.py does not have."""
    return TYPE_WORDS[record_type]


def advice_of(code: str) -> Advice:
    """What a code of the desk means for a clerk; the code itself stays visible beside it."""
    if code.startswith(NOT_TAKEN):
        return ADVICE[NOT_TAKEN]
    return ADVICE.get(code, _UNKNOWN)
