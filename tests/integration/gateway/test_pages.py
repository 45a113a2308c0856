"""The pages over HTTP: withdrawals that can be undone, notices that are marked as read, and forms without a token."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx2
import pytest

from services.common.contracts.deliveries import DeliverySent
from services.common.contracts.intake import Withdrawn
from services.common.contracts.lifecycle import RequestRouted, RequestWithdrawn, State
from services.common.domain.identifiers import reference_of
from services.common.messaging import Publisher
from services.common.messaging.records.reader import read
from services.common.messaging.records.writer import outbox_entry
from tests.integration.gateway.drafts import collection
from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person
from tests.integration.gateway.test_acts import common, publish
from tests.integration.gateway.test_reading import filed, id_of
from tests.integration.gateway.visitor import Visitor, hidden_fields, hidden_inputs, visitor
from tests.support.waiting import eventually
from tests.unit.gateway.test_portal import FORMS, REFERENCE, filled

AT_ONCE = {"WITHDRAWAL_UNDO_SECONDS": "0"}


async def readable(who: Visitor, person: Person) -> dict[str, Any]:
    """A request whose page can be read."""
    request = await filed(person)

    async def found() -> bool:
        return (await who.get(f"/pedidos/{request['reference']}")).status_code == 200

    await eventually(found)
    return request


async def withdrawals(gateway: GatewayEnvironment, request: dict[str, Any]) -> set[str]:
    """The ids of the withdrawals of a request on the intake topic."""
    received = [read(record) for record in await gateway.records_of(request["request_id"])]
    return {each.id for each in received if isinstance(each.event, Withdrawn)}


async def published(gateway: GatewayEnvironment, request: dict[str, Any], within: float = 60.0) -> set[str]:
    """Waits until a withdrawal is published. Returns the ids."""

    async def some() -> set[str]:
        return await withdrawals(gateway, request)

    return await eventually(some, within=within)


async def withdraw(who: Visitor, request: dict[str, Any]) -> httpx2.Response:
    return await who.fill(f"/pedidos/{request['reference']}/retirar")


async def undo(who: Visitor, request: dict[str, Any]) -> str:
    """The page that follows."""
    path = f"/pedidos/{request['reference']}"
    answer = await who.fill(path, f"{path}/retirar/anular")
    assert answer.status_code == 303
    return (await who.get(answer.headers["location"])).text


async def test_a_withdrawal_is_held_and_can_be_undone_once(gateway: GatewayEnvironment, person: Person) -> None:
    who = visitor(person)
    request = await readable(who, person)
    page = f"/pedidos/{request['reference']}"
    assert (await withdraw(who, request)).headers["location"] == page
    held = (await who.get(page)).text
    assert "Retirou este pedido" in held
    assert "Enviar mensagem" not in held
    assert "Pode voltar atrás até" in (await who.get("/inicio")).text
    for _ in range(2):
        assert "Pedido mantido." in await undo(who, request)
    assert "Enviar mensagem" in (await who.get(page)).text
    assert await withdrawals(gateway, request) == set()


async def test_a_withdrawal_that_is_due_is_published_once_and_cannot_be_undone(
    gateway: GatewayEnvironment, person: Person
) -> None:
    """Two replicas look for what is due."""
    async with gateway.replica("gateway-hasty", **AT_ONCE) as http:
        who = visitor(person, http)
        request = await readable(who, person)
        await withdraw(who, request)

        assert len(await published(gateway, request)) == 1
        assert "Já não é possível voltar atrás" in await undo(who, request)
        assert "Enviar mensagem" not in (await who.get(f"/pedidos/{request['reference']}")).text
    assert len(await withdrawals(gateway, request)) == 1
    held = await collection(gateway, "gateway", "held_withdrawals").find_one({"_id": request["reference"]})
    assert held["is_published"]
    assert held["expires_at"] > datetime.now(UTC)


async def test_a_due_withdrawal_waits_for_the_broker(gateway: GatewayEnvironment, person: Person) -> None:
    async with gateway.replica("gateway-patient", **AT_ONCE) as http:
        who = visitor(person, http)
        request = await readable(who, person)
        with gateway.frozen("kafka"):
            assert (await withdraw(who, request)).status_code == 303
            held = collection(gateway, "gateway", "held_withdrawals")

            async def taken() -> bool:
                found = await held.find_one({"_id": request["reference"]})
                return bool(found and found["is_final"])

            await eventually(taken)

        assert len(await published(gateway, request, within=30)) == 1


async def test_one_unreadable_withdrawal_does_not_keep_the_others_back(
    gateway: GatewayEnvironment, person: Person
) -> None:
    held = collection(gateway, "gateway", "held_withdrawals")
    damaged = {"_id": reference_of(uuid4()), "due_at": datetime.now(UTC), "account_id": uuid4(), "act": {}}
    state = {"act_id": uuid4(), "traceparent": None, "is_final": True, "is_published": False, "is_parked": False}
    await held.insert_one(damaged | state)
    async with gateway.replica("gateway-robust", **AT_ONCE) as http:
        who = visitor(person, http)
        request = await readable(who, person)
        await withdraw(who, request)

        await published(gateway, request)
    found = await held.find_one({"_id": damaged["_id"]})
    assert found is not None
    assert found["is_parked"]


async def test_a_second_withdrawal_changes_nothing_about_the_first(gateway: GatewayEnvironment, person: Person) -> None:
    who = visitor(person)
    request = await readable(who, person)
    await withdraw(who, request)
    held = collection(gateway, "gateway", "held_withdrawals")
    first = await held.find_one({"_id": request["reference"]})
    hidden = await who.hidden("/inicio")
    assert (await who.send(f"/pedidos/{request['reference']}/retirar", hidden)).status_code == 303
    assert await held.find_one({"_id": request["reference"]}) == first
    assert "Pedido mantido." in await undo(who, request)


async def test_a_request_that_is_withdrawn_already_is_not_withdrawn_again(
    gateway: GatewayEnvironment, person: Person
) -> None:
    who = visitor(person)
    request = await readable(who, person)
    names = common(request, person)
    await publish(gateway, RequestWithdrawn(**names, seq=2, state=State.WITHDRAWN, act_id=str(uuid4())))
    page = f"/pedidos/{request['reference']}/retirar"

    async def refused() -> bool:
        return "isto não é possível" in (await who.get(page)).text

    await eventually(refused)
    answer = await who.send(page, await who.hidden("/inicio"))
    assert (answer.status_code, "isto não é possível" in answer.text) == (200, True)
    held = collection(gateway, "gateway", "held_withdrawals")
    assert await held.find_one({"_id": request["reference"]}) is None


async def test_forms_of_a_request_that_is_being_withdrawn_lead_back_to_it(person: Person) -> None:
    who = visitor(person)
    request = await readable(who, person)
    page = f"/pedidos/{request['reference']}"
    await withdraw(who, request)
    for form in ("mensagem", "retirar"):
        assert (await who.get(f"{page}/{form}")).headers["location"] == page
    await undo(who, request)
    assert (await who.get(f"{page}/mensagem")).status_code == 200


@pytest.mark.parametrize(
    ("path", "fields", "back"),
    [
        ("/sair", {"seguinte": "/inicio"}, "/inicio"),
        (f"/pedidos/{REFERENCE}/retirar/anular", {"seguinte": f"/pedidos/{REFERENCE}"}, f"/pedidos/{REFERENCE}"),
    ],
)
async def test_a_button_of_an_ended_session_leads_to_the_sign_in_and_back(
    gateway: GatewayEnvironment, path: str, fields: dict[str, str], back: str
) -> None:
    answer = await Visitor(gateway.http, "ended").send(path, fields)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/entrar?{urlencode({'seguinte': back, 'terminou': '1'})}"


async def test_texts_of_a_form_with_files_have_a_limit_together(gateway: GatewayEnvironment, person: Person) -> None:
    """Also for whoever is not signed in."""
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * 60_000 + b"\r\n"
    long_header = b'--x\r\nContent-Disposition: form-data; name="' + b"a" * 9_000 + b'"\r\n\r\na\r\n'
    for token in ("none", person.token):
        for content, status in ((part * 3, 413), (long_header, 400)):
            answer = await Visitor(gateway.http, token).send_multipart("/idioma", content + b"--x--\r\n")
            assert (answer.status_code, "Código" in answer.text or "código" in answer.text) == (status, True)


async def test_an_open_page_does_not_keep_the_session_of_an_absent_person(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    who = visitor(person)
    sessions, owner = collection(gateway, "gateway", "sessions"), {"account_id": UUID(person.account_id)}

    async def used_at() -> datetime:
        used: datetime = (await sessions.find_one(owner))["used_at"]
        return used

    request = await readable(who, person)
    long_ago = datetime.now(UTC) - timedelta(minutes=20)
    await sessions.update_one(owner, {"$set": {"used_at": long_ago}})
    async with gateway.replica("gateway-news") as http:
        await Visitor(http, person.token).get(f"/pedidos/{request['reference']}/atual", hx_request="true")
        assert await used_at() < long_ago + timedelta(minutes=1)
    async with gateway.replica("gateway-visit") as http:
        await Visitor(http, person.token).get(f"/pedidos/{request['reference']}")
        assert await used_at() > long_ago + timedelta(minutes=1)


async def test_nobody_withdraws_or_undoes_for_another_account(
    gateway: GatewayEnvironment, person: Person, other: Person
) -> None:
    who, stranger = visitor(person), visitor(other)
    request, own = await readable(who, person), await readable(stranger, other)
    await withdraw(who, request)
    page, own_page = (f"/pedidos/{each['reference']}" for each in (request, own))
    assert (await stranger.get(f"{page}/retirar")).status_code == 404
    assert (await stranger.fill(own_page, f"{page}/retirar")).status_code == 404
    assert (await stranger.fill(own_page, f"{page}/retirar/anular")).status_code == 404
    assert "Pedido mantido." in await undo(who, request)


async def test_a_form_that_is_sent_twice_acts_once(gateway: GatewayEnvironment, person: Person) -> None:
    who = visitor(person)
    request = await readable(who, person)
    page = f"/pedidos/{request['reference']}"
    fields = await who.hidden(page) | {"texto": "Só uma vez."}
    first, repeated = [await who.send(f"{page}/mensagem", fields) for _ in range(2)]
    assert first.status_code == 303
    assert first.headers["location"] == repeated.headers["location"]
    assert len(await gateway.records_of(request["request_id"])) == 2
    other = await who.send(f"{page}/mensagem", fields | {"texto": "Outra coisa."})
    assert (other.status_code, "Outra coisa." in other.text) == (422, True)
    # The form is shown again as a new one: it can be sent.
    again = await who.send(f"{page}/mensagem", hidden_fields(other.text) | {"texto": "Outra coisa."})
    assert again.status_code == 303


async def test_a_form_of_an_earlier_session_is_shown_again_to_its_own_account_only(
    gateway: GatewayEnvironment, person: Person, other: Person
) -> None:
    request = await readable(visitor(person), person)
    page = f"/pedidos/{request['reference']}/mensagem"
    fields = await visitor(person).hidden(page) | {"texto": "Escrito antes de voltar a entrar."}
    again = await gateway.sign_in(person.niss)
    who = Visitor(gateway.http, again.json()["token"])
    answer = await who.send(page, fields)
    assert (answer.status_code, answer.headers["location"].startswith(f"{page}?guardado=")) == (303, True)
    assert "Escrito antes de voltar a entrar." in (await who.get(answer.headers["location"])).text
    assert len(await gateway.records_of(request["request_id"])) == 1
    assert (await visitor(other).send(page, fields)).status_code == 403


@pytest.mark.parametrize("form", ["documentos", "avaliar"])
async def test_the_form_of_an_act_that_is_not_possible_says_so(person: Person, form: str) -> None:
    who = visitor(person)
    request = await readable(who, person)
    assert "não é possível" in (await who.get(f"/pedidos/{request['reference']}/{form}")).text


async def test_pages_for_everybody_are_shown_without_the_store(gateway: GatewayEnvironment, person: Person) -> None:
    with gateway.frozen("mongo"):
        for path in ("/estado", "/acessibilidade"):
            assert (await visitor(person).get(path)).status_code == 200
        assert (await visitor(person).get("/inicio")).status_code == 503


async def test_a_form_of_very_many_parts_is_refused(gateway: GatewayEnvironment) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name=""\r\n\r\n\r\n'
    answer = await Visitor(gateway.http, "none").send_multipart("/entrar", part * 2_000 + b"--x--\r\n")
    assert answer.status_code == 400


@pytest.mark.parametrize("path", [each for each in FORMS if each not in ("/entrar", "/idioma", "/validar")])
async def test_a_form_without_the_token_of_its_session_is_refused(person: Person, other: Person, path: str) -> None:
    hidden = (await visitor(other).hidden("/inicio")) | {"texto": "Bom dia"}
    for token in ("", "AAAA", hidden["csrf"]):
        answer = await visitor(person).send(filled(path), hidden | {"csrf": token})
        assert (answer.status_code, "indique este código" in answer.text) == (403, True)


async def test_notices_are_unread_until_they_are_marked(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    who = visitor(person)
    request = await readable(who, person)
    now = datetime.now(UTC)
    await notify(gateway, request, person, now - timedelta(minutes=5))
    await unread(who, 1)
    assert "Por ler" in (await who.get("/avisos")).text
    await who.fill("/avisos")
    await unread(who, 0)
    assert "Por ler" not in (await who.get("/avisos")).text
    await notify(gateway, request, person, now)
    await unread(who, 1)


async def test_a_notice_that_arrived_after_the_page_stays_unread(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    who = visitor(person)
    request = await readable(who, person)
    now = datetime.now(UTC)
    shown = now - timedelta(minutes=5)
    await notify(gateway, request, person, shown)
    await notify(gateway, request, person, now)
    await unread(who, 2)
    await who.fill("/avisos", ate=shown.isoformat())
    await unread(who, 1)
    await who.fill("/avisos", ate=(shown - timedelta(days=1)).isoformat())
    await unread(who, 1)
    for unreadable in ("ontem", "", "0001-01-01T00:00:00+23:59", "2999-01-01T00:00:00+00:00", "2026-12-01T10:00:00"):
        await who.fill("/avisos", ate=unreadable)
        await unread(who, 1)
    await who.fill("/avisos")
    await unread(who, 0)


async def notify(gateway: GatewayEnvironment, request: dict[str, Any], person: Person, at: datetime) -> None:
    """Publish what notifications says of a mail that was sent."""
    names = common(request, person) | {"occurred_at": at}
    routed = RequestRouted(
        **names, seq=2, state=State.REGISTERED, department="pf", assignment_id=uuid4(), epoch=1, rule="r"
    )
    sent = DeliverySent(**names, delivery_id=uuid4(), event_id=id_of(routed), notice="routed", channel="email")
    publisher = Publisher(gateway.stack.env["KAFKA_URL"], client_id="test")
    identifier = str(sent.delivery_id)
    about: dict[str, Any] = {"id": identifier, "source": "test", "cause": identifier, "correlation": identifier}
    await publisher.send([outbox_entry(sent, **about, at=at, traceparent=None)])
    await publisher.stop()


async def unread(who: Visitor, number: int) -> None:
    """The header says how many notices are unread, or nothing."""
    said = f", {number} por ler" if number else 'href="/avisos">Avisos</a>'

    async def seen() -> bool:
        return said in (await who.get("/inicio")).text

    await eventually(seen)


async def test_a_form_that_finds_the_store_away_is_sent_again_from_the_error_page(
    gateway: GatewayEnvironment, person: Person
) -> None:
    async with gateway.replica("gateway-away") as http:
        who = visitor(person, http)
        request = await readable(who, person)
        page = f"/pedidos/{request['reference']}/mensagem"
        fields = await who.hidden(page) | {"texto": "Não se perde.\nNem a segunda linha."}
        with gateway.frozen("mongo"):
            refused = await who.send(page, fields)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        kept = hidden_inputs(refused.text)
        assert kept == fields
        sent = await who.send(page, kept)
        assert sent.status_code == 303
    assert len(await gateway.records_of(request["request_id"])) == 2


async def test_a_form_with_files_that_finds_the_store_away_is_shown_again_with_its_text(
    gateway: GatewayEnvironment, person: Person
) -> None:
    async with gateway.replica("gateway-away-files") as http:
        who = visitor(person, http)
        request = await readable(who, person)
        page = f"/pedidos/{request['reference']}/mensagem"
        fields = await who.hidden(page) | {"texto": "Não se perde."}
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
        )
        with gateway.frozen("mongo"):
            refused = await who.send_multipart(page, f"{parts}--x--\r\n".encode())
        assert refused.status_code == 503
        kept = hidden_inputs(refused.text)
        shown = await who.send(page, kept)
    assert (shown.status_code, "Não se perde." in shown.text) == (200, True)
    assert len(await gateway.records_of(request["request_id"])) == 1


async def test_a_sign_in_that_finds_the_store_away_keeps_the_form_and_repeats_no_password(
    gateway: GatewayEnvironment, person: Person
) -> None:
    ended = Visitor(gateway.http, "ended")
    kept = hidden_inputs((await ended.send("/novo", {"conta": "0" * 32, "descricao": "Escrito antes."})).text)
    with gateway.frozen("mongo"):
        answer = await ended.send("/entrar", kept | {"niss": person.niss, "palavra-passe": "segredo-escrito"})
    assert answer.status_code == 503
    assert "segredo-escrito" not in answer.text
    assert hidden_inputs(answer.text) == kept
