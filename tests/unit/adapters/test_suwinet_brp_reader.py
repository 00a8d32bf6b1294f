"""SuwiML BRP answers: the same life events as from a person list. All persons invented.

Structure: BKWI, BRPDossierPersoonGSD v0200.
"""

from __future__ import annotations

from datetime import date

import pytest

from adapters.births import one_birth_per_child
from adapters.suwinet.suwinet_brp import read
from specs.errors import Problem
from specs.records import (
    BIRTH,
    DEATH,
    EMIGRATED,
    IN_INVESTIGATION,
    MOVED_BETWEEN,
    MOVED_WITHIN,
    UNION_CLOSED,
    UNION_DISSOLVED,
    Birth,
    Move,
    RecordDraft,
    Union,
)

ANNA, BEN, CAS = "999902003", "999902404", "999902817"
NAMESPACE = "http://bkwi.nl/SuwiML/Diensten/BRPDossierPersoonGSD/v0200"


def named(surname: str, birth: str, bsn: str) -> str:
    number = f"<Burgerservicenr>{bsn}</Burgerservicenr>" if bsn else ""
    return (
        f"<SignificantDeelVanDeAchternaam>{surname}</SignificantDeelVanDeAchternaam>"
        f"<Geboortedat>{birth}</Geboortedat>{number}"
    )


def home(start: str, municipality: str = "0344", number: str = "14") -> str:
    return (
        "<DomicilieAdres><Postcd>3561QA</Postcd><Straatnaam>Lindehaag</Straatnaam>"
        f"<Huisnr>{number}</Huisnr></DomicilieAdres><AangifteAdreshoudingBrp>"
        f"<CdGemeenteVanInschrijving>{municipality}</CdGemeenteVanInschrijving>"
        f"<DatBAdreshoudingBrp>{start}</DatBAdreshoudingBrp></AangifteAdreshoudingBrp>"
    )


def client(*parts: str, who: str = "", residence: str | None = None) -> str:
    name = who or named("Wit", "19880412", ANNA)
    return (
        f"<ClientSuwi>{name}{home('20160301') if residence is None else residence}"
        f"{''.join(parts)}</ClientSuwi>"
    )


def answer(*clients: str) -> bytes:
    body = "".join(clients or (client(),))
    return (
        f'<b:AanvraagPersoonResponse xmlns:b="{NAMESPACE}">{body}</b:AanvraagPersoonResponse>'
    ).encode()


def read_all(*clients: str) -> tuple[list[RecordDraft], list[Problem]]:
    return read(answer(*clients), source="answer.xml")


def married(closed: str = "20120615", ended: str = "", surname: str = "Bakker") -> str:
    start = f"<DatHuwelijkssluiting>{closed}</DatHuwelijkssluiting>" if closed else ""
    end = (
        f"<DatOntbindingHuwelijk>{ended}</DatOntbindingHuwelijk>"
        "<CdRedenOntbindingHuwelijk>S</CdRedenOntbindingHuwelijk>"
        if ended
        else ""
    )
    partner = named(surname, "19840217", BEN)
    return f"<Huwelijk>{start}<Partner>{partner}</Partner>{end}</Huwelijk>"


def of_type(drafts: list[RecordDraft], kind: str) -> list[RecordDraft]:
    return [draft for draft in drafts if draft.type == kind]


def test_residences_come_current_first_whatever_their_order_in_the_answer() -> None:
    older = "".join(
        f"<VerblijfplaatsHistorisch>{home(day, where)}</VerblijfplaatsHistorisch>"
        for day, where in (("20010101", "0307"), ("20100101", "0344"))
    )
    drafts, problems = read_all(client(older))
    assert problems == []
    assert [(d.type, d.valid_from.year) for d in drafts] == [
        (MOVED_WITHIN, 2016), (BIRTH, 1988), (MOVED_BETWEEN, 2010), (MOVED_BETWEEN, 2001),
    ]  # fmt: skip


def test_an_answer_and_a_person_list_tell_a_marriage_by_one_identity() -> None:
    own, _ = read_all(client(married()))
    other_client = client(
        "<Huwelijk><DatHuwelijkssluiting>20120615</DatHuwelijkssluiting>"
        f"<Partner>{named('Wit', '19880412', ANNA)}</Partner></Huwelijk>",
        who=named("Bakker", "19840217", BEN),
    )
    other, _ = read_all(other_client)
    ids = {draft.source_event_id for draft in of_type(own + other, UNION_CLOSED)}
    assert len(ids) == 1


def test_a_divorce_and_its_reason() -> None:
    drafts, problems = read_all(client(married(ended="20260217")))
    assert problems == []
    dissolved = of_type(drafts, UNION_DISSOLVED)[0]
    assert dissolved.valid_from == date(2026, 2, 17)
    assert isinstance(dissolved.data, Union)
    assert dissolved.data.reason == "divorce"


