"""Claims, and the facts that confirm them: accepted once, by one request, with nobody shut out early."""

import asyncio
from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest

from deploy.local import LocalStack
from services.documents import domain
from services.documents.domain import File, NotClaimable
from services.documents.messages import FileAccepted, FileRefused
from services.documents.store import now
from tests.integration.documents.desk import Desk
from tests.support.waiting import eventually


async def state(desk: Desk, document_id: UUID, owner: UUID) -> str:
    return str((await desk.get(document_id, owner)).json().get("state"))


async def facts(desk: Desk, request_id: UUID, count: int) -> list[FileAccepted | FileRefused]:
    async def enough() -> list[FileAccepted | FileRefused]:
        said = await desk.said(request_id)
        assert len(said) >= count
        return said

    said = await eventually(enough)
    assert len(said) == count
    return said


async def test_a_claim_again_is_the_same_claim(desk: Desk) -> None:
    owner, request = uuid4(), uuid4()
    ids = [await desk.stored(owner), await desk.stored(owner)]

    first = await desk.claim(request, owner, *ids)
    again = await asyncio.gather(*(desk.claim(request, owner, *ids) for _ in range(20)))

    assert first.status_code == 200
    assert [each["document_id"] for each in first.json()["documents"]] == [str(each) for each in ids]
    assert {each["state"] for each in first.json()["documents"]} == {"claimed"}
    assert all(each.json() == first.json() for each in again)
    file = await desk.files.find(ids[0])
    assert file is not None
    assert [claim.request_id for claim in file.claims] == [request]


async def test_all_files_are_checked_before_any_is_marked(desk: Desk) -> None:
    owner = uuid4()
    mine, theirs, unknown = await desk.stored(owner), await desk.stored(uuid4()), uuid4()

    answer = await desk.claim(uuid4(), owner, mine, theirs, unknown)

    assert answer.status_code == 422
    assert answer.json() == {
        "refused": [{"document": str(theirs), "code": "unknown"}, {"document": str(unknown), "code": "unknown"}]
    }
    assert await state(desk, mine, owner) == "stored"


async def test_concurrent_claims_of_many_requests_all_hold(desk: Desk) -> None:
    owner, requests = uuid4(), [uuid4() for _ in range(12)]
    document_id = await desk.stored(owner)

    answers = await asyncio.gather(*(desk.claim(request, owner, document_id) for request in requests))

    assert {answer.status_code for answer in answers} == {200}
    file = await desk.files.find(document_id)
    assert file is not None
    assert {claim.request_id for claim in file.claims} == set(requests)


async def test_changes_of_the_same_files_made_at_once_take_turns_and_are_decided_once_each(desk: Desk) -> None:
    """Each that misses loads, decides and saves again: of many at once, the last would be too late to be of use."""
    owner, requests = uuid4(), [uuid4() for _ in range(30)]
    one, other = await desk.stored(owner), await desk.stored(owner)
    decided: list[UUID] = []

    async def claim(request: UUID, who: UUID, *ids: UUID) -> Mapping[UUID, File]:
        def decide(files: Mapping[UUID, File | None]) -> Mapping[UUID, File]:
            decided.append(request)
            return domain.claim(files, request, who, now())

        return await desk.files.change(ids, decide)

    async with asyncio.timeout(30):
        stranger = asyncio.create_task(claim(uuid4(), uuid4(), one, other))
        pairs = [(one, other), (other, one)]
        await asyncio.gather(*(claim(each, owner, *pairs[place % 2]) for place, each in enumerate(requests)))
    with pytest.raises(NotClaimable):
        await stranger

    assert len(decided) == len(requests) + 1
    for file in (await desk.files.find(one), await desk.files.find(other)):
        assert file is not None
        assert {claim.request_id for claim in file.claims} == set(requests)


async def test_a_registered_request_has_its_files_accepted_once_however_often_it_is_said(desk: Desk) -> None:
    owner, request = uuid4(), uuid4()
    ids = [await desk.stored(owner), await desk.stored(owner, seed=1)]
    await desk.claim(request, owner, *ids)

    await desk.register(request, owner, *ids, times=5)
    said = await facts(desk, request, 2)

    assert {(type(each), each.document_id) for each in said} == {(FileAccepted, each) for each in ids}
    assert [await state(desk, each, owner) for each in ids] == ["accepted", "accepted"]
    assert (await desk.claim(request, owner, *ids)).status_code == 200
    other = await desk.claim(uuid4(), owner, *ids)
    assert other.json() == {"refused": [{"document": str(each), "code": "used"} for each in ids]}


async def test_a_fact_without_a_claim_is_refused_and_the_file_stays_free(desk: Desk) -> None:
    owner, request, unknown = uuid4(), uuid4(), uuid4()
    unclaimed = await desk.stored(owner)

    await desk.register(request, owner, unclaimed, unknown, times=3)
    said = await facts(desk, request, 2)

    refused = {(each.document_id, each.because) for each in said if isinstance(each, FileRefused)}
    assert refused == {(unclaimed, "not-claimed"), (unknown, "not-claimed")}
    assert await state(desk, unclaimed, owner) == "stored"
    assert (await desk.get(unknown, owner)).status_code == 404


async def test_of_two_claimants_the_first_registered_gets_the_file(desk: Desk) -> None:
    owner, requests = uuid4(), [uuid4(), uuid4()]
    document_id = await desk.stored(owner)
    for request in requests:
        await desk.claim(request, owner, document_id)

    await asyncio.gather(*(desk.register(request, owner, document_id) for request in requests))
    said = [(await facts(desk, request, 1))[0] for request in requests]

    assert sorted(type(each).__name__ for each in said) == ["FileAccepted", "FileRefused"]


async def test_facts_survive_a_process_that_is_killed_while_they_arrive(desk: Desk, documents: LocalStack) -> None:
    owner, requests = uuid4(), [uuid4() for _ in range(30)]
    ids = [await desk.stored(owner) for _ in requests]
    for request, document_id in zip(requests, ids, strict=True):
        await desk.claim(request, owner, document_id)

    sending = asyncio.gather(*(desk.register(each, owner, doc) for each, doc in zip(requests, ids, strict=True)))
    await documents.kill("documents")
    await sending
    await documents.wait_ready("documents")

    for request in requests:
        (said,) = {each.model_dump_json() for each in await facts_at_least(desk, request)}
        assert FileAccepted.model_validate_json(said)


async def facts_at_least(desk: Desk, request_id: UUID) -> list[FileAccepted | FileRefused]:
    """One fact or more: a kill may have it sent again, under the same id."""
    return await eventually(lambda: desk.said(request_id))
