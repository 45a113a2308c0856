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
    benefit = await filed(person, "O abôno de Novembro não chegou à conta.")
    pension = await filed(person, "Quero saber da pensão de sobrevivência.", subject="PEN-04", reason="INF")
    await filed(other, "O abono de novembro, também.")
    await found(person, "q=abono+novem", benefit)
    await found(person, "q=PENSAO+sobrevivencia", pension)
    await found(person, "q=sobreviv&subject=pen-04", pension)
    await found(person, "q=abono&subject=PEN-04")
    await found(person, f"q=survivor&from={TODAY}&to={TODAY}", pension)
    await found(person, f"from={TODAY + timedelta(days=1)}")
    await found(person, f"reference={benefit.lower().replace('-', '')}", benefit)
    await found(person, "q=xilofone")
    await found(person, "unread=true")


async def test_the_numbers_of_each_state_come_in_one_call(person: Person) -> None:
    await filed(person, "Um pedido para contar.")
    await filed(person, "Outro pedido para contar.")

    async def counted() -> bool:
        answer = (await person.get("/v1/requests/counts?q=contar&state=concluded")).json()
        assert answer["total"] == 2
        assert answer["states"]["concluded"] == 0
        assert sum(answer["states"].values()) == 2
        return True

    await eventually(counted)


async def test_a_cursor_belongs_to_its_filters(person: Person) -> None:
    for number in range(3):
        await filed(person, f"Pedido número {number} da fila.")
    await eventually(lambda: _all_three(person))
    first = (await person.get("/v1/requests?q=fila&limit=2")).json()
    rest = (await person.get(f"/v1/requests?q=fila&limit=2&cursor={first['next']}")).json()
    assert len({each["reference"] for each in first["items"] + rest["items"]}) == 3
    other = await person.get(f"/v1/requests?q=outra&cursor={first['next']}")
    assert (other.status_code, other.json()["type"]) == (400, "urn:postigo:problem:cursor")


async def _all_three(person: Person) -> bool:
    assert len(await listed(person, "q=fila")) == 3
    return True


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("q=x", "too_short"),
        ("q=%3F%21", "too_short"),
        ("q=" + "a" * 201, "too_long"),
        ("from=2027-01-02&to=2027-01-01", "last_before_first"),
        ("from=2027-02-30", "not_day"),
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
    who, reference = visitor(person), await filed(person, "Uma certidão em falta.")
    await found(person, "q=certidao", reference)
    written = await who.get(f"/pedidos?q=certidao&de={TODAY:%d/%m/%Y}")
    assert f"/pedidos/{reference}" in links(written)
    page = await who.get(f"/pedidos?q=certidao&de={TODAY}")
    assert (page.status_code, f"/pedidos/{reference}" in links(page)) == (200, True)
    assert f"/pedidos?de={TODAY}" in links(page)
    assert "/pedidos?q=certidao" in links(page)
    nothing = await who.get("/pedidos?q=xilofone")
    assert "Nenhum dos seus pedidos corresponde." in nothing.text
    for query in ("q=x", "de=amanh%C3%A3", f"de={TODAY}&ate={TODAY - timedelta(days=1)}", "referencia=PO-1"):
        wrong = await who.get(f"/pedidos?{query}")
        assert (wrong.status_code, 'id="erros"' in wrong.text) == (422, True), query
    ignored = await who.get("/pedidos?estado=nenhum&pagina=errada")
    assert ignored.status_code in (200, 303)
    assert (await who.get(f"/pedidos?referencia={reference.lower()}")).headers["location"] == f"/pedidos/{reference}"


async def test_what_was_written_later_is_found_too(gateway: GatewayEnvironment, person: Person) -> None:
    request = (await person.file(BODY | {"description": "Um pedido qualquer."})).json()
    fact = MessageAdded(
        **common(request, person), seq=2, state=State.IN_ANALYSIS, act_id=str(uuid4()), text="Anexo o orçamento."
    )
    await publish(gateway, fact)
    await found(person, "q=orcament", request["reference"])


async def test_who_has_an_open_request_about_the_subject_is_told_before_filing_another(person: Person) -> None:
    who, reference = visitor(person), await filed(person, "Um primeiro pedido.", subject="PEN-02", reason="INF")
    await found(person, "subject=PEN-02", reference)
    for subject, is_told in (("PEN-02", True), ("PEN-03", False)):
        draft = await begin(person, {"description": "Outro pedido.", "life_event": "PEN", "subject": subject})
        page = await who.get(f"/novo/{draft['draft_id']}/motivo")
        assert (f"/pedidos/{reference}" in links(page)) is is_told


def links(page: httpx2.Response) -> list[str]:
    return [each.get("href") or "" for each in Page(page.text).attributes("a")]


async def test_a_link_carries_its_life_event_or_subject_into_a_new_request(person: Person) -> None:
    who = visitor(person)
    for query, step in (("evento=REC", "assunto"), ("assunto=REC-02", "motivo"), ("evento=XXX", "evento")):
        fields = await who.hidden(f"/novo?{query}", "evento", "assunto")
        begun = await who.send("/novo", fields | {"descricao": "Esperei demais."})
        assert begun.headers["location"].endswith(f"/{step}"), query


async def test_a_question_about_an_ongoing_request_names_it_or_none(person: Person) -> None:
    who, reference = visitor(person), await filed(person, "O primeiro pedido.", subject="PEN-01", reason="INF")
    await found(person, f"reference={reference}", reference)
    about = {"description": "Em que ponto está?", "life_event": "PEN", "subject": "PEN-01", "reason": "EST"}
    for choice, linked in ((reference, reference), ("nenhum", None)):
        draft = await begin(person, about)
        page = f"/novo/{draft['draft_id']}/processo"
        assert reference in (await who.get(page)).text
        missing = await who.fill(page, versao="1")
        assert (missing.status_code, "Escolha um pedido" in missing.text) == (422, True)
        chosen = await who.fill(page, versao="1", processo=choice)
        assert chosen.headers["location"] == f"/novo/{draft['draft_id']}/ficheiros"
        assert (await read(person, draft))["content"].get("linked_to") == linked
    wrong = await who.fill(page, versao="2", processo="PO-1")
    assert wrong.status_code == 422
    plain = await begin(person, about | {"reason": "INF"})
    assert (await who.get(f"/novo/{plain['draft_id']}/processo")).headers["location"].endswith("/motivo")
