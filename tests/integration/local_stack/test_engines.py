"""The engines of the local stack listen on loopback only, and their data survives a restart."""

import asyncio
import io
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosmtplib
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from minio import Minio
from minio.error import S3Error
from pymongo import AsyncMongoClient

from deploy import topics
from deploy.local import LocalStack
from deploy.local.table import engine_port_names
from deploy.topics import Topic
from deploy.topics_apply import apply
from tests.support import stacks
from tests.support.topics import append_bomb, create, producer, read_all

TOPIC = Topic("things.v1", 2, 1, {})
LISTENING = "0A"
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}


async def test_data_survives_a_restart_of_the_stack(tmp_path: Path) -> None:
    async with stacks.own(tmp_path, ("kafka", "mongo", "s3"), apply_topics=False) as stack:
        await apply(stack.env["KAFKA_URL"], [TOPIC])
        await _write(stack, "before")
    async with stacks.own(tmp_path, ("kafka", "mongo", "s3"), apply_topics=False) as stack:
        assert await _read(stack) == {"kafka": ["before"], "mongo": ["before"], "s3": ["before"]}

        await asyncio.gather(*(_killed(stack, name) for name in ("kafka", "s3")))
        assert await _read(stack) == {"kafka": ["before"], "mongo": ["before"], "s3": ["before"]}
        assert stack.restarts("kafka") == stack.restarts("s3") == 1


async def test_the_broker_refuses_what_unpacks_too_large_and_lives(tmp_path: Path) -> None:
    """150 MiB is a few kilobytes on their way, and several times its size in the broker before it knows how large it is."""
    async with stacks.own(tmp_path, ("kafka",), apply_topics=False) as stack:
        url = stack.env["KAFKA_URL"]
        await create(url, {"entries": 1})
        writer = await producer(url)
        for mebibytes in (6, 8, 64, 90, 150):
            with pytest.raises(MessageSizeTooLargeError):
                await append_bomb(url, "entries", mebibytes)
            await writer.send_and_wait("entries", str(mebibytes).encode())
        await writer.stop()
        assert [record.value for record in await read_all(url, "entries")] == [b"6", b"8", b"64", b"90", b"150"]
        assert stack.restarts("kafka") == 0
        assert "OutOfMemoryError" not in stack.home.log("kafka").read_text(encoding="utf-8")


@pytest.mark.skipif(bool(stacks.GIVEN), reason="servers that the environment names may listen elsewhere")
def test_every_engine_listens_on_loopback_only(engines: LocalStack) -> None:
    ports = {engines.port(name) for name in engine_port_names(engines.tier)}
    found = [(address, port) for address, port in _listening() if port in ports]

    assert {port for _, port in found} == ports
    assert {address for address, _ in found} <= LOOPBACK


def test_the_object_store_rejects_an_unknown_key(engines: LocalStack) -> None:
    host = engines.env["S3_URL"].removeprefix("http://")
    with pytest.raises(S3Error, match="InvalidAccessKeyId"):
        Minio(host, "somebody", "secret", secure=False).list_buckets()


async def test_a_mail_is_stored_as_one_eml_file(engines: LocalStack) -> None:
    before = set(engines.home.mails.glob("*.eml"))
    host, _, port = engines.env["SMTP_URL"].removeprefix("smtp://").rpartition(":")
    text = "From: postigo@example.org\r\nTo: ana@example.org\r\nSubject: Olá\r\n\r\n.linha\r\nreferência PO-1\r\n"
    await aiosmtplib.send(
        text.encode(),
        sender="postigo@example.org",
        recipients=["ana@example.org", "hidden@example.org"],
        hostname=host,
        port=int(port),
        start_tls=False,
    )

    [file] = set(engines.home.mails.glob("*.eml")) - before
    mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    assert mail["Subject"] == "Olá"
    assert mail.get_all("Delivered-To") == ["ana@example.org", "hidden@example.org"]
    assert mail["Return-Path"] == "<postigo@example.org>"
    assert file.read_bytes().endswith("\r\n\r\n.linha\r\nreferência PO-1\r\n".encode())


