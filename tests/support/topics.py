"""Topics for tests: create them, append to them, read them whole."""

from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from deploy.topics import load
from tests.support.waiting import eventually

Headers = Sequence[tuple[str, bytes | None]]


async def create(url: str, partitions: dict[str, int]) -> None:
    """Create topics (name → number of partitions) with the declared configuration, and wait until they are usable."""
    wanted = [NewTopic(name, number, 1, topic_configs=_config_of(name)) for name, number in partitions.items()]
    admin = AIOKafkaAdminClient(bootstrap_servers=url)
    await admin.start()

    async def created() -> bool:
        """Retried, because a busy broker may refuse. An existing topic is not changed."""
        await admin.create_topics(wanted)
        described = await admin.describe_topics(list(partitions))
        return all(
            not each["error_code"] and all(partition["leader"] >= 0 for partition in each["partitions"])
            for each in described
        )

    try:
        await eventually(created, within=40)
    finally:
        await admin.close()


def _config_of(name: str) -> dict[str, str]:
    declared = "requests.intake.v1.dlq.intake" if ".dlq." in name else "requests.intake.v1"
    return next(dict(topic.on_one_node().config) for topic in load() if topic.name == declared)


async def delete(url: str, names: Iterable[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=url)
    await admin.start()
    try:
        await admin.delete_topics(list(names))
    finally:
        await admin.close()


async def read_all(url: str, *topics: str) -> list[ConsumerRecord[bytes, bytes]]:
    """All records of `topics` up to the current end, ordered by topic, partition and offset."""
    async with AsyncExitStack() as stack:
        consumer = AIOKafkaConsumer(bootstrap_servers=url, auto_offset_reset="earliest", enable_auto_commit=False)
        await consumer.start()
        stack.push_async_callback(consumer.stop)
        cluster = await eventually(partial(_metadata, consumer))
        partitions = [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(cluster.partitions_for_topic(topic) or ())
        ]
        if not partitions:
            return []
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        records: list[ConsumerRecord[bytes, bytes]] = []
        for tp in partitions:
            while await consumer.position(tp) < ends[tp]:
                batch = await consumer.getmany(*partitions, timeout_ms=500)
                records += [record for fetched in batch.values() for record in fetched]
        return sorted(records, key=lambda record: (record.topic, record.partition, record.offset))


async def _metadata(consumer: AIOKafkaConsumer) -> Any:
    """The broker's metadata; None while it is restarting."""
    try:
        return await consumer._client.fetch_all_metadata()
    except KafkaError:
        return None


async def producer(url: str, **options: Any) -> AIOKafkaProducer:
    started = AIOKafkaProducer(bootstrap_servers=url, acks="all", max_request_size=17 * 1024 * 1024, **options)
    await started.start()
    return started


def attributes(ce_type: str, identifier: str) -> list[tuple[str, bytes]]:
    """The headers that every event must have."""
    values = {"ce_specversion": "1.0", "ce_id": identifier, "ce_type": ce_type, "ce_source": "tests"}
    return [(name, text.encode()) for name, text in values.items()]


def header(record: ConsumerRecord[bytes, bytes], name: str) -> str | None:
    """The header `name` as text; None when the record has none."""
    return next((value.decode() for key, value in record.headers if key == name), None)


async def append(
    producer: AIOKafkaProducer, topic: str, key: bytes | None, value: bytes | None, headers: Headers
) -> RecordMetadata:
    """Append one record to partition 0. Key and value may both be None, which `send` refuses."""
    batch = producer.create_batch()
    batch.append(key=key, value=value, timestamp=None, headers=list(headers))
    batch.close()
    return await (await producer.send_batch(batch, topic, partition=0))


async def append_bomb(url: str, topic: str, mebibytes: int, codec: str = "gzip") -> RecordMetadata:
    """Append one compressed batch with one record that unpacks to `mebibytes`."""
    compressing = await producer(url, compression_type=codec)
    try:
        batch = compressing.create_batch()
        batch.append(key=b"", value=bytes(mebibytes * 1024 * 1024), timestamp=None, headers=[])
        batch.close()
        return await (await compressing.send_batch(batch, topic, partition=0))
    finally:
        await compressing.stop()
