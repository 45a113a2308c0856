"""The environment of the documents process: signed calls as the gateway, facts as intake, the bucket and the store."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any, Self
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import httpx2
from aiokafka import AIOKafkaProducer
from minio import Minio

from services.common.contracts.lifecycle import RequestRegistered, State
from services.common.domain.identifiers import reference_of
from services.common.http import signing
from services.common.messaging.producer.partitions import partition_of
from services.common.store import connect, database, disconnect
from services.documents.messages import FileAccepted, FileRefused
from services.documents.store import Files
from tests.support import topics

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
MIB = 1024 * 1024
BUCKET = "postigo-documents"

Bytes = bytes | AsyncIterator[bytes]


def pdf(size: int = 2000, seed: int = 0) -> bytes:
    """`size` bytes that start like a PDF."""
    return PDF + random.Random(seed).randbytes(size - len(PDF))


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class DocumentsEnvironment:
    """Calls `url`, and reads the broker and stores of `env`. Bodies that are iterators are sent chunked."""

    def __init__(self, env: Mapping[str, str], url: str) -> None:
        self.env = env
        self.url = url
        self.secret = env["POSTIGO_INTERNAL_SECRET"].encode()
        self.http = httpx2.AsyncClient(base_url=url, timeout=30)
        self.client = connect(env["MONGO_URL"])
        self.files = Files(database(self.client, "postigo_documents"))
        self.s3 = Minio(
            urlsplit(env["S3_URL"]).netloc,
            access_key=env["S3_ACCESS_KEY"],
            secret_key=env["S3_SECRET_KEY"],
            secure=False,
            region="us-east-1",
        )
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        self._producer = await topics.producer(self.env["KAFKA_URL"])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._producer is not None
        await self._producer.stop()
        await self.http.aclose()
        await disconnect(self.client)

    def signed(
        self, method: str, path: str, body: bytes = b"", about: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """The headers `about` with their signature."""
        return dict(about or {}) | signing.sign(self.secret, method, path, body=body, about=about)

    async def signed_upload(self, path: str, body: Bytes, about: Mapping[str, str]) -> tuple[dict[str, str], Bytes]:
        """The headers `about` with their signature, and the body with its trailer."""
        pieces = stream(body) if isinstance(body, bytes) else body
        headers, signed_body = signing.sign_stream(self.secret, "PUT", path, body=pieces, about=about)
        is_whole = isinstance(body, bytes)
        return {**about, **headers}, b"".join([each async for each in signed_body]) if is_whole else signed_body

    async def put(
        self, document_id: UUID, body: Bytes, *, owner: UUID, media_type: str = "application/pdf", name: str = "r.pdf"
    ) -> httpx2.Response:
        path = f"/internal/documents/{document_id}"
        headers = {"Postigo-Owner": str(owner), "Content-Type": media_type, "Postigo-Name": quote(name)}
        signed, content = await self.signed_upload(path, body, headers)
        return await self.http.put(path, content=content, headers=signed)

    async def get(self, document_id: UUID, owner: UUID) -> httpx2.Response:
        path = f"/internal/documents/{document_id}"
        return await self.http.get(path, headers=self.signed("GET", path, about={"Postigo-Owner": str(owner)}))

    async def claim(self, request_id: UUID, owner: UUID, *document_ids: UUID) -> httpx2.Response:
        ids = [str(each) for each in document_ids]
        return await self.post_claim({"request_id": str(request_id), "owner": str(owner), "documents": ids})

    async def post_claim(self, value: Any) -> httpx2.Response:
        request = self.http.build_request("POST", "/internal/claims", json=value)
        about = {"Content-Type": request.headers["Content-Type"]}
        request.headers.update(self.signed("POST", "/internal/claims", request.content, about))
        return await self.http.send(request)

    async def upload_file(self, owner: UUID, *, seed: int = 0) -> UUID:
        """Upload a new file of `owner`; its document id."""
        document_id = uuid4()
        answer = await self.put(document_id, pdf(seed=seed), owner=owner)
        assert answer.status_code == 201, answer.text
        return document_id

    async def objects(self, document_id: UUID) -> dict[str, bytes]:
        """The objects of this file in the bucket, by object key."""
        return await asyncio.to_thread(self._objects, str(document_id))

    async def unfinished_uploads(self, document_id: UUID) -> list[str]:
        """Object keys of this file's multipart uploads that are neither completed nor aborted."""
        # Without a prefix: MinIO finds uploads only by their whole key.
        found = await asyncio.to_thread(self.s3._list_multipart_uploads, BUCKET)
        names = [upload.object_name or "" for upload in found.uploads]
        return [name for name in names if name.startswith(str(document_id))]

    async def pending_uploads(self, document_id: UUID) -> int:
        """The number of pending uploads of this file in the collection."""
        return await self.files._uploads.count_documents({"document_id": document_id})

    async def put_object(self, key: str, body: bytes) -> None:
        await asyncio.to_thread(self.s3.put_object, BUCKET, key, BytesIO(body), len(body))

    async def register(self, request_id: UUID, owner: UUID, *document_ids: UUID, times: int = 1) -> None:
        """Publish the registration of a request that names these files, `times` times."""
        event = registered(request_id, owner, document_ids)
        headers = topics.attributes(event.TYPE, f"registered-{request_id}")
        assert self._producer is not None
        for _ in range(times):
            key = str(request_id).encode()
            await self._producer.send_and_wait(event.topic, event.model_dump_json().encode(), key, headers=headers)

    async def published(self, request_id: UUID) -> list[FileAccepted | FileRefused]:
        """The facts that documents published about the files of this request, in order."""
        kinds: dict[str, type[FileAccepted | FileRefused]] = {
            FileAccepted.TYPE: FileAccepted,
            FileRefused.TYPE: FileRefused,
        }
        records = await topics.read_all(self.env["KAFKA_URL"], FileAccepted.FAMILIES[0])
        own = [record for record in records if record.key == str(request_id).encode()]
        assert {record.partition for record in own} <= {partition_of(str(request_id))}
        return [kinds[topics.header(each, "ce_type") or ""].model_validate_json(each.value or b"") for each in own]

    def _objects(self, prefix: str) -> dict[str, bytes]:
        found = {}
        for item in self.s3.list_objects(BUCKET, prefix, recursive=True):
            response = self.s3.get_object(BUCKET, item.object_name or "")
            found[item.object_name or ""] = response.read()
            response.close()
            response.release_conn()
        return found


def registered(request_id: UUID, owner: UUID, document_ids: Sequence[UUID]) -> RequestRegistered:
    return RequestRegistered(
        request_id=request_id,
        reference=reference_of(request_id),
        occurred_at=datetime.now(UTC),
        seq=1,
        state=State.REGISTERED,
        account_id=owner,
        who="P",
        subject="DOE-01",
        reason="INF",
        catalogue_version=1,
        language="pt",
        description="Segue o recibo.",
        documents=tuple(document_ids),
        entered_on=date(2026, 3, 2),
        due_on=date(2026, 3, 16),
        calendar="PT",
    )