async def test_the_store_does_not_log_every_unsupported_index(tmp_path: Path) -> None:
    async with stacks.own(tmp_path, ("mongo",)) as stack:
        async with AsyncMongoClient[dict[str, Any]](stack.env["MONGO_URL"]) as client:
            await client["quiet"]["things"].create_index([("partition", 1), ("at", 1)])
        assert "not yet implemented" not in stack.home.log("mongo").read_text(encoding="utf-8")


async def test_the_stack_has_every_declared_topic(engines: LocalStack) -> None:
    declared = [topic.on_one_node() for topic in topics.load()]

    assert await apply(engines.env["KAFKA_URL"], declared) == []


async def test_topics_grow_and_are_corrected_but_never_shrink(engines: LocalStack) -> None:
    url, name = engines.env["KAFKA_URL"], f"growing.{uuid4().hex}"

    async def change(partitions: int, **config: str) -> list[str]:
        dotted = {key.replace("_", "."): value for key, value in config.items()}
        return [found.what for found in await apply(url, [Topic(name, partitions, 1, dotted)])]

    assert await change(2, retention_ms="1000") == ["created with 2 partitions"]
    assert await change(3, retention_ms="2000") == ["partitions 2 -> 3", "retention.ms 1000 -> 2000"]
    assert await change(3, segment_ms="5000") == ["segment.ms 604800000 -> 5000"]
    assert await change(1, retention_ms="2000") == ["kept 3 partitions; the file says 1"]


async def test_min_insync_replicas_never_exceeds_the_number_of_replicas(engines: LocalStack) -> None:
    url, name = engines.env["KAFKA_URL"], f"lonely.{uuid4().hex}"
    await apply(url, [Topic(name, 1, 1, {"min.insync.replicas": "1"})])

    [change] = await apply(url, [Topic(name, 1, 3, {"min.insync.replicas": "2"})])

    assert change.what.startswith("kept 1 replicas; the file says 3")
    assert not change.done


async def _write(stack: LocalStack, text: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stack.env["KAFKA_URL"], acks="all")
    await producer.start()
    await producer.send_and_wait(TOPIC.name, text.encode())
    await producer.stop()
    async with _mongo(stack) as client:
        await client.test.things.insert_one({"text": text})
    store = _s3(stack)
    await _in_thread(lambda: store.make_bucket("things"))
    await _in_thread(lambda: store.put_object("things", "thing", io.BytesIO(text.encode()), len(text)))


async def _read(stack: LocalStack) -> dict[str, list[str]]:
    records = await read_all(stack.env["KAFKA_URL"], TOPIC.name)
    async with _mongo(stack) as client:
        documents = await client.test.things.find().to_list()
    answer = await _in_thread(lambda: _s3(stack).get_object("things", "thing"))
    with answer:
        content = answer.read().decode()
    return {
        "kafka": [(record.value or b"").decode() for record in records],
        "mongo": [document["text"] for document in documents],
        "s3": [content],
    }


async def _killed(stack: LocalStack, name: str) -> None:
    await stack.kill(name)
    await stack.wait_ready(name)


def _mongo(stack: LocalStack) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(stack.env["MONGO_URL"])


def _s3(stack: LocalStack) -> Minio:
    env = stack.env
    host = env["S3_URL"].removeprefix("http://")
    return Minio(host, env["S3_ACCESS_KEY"], env["S3_SECRET_KEY"], secure=False)


async def _in_thread(work: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(work)


def _listening() -> list[tuple[str, int]]:
    """Address (in the kernel's hexadecimal format) and port of every TCP server on this machine."""
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == LISTENING:
                address, _, port = local.partition(":")
                found.append((address, int(port, 16)))
    return found
