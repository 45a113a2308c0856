"""Own requests are found again: by words, by filters that combine, and by numbers, through the API and on the page."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from services.common.contracts.lifecycle import MessageAdded, State
from services.common.legal_clock import day_of
from tests.integration.gateway.drafts import begin, read
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person
from tests.integration.gateway.test_acts import common, publish
from tests.integration.gateway.visitor import visitor
from tests.support.waiting import eventually
from tests.unit.gateway.html_page import Page

TODAY = day_of(datetime.now(UTC))


async def filed(person: Person, description: str, **more: Any) -> str:
    answer = await person.file(BODY | {"description": description} | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def word() -> str:
    """A word that no other request has: all tests share their people."""
    return f"w{uuid4().hex[:12]}"


async def listed(person: Person, query: str) -> list[str]:
    answer = await person.get(f"/v1/requests?{query}")
    assert answer.status_code == 200, answer.text
    return [each["reference"] for each in answer.json()["items"]]


async def found(person: Person, query: str, *references: str) -> None:
    async def probe() -> bool:
        assert sorted(await listed(person, query)) == sorted(references)
        return True

    await eventually(probe)


async def test_requests_are_found_by_words_and_filters_that_combine(person: Person, other: Person) -> None:
    own = word()
    benefit = await filed(person, f"O abôno de Novembro não chegou à conta. {own}")
    pension = await filed(person, f"Quero saber da pensão de sobrevivência. {own}", subject="PEN-04", reason="INF")
    await filed(other, f"O abono de novembro, também. {own}")
    await found(person, f"q={own}", benefit, pension)
    await found(person, f"q=abono+novem+{own}", benefit)
    await found(person, f"q=PENSAO+{own.upper()}", pension)
    await found(person, f"q={own}+sobreviv&subject=pen-04", pension)
    await found(person, f"q={own}+abono&subject=PEN-04")
    await found(person, f"q={own}+survivor&from={TODAY}&to={TODAY}", pension)
    await found(person, f"q={own}&from={TODAY + timedelta(days=1)}")
    await found(person, f"reference={benefit.lower().replace('-', '')}", benefit)
    await found(person, f"q={own}+xilofone")
    await found(person, f"q={own}&unread=true")


async def test_the_numbers_of_each_state_come_in_one_call(person: Person) -> None:
    own = word()
    await filed(person, f"Um pedido para contar. {own}")
    await filed(person, f"Outro pedido para contar. {own}")

    async def counted() -> bool:
        answer = (await person.get(f"/v1/requests/counts?q={own}&state=concluded")).json()
        assert answer["total"] == 2
        assert answer["states"]["concluded"] == 0
        assert sum(answer["states"].values()) == 2
        return True

    await eventually(counted)


async def test_a_cursor_belongs_to_its_filters(person: Person) -> None:
    own = word()
    await found(person, f"q={own}", *[await filed(person, f"Pedido da fila. {own}") for _ in range(3)])
    first = (await person.get(f"/v1/requests?q={own}&limit=2")).json()
    rest = (await person.get(f"/v1/requests?q={own}&limit=2&cursor={first['next']}")).json()
    assert len({each["reference"] for each in first["items"] + rest["items"]}) == 3
    other = await person.get(f"/v1/requests?q=outra&cursor={first['next']}")
    assert (other.status_code, other.json()["type"]) == (400, "urn:postigo:problem:cursor")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("q=x", "no_word"),
        ("q=%3F%21", "no_word"),
        ("q=" + "a" * 201, "too_long"),
        ("from=2027-01-02&to=2027-01-01", "last_before_first"),
        ("from=2027-02-30", "not_day"),
        ("from=0", "not_day"),
        ("to=2027-01-01T00:00:00", "not_day"),
        ("state=lost", "not_listed"),
        ("unread=perhaps", "not_bool"),
        ("reference=PO-1", "reference"),
        ("words=abono", "unknown_field"),
        ("q=a&q=b", "repeated"),
    ],
)
async def test_a_filter_that_says_nothing_sensible_is_refused(person: Person, query: str, code: str) -> None:
    for path in ("/v1/requests", "/v1/requests/counts"):
        answer = await person.get(f"{path}?{query}")
        assert answer.status_code == 422, answer.text
        assert code in {each["code"] for each in answer.json()["errors"]}


@pytest.mark.parametrize(
    "query", ["q=%22abono+OR+1%3D1", "q=%5C.*%5B%28abono", "q=%24where", "subject=%27", "q=ab%00cd"]
)
async def test_quotes_and_operators_are_only_words(person: Person, query: str) -> None:
    assert (await person.get(f"/v1/requests?{query}")).status_code == 200


async def test_the_address_of_the_page_is_the_view(person: Person) -> None:
    own, who = word(), visitor(person)
    reference = await filed(person, f"Uma certidão em falta. {own}")
    await found(person, f"q={own}", reference)
    written = await who.get(f"/pedidos?q={own}&de={TODAY:%d/%m/%Y}")
    assert f"/pedidos/{reference}" in links(written)
    page = await who.get(f"/pedidos?q={own}+certidao&de={TODAY}")
    assert (page.status_code, f"/pedidos/{reference}" in links(page)) == (200, True)
    assert f"/pedidos?de={TODAY}" in links(page)
    assert f"/pedidos?q={own}+certidao" in links(page)
    nothing = await who.get("/pedidos?q=xilofone")
    assert "Nenhum dos seus pedidos corresponde." in nothing.text
    for query in ("q=x", "de=amanh%C3%A3", f"de={TODAY}&ate={TODAY - timedelta(days=1)}", "referencia=PO-1"):
        wrong = await who.get(f"/pedidos?{query}")
        assert (wrong.status_code, 'id="erros"' in wrong.text) == (422, True), query
    ignored = await who.get("/pedidos?estado=nenhum&pagina=errada")
    assert ignored.status_code in (200, 303)
    assert (await who.get(f"/pedidos?referencia={reference.lower()}")).headers["location"] == f"/pedidos/{reference}"


async def test_what_was_written_later_is_found_too(gateway: GatewayEnvironment, person: Person) -> None:
    own, request = word(), (await person.file(BODY | {"description": "Um pedido qualquer."})).json()
    fact = MessageAdded(
        **common(request, person), seq=2, state=State.IN_ANALYSIS, act_id=str(uuid4()), text=f"Anexo o orçamento. {own}"
    )
    await publish(gateway, fact)
    await found(person, f"q=orcament+{own}", request["reference"])


async def test_who_has_an_open_request_about_the_subject_is_told_before_filing_another(writer: Person) -> None:
    who, reference = visitor(writer), await filed(writer, "Um primeiro pedido.", subject="PEN-02", reason="INF")
    await found(writer, f"reference={reference}", reference)
    for subject, is_told in (("PEN-02", True), ("DES-05", False)):
        draft = await begin(writer, {"description": "Outro pedido.", "life_event": subject[:3], "subject": subject})
        page = await who.get(f"/novo/{draft['draft_id']}/motivo")
        assert (f"/pedidos/{reference}" in links(page)) is is_told


def links(page: httpx2.Response) -> list[str]:
    return [each.get("href") or "" for each in Page(page.text).attributes("a")]


async def test_a_link_carries_its_life_event_or_subject_into_a_new_request(writer: Person) -> None:
    who = visitor(writer)
    for query, step in (("evento=REC", "assunto"), ("assunto=REC-02", "motivo"), ("evento=XXX", "evento")):
        fields = await who.hidden(f"/novo?{query}", "evento", "assunto")
        begun = await who.send("/novo", fields | {"descricao": "Esperei demais."})
        assert begun.headers["location"].endswith(f"/{step}"), query


async def test_what_was_written_suggests_subjects_and_one_click_chooses_one(writer: Person) -> None:
    draft, who = await begin(writer, {"description": "Fui despedida na semana passada."}), visitor(writer)
    page = f"/novo/{draft['draft_id']}/evento"
    shown = (await who.get(page)).text
    assert "Pelo que escreveu, talvez seja um destes assuntos:" in shown
    assert 'value="DES-01"' in shown
    sent = await who.fill(page, f"/novo/{draft['draft_id']}/assunto", versao="1", assunto="DES-01")
    assert sent.headers["location"] == f"/novo/{draft['draft_id']}/motivo"
    content = (await read(writer, draft))["content"]
    assert (content["life_event"], content["subject"]) == ("DES", "DES-01")
    unknown = await begin(writer, {"description": "Xilofone."})
    assert "talvez seja" not in (await who.get(f"/novo/{unknown['draft_id']}/evento")).text


async def test_who_has_no_open_request_is_not_asked_which_one(gateway: GatewayEnvironment) -> None:
    (newcomer,) = await gateway.people(1)
    content = BODY | {"life_event": "IDE", "subject": "IDE-01", "reason": "EST"}
    draft, who = await begin(newcomer, content), visitor(newcomer)
    page = f"/novo/{draft['draft_id']}/processo"
    shown = (await who.get(page)).text
    assert ("Não tem nenhum pedido em curso aqui." in shown, 'type="radio"' in shown) == (True, False)
    sent = await who.fill(page, versao="1", processo="nenhum")
    assert sent.headers["location"] == f"/novo/{draft['draft_id']}/ficheiros"


async def test_a_question_about_an_ongoing_request_names_it_or_none(writer: Person) -> None:
    who, reference = visitor(writer), await filed(writer, "O primeiro pedido.", subject="PEN-01", reason="INF")
    await found(writer, f"reference={reference}", reference)
    about = {"description": "Em que ponto está?", "life_event": "PEN", "subject": "PEN-01", "reason": "EST"}
    for choice, linked in ((reference, reference), ("nenhum", None)):
        draft = await begin(writer, about)
        page = f"/novo/{draft['draft_id']}/processo"
        assert reference in (await who.get(page)).text
        missing = await who.fill(page, versao="1")
        assert (missing.status_code, "Escolha um pedido" in missing.text) == (422, True)
        chosen = await who.fill(page, versao="1", processo=choice)
        assert chosen.headers["location"] == f"/novo/{draft['draft_id']}/ficheiros"
        assert (await read(writer, draft))["content"].get("linked_to") == linked
    wrong = await who.fill(page, versao="2", processo="PO-1")
    assert wrong.status_code == 422
    plain = await begin(writer, about | {"reason": "INF"})
    assert (await who.get(f"/novo/{plain['draft_id']}/processo")).headers["location"].endswith("/motivo")
