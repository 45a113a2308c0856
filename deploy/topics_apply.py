"""Apply the declared topics to a broker: create missing topics, add partitions, correct configurations.

Nothing is deleted, and the number of partitions never shrinks: Kafka cannot do that without losing order.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code

from deploy.topics import Topic, TopicsError

REQUEST_MS = 30_000
POLL_SECONDS = 0.02

MIN_INSYNC = "min.insync.replicas"

# The broker's source code for a value that is set on the topic itself (DYNAMIC_TOPIC_CONFIG).
SET_ON_TOPIC = 1


@dataclass(frozen=True)
class Change:
    """A change to a topic in words for a person. `done` False: the change is needed, but not possible."""

    topic: str
    what: str
    done: bool = True


@dataclass(frozen=True)
class _CurrentTopic:
    """A topic as the broker has it. `topic_config`: values set on the topic; `config`: all effective values."""

    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    topic_config: Mapping[str, str]


async def apply(servers: str, topics: Sequence[Topic]) -> list[Change]:
    """Apply `topics` to the broker at `servers` (host:port, comma-separated). Raises TopicsError.

    Returns when the broker's metadata shows every topic as declared, so a client may use it at once.
    """
    try:
        async with admin_client(servers) as admin:
            changes = _differences(topics, current := await _describe(admin, topics))
            await _create(admin, [topic for topic in topics if topic.name not in current])
            for topic in topics:
                if topic.name in current:
                    await _correct(admin, topic, current[topic.name])
            await _wait_for_metadata(admin, topics)
            return changes
    except (KafkaConnectionError, OSError, TimeoutError) as error:
        raise TopicsError(
            f"No broker answers at {servers}: check that it runs and that the address is right."
        ) from error
    except KafkaError as error:
        raise TopicsError(
            f"The broker at {servers} answered with an error ({error or type(error).__name__}): correct the cause and try again."
        ) from error


def _differences(topics: Sequence[Topic], current: Mapping[str, _CurrentTopic]) -> list[Change]:
    """The changes that `apply` makes, and the needed ones that it cannot make."""
    return [change for topic in topics for change in _differences_of(topic, current.get(topic.name))]


def _differences_of(topic: Topic, current: _CurrentTopic | None) -> list[Change]:
    if current is None:
        return [Change(topic.name, f"created with {topic.partitions} partitions")]
    changes = []
    if topic.partitions > current.partitions:
        changes.append(Change(topic.name, f"partitions {current.partitions} -> {topic.partitions}"))
    elif topic.partitions < current.partitions:
        kept = f"kept {current.partitions} partitions; the file says {topic.partitions}"
        changes.append(Change(topic.name, kept, done=False))
    if topic.replication_factor != current.replication_factor:
        kept = f"kept {current.replication_factor} replicas; the file says {topic.replication_factor}"
        changes.append(Change(topic.name, f"{kept} (Kafka's reassignment tool moves them)", done=False))
    for key, value in _wrong(topic, current).items():
        changes.append(Change(topic.name, f"{key} {current.config.get(key)} -> {value}"))
    return changes


def _wrong(topic: Topic, current: _CurrentTopic) -> dict[str, str]:
    wanted = _reachable(topic.config, current.replication_factor)
    return {key: value for key, value in wanted.items() if current.config.get(key) != value}


def _reachable(config: Mapping[str, str], replicas: int) -> dict[str, str]:
    """Limits `min.insync.replicas` to the number of replicas: with a higher one the topic rejects every record."""
    if MIN_INSYNC not in config:
        return dict(config)
    return {**config, MIN_INSYNC: str(min(int(config[MIN_INSYNC]), replicas))}


@asynccontextmanager
async def admin_client(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client of `servers` (host:port, comma-separated), closed at the end."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.split(","), request_timeout_ms=REQUEST_MS)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _describe(admin: AIOKafkaAdminClient, topics: Iterable[Topic]) -> dict[str, _CurrentTopic]:
    present = sorted({topic.name for topic in topics} & set(await admin.list_topics()))
    if not present:
        return {}
    described, configs = await asyncio.gather(admin.describe_topics(present), _configs(admin, present))
    return {topic["topic"]: _current_topic(topic, configs[topic["topic"]]) for topic in described}


def _current_topic(described: Mapping[str, Any], entries: Iterable[Sequence[Any]]) -> _CurrentTopic:
    partitions = described["partitions"]
    # An entry is (name, value, read-only, source, sensitive, synonyms).
    values = [(entry[0], entry[1], entry[3]) for entry in entries]
    return _CurrentTopic(
        partitions=len(partitions),
        replication_factor=min(len(partition["replicas"]) for partition in partitions),
        config={name: value for name, value, _ in values},
        topic_config={name: value for name, value, source in values if source == SET_ON_TOPIC},
    )


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, list[Sequence[Any]]]:
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    return {resource[3]: resource[4] for response in responses for resource in response.resources}


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    if not topics:
        return
    new = [
        NewTopic(topic.name, topic.partitions, topic.replication_factor, topic_configs=dict(topic.config))
        for topic in topics
    ]
    response = await admin.create_topics(new, timeout_ms=REQUEST_MS)
    for name, code, *messages in response.topic_errors:
        # Another process may apply the same file at the same time.
        if code and for_code(code) is not TopicAlreadyExistsError:
            reason = str(messages[0] if messages else for_code(code).__name__).rstrip(".")
            raise TopicsError(f"{name} could not be created: {reason}.")


async def _correct(admin: AIOKafkaAdminClient, topic: Topic, current: _CurrentTopic) -> None:
    if topic.partitions > current.partitions:
        response = await admin.create_partitions({topic.name: NewPartitions(topic.partitions)})
        _require_ok(topic.name, [(error[1], error[2]) for error in response.topic_errors])
    if wrong := _wrong(topic, current):
        # The request replaces all values of the topic, so it must repeat the values that do not change.
        values = {**current.topic_config, **wrong}
        responses = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, values)])
        _require_ok(
            topic.name, [(resource[0], resource[1]) for response in responses for resource in response.resources]
        )


async def _wait_for_metadata(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    """Wait until the brokers know the changes: the controller answers a moment earlier."""
    async with asyncio.timeout(REQUEST_MS / 1000):
        while any(change.done for change in _differences(topics, await _describe(admin, topics))):  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)


def _require_ok(name: str, results: Iterable[tuple[int, str | None]]) -> None:
    for code, message in results:
        if code:
            raise TopicsError(f"{name} could not be changed: {message or for_code(code).__name__}.")
