"""Readiness probes of the engines and processes. A probe returns when ready, otherwise it raises any exception."""

import asyncio
import struct
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiosmtplib
import httpx2
import urllib3
from minio import Minio
from pymongo import AsyncMongoClient

from deploy.local.ports import HOST
from deploy.topics_apply import admin_client

TIMEOUT_SECONDS = 3.0

# Version 3.0 of its protocol, as the number that a greeting carries.
POSTGRES_PROTOCOL = 3 << 16


class NotReady(Exception):
    """The program answers, but is not ready yet."""


async def kafka(port: int) -> None:
    """Ready: the broker has registered with its controller."""
    await _listening(port)
    async with admin_client(f"{HOST}:{port}") as admin:
        cluster = await admin.describe_cluster()
        if not cluster["brokers"]:
            raise NotReady("no broker yet")


async def mongo(port: int) -> None:
    """Ready: the server answers a ping."""
    await _listening(port)
    milliseconds = int(TIMEOUT_SECONDS * 1000)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        HOST, port, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds
    )
    async with client:
        await client.admin.command("ping")


async def postgres(port: int) -> None:
    """Ready: the server accepts our login and waits for a query."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        names = b"user\0postgres\0database\0postgres\0\0"
        writer.write(struct.pack("!II", len(names) + 8, POSTGRES_PROTOCOL) + names)
        kind = b""
        while kind != b"Z":
            kind, length = struct.unpack("!cI", await reader.readexactly(5))
            message = await reader.readexactly(length - 4)
            if kind == b"E":
                raise NotReady(message.replace(b"\0", b" ").decode("utf-8", "replace"))
    finally:
        writer.close()


async def s3(port: int, keys: Mapping[str, str]) -> None:
    """Ready: the server accepts our signature and lists buckets."""
    await asyncio.to_thread(_list_buckets, port, keys)


def _list_buckets(port: int, keys: Mapping[str, str]) -> None:
    access, secret = keys["S3_ACCESS_KEY"], keys["S3_SECRET_KEY"]
    with urllib3.PoolManager(timeout=TIMEOUT_SECONDS, retries=False) as pool:
        Minio(f"{HOST}:{port}", access, secret, secure=False, http_client=pool).list_buckets()


async def smtp(port: int) -> None:
    """Ready: the server answers EHLO."""
    client = aiosmtplib.SMTP(hostname=HOST, port=port, timeout=TIMEOUT_SECONDS, start_tls=False)
    async with client:
        await client.ehlo()


async def http_ready(port: int) -> None:
    """Ready: `/health/ready` answers 200."""
    async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, verify=False) as client:
        response = await client.get(f"http://{HOST}:{port}/health/ready")
    if response.status_code != HTTPStatus.OK:
        raise NotReady(f"it answers {response.status_code}: {response.text[:200]}")


async def _listening(port: int) -> None:
    """Raise OSError when nothing listens: this is cheaper than starting a client."""
    _, writer = await asyncio.open_connection(HOST, port)
    writer.close()
    await writer.wait_closed()
