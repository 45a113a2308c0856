"""Claims and the facts that confirm them: a file is accepted once, for one request, and only a fact excludes others."""

import asyncio
from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest

from deploy.local import LocalStack
from services.documents import domain
from services.documents.domain import File, NotClaimable
from services.documents.messages import FileAccepted, FileRefused
from services.documents.store import now
from tests.integration.documents.documents_environment import DocumentsEnvironment
from tests.support.waiting import eventually


async def state(environment: DocumentsEnvironment, document_id: UUID, owner: UUID) -> str:
    return str((await environment.get(document_id, owner)).json().get("state"))


async def facts(environment: DocumentsEnvironment, request_id: UUID, count: int) -> list[FileAccepted | FileRefused]:
    async def enough() -> list[FileAccepted | FileRefused]:
        published = await environment.published(request_id)
        assert len(published) >= count
        return published

    published = await eventually(enough)
    assert len(published) == count
    return published


async def test_repeating_a_claim_gives_the_same_claim(environment: DocumentsEnvironment) -> None:
    owner, request = uuid4(), uuid4()
    ids = [await environment.upload_file(owner), await environment.upload_file(owner)]

    first = await environment.claim(request, owner, *ids)
    again = await asyncio.gather(*(environment.claim(request, owner, *ids) for _ in range(20)))

    assert first.status_code == 200
    assert [each["document_id"] for each in first.json()["documents"]] == [str(each) for each in ids]
    assert {each["state"] for each in first.json()["documents"]} == {"claimed"}
    assert all(each.json() == first.json() for each in again)
    file = await environment.files.find(ids[0])
    assert file is not None
    assert [claim.request_id for claim in file.claims] == [request]


async def test_no_file_is_claimed_if_one_cannot_be(environment: DocumentsEnvironment) -> None:
    owner = uuid4()
    mine, theirs, unknown = await environment.upload_file(owner), await environment.upload_file(uuid4()), uuid4()

    answer = await environment.claim(uuid4(), owner, mine, theirs, unknown)

    assert answer.status_code == 422
    assert answer.json() == {
        "refused": [{"document": str(theirs), "code": "unknown"}, {"document": str(unknown), "code": "unknown"}]
    }
    assert await state(environment, mine, owner) == "stored"


async def test_concurrent_claims_of_many_requests_all_succeed(environment: DocumentsEnvironment) -> None:
    owner, requests = uuid4(), [uuid4() for _ in range(12)]
    document_id = await environment.upload_file(owner)

    answers = await asyncio.gather(*(environment.claim(request, owner, document_id) for request in requests))

    assert {answer.status_code for answer in answers} == {200}
    file = await environment.files.find(document_id)
    assert file is not None
    assert {claim.request_id for claim in file.claims} == set(requests)


async def test_concurrent_changes_of_the_same_files_are_serialised_and_decided_once_each(
    environment: DocumentsEnvironment,
) -> None:
    """Without serialisation, version conflicts would cause so many retries that the last change comes too late."""
    owner, requests = uuid4(), [uuid4() for _ in range(30)]
    one, other = await environment.upload_file(owner), await environment.upload_file(owner)
    decided: list[UUID] = []

    async def claim(request: UUID, claimant: UUID, *ids: UUID) -> Mapping[UUID, File]:
        def decide(files: Mapping[UUID, File | None]) -> Mapping[UUID, File]:
            decided.append(request)
            return domain.claim(files, request, claimant, now())

        return await environment.files.change(ids, decide)

    async with asyncio.timeout(30):
        refused = asyncio.create_task(claim(uuid4(), uuid4(), one, other))
        pairs = [(one, other), (other, one)]
        await asyncio.gather(*(claim(each, owner, *pairs[index % 2]) for index, each in enumerate(requests)))
    with pytest.raises(NotClaimable):
        await refused

    assert len(decided) == len(requests) + 1
    for file in (await environment.files.find(one), await environment.files.find(other)):
        assert file is not None
        assert {claim.request_id for claim in file.claims} == set(requests)


async def test_a_redelivered_registration_accepts_its_files_once(environment: DocumentsEnvironment) -> None:
    owner, request = uuid4(), uuid4()
    ids = [await environment.upload_file(owner), await environment.upload_file(owner, seed=1)]
    await environment.claim(request, owner, *ids)

    await environment.register(request, owner, *ids, times=5)
    published = await facts(environment, request, 2)

    assert {(type(each), each.document_id) for each in published} == {(FileAccepted, each) for each in ids}
    assert [await state(environment, each, owner) for each in ids] == ["accepted", "accepted"]
    assert (await environment.claim(request, owner, *ids)).status_code == 200
    other = await environment.claim(uuid4(), owner, *ids)
    assert other.json() == {"refused": [{"document": str(each), "code": "used"} for each in ids]}


async def test_a_file_named_without_a_claim_is_refused_and_stays_unclaimed(environment: DocumentsEnvironment) -> None:
    owner, request, unknown = uuid4(), uuid4(), uuid4()
    unclaimed = await environment.upload_file(owner)

    await environment.register(request, owner, unclaimed, unknown, times=3)
    published = await facts(environment, request, 2)

    refused = {(each.document_id, each.because) for each in published if isinstance(each, FileRefused)}
    assert refused == {(unclaimed, "not-claimed"), (unknown, "not-claimed")}
    assert await state(environment, unclaimed, owner) == "stored"
    assert (await environment.get(unknown, owner)).status_code == 404


async def test_of_two_claiming_requests_the_first_registered_gets_the_file(environment: DocumentsEnvironment) -> None:
    owner, requests = uuid4(), [uuid4(), uuid4()]
    document_id = await environment.upload_file(owner)
    for request in requests:
        await environment.claim(request, owner, document_id)

    await asyncio.gather(*(environment.register(request, owner, document_id) for request in requests))
    published = [(await facts(environment, request, 1))[0] for request in requests]

    assert sorted(type(each).__name__ for each in published) == ["FileAccepted", "FileRefused"]


async def test_no_fact_is_lost_when_the_process_is_killed(
    environment: DocumentsEnvironment, documents: LocalStack
) -> None:
    owner, requests = uuid4(), [uuid4() for _ in range(30)]
    ids = [await environment.upload_file(owner) for _ in requests]
    for request, document_id in zip(requests, ids, strict=True):
        await environment.claim(request, owner, document_id)

    sending = asyncio.gather(*(environment.register(each, owner, doc) for each, doc in zip(requests, ids, strict=True)))
    await documents.kill("documents")
    await sending
    await documents.wait_ready("documents")

    for request in requests:
        (published,) = {each.model_dump_json() for each in await facts_at_least(environment, request)}
        assert FileAccepted.model_validate_json(published)


async def facts_at_least(environment: DocumentsEnvironment, request_id: UUID) -> list[FileAccepted | FileRefused]:
    """One fact or more: after a kill it may be published again, with the same id."""
    return await eventually(lambda: environment.published(request_id))
