"""The whole life of a request through the API: where the author lives, linked requests, asked documents, coming back, rating."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from deploy.demo.data import read_document
from services.common.contracts.handling import DeadlineMissed, DocumentsRequested
from services.common.contracts.lifecycle import (
    ActRefused,
    LifecycleFact,
    RequestAnswered,
    RequestRouted,
    RequestWithdrawn,
    State,
)
from tests.integration.gateway.gateway_environment import (
    BODY,
    GatewayEnvironment,
    Person,
    headers_of,
    new_key,
    value_of,
)
from tests.integration.gateway.test_acts import act_id_of, common, publish
from tests.integration.gateway.test_documents import PDF
from tests.integration.gateway.test_reading import filed
from tests.integration.gateway.test_submit import pointers, problem
from tests.support.waiting import eventually
from tests.unit.gateway.lives import STANDING_STILL, item, term

PNG = read_document("captura-codigo-expirado.png")
ROUTED = {
    "seq": 2,
    "state": State.REGISTERED,
    "department": "pf",
    "assignment_id": UUID(int=1),
    "epoch": 1,
    "rule": "r",
}
ANSWERED = {
    "seq": 3,
    "state": State.ANSWERED,
    "department": "pf",
    "text": "É 1.º escalão.",
    "reply_until": date(2026, 3, 30),
    "reply_term": term(date(2026, 3, 16), code="REPLY10"),
}


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def islander(gateway: GatewayEnvironment) -> Person:
    """A person in the Azores who reads English."""
    line = gateway.line(1, place="PT-20", flags=["strategic-contributor"], language="en")
    _, (created,), errors = await gateway.accounts(line)
    assert errors == ""
    answer = await gateway.sign_in(created["niss"])
    account = answer.json()["account"]
    assert (account["place"], account["flags"]) == ("PT-20", ["strategic-contributor"])
    return Person(gateway.http, created["niss"], created["account_id"], answer.json()["token"])


def path_of(request: Mapping[str, Any]) -> str:
    return f"/v1/requests/{request['reference']}"


async def lives(gateway: GatewayEnvironment, person: Person, request: dict[str, Any], *facts: Any) -> dict[str, Any]:
    """Publish facts about the request as intake does. Returns the request once its view has the last one."""
    said: list[LifecycleFact] = [kind(**common(request, person) | fields) for kind, fields in facts]
    await publish(gateway, *said)

    async def shown() -> dict[str, Any] | None:
        entries = (await person.get(f"{path_of(request)}/timeline")).json()["entries"]
        if said[-1].seq not in [entry.get("seq") for entry in entries]:
            return None
        found: dict[str, Any] = (await person.get(path_of(request))).json()
        return found

    found = await eventually(shown)
    assert found is not None
    return found


async def last_value(gateway: GatewayEnvironment, request: Mapping[str, Any]) -> dict[str, Any]:
    return value_of((await gateway.records_of(request["request_id"]))[-1])


async def test_a_submission_says_where_its_author_lives(gateway: GatewayEnvironment, islander: Person) -> None:
    value = await last_value(gateway, await filed(islander))
    assert (value["place"], value["flags"]) == ("PT-20", ["strategic-contributor"])


async def test_an_account_is_answered_in_its_own_language(islander: Person) -> None:
    request = await filed(islander)
    own = await islander.get(path_of(request))
    assert (own.headers["content-language"], own.json()["state_name"]) == ("en", "Received")
    unknown = await islander.get("/v1/requests/PO-00000-00000-0")
    assert (unknown.status_code, unknown.headers["content-language"]) == (404, "en")
    invalid = await islander.file(BODY | {"subject": "FAM-99"})
    assert (invalid.status_code, invalid.headers["content-language"]) == (422, "en")
    assert (await islander.get(path_of(request), accept_language="pt")).json()["state_name"] == "Recebido"
    assert (await islander.get(path_of(request), accept_language="fr")).json()["state_name"] == "Received"


async def test_a_linked_request_is_described_as_its_author_sees_it(gateway: GatewayEnvironment, person: Person) -> None:
    late = await filed(person)
    missed = {"seq": 3, "state": State.REGISTERED, "due_on": date(2026, 3, 16)}
    shown = await lives(gateway, person, late, (RequestRouted, ROUTED), (DeadlineMissed, missed))
    assert shown["overdue"] is True
    typed = late["reference"].lower().replace("-", " ")
    complaint = await filed(person, linked_to=typed)
    value = await last_value(gateway, complaint)
    assert value["linked"] == {"reference": late["reference"], "department": "pf", "overdue": True}

    async def linked() -> bool:
        return bool((await person.get(path_of(complaint))).json().get("linked_to") == late["reference"])

    await eventually(linked)


async def test_only_own_requests_can_be_linked_to(person: Person, other: Person) -> None:
    theirs = await filed(other)
    for reference in (theirs["reference"], "PO-00000-00000-0"):
        answer = await person.file(BODY | {"linked_to": reference})
        assert (answer.status_code, pointers(answer)) == (422, [("/linked_to", "unknown_reference")])
    typo = await person.file(BODY | {"linked_to": "PO-7K3QX-9M2TA-5"})
    assert (typo.status_code, pointers(typo)) == (422, [("/linked_to", "reference")])


async def test_without_the_worker_a_receipt_is_enough_to_link_to_a_request(
    gateway: GatewayEnvironment, person: Person
) -> None:
    await gateway.stack.stop("gateway-worker")
    try:
        earlier = await filed(person)
        await gateway.stack.restart("gateway")
        body = BODY | {"linked_to": earlier["reference"]}
        refused = await person.file(body)
        headers = person.headers(idempotency_key=new_key(), postigo_receipt=earlier["receipt"])
        linked = await person.http.post("/v1/requests", json=body, headers=headers, timeout=20)
    finally:
        await gateway.stack.restart("gateway-worker")
    assert (refused.status_code, linked.status_code) == (422, 201)
    assert (await last_value(gateway, linked.json()))["linked"]["reference"] == earlier["reference"]


@pytest_asyncio.fixture(loop_scope="session")
async def awaiting(gateway: GatewayEnvironment, person: Person) -> dict[str, Any]:
    """A request that awaits two documents, the second as PDF."""
    request = await filed(person)
    asked = {
        "seq": 3,
        "state": State.AWAITING_DOCUMENTS,
        "department": "pf",
        "items": (1, 2),
        "asked": (item(1), item(2, formats=("application/pdf",))),
        "deadline": STANDING_STILL,
        "deliver_until": date(2026, 3, 18),
        "deliver_term": term(date(2026, 3, 4), code="DOC10"),
    }
    await lives(gateway, person, request, (RequestRouted, ROUTED), (DocumentsRequested, asked))
    return request


async def uploaded(person: Person, content: bytes = PDF, media_type: str = "application/pdf") -> str:
    answer = await person.send(content, content_type=media_type)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["document_id"])


async def test_asked_documents_are_shown_and_delivered(
    gateway: GatewayEnvironment, person: Person, awaiting: dict[str, Any]
) -> None:
    shown = (await person.get(path_of(awaiting))).json()
    assert [(each["number"], each["state"]) for each in shown["asked"]] == [(1, "open"), (2, "open")]
    assert (shown["deliver_until"], shown["deadline"]["suspended_since"]) == ("2026-03-18", "2026-03-04")
    assert "18 de março" in shown["next_step"]
    first, second = await uploaded(person), await uploaded(person)
    deliveries = [{"item": 1, "documents": [first]}, {"item": 2, "documents": [second]}]
    await act_id_of(await person.act(awaiting["reference"], "messages", {"items": deliveries}))
    value = await last_value(gateway, awaiting)
    assert (value["documents"], value["items"]) == ([first, second], deliveries)


async def test_a_delivery_that_was_not_asked_for_is_refused_with_its_place(
    gateway: GatewayEnvironment, person: Person, awaiting: dict[str, Any]
) -> None:
    file, image = await uploaded(person), await uploaded(person, PNG, "image/png")
    before = len(await gateway.records_of(awaiting["request_id"]))
    for delivery, pointer, code in (
        ({"item": 3, "documents": [file]}, "/items/0/item", "unknown_item"),
        ({"item": 2, "documents": [file, image]}, "/items/0/documents/1", "media_type"),
        ({"item": 1, "documents": [str(UUID(int=5))]}, "/items/0/documents/0", "unknown_document"),
    ):
        answer = await person.act(awaiting["reference"], "messages", {"items": [delivery]})
        assert (answer.status_code, pointers(answer)) == (422, [(pointer, code)])
    assert len(await gateway.records_of(awaiting["request_id"])) == before
    right = await person.act(awaiting["reference"], "messages", {"items": [{"item": 1, "documents": [image]}]})
    assert right.status_code == 202


async def test_coming_back_and_rating_are_records_with_their_act_ids(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request = await filed(person)
    await lives(gateway, person, request, (RequestRouted, ROUTED), (RequestAnswered, ANSWERED))
    headers = person.headers(idempotency_key=new_key())
    bare = await person.http.post(f"{path_of(request)}/reopening", headers=headers)
    file = await uploaded(person)
    worded = await person.act(request["reference"], "reopening", {"text": "Ainda falta.", "documents": [file]})
    rated = await person.act(request["reference"], "rating", {"score": 5, "text": "Muito bem."})
    acts = [str(await act_id_of(answer)) for answer in (bare, worded, rated)]
    records = (await gateway.records_of(request["request_id"]))[1:]
    about = [(headers_of(record)["ce_id"], headers_of(record)["ce_type"]) for record in records]
    kinds = ("reopened", "reopened", "rated")
    assert about == [(act, f"pt.postigo.request.{kind}.v1") for act, kind in zip(acts, kinds, strict=True)]
    assert headers_of(records[2])["ce_dataschema"] == "urn:postigo:schema:intake.request.rated.v1"
    texts = [(value_of(record).get("text"), value_of(record).get("score")) for record in records]
    assert texts == [(None, None), ("Ainda falta.", None), ("Muito bem.", 5)]
    assert value_of(records[1])["documents"] == [file]


@pytest.mark.parametrize(
    ("act", "body", "wrong"),
    [
        ("rating", {"score": 0}, ("/score", "too_small")),
        ("rating", {"score": "5"}, ("/score", "not_number")),
        ("rating", {"text": "Bem."}, ("/score", "required")),
        ("reopening", {"documents": [str(UUID(int=7))]}, ("/documents/0", "unknown_document")),
        ("messages", {"items": [{"item": 0, "documents": []}]}, ("/items/0/item", "too_small")),
    ],
)
async def test_a_bad_value_is_named_and_nothing_is_published(
    gateway: GatewayEnvironment, person: Person, act: str, body: dict[str, Any], wrong: tuple[str, str]
) -> None:
    request = await filed(person)
    answer = await person.act(request["reference"], act, body)
    assert (answer.status_code, problem(answer)) == (422, "invalid")
    assert wrong in pointers(answer)
    assert len(await gateway.records_of(request["request_id"])) == 1


async def test_a_message_that_comes_too_late_can_be_filed_as_a_linked_request(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request, text = await filed(person), "Afinal ainda preciso de resposta."
    late = await act_id_of(await person.act(request["reference"], "messages", {"text": text}))
    withdrawn = {"seq": 3, "state": State.WITHDRAWN, "act_id": str(UUID(int=8))}
    refused = {"seq": 4, "state": State.WITHDRAWN, "act_id": str(late), "code": "closed", "text": text}
    await lives(gateway, person, request, (RequestRouted, ROUTED), (RequestWithdrawn, withdrawn), (ActRefused, refused))

    async def outcome() -> dict[str, Any] | None:
        found: dict[str, Any] = (await person.get(f"{path_of(request)}?after={late}")).json()["act"]
        return found if "because" in found else None

    act = await eventually(partial(outcome))
    assert act is not None
    assert (act["outcome"], act["because"]) == ("refused", "closed")
    answer = await person.file(act["follow_up"])
    assert answer.status_code == 201, answer.text
    value = await last_value(gateway, answer.json())
    assert (value["description"], value["linked"]["reference"]) == (text, request["reference"])


async def test_the_dates_of_a_request_are_explained(person: Person, awaiting: dict[str, Any]) -> None:
    answer = await person.get(f"{path_of(awaiting)}/deadline")
    found = answer.json()
    assert (found["deadline"]["due_on"], found["deliver"]["due_on"]) == ("2026-03-16", "2026-03-18")
    assert found["deadline"]["suspensions"] == [{"since": "2026-03-04", "because": "documents"}]
    counted = [day for day in found["deliver"]["days"] if day["counts"]]
    assert [day["number"] for day in counted] == list(range(1, 11))
    assert counted[-1]["day"] == "2026-03-18"
    again = await person.get(f"{path_of(awaiting)}/deadline", if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    english = (await person.get(f"{path_of(awaiting)}/deadline", accept_language="en")).json()
    assert english["deliver"]["days"][2]["name"] == "Saturday"
    assert "article 87" in english["deliver"]["rule"][0]
