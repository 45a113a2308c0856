"""Reads of requests: only own requests, and at once after the submission."""

import asyncio
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import uuid4

import httpx2
import jsonschema
import pytest

from gateway.requests.list_query import ListedState
from services.common.contracts import Fact
from services.common.contracts.deliveries import DeliverySent
from services.common.contracts.lifecycle import RequestInAnalysis, RequestRouted, State
from services.common.domain.identifiers import derived_id
from services.common.messaging import Publisher
from services.common.messaging.records.writer import outbox_entry
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person
from tests.support.waiting import eventually


async def filed(person: Person, **changes: Any) -> dict[str, Any]:
    answer = await person.file(BODY | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_own_request_can_be_read_at_once(person: Person) -> None:
    request = await filed(person)
    answer = await person.get(f"/v1/requests/{request['reference']}")
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["state_name"]) == ("received", "Recebido")
    assert answer.json()["subject_name"] == "Abono de família para crianças e jovens"


async def test_the_worker_writes_the_view_with_the_description(person: Person) -> None:
    request = await filed(person)

    async def described() -> bool:
        answer = await person.get(f"/v1/requests/{request['reference']}")
        return bool(answer.json().get("description") == BODY["description"])

    await eventually(described)


async def test_a_reference_may_be_typed_in_any_form(person: Person) -> None:
    reference = (await filed(person))["reference"]
    bare = reference.replace("-", "")
    typed = (reference.lower(), bare, bare.removeprefix("PO"), reference.replace("0", "o").replace("1", "l"))
    for each in typed:
        answer = await person.get(f"/v1/requests/{each}")
        assert answer.json()["reference"] == reference


@pytest.mark.parametrize("path", ["", "/timeline", "/receipt", "/deadline"])
async def test_another_accounts_request_is_answered_like_an_unknown_one(
    person: Person, other: Person, path: str
) -> None:
    reference = (await filed(other))["reference"]
    theirs = await person.get(f"/v1/requests/{reference}{path}")
    unknown = await person.get(f"/v1/requests/PO-00000-00000-0{path}")
    for answer in (theirs, unknown):
        assert answer.status_code == 404
        assert answer.headers["retry-after"] == "1"
        assert [error["code"] for error in answer.json()["errors"]] == ["unknown_reference"]
    assert {**theirs.json(), "support_code": ""} == {**unknown.json(), "support_code": ""}


@pytest.mark.parametrize("path", ["", "/timeline", "/receipt", "/deadline"])
async def test_a_mistyped_reference_is_refused_without_retry_after(person: Person, path: str) -> None:
    reference = (await filed(person))["reference"]
    wrong = reference[:-1] + ("0" if reference[-1] != "0" else "1")
    for typed in (wrong, reference[:-2], reference + "0", "nonsense"):
        answer = await person.get(f"/v1/requests/{typed}{path}")
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:postigo:problem:reference")
        assert "retry-after" not in answer.headers


async def test_another_accounts_receipt_gives_no_access(person: Person, other: Person) -> None:
    request = await filed(other)
    answer = await person.get(f"/v1/requests/{request['reference']}", postigo_receipt=request["receipt"])
    assert answer.status_code == 404


async def test_without_the_worker_a_receipt_is_enough_to_read_on_any_replica(
    gateway: GatewayEnvironment, person: Person
) -> None:
    await gateway.stack.stop("gateway-worker")
    try:
        request = await filed(person)
        path = f"/v1/requests/{request['reference']}"
        before_restart = await person.get(path)
        await gateway.stack.restart("gateway")
        assert (await person.get(path)).status_code == 404
        with_receipt = await person.get(path, postigo_receipt=request["receipt"])
        timeline = await person.get(f"{path}/timeline", postigo_receipt=request["receipt"])
        proof = await person.get(f"{path}/receipt", postigo_receipt=request["receipt"])
    finally:
        await gateway.stack.restart("gateway-worker")
    assert before_restart.json() == with_receipt.json()
    assert with_receipt.json()["state"] == "received"
    assert [entry["type"] for entry in timeline.json()["entries"]] == ["request.submitted"]
    assert proof.json()["receipt"] == request["receipt"]


async def test_an_unchanged_read_is_304(person: Person) -> None:
    request = await filed(person)
    path = f"/v1/requests/{request['reference']}"

    async def described() -> httpx2.Response | None:
        answer = await person.get(path)
        return answer if "description" in answer.json() else None

    first = await eventually(described)
    assert first is not None
    again = await person.get(path, if_none_match=first.headers["etag"])
    english = await person.get(path, if_none_match=first.headers["etag"], accept_language="en")
    assert (again.status_code, again.content) == (304, b"")
    assert (english.status_code, english.json()["state_name"]) == (200, "Received")


