"""Expiry and cleaning: unclaimed files expire, claimed ones stay, and only discarded bytes are removed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest_asyncio

from services.common.messaging import AggregateProcessor, DeadLetters, Publisher
from services.common.messaging.handlers.processor import IncomingRecord
from services.documents import domain
from services.documents.cleaning import Cleaning
from services.documents.domain import CLAIM_LASTS, UNCLAIMED_LASTS, File
from services.documents.handlers import files as aggregate
from services.documents.messages import GROUP
from services.documents.objects import PART, Bucket
from services.documents.settings import Settings
from services.documents.store import now
from tests.integration.documents.documents_environment import DocumentsEnvironment, pdf
from tests.support.waiting import eventually

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Timers:
    """Fires a file's timers as the sweeper does, without waiting until they are due."""

    def __init__(self, environment: DocumentsEnvironment, publisher: Publisher) -> None:
        dead_letters = DeadLetters(publisher, GROUP)
        self._processor = AggregateProcessor(aggregate, environment.files.documents, publisher, dead_letters)

    async def of(self, document_id: UUID) -> list[IncomingRecord]:
        """The file's current timers, as due."""
        key = str(document_id)
        document = (await self._processor.store.load([key]))[key]
        return [IncomingRecord(aggregate.timer(document, due), None) for due in document.due]

    async def fire(self, timers: Sequence[IncomingRecord]) -> None:
        await self._processor.process(timers)


@pytest_asyncio.fixture(loop_scope="session")
async def timers(environment: DocumentsEnvironment) -> AsyncIterator[Timers]:
    publisher = Publisher(environment.env["KAFKA_URL"], client_id="test")
    yield Timers(environment, publisher)
    await publisher.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def bucket(environment: DocumentsEnvironment) -> AsyncIterator[Bucket]:
    bucket = Bucket(Settings.model_validate({name.lower(): value for name, value in environment.env.items()}))
    yield bucket
    bucket.close()


async def make_older(environment: DocumentsEnvironment, document_id: UUID, by: timedelta) -> None:
    """Make the file and its claims older."""

    def older(file: File) -> File:
        claims = [claim.model_copy(update={"at": claim.at - by}) for claim in file.claims]
        since = file.unclaimed_since and file.unclaimed_since - by
        return file.model_copy(update={"claims": tuple(claims), "unclaimed_since": since})

    file = await environment.files.find(document_id)
    assert file is not None
    await environment.files.change([document_id], lambda _: {document_id: older(file)})


async def test_an_unclaimed_file_expires_and_its_bytes_are_removed(
    environment: DocumentsEnvironment, bucket: Bucket
) -> None:
    owner = uuid4()
    unclaimed, claimed = await environment.upload_file(owner), await environment.upload_file(owner)
    await environment.claim(uuid4(), owner, claimed)
    await make_older(environment, unclaimed, UNCLAIMED_LASTS)
    await make_older(environment, claimed, UNCLAIMED_LASTS)

    async def expired() -> bool:
        return (await environment.get(unclaimed, owner)).status_code == 404

    await eventually(expired)
    await Cleaning(environment.files, bucket).round()

    assert await environment.objects(unclaimed) == {}
    assert len(await environment.objects(claimed)) == 1
    assert (await environment.claim(uuid4(), owner, unclaimed)).json()["refused"][0]["code"] == "unknown"
    assert await environment.files.find(unclaimed) == File(owner=owner)


async def test_cleaning_keeps_the_new_bytes_of_an_expired_file_that_is_sent_again(
    environment: DocumentsEnvironment, bucket: Bucket, timers: Timers
) -> None:
    owner = uuid4()
    document_id = await environment.upload_file(owner)
    await make_older(environment, document_id, UNCLAIMED_LASTS)
    await timers.fire(await timers.of(document_id))
    assert len(await environment.objects(document_id)) == 1

    assert (await environment.put(document_id, pdf(), owner=owner)).status_code == 201
    await Cleaning(environment.files, bucket).round()

    assert list((await environment.objects(document_id)).values()) == [pdf()]


async def test_an_unconfirmed_claim_ends_and_the_file_expires_a_day_later(
    environment: DocumentsEnvironment, bucket: Bucket, timers: Timers
) -> None:
    owner = uuid4()
    document_id = await environment.upload_file(owner)
    await environment.claim(uuid4(), owner, document_id)
    await make_older(environment, document_id, CLAIM_LASTS - MINUTE)

    await timers.fire(await timers.of(document_id))
    assert (await environment.get(document_id, owner)).json()["state"] == "stored"
    await timers.fire(await timers.of(document_id))
    await Cleaning(environment.files, bucket).round()

    assert (await environment.get(document_id, owner)).status_code == 404
    assert await environment.objects(document_id) == {}


async def test_a_concurrent_claim_and_expiry_never_both_win(
    environment: DocumentsEnvironment, bucket: Bucket, timers: Timers
) -> None:
    """Each file ends claimed with its bytes, or expired with its claim refused."""
    owner, ids = uuid4(), [uuid4() for _ in range(12)]
    await asyncio.gather(*(environment.put(each, pdf(), owner=owner) for each in ids))
    for each in ids:
        await make_older(environment, each, UNCLAIMED_LASTS - MINUTE)
    due = [await timers.of(each) for each in reversed(ids)]

    claims = asyncio.gather(*(environment.claim(uuid4(), owner, each) for each in ids))
    expiries = asyncio.gather(*(timers.fire(each) for each in due))
    answers, _ = await claims, await expiries
    await Cleaning(environment.files, bucket).round()

    for document_id, answer in zip(ids, answers, strict=True):
        file = await environment.files.find(document_id)
        assert file is not None
        outcome = (answer.status_code, file.state, len(await environment.objects(document_id)))
        assert outcome in {(200, "claimed", 1), (422, "expired", 0)}


async def test_objects_of_a_killed_process_are_removed(environment: DocumentsEnvironment, bucket: Bucket) -> None:
    document_id = uuid4()
    writer = bucket.writing(await environment.files.start_upload(document_id), "application/pdf")
    await writer.write(pdf(PART))
    await writer.write(bytes(PART))
    whole = await environment.files.start_upload(document_id)
    await environment.put_object(whole, pdf())
    assert len(await environment.unfinished_uploads(document_id)) == 1

    await Cleaning(environment.files, bucket).round()
    assert list(await environment.objects(document_id)) == [whole], "too early: its upload could still be in progress"
    await Cleaning(environment.files, bucket, abandoned_after=timedelta(0)).round()

    assert await environment.objects(document_id) == {}
    assert await environment.unfinished_uploads(document_id) == []
    assert await environment.pending_uploads(document_id) == 0


async def test_a_leftover_pending_upload_of_a_stored_file_removes_no_bytes(
    environment: DocumentsEnvironment, bucket: Bucket
) -> None:
    """A process that is killed between saving the file and ending the upload leaves one."""
    owner = uuid4()
    document_id = await environment.upload_file(owner)
    file = await environment.files.find(document_id)
    assert file is not None
    assert file.content is not None
    leftover = {"_id": file.content.object_key, "document_id": document_id, "begun_at": now() - DAY}
    await environment.files._uploads.insert_one(leftover)

    await Cleaning(environment.files, bucket).round()

    assert domain.holds(await environment.files.find(document_id), file.content.object_key)
    assert len(await environment.objects(document_id)) == 1
    assert await environment.pending_uploads(document_id) == 0
