"""A report of an irregularity is read by whoever filed it, and by nobody else of the same account: not by its reference, not in a
list, a count, a search, a draft, a stream or a number of notices.
"""

from collections.abc import AsyncIterator
from typing import Final
from uuid import uuid4

import pytest_asyncio

from services.common.contracts.intake import RequestSubmitted
from services.common.domain.tokens import hash_of
from services.common.messaging.records.reader import read
from tests.integration.gateway.drafts import collection
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person
from tests.integration.gateway.visitor import Visitor, visitor
from tests.support.waiting import eventually

REPORT: Final = BODY | {"subject": "TRA-09", "reason": "DEN", "description": "Há trabalho por declarar na pastelaria."}


@pytest_asyncio.fixture(loop_scope="session")
async def colleague(gateway: GatewayEnvironment, person: Person) -> AsyncIterator[Visitor]:
    """Another person who acts for the same account."""
    token = (await gateway.sign_in(person.niss)).json()["token"]
    sessions = collection(gateway, "gateway", "sessions")
    changed = await sessions.update_one({"_id": hash_of(token)}, {"$set": {"actor_id": uuid4()}})
    assert changed.modified_count == 1
    # Another replica: this one may have the session in its cache.
    async with gateway.replica(f"gateway-colleague-{uuid4().hex[:6]}") as http:
        yield Visitor(http, token)


async def api(who: Visitor, path: str) -> tuple[int, str]:
    answer = await who.http.get(path, headers={"Authorization": f"Bearer {who.token}"})
    return answer.status_code, answer.text


async def test_a_report_is_read_by_its_author_alone(
    gateway: GatewayEnvironment, person: Person, colleague: Visitor
) -> None:
    open_one = (await person.file(BODY | {"description": "Um pedido que todos leem."})).json()["reference"]
    filed = (await person.file(REPORT)).json()
    reference, author = filed["reference"], visitor(person)

    async def readable() -> bool:
        assert {reference, open_one} <= {
            each["reference"] for each in (await person.get("/v1/requests")).json()["items"]
        }
        return True

    await eventually(readable)
    page = await author.get(f"/pedidos/{reference}")
    assert (page.status_code, "Nenhum e-mail diz de que trata." in page.text) == (200, True)
    assert (await person.get(f"/v1/requests/{reference}")).json()["restricted"] is True
    assert (await person.get(f"/v1/requests/{open_one}")).json()["restricted"] is False
    unknown = await api(colleague, f"/v1/requests/{reference}")
    assert unknown[0] == 404
    for path in ("/timeline", "/receipt", "/receipt.pdf", "/deadline", "/events"):
        assert (await api(colleague, f"/v1/requests/{reference}{path}"))[0] == 404, path
    status, listed = await api(colleague, "/v1/requests?limit=100")
    assert (status, reference in listed, open_one in listed) == (200, False, True)
    assert reference not in (await api(colleague, "/v1/requests?q=pastelaria"))[1]
    assert '"total":0' in (await api(colleague, "/v1/requests/counts?q=pastelaria"))[1]
    assert reference not in (await colleague.get("/pedidos")).text
    assert reference not in (await colleague.get("/inicio")).text
    assert reference not in (await colleague.get("/avisos")).text
    for path in ("", "/recibo-assinado", "/recibo.pdf"):
        assert (await colleague.get(f"/pedidos/{reference}{path}")).status_code == 404, path
    assert (await colleague.fill("/inicio", f"/pedidos/{reference}/mensagem", texto="Também vi.")).status_code == 404
    (record,) = await gateway.records_of(filed["request_id"])
    event = read(record).event
    assert isinstance(event, RequestSubmitted)
    assert event.restricted


async def test_a_draft_of_a_report_is_its_authors_alone(person: Person, colleague: Visitor) -> None:
    created = await person.http.post("/v1/drafts", json=REPORT, headers=person.headers(idempotency_key=uuid4().hex))
    draft_id = created.json()["draft_id"]
    assert (await api(colleague, f"/v1/drafts/{draft_id}"))[0] == 404
    assert draft_id not in (await api(colleague, "/v1/drafts"))[1]
    assert (await colleague.get(f"/novo/{draft_id}/descricao")).status_code == 404
    assert (await person.get(f"/v1/drafts/{draft_id}")).status_code == 200


async def test_nobody_else_of_the_account_acts_on_a_report_or_links_to_it(
    gateway: GatewayEnvironment, person: Person, colleague: Visitor
) -> None:
    filed = (await person.file(REPORT)).json()
    reference, headers = filed["reference"], {"Authorization": f"Bearer {colleague.token}"}
    # The replica that took the report knows its receipt; the colleague may even have got hold of it.
    for http, more in ((person.http, {}), (colleague.http, {"Postigo-Receipt": filed["receipt"]})):
        about = headers | more
        assert (await http.get(f"/v1/requests/{reference}", headers=about)).status_code == 404
        for act, body in (("messages", {"text": "Também vi."}), ("withdrawal", {}), ("rating", {"score": 1})):
            key = {"Idempotency-Key": uuid4().hex}
            answer = await http.post(f"/v1/requests/{reference}/{act}", headers=about | key, json=body)
            assert answer.status_code in (404, 405), (act, answer.text)
        linked = BODY | {"linked_to": reference}
        answer = await http.post("/v1/requests", headers=headers | {"Idempotency-Key": uuid4().hex}, json=linked)
        assert answer.status_code == 422
    assert len(await gateway.records_of(filed["request_id"])) == 1


async def test_what_is_linked_to_a_report_is_restricted_too(gateway: GatewayEnvironment, person: Person) -> None:
    report = (await person.file(REPORT)).json()["reference"]
    about = BODY | {"reason": "EST", "linked_to": report}
    filed = (await person.file(about)).json()
    (record,) = await gateway.records_of(filed["request_id"])
    event = read(record).event
    assert isinstance(event, RequestSubmitted)
    assert event.restricted