def test_a_marriage_without_any_day_is_a_problem() -> None:
    drafts, problems = read_all(client(married(closed="")))
    assert of_type(drafts, UNION_CLOSED) == []
    assert [problem.field for problem in problems] == ["DatHuwelijkssluiting"]


def test_death_and_investigation() -> None:
    drafts, problems = read_all(
        client(
            "<OnderzoekGegVerblijfplaats><AanduidingOnderzoek>080000</AanduidingOnderzoek>"
            "<DatBOnderzoek>20250901</DatBOnderzoek></OnderzoekGegVerblijfplaats>"
            "<Overlijden><DatOverlijden>20251103</DatOverlijden></Overlijden>"
        )
    )
    assert problems == []
    assert of_type(drafts, DEATH)[0].valid_from == date(2025, 11, 3)
    assert of_type(drafts, IN_INVESTIGATION)[0].valid_from == date(2025, 9, 1)


def test_emigration() -> None:
    abroad = (
        "<FeitelijkAdresBuitenland><DatBAdresBuitenland>20240501</DatBAdresBuitenland>"
        "<LandAdresBuitenland>5010</LandAdresBuitenland></FeitelijkAdresBuitenland>"
    )
    drafts, problems = read_all(client(residence=abroad))
    assert problems == []
    assert drafts[0].type == EMIGRATED
    assert isinstance(drafts[0].data, Move)
    assert drafts[0].data.address.country == "5010"


def test_elements_in_another_order_are_read_by_a_named_tolerance() -> None:
    child = f"<Kind>{named('Bakker', '20140903', CAS)}</Kind>"
    drafts, problems = read_all(client(child, married()))
    assert len(of_type(drafts, BIRTH)) == 2
    assert len(of_type(drafts, UNION_CLOSED)) == 1
    assert [(p.severity, "element-order" in p.reason) for p in problems] == [("tolerated", True)]


def test_an_unknown_element_refuses_the_person() -> None:
    drafts, problems = read_all(client("<Hobby>schaken</Hobby>"))
    assert drafts == []
    assert [problem.field for problem in problems] == ["Hobby"]
    assert "schaken" not in str(problems[0])


def test_a_parent_whose_bsn_is_none_is_named_without_it() -> None:
    parent = f"<Ouder1>{named('Wit', '19600101', '999902004')}</Ouder1>"
    drafts, problems = read_all(client(parent))
    birth = of_type(drafts, BIRTH)[0].data
    assert isinstance(birth, Birth)
    assert [(ref.bsn, ref.surname) for ref in birth.parents] == [(None, "Wit")]
    assert [(p.field, p.where) for p in problems] == [
        ("Burgerservicenr", "AanvraagPersoonResponse/ClientSuwi/Ouder1 (line 1)")
    ]


@pytest.mark.parametrize(
    "clients",
    [
        (client(), client(who=named("Zwart", "19880412", ANNA))),
        (client(), client(who=named("Bakker", "19840217", BEN))),
        (client(who=named("Wit", "19880412", "")),),
        (client(who=named("Wit", "19880412", "123456789")),),
    ],
    ids=["one BSN twice", "two BSNs", "no BSN", "elfproef"],
)
def test_an_answer_that_does_not_tell_one_person_gives_no_record(clients: tuple[str, ...]) -> None:
    drafts, problems = read_all(*clients)
    assert drafts == []
    assert problems


def test_the_births_of_several_answers_become_one() -> None:
    child = f"<Kind>{named('Bakker', '20140903', CAS)}</Kind>"
    mother, _ = read_all(client(child))
    father, _ = read_all(client(child, who=named("Bakker", "19840217", BEN)))
    joined, problems = one_birth_per_child([("a.xml", mother), ("b.xml", father)])
    assert problems == []
    births = [d for d in joined[0] + joined[1] if d.type == BIRTH and d.data.person.bsn == CAS]  # type: ignore[attr-defined]
    assert [[ref.bsn for ref in d.data.parents] for d in births] == [[ANNA, BEN]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("named_parent", [True, False])
def test_a_childs_own_answer_settles_or_contradicts_its_parents(named_parent: bool) -> None:
    child = f"<Kind>{named('Bakker', '20140903', CAS)}</Kind>"
    mother, _ = read_all(client(child))
    parent = named("Wit", "19880412", ANNA) if named_parent else named("Bakker", "19840217", BEN)
    own, _ = read_all(client(f"<Ouder1>{parent}</Ouder1>", who=named("Bakker", "20140903", CAS)))
    joined, problems = one_birth_per_child([("a.xml", mother), ("b.xml", own)])
    births = [d for d in joined[0] + joined[1] if d.type == BIRTH and d.data.person.bsn == CAS]  # type: ignore[attr-defined]
    assert len(births) == (1 if named_parent else 2)
    assert len(problems) == (0 if named_parent else 1)
