"""Topics as a test sees them: made for it, written to, read whole."""

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
    """Create topics (name → number of partitions), kept as those that are declared, and wait until they can be used."""
    wanted = [NewTopic(name, number, 1, topic_configs=_config_of(name)) for name, number in partitions.items()]
    admin = AIOKafkaAdminClient(bootstrap_servers=url)
    await admin.start()

    async def made() -> bool:
        """A broker that has much to do may refuse, so it is asked again; what is there already stays as it is."""
        await admin.create_topics(wanted)
        described = await admin.describe_topics(list(partitions))
        return all(
            not each["error_code"] and all(one["leader"] >= 0 for one in each["partitions"]) for each in described
        )

    try:
        await eventually(made, within=40)
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
    """Every record that lies on `topics` now, in order within a partition."""
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
                records += [record for found in batch.values() for record in found]
        return sorted(records, key=lambda record: (record.topic, record.partition, record.offset))


async def _metadata(consumer: AIOKafkaConsumer) -> Any:
    """What the broker has; None while it is coming back."""
    try:
        return await consumer._client.fetch_all_metadata()
    except KafkaError:
        return None


async def producer(url: str, **options: Any) -> AIOKafkaProducer:
    made = AIOKafkaProducer(bootstrap_servers=url, acks="all", max_request_size=17 * 1024 * 1024, **options)
    await made.start()
    return made


def header(record: ConsumerRecord[bytes, bytes], name: str) -> str | None:
    """The header `name` as text; None when the record has none."""
    return next((value.decode() for key, value in record.headers if key == name), None)


async def append(
    producer: AIOKafkaProducer, topic: str, key: bytes | None, value: bytes | None, headers: Headers
) -> RecordMetadata:
    """Append one record, even one with neither key nor value, which the plain `send` refuses."""
    batch = producer.create_batch()
    batch.append(key=key, value=value, timestamp=None, headers=list(headers))
    batch.close()
    return await (await producer.send_batch(batch, topic, partition=0))


async def append_bomb(url: str, topic: str, mebibytes: int, codec: str = "gzip") -> RecordMetadata:
    """Append one small batch of one record that unpacks to so much."""
    zipping = await producer(url, compression_type=codec)
    try:
        batch = zipping.create_batch()
        batch.append(key=b"", value=bytes(mebibytes * 1024 * 1024), timestamp=None, headers=[])
        batch.close()
        return await (await zipping.send_batch(batch, topic, partition=0))
    finally:
        await zipping.stop()
