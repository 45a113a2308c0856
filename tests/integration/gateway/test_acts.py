"""Acts on requests: only on own requests, stored before the answer, and readable outcomes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from gateway.requests.acts import BURST
from services.common.contracts.lifecycle import ActRefused, LifecycleFact, MessageAdded, RequestWithdrawn, State
from services.common.domain.identifiers import derived_id
from services.common.messaging import Publisher
from services.common.messaging.records.writer import outbox_entry
from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person, headers_of, new_key, value_of
from tests.integration.gateway.test_documents import PDF
from tests.integration.gateway.test_reading import filed
from tests.integration.gateway.test_submit import pointers, problem
from tests.support.waiting import eventually

MESSAGE = {"text": "Esqueci-me de juntar o recibo."}
ACTS: list[tuple[str, dict[str, Any]]] = [
    ("messages", MESSAGE),
    ("withdrawal", {}),
    ("reopening", {"text": "Ainda falta o abril."}),
    ("rating", {"score": 4}),
]

acts = pytest.mark.parametrize(("act", "body"), ACTS)


async def act_id_of(answer: httpx2.Response) -> UUID:
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["act_id"])


@acts
@pytest.mark.parametrize("key", [None, "short"])
async def test_a_missing_or_bad_key_is_400(person: Person, act: str, body: dict[str, Any], key: str | None) -> None:
    reference = (await filed(person))["reference"]
    headers = person.headers() if key is None else person.headers(idempotency_key=key)
    answer = await person.http.post(f"/v1/requests/{reference}/{act}", json=body, headers=headers)
    assert (answer.status_code, problem(answer)) == (400, "idempotency-key")


@pytest.mark.parametrize("act", [act for act, _ in ACTS])
@pytest.mark.parametrize(
    ("content", "content_type", "status", "kind"),
    [
        (b'{"text": "Bom d', "application/json", 400, "not-json"),
        (b'{"text": "a", "text": "b"}', "application/json", 400, "not-json"),
        (b'{"text": "' + b"x" * 70_000 + b'"}', "application/json", 413, "too-large"),
        (b"{}", "text/plain", 415, "media-type"),
        (b"[]", "application/json", 422, "invalid"),
        (b'{"surprise": 1}', "application/json", 422, "invalid"),
    ],
)
async def test_an_invalid_body_is_refused(
    person: Person, act: str, content: bytes, content_type: str, status: int, kind: str
) -> None:
    reference = (await filed(person))["reference"]
    headers = person.headers(idempotency_key=new_key(), content_type=content_type)
    answer = await person.http.post(f"/v1/requests/{reference}/{act}", content=content, headers=headers)
    assert (answer.status_code, problem(answer)) == (status, kind)


async def test_an_unknown_file_is_refused_with_a_pointer_and_nothing_is_published(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request = await filed(person)
    answer = await person.act(request["reference"], "messages", {"documents": [str(uuid4())]})
    assert (answer.status_code, pointers(answer)) == (422, [("/documents/0", "unknown_document")])
    assert len(await gateway.records_of(request["request_id"])) == 1


@acts
async def test_an_act_on_another_accounts_request_is_answered_like_one_on_an_unknown_request(
    gateway: GatewayEnvironment, person: Person, other: Person, act: str, body: dict[str, Any]
) -> None:
    request = await filed(other)
    without_receipt = await person.act(request["reference"], act, body)
    with_receipt = await person.act(request["reference"], act, body, postigo_receipt=request["receipt"])
    unknown = await person.act("PO-00000-00000-0", act, body)
    for answer in (without_receipt, with_receipt, unknown):
        assert (answer.status_code, answer.headers["retry-after"]) == (404, "1")
        assert {**answer.json(), "support_code": ""} == {**unknown.json(), "support_code": ""}
    typo = await person.act("nonsense", act, body)
    assert (typo.status_code, problem(typo)) == (404, "reference")
    assert len(await gateway.records_of(request["request_id"])) == 1


async def test_a_message_is_one_record_with_the_act_id_and_no_identity(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request = await filed(person)
    document = (await person.send(PDF)).json()["document_id"]
    answer = await person.act(request["reference"], "messages", MESSAGE | {"documents": [document]})
    act_id = await act_id_of(answer)
    assert answer.json() == {"reference": request["reference"], "act_id": str(act_id)}
    assert answer.headers["location"] == f"/v1/requests/{request['reference']}?after={act_id}"
    _, record = await gateway.records_of(request["request_id"])
    assert value_of(record) == {
        "request_id": request["request_id"],
        "reference": request["reference"],
        "account_id": person.account_id,
        "actor_id": person.account_id,
        "text": MESSAGE["text"],
        "documents": [document],
        "items": [],
    }
    headers = headers_of(record)
    assert (headers["ce_id"], headers["ce_type"]) == (str(act_id), "pt.postigo.request.replied.v1")
    assert headers["ce_partitionkey"] == request["request_id"]
    assert person.niss not in f"{record.value!r}{record.headers!r}"


async def test_a_withdrawal_is_one_record_with_the_act_id(gateway: GatewayEnvironment, person: Person) -> None:
    request = await filed(person)
    act_id = await act_id_of(await person.act(request["reference"], "withdrawal", {}))
    _, record = await gateway.records_of(request["request_id"])
    headers = headers_of(record)
    assert (headers["ce_id"], headers["ce_type"]) == (str(act_id), "pt.postigo.request.withdrawn.v1")
    assert headers["ce_dataschema"] == "urn:postigo:schema:intake.request.withdrawn.v1"


@pytest.mark.parametrize("content_type", [{}, {"content_type": "application/json"}])
async def test_a_withdrawal_without_a_body_equals_one_with_an_empty_body(
    gateway: GatewayEnvironment, person: Person, content_type: dict[str, str]
) -> None:
    request, key = await filed(person), new_key()
    path, headers = f"/v1/requests/{request['reference']}/withdrawal", person.headers(idempotency_key=key)
    act_id = await act_id_of(await person.http.post(path, headers=headers | person.headers(**content_type)))
    assert await act_id_of(await person.act(request["reference"], "withdrawal", {}, key)) == act_id
    _, only = await gateway.records_of(request["request_id"])
    assert headers_of(only)["ce_id"] == str(act_id)


async def test_a_message_needs_a_body(person: Person) -> None:
    reference = (await filed(person))["reference"]
    for content_type, status, kind in (
        ({}, 422, "invalid"),
        ({"content_type": "application/json"}, 400, "not-json"),
    ):
        headers = person.headers(idempotency_key=new_key(), **content_type)
        answer = await person.http.post(f"/v1/requests/{reference}/messages", headers=headers)
        assert (answer.status_code, problem(answer)) == (status, kind)


async def test_a_chunked_withdrawal_has_a_body_that_must_be_json(person: Person) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    reference = (await filed(person))["reference"]
    headers = person.headers(idempotency_key=new_key(), content_type="application/json")
    answer = await person.http.post(f"/v1/requests/{reference}/withdrawal", content=nothing(), headers=headers)
    assert (answer.status_code, problem(answer)) == (400, "not-json")


@acts
async def test_repeated_sends_of_an_act_are_one_act(
    gateway: GatewayEnvironment, person: Person, act: str, body: dict[str, Any]
) -> None:
    request, key = await filed(person), new_key()
    answers = await asyncio.gather(*(person.act(request["reference"], act, body, key) for _ in range(20)))
    (act_id,) = {await act_id_of(answer) for answer in answers}
    records = (await gateway.records_of(request["request_id"]))[1:]
    assert {(record.value, headers_of(record)["ce_id"]) for record in records} == {(records[0].value, str(act_id))}


async def test_a_key_is_valid_for_one_act_on_one_request(person: Person) -> None:
    key = new_key()
    request = await filed(person)
    another = (await filed(person, description="Outra coisa."))["reference"]
    first = await act_id_of(await person.act(request["reference"], "messages", MESSAGE, key))
    for reference, act, body in (
        (request["reference"], "messages", {"text": "Outra coisa."}),
        (request["reference"], "withdrawal", {}),
        (another, "messages", MESSAGE),
    ):
        answer = await person.act(reference, act, body, key)
        assert (answer.status_code, problem(answer)) == (422, "key-reused")
    assert (await person.file(key=key)).status_code == 422
    assert await act_id_of(await person.act(request["reference"], "messages", MESSAGE, key)) == first


async def test_without_the_worker_a_receipt_is_enough_to_act_on_any_replica(
    gateway: GatewayEnvironment, person: Person
) -> None:
    await gateway.stack.stop("gateway-worker")
    try:
        request = await filed(person)
        before_restart = await person.act(request["reference"], "messages", MESSAGE)
        await gateway.stack.restart("gateway")
        without_receipt = await person.act(request["reference"], "messages", MESSAGE)
        with_receipt = await person.act(request["reference"], "messages", MESSAGE, postigo_receipt=request["receipt"])
    finally:
        await gateway.stack.restart("gateway-worker")
    assert [answer.status_code for answer in (before_restart, without_receipt, with_receipt)] == [202, 404, 202]


async def publish(gateway: GatewayEnvironment, *facts: LifecycleFact) -> None:
    """Publish facts as intake does."""
    publisher = Publisher(gateway.stack.env["KAFKA_URL"], client_id="test")
    for fact in facts:
        identifier = str(derived_id("test", fact.key, fact.seq))
        about: dict[str, Any] = {"id": identifier, "source": "test", "cause": identifier, "correlation": identifier}
        await publisher.send([outbox_entry(fact, **about, at=fact.occurred_at, traceparent=None)])
    await publisher.stop()


def common(request: dict[str, Any], person: Person) -> dict[str, Any]:
    names = {name: request[name] for name in ("request_id", "reference")}
    return names | {"account_id": person.account_id, "occurred_at": datetime.now(UTC)}


async def test_a_read_after_an_act_waits_for_its_outcome(gateway: GatewayEnvironment, person: Person) -> None:
    request = await filed(person)
    path = f"/v1/requests/{request['reference']}"
    message, withdrawal, late = [
        await act_id_of(await person.act(request["reference"], act, body))
        for act, body in (("messages", MESSAGE), ("withdrawal", {}), ("withdrawal", {}))
    ]
    pending = (await person.get(f"{path}?after={message}")).json()["act"]

    async def outcome(act_id: UUID) -> dict[str, Any] | None:
        act: dict[str, Any] = (await person.get(f"{path}?after={act_id}")).json()["act"]
        return None if act["outcome"] == "pending" else act

    reads = [asyncio.create_task(eventually(partial(outcome, act))) for act in (message, withdrawal, late)]
    names = common(request, person)
    await publish(
        gateway,
        MessageAdded(**names, seq=2, state=State.REGISTERED, act_id=str(message), text=MESSAGE["text"]),
        RequestWithdrawn(**names, seq=3, state=State.WITHDRAWN, act_id=str(withdrawal)),
        ActRefused(**names, seq=4, state=State.WITHDRAWN, act_id=str(late), code="not-allowed"),
    )
    outcomes = [await read for read in reads]
    assert pending == {"act_id": str(message), "outcome": "pending"}
    refused = outcomes[-1]
    assert refused is not None
    assert "retirado" in refused.pop("because_text")
    assert outcomes == [
        {"act_id": str(message), "outcome": "applied"},
        {"act_id": str(withdrawal), "outcome": "applied"},
        {"act_id": str(late), "outcome": "refused", "because": "not-allowed"},
    ]
    timeline = (await person.get(f"{path}/timeline?after={late}")).json()["entries"]
    assert [(entry["type"], entry["act_id"]) for entry in timeline[1:]] == [
        ("request.message-added", str(message)),
        ("request.withdrawn", str(withdrawal)),
        ("request.act-refused", str(late)),
    ]


@pytest.mark.parametrize("path", ["", "/timeline"])
async def test_an_invalid_act_id_is_refused_by_name(person: Person, path: str) -> None:
    answer = await person.get(f"/v1/requests/{(await filed(person))['reference']}{path}?after=yesterday")
    assert answer.status_code == 422
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == [("after", "not_uuid")]


async def test_too_many_acts_on_one_request_are_429(gateway: GatewayEnvironment, person: Person) -> None:
    reference = (await filed(person))["reference"]
    answers = await asyncio.gather(*(person.act(reference, "messages", MESSAGE) for _ in range(BURST + 5)))
    refused = [answer for answer in answers if answer.status_code != 202]
    assert [(answer.status_code, problem(answer)) for answer in refused] == [(429, "too-many")] * 5
    assert all(int(answer.headers["retry-after"]) >= 60 for answer in refused)
    assert (await person.act((await filed(person))["reference"], "messages", MESSAGE)).status_code == 202


async def test_retries_of_one_act_do_not_count_for_the_rate_limit(person: Person) -> None:
    reference, key = (await filed(person))["reference"], new_key()
    first = await person.act(reference, "messages", MESSAGE, key=key)
    for _ in range(2):
        again = await asyncio.gather(*(person.act(reference, "messages", MESSAGE, key=key) for _ in range(BURST)))
        assert {(answer.status_code, answer.json()["act_id"]) for answer in again} == {(202, first.json()["act_id"])}
    assert (await person.act(reference, "withdrawal", {})).status_code == 202
