"""A draft becomes one request, whatever is sent twice, whatever fails meanwhile, and wherever the process dies."""

import asyncio
import signal
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from services.common.messaging.failpoints import Failpoint
from tests.integration.gateway.drafts import CONTENT, begin, collection, delete, kind, path, read, save, submit
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, new_key, value_of
from tests.integration.gateway.test_documents import PDF
from tests.integration.gateway.test_kill_points import armed
from tests.support.waiting import eventually


def content() -> dict[str, str]:
    """Words that no other request has."""
    return CONTENT | {"description": f"{CONTENT['description']} {new_key()}"}


async def records_with(gateway: GatewayEnvironment, words: str) -> list[Any]:
    return [record for record in await gateway.all_records() if words.encode() in record.value]


STEPS = sorted(point for point in Failpoint if point.startswith("draft-"))


async def test_a_draft_sent_eight_times_at_once_is_one_request(gateway: GatewayEnvironment, writer: Person) -> None:
    file = (await writer.send(PDF)).json()["document_id"]
    words = content()
    draft = await begin(writer, words | {"documents": [file]})
    answers = await asyncio.gather(*(submit(writer, draft) for _ in range(8)))
    assert {each.status_code for each in answers} == {201}, [each.text for each in answers]
    (body,) = {each.text for each in answers}
    filed = answers[0].json()
    assert answers[0].headers["location"] == f"/v1/requests/{filed['reference']}"
    again = await submit(writer, draft)
    assert (again.status_code, again.text) == (201, body)
    records = await records_with(gateway, words["description"])
    assert {record.key.decode() for record in records} == {filed["request_id"]}
    assert len({record.value for record in records}) == 1
    assert value_of(records[0])["documents"] == [file]


async def test_a_filed_draft_is_shown_with_its_reference_and_changed_no_more(writer: Person) -> None:
    draft = await begin(writer)
    filed = (await submit(writer, draft)).json()
    found = await writer.get(path(draft))
    assert (found.json()["state"], found.headers["etag"]) == ("filed", '"1-filed"')
    assert found.json()["filed_as"]["reference"] == filed["reference"]
    assert kind(await save(writer, draft, 1, {})) == (409, "draft-sent")
    assert kind(await delete(writer, draft)) == (409, "draft-sent")
    assert (await writer.get("/v1/drafts")).json()["items"] == []
    receipt = await writer.get(f"/v1/requests/{filed['reference']}/receipt", postigo_receipt=filed["receipt"])
    assert receipt.json()["filed_at"] == found.json()["filed_as"]["filed_at"]


async def test_an_unfinished_draft_is_refused_with_pointers_and_stays_editable(writer: Person, company: Person) -> None:
    draft = await begin(writer, {})
    refused = await submit(writer, draft)
    assert kind(refused) == (422, "invalid")
    assert {(each["pointer"], each["code"]) for each in refused.json()["errors"]} == {
        ("/subject", "required"),
        ("/reason", "required"),
        ("/description", "blank"),
    }
    assert (await save(writer, draft, 1, CONTENT)).status_code == 200
    for_persons = await begin(company, CONTENT)
    refused = await submit(company, for_persons)
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [("/subject", "persons_only")]
    assert (await delete(company, for_persons)).status_code == 204


async def test_a_refusal_after_the_freeze_lets_the_draft_be_edited_under_the_same_version(
    gateway: GatewayEnvironment, writer: Person
) -> None:
    file = (await writer.send(PDF)).json()["document_id"]
    draft = await begin(writer, CONTENT | {"documents": [file]})
    with gateway.frozen("documents"):
        unavailable = await submit(writer, draft)
    # The file expires: as a change of its document, so that the claim which the thawed service still handles cannot save it again.
    expired = {"$set": {"state.content": None}, "$inc": {"version": 1}}
    await collection(gateway, "documents", "documents").update_one({"_id": file}, expired)
    assert kind(unavailable) == (503, "unavailable")

    async def answered() -> httpx2.Response | None:
        """The service that was frozen may be late once more."""
        again = await submit(writer, draft)
        return None if again.status_code == 503 else again

    gone = await eventually(answered)
    assert gone is not None
    assert gone.status_code == 422, gone.text
    assert gone.json()["errors"][0]["pointer"] == "/documents/0"
    assert (await read(writer, draft))["state"] == "editing"
    assert (await save(writer, draft, 1, CONTENT)).status_code == 200
    assert (await submit(writer, draft, 2)).status_code == 201


async def test_after_a_submission_that_was_not_confirmed_the_frozen_words_are_filed_once(
    gateway: GatewayEnvironment, writer: Person
) -> None:
    words, other_words = content(), new_key()
    draft = await begin(writer, words)
    with gateway.frozen("kafka"):
        answer = await submit(writer, draft, accept_language="en")
        assert kind(answer) == (503, "draft-not-confirmed")
        assert int(answer.headers["retry-after"]) >= 1
        assert (await read(writer, draft))["state"] == "submitting"
        assert kind(await save(writer, draft, 1, words | {"description": other_words})) == (409, "draft-being-sent")
        assert kind(await delete(writer, draft, if_match='"1"')) == (409, "draft-being-sent")

    async def filed() -> dict[str, Any] | None:
        again = await submit(writer, draft, accept_language="pt")
        return again.json() if again.status_code == 201 else None

    request = await eventually(filed, within=30)
    assert request is not None
    records = await gateway.records_of(request["request_id"])
    assert len({record.value for record in records}) == 1
    assert (value_of(records[0])["description"], value_of(records[0])["language"]) == (words["description"], "en")
    assert {record.key for record in await records_with(gateway, words["description"])} == {records[0].key}
    assert not await records_with(gateway, other_words)


async def test_a_draft_whose_key_its_owner_used_for_another_request_stays_editable(writer: Person) -> None:
    draft = await begin(writer)
    assert (await writer.file(BODY, key=f"draft-{draft['draft_id']}")).status_code == 201
    assert kind(await submit(writer, draft)) == (422, "key-reused")
    assert (await delete(writer, draft)).status_code == 204


@pytest.mark.parametrize("point", STEPS)
async def test_after_a_kill_at_any_step_the_draft_is_sent_again_and_is_one_request(
    gateway: GatewayEnvironment, writer: Person, point: Failpoint
) -> None:
    words = content()
    draft = await begin(writer, words)
    async with armed(gateway, point) as (url, process), httpx2.AsyncClient(base_url=url, trust_env=False) as http:

        async def ready() -> bool:
            try:
                return (await http.get("/v1/catalogue")).status_code == 200
            except httpx2.TransportError:
                return False

        await eventually(ready, within=60)
        with pytest.raises(httpx2.TransportError):
            await submit(replace(writer, http=http), draft)
        assert await process.wait() == -signal.SIGKILL
    assert kind(await save(writer, draft, 1, {})) == (409, "draft-being-sent")
    answer = await submit(writer, draft)
    assert answer.status_code == 201, answer.text
    records = await records_with(gateway, words["description"])
    assert {record.key.decode() for record in records} == {answer.json()["request_id"]}
    assert len({record.value for record in records}) == 1
