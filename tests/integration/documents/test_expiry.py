"""What time does to files: unclaimed ones go, claimed ones stay, and no byte goes before the file has let it."""

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
from tests.integration.documents.desk import Desk, pdf
from tests.support.waiting import eventually

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Clock:
    """Fires a file's timers as the sweeper does, without waiting for them."""

    def __init__(self, desk: Desk, publisher: Publisher) -> None:
        letters = DeadLetters(publisher, GROUP)
        self._consumer = AggregateProcessor(aggregate, desk.files.documents, publisher, letters)

    async def set(self, document_id: UUID) -> list[IncomingRecord]:
        """The file's timers as they are now."""
        key = str(document_id)
        document = (await self._consumer.store.load([key]))[key]
        return [IncomingRecord(aggregate.timer(document, due), None) for due in document.due]

    async def fire(self, timers: Sequence[IncomingRecord]) -> None:
        await self._consumer.process(timers)


@pytest_asyncio.fixture(loop_scope="session")
async def clock(desk: Desk) -> AsyncIterator[Clock]:
    publisher = Publisher(desk.env["KAFKA_URL"], client_id="test")
    yield Clock(desk, publisher)
    await publisher.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def bucket(desk: Desk) -> AsyncIterator[Bucket]:
    opened = Bucket(Settings.model_validate({name.lower(): value for name, value in desk.env.items()}))
    yield opened
    opened.close()


async def aged(desk: Desk, document_id: UUID, by: timedelta) -> None:
    """Make the file, and the claims on it, older than they are."""

    def older(file: File) -> File:
        claims = [claim.model_copy(update={"at": claim.at - by}) for claim in file.claims]
        since = file.unclaimed_since and file.unclaimed_since - by
        return file.model_copy(update={"claims": tuple(claims), "unclaimed_since": since})

    file = await desk.files.find(document_id)
    assert file is not None
    await desk.files.change([document_id], lambda _: {document_id: older(file)})


async def test_a_file_nobody_claims_goes_and_then_its_bytes(desk: Desk, bucket: Bucket) -> None:
    owner = uuid4()
    unclaimed, claimed = await desk.stored(owner), await desk.stored(owner)
    await desk.claim(uuid4(), owner, claimed)
    await aged(desk, unclaimed, UNCLAIMED_LASTS)
    await aged(desk, claimed, UNCLAIMED_LASTS)

    async def expired() -> bool:
        return (await desk.get(unclaimed, owner)).status_code == 404

    await eventually(expired)
    await Cleaning(desk.files, bucket).round()

    assert await desk.objects(unclaimed) == {}
    assert len(await desk.objects(claimed)) == 1
    assert (await desk.claim(uuid4(), owner, unclaimed)).json()["refused"][0]["code"] == "unknown"
    assert await desk.files.find(unclaimed) == File(owner=owner)


async def test_an_expired_file_sent_again_is_not_taken_by_the_old_removal(
    desk: Desk, bucket: Bucket, clock: Clock
) -> None:
    owner = uuid4()
    document_id = await desk.stored(owner)
    await aged(desk, document_id, UNCLAIMED_LASTS)
    await clock.fire(await clock.set(document_id))
    assert len(await desk.objects(document_id)) == 1

    assert (await desk.put(document_id, pdf(), owner=owner)).status_code == 201
    await Cleaning(desk.files, bucket).round()

    assert list((await desk.objects(document_id)).values()) == [pdf()]


async def test_a_claim_that_nothing_confirms_ends_and_the_file_goes_a_day_later(
    desk: Desk, bucket: Bucket, clock: Clock
) -> None:
    owner = uuid4()
    document_id = await desk.stored(owner)
    await desk.claim(uuid4(), owner, document_id)
    await aged(desk, document_id, CLAIM_LASTS - MINUTE)

    await clock.fire(await clock.set(document_id))
    assert (await desk.get(document_id, owner)).json()["state"] == "stored"
    await clock.fire(await clock.set(document_id))
    await Cleaning(desk.files, bucket).round()

    assert (await desk.get(document_id, owner)).status_code == 404
    assert await desk.objects(document_id) == {}


async def test_a_claim_and_an_expiry_at_the_same_time_never_both_win(desk: Desk, bucket: Bucket, clock: Clock) -> None:
    """Each file ends claimed and whole, or expired and refused to its claimant."""
    owner, ids = uuid4(), [uuid4() for _ in range(12)]
    await asyncio.gather(*(desk.put(each, pdf(), owner=owner) for each in ids))
    for each in ids:
        await aged(desk, each, UNCLAIMED_LASTS - MINUTE)
    timers = [await clock.set(each) for each in reversed(ids)]

    claims = asyncio.gather(*(desk.claim(uuid4(), owner, each) for each in ids))
    expiries = asyncio.gather(*(clock.fire(each) for each in timers))
    answers, _ = await claims, await expiries
    await Cleaning(desk.files, bucket).round()

    for document_id, answer in zip(ids, answers, strict=True):
        file = await desk.files.find(document_id)
        assert file is not None
        outcome = (answer.status_code, file.state, len(await desk.objects(document_id)))
        assert outcome in {(200, "claimed", 1), (422, "expired", 0)}


async def test_what_a_killed_process_left_in_the_bucket_is_removed(desk: Desk, bucket: Bucket) -> None:
    document_id = uuid4()
    writer = bucket.writing(await desk.files.begin_upload(document_id), "application/pdf")
    await writer.write(pdf(PART))
    await writer.write(bytes(PART))
    whole = await desk.files.begin_upload(document_id)
    await desk.leave_object(whole, pdf())
    assert len(await desk.begun_uploads(document_id)) == 1

    await Cleaning(desk.files, bucket).round()
    assert list(await desk.objects(document_id)) == [whole], "too early: its upload could still be going on"
    await Cleaning(desk.files, bucket, surely_ended=timedelta(0)).round()

    assert await desk.objects(document_id) == {}
    assert await desk.begun_uploads(document_id) == []
    assert await desk.noted_uploads(document_id) == 0


async def test_the_note_of_an_upload_that_became_the_file_takes_no_byte(desk: Desk, bucket: Bucket) -> None:
    """A process killed between saving the file and forgetting the upload leaves such a note."""
    owner = uuid4()
    document_id = await desk.stored(owner)
    file = await desk.files.find(document_id)
    assert file is not None
    assert file.content is not None
    note = {"_id": file.content.object_key, "document_id": document_id, "begun_at": now() - DAY}
    await desk.files._uploads.insert_one(note)

    await Cleaning(desk.files, bucket).round()

    assert domain.holds(await desk.files.find(document_id), file.content.object_key)
    assert len(await desk.objects(document_id)) == 1
    assert await desk.noted_uploads(document_id) == 0