async def test_the_pages_list_all_own_requests_once_newest_first(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    references = [(await filed(person, description=f"Pedido {number}"))["reference"] for number in range(7)]

    async def all_there() -> bool:
        return len((await person.get("/v1/requests?limit=100")).json()["items"]) == 7

    await eventually(all_there)
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await person.get(f"/v1/requests?limit=3{f'&cursor={cursor}' if cursor else ''}")
        listed += [item["reference"] for item in answer.json()["items"]]
        cursor = answer.json().get("next")
    assert listed == references[::-1]
    received = await person.get("/v1/requests?state=received&limit=100")
    concluded = await person.get("/v1/requests?state=concluded")
    assert (len(received.json()["items"]), concluded.json()["items"]) == (7, [])


async def test_a_cursor_is_valid_only_for_its_account_and_filter(gateway: GatewayEnvironment, other: Person) -> None:
    (person,) = await gateway.people(1)
    await asyncio.gather(*(filed(person, description=f"Pedido {number}") for number in range(2)))

    async def cursor() -> str | None:
        following: str | None = (await person.get("/v1/requests?limit=1")).json().get("next")
        return following

    found = await eventually(cursor)
    for reader, path in (
        (other, f"?cursor={found}"),
        (person, f"?state=received&cursor={found}"),
        (person, "?cursor=x"),
    ):
        answer = await reader.get(f"/v1/requests{path}")
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:postigo:problem:cursor")


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("limit=0", "limit", "too_small"),
        ("limit=101", "limit", "too_big"),
        ("limit=many", "limit", "not_number"),
        ("state=lost", "state", "not_listed"),
    ],
)
async def test_an_invalid_parameter_is_refused_by_name(person: Person, query: str, parameter: str, code: str) -> None:
    answer = await person.get(f"/v1/requests?{query}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["code"]) == (parameter, code)
    if code == "not_listed":
        assert all(state in error["detail"] for state in get_args(ListedState))


async def test_responses_match_the_published_description(person: Person) -> None:
    published = (await person.http.get("/v1/openapi.json")).json()
    answer = await person.file()
    reference = answer.json()["reference"]
    answers = {
        "SubmissionResponse": answer,
        "RequestResponse": await person.get(f"/v1/requests/{reference}"),
        "Timeline": await person.get(f"/v1/requests/{reference}/timeline"),
        "ReceiptResponse": await person.get(f"/v1/requests/{reference}/receipt"),
        "RequestPage": await person.get("/v1/requests"),
        "ProblemDocument": await person.get("/v1/requests/nonsense"),
    }
    for model, response in answers.items():
        schema = {"$ref": f"#/components/schemas/{model}", "components": published["components"]}
        jsonschema.validate(response.json(), schema)


async def test_facts_of_intake_and_notifications_become_visible_in_any_order(gateway: GatewayEnvironment) -> None:
    (person,) = await gateway.people(1)
    request = await filed(person)
    common = {
        "request_id": request["request_id"],
        "reference": request["reference"],
        "account_id": person.account_id,
        "occurred_at": datetime.now(UTC),
    }
    analysed = RequestInAnalysis(**common, seq=3, state=State.IN_ANALYSIS, department="pf")
    routed = RequestRouted(
        **common, seq=2, state=State.REGISTERED, department="pf", assignment_id=uuid4(), epoch=1, rule="r"
    )
    notice = DeliverySent(**common, delivery_id=uuid4(), event_id=id_of(routed), notice="routed", channel="email")
    publisher = Publisher(gateway.stack.env["KAFKA_URL"], client_id="test")
    for event in (notice, analysed, routed, analysed):
        identifier = id_of(event)
        about: dict[str, Any] = {"id": identifier, "source": "test", "cause": identifier, "correlation": identifier}
        await publisher.send([outbox_entry(event, **about, at=event.occurred_at, traceparent=None)])
    await publisher.stop()

    async def timeline() -> list[str] | None:
        answer = await person.get(f"/v1/requests/{request['reference']}/timeline")
        types = [entry["type"] for entry in answer.json()["entries"]]
        return types if len(types) == 4 else None

    assert await eventually(timeline) == [
        "request.submitted",
        "request.routed",
        "delivery.sent",
        "request.in-analysis",
    ]
    read = (await person.get(f"/v1/requests/{request['reference']}", accept_language="en")).json()
    assert (read["state"], read["department_name"]) == ("in_analysis", "Family Benefits")
    listed = (await person.get("/v1/requests?state=in_analysis")).json()["items"]
    assert [item["reference"] for item in listed] == [request["reference"]]


def id_of(event: Fact) -> str:
    return str(derived_id("test", event.key, event.TYPE))
