"""Drafts: a person begins on a phone, goes on on a computer, and loses nothing."""

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

import pytest

from gateway.drafts.domain import MAX_DRAFTS
from gateway.expiry import Expiry
from services.common.contracts.base import MAX_DOCUMENTS
from services.common.store import connect, database, disconnect
from tests.integration.gateway.drafts import (
    CANARY,
    CONTENT,
    begin,
    claims,
    collection,
    create,
    delete,
    kind,
    path,
    read,
    save,
    submit,
)
from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person, new_key
from tests.integration.gateway.test_account_limits import limited
from tests.integration.gateway.test_documents import PDF
from tests.support.waiting import eventually


async def upload(person: Person, name: str = "recibo.pdf") -> str:
    answer = await person.send(PDF, content_disposition=f'attachment; filename="{name}"')
    assert answer.status_code == 201, answer.text
    return str(answer.json()["document_id"])


async def test_a_draft_begun_on_one_device_goes_on_on_another(writer: Person) -> None:
    begun = await create(writer, {"description": "Bom"})
    draft = begun.json()
    assert (begun.status_code, begun.headers["etag"], begun.headers["location"]) == (201, '"1"', path(draft))
    assert (draft["state"], draft["content"]) == ("editing", {"description": "Bom", "documents": [], "answers": {}})
    saved = await save(writer, draft, 1, draft["content"] | {"description": "Bom dia.", "subject": "fam-01"})
    assert (saved.status_code, saved.headers["etag"]) == (200, '"2"')
    found = await writer.get(path(draft))
    assert found.headers["etag"] == '"2"'
    assert found.json() == saved.json()
    assert found.json()["content"] == {
        "description": "Bom dia.",
        "life_event": "FAM",
        "subject": "FAM-01",
        "documents": [],
        "answers": {},
    }
    assert (await writer.get(path(draft), if_none_match='W/"2"')).status_code == 304
    other = await begin(writer)
    listed = (await writer.get("/v1/drafts")).json()["items"]
    assert [each["draft_id"] for each in listed] == [other["draft_id"], draft["draft_id"]]


async def test_of_two_devices_the_one_that_read_an_older_version_changes_nothing(writer: Person) -> None:
    draft = await begin(writer)
    phone = await save(writer, draft, 1, CONTENT | {"description": "Do telemóvel"})
    computer = await save(writer, draft, 1, CONTENT | {"description": "Do computador"})
    assert (phone.status_code, kind(computer)) == (200, (412, "draft-changed"))
    assert "telemóvel" not in computer.text
    found = await read(writer, draft)
    assert (found["version"], found["content"]["description"]) == (2, "Do telemóvel")
    assert kind(await delete(writer, draft, if_match='"1"')) == (412, "draft-changed")
    assert kind(await submit(writer, draft)) == (412, "draft-changed")


async def test_a_save_whose_answer_was_lost_can_be_repeated(writer: Person) -> None:
    draft, content = await begin(writer), CONTENT | {"description": "Outra vez"}
    answers = [await save(writer, draft, 1, content) for _ in range(2)]
    assert [(each.status_code, each.json()["version"]) for each in answers] == [(200, 2)] * 2


@pytest.mark.parametrize(
    ("if_match", "expected"),
    [(None, (428, "version-required")), ("*", (412, "draft-changed")), ('"abc"', (412, "draft-changed"))],
)
async def test_a_change_must_name_the_version_that_was_read(
    writer: Person, if_match: str | None, expected: tuple[int, str]
) -> None:
    draft = await begin(writer)
    headers = writer.headers() if if_match is None else writer.headers(if_match=if_match)
    changed = await writer.http.put(path(draft), json={}, headers=headers)
    sent = await writer.http.post(f"{path(draft)}/submission", headers=headers)
    assert (kind(changed), kind(sent)) == (expected, expected)


async def test_a_repeated_creation_makes_no_second_draft(writer: Person) -> None:
    key = new_key()
    first = (await create(writer, key=key)).json()
    await save(writer, first, 1, CONTENT | {"description": "Entretanto alterado"})
    again = await create(writer, key=key)
    assert (again.status_code, again.json()["draft_id"], again.json()["version"]) == (201, first["draft_id"], 2)
    assert kind(await create(writer, {"description": "Outro"}, key)) == (422, "key-reused")
    assert len((await writer.get("/v1/drafts")).json()["items"]) == 1


async def test_another_account_finds_no_draft(writer: Person, other: Person) -> None:
    draft = await begin(writer)
    answers = [
        await other.get(path(draft)),
        await save(other, draft, 1, {}),
        await delete(other, draft),
        await submit(other, draft),
        await writer.get(f"/v1/drafts/{uuid4()}"),
    ]
    assert {kind(each) for each in answers} == {(404, "not-found")}
    assert {each.json()["errors"][0]["code"] for each in answers} == {"unknown_draft"}
    assert (await other.get("/v1/drafts")).json()["items"] == []
    assert (await read(writer, draft))["version"] == 1


async def test_all_wrong_fields_are_named_and_a_new_life_event_clears_the_subject(writer: Person) -> None:
    draft = await begin(writer, CONTENT | {"life_event": "FAM"})
    wrong = {"subject": "FAM-99", "reason": "XXX", "linked_to": "PO-7K3QX-9M2TA-B", "documents": []}
    refused = await save(writer, draft, 1, wrong)
    assert kind(refused) == (422, "invalid")
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        ("/subject", "unknown_subject"),
        ("/reason", "unknown_reason"),
        ("/linked_to", "unknown_reference"),
    ]
    saved = await save(writer, draft, 1, draft["content"] | {"life_event": "PAR"})
    assert saved.json()["content"] == {
        "description": CONTENT["description"],
        "life_event": "PAR",
        "documents": [],
        "answers": {},
    }


async def test_a_file_is_claimed_by_its_draft_until_it_is_removed_from_it(
    gateway: GatewayEnvironment, writer: Person, other: Person
) -> None:
    one, two, foreign = await upload(writer, "um.pdf"), await upload(writer, "dois.pdf"), await upload(other)
    draft = await begin(writer, {"documents": [one]})
    refused = await save(writer, draft, 1, {"documents": [one, foreign]})
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        ("/documents/1", "unknown_document")
    ]
    saved = (await save(writer, draft, 1, {"documents": [two, one]})).json()
    assert [(each["name"], each["media_type"], each["size"]) for each in saved["files"]] == [
        ("dois.pdf", "application/pdf", len(PDF)),
        ("um.pdf", "application/pdf", len(PDF)),
    ]
    assert [await claims(gateway, each) for each in (one, two)] == [[draft["draft_id"]]] * 2
    assert (await writer.get(f"/v1/documents/{one}")).json()["state"] == "claimed"
    removed = (await save(writer, draft, 2, {"documents": [one]})).json()
    assert [each["document_id"] for each in removed["files"]] == [one]
    many = [str(uuid4()) for _ in range(MAX_DOCUMENTS + 1)]
    assert kind(await save(writer, draft, 3, {"documents": many})) == (422, "invalid")


async def test_a_change_renews_old_claims_and_does_not_wait_for_the_documents_service(
    gateway: GatewayEnvironment, writer: Person
) -> None:
    file = await upload(writer)
    draft = await begin(writer, {"documents": [file]})
    old = datetime.now(UTC) - timedelta(days=3)
    drafts = collection(gateway, "gateway", "drafts")
    await drafts.update_one({"_id": draft["draft_id"]}, {"$set": {"files.0.claimed_at": old}})
    documents = collection(gateway, "documents", "documents")
    await documents.update_one({"_id": file}, {"$set": {"state.claims": []}})
    with gateway.frozen("documents"):
        answer = await save(writer, draft, 1, {"documents": [file], "description": "Sem o serviço"})
    assert answer.status_code == 200, answer.text
    # The service may still have read the claim after it was given up: that the draft does not count on it is what matters.
    assert (await drafts.find_one({"_id": draft["draft_id"]}))["files"][0]["claimed_at"] < old + timedelta(days=1)
    versions = count(2)

    async def renewed() -> bool:
        """The service that was frozen may be late once more."""
        again = await save(writer, draft, next(versions), {"documents": [file], "description": "Com ele"})
        assert again.status_code == 200, again.text
        (kept,) = (await drafts.find_one({"_id": draft["draft_id"]}))["files"]
        return bool(kept["claimed_at"] > old + timedelta(days=1))

    await eventually(renewed)
    assert await claims(gateway, file) == [draft["draft_id"]]


async def test_an_account_has_at_most_20_drafts_until_it_deletes_one(writer: Person) -> None:
    drafts = [await begin(writer, {}) for _ in range(MAX_DRAFTS)]
    assert kind(await create(writer)) == (409, "too-many-drafts")
    assert (await delete(writer, drafts[0])).status_code == 204
    assert kind(await delete(writer, drafts[0])) == (404, "not-found")
    assert (await create(writer)).status_code == 201


async def test_an_expired_draft_is_not_found_and_its_key_begins_a_new_one(
    gateway: GatewayEnvironment, writer: Person
) -> None:
    key, drafts = new_key(), collection(gateway, "gateway", "drafts")
    draft = (await create(writer, key=key)).json()
    assert datetime.fromisoformat(draft["expires_at"]) > datetime.now(UTC) + timedelta(days=29)
    expired = {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}}
    await drafts.update_one({"_id": draft["draft_id"]}, expired)
    assert kind(await writer.get(path(draft))) == (404, "not-found")
    assert (await writer.get("/v1/drafts")).json()["items"] == []
    assert (await create(writer, {"description": "De novo"}, key)).json()["content"]["description"] == "De novo"
    await drafts.update_one({"_id": draft["draft_id"]}, expired)
    client = connect(gateway.stack.env["MONGO_URL"])
    await Expiry(database(client, "postigo_gateway")).round()
    await disconnect(client)
    assert await drafts.find_one({"_id": draft["draft_id"]}) is None


async def test_the_deletion_of_an_account_deletes_its_drafts(gateway: GatewayEnvironment) -> None:
    (leaving,) = await gateway.people(1)
    draft = await begin(leaving)
    status, _, errors = await gateway.accounts({"niss": leaving.niss, "deleted": True})
    assert status == 0, errors
    assert await collection(gateway, "gateway", "drafts").find_one({"_id": draft["draft_id"]}) is None


@pytest.mark.usefixtures("within_one_hour")
async def test_changes_of_one_account_are_limited_and_those_of_another_are_not(gateway: GatewayEnvironment) -> None:
    people = await gateway.people(1, 1)
    async with limited(gateway, *people, draft_changes_burst=3, draft_changes_per_hour=60) as (flooding, calm):
        draft = await begin(flooding)
        answers = [await save(flooding, draft, n, {"description": f"Texto {n}"}) for n in range(1, 4)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert kind(answers[-1]) == (429, "limit-reached")
        assert (await flooding.get(path(draft))).status_code == 200
        assert (await create(calm)).status_code == 201


async def test_no_log_has_the_words_of_a_draft(gateway: GatewayEnvironment, writer: Person) -> None:
    draft = await begin(writer)
    await save(writer, draft, 1, {"description": CANARY, "subject": "FAM-99"})
    await submit(writer, draft)
    assert CANARY not in gateway.stack.home.log("gateway").read_text(encoding="utf-8")
