"""Unavailable dependencies: a clear answer at once, nothing lost, and recovery without a restart."""

import asyncio
import sys
from uuid import uuid4

import httpx2

from deploy.local import LocalStack
from tests.integration.documents.documents_environment import MIB, DocumentsEnvironment, pdf
from tests.support.proxy import Proxy
from tests.support.waiting import eventually


async def test_without_the_object_store_uploads_are_503_and_claims_succeed(
    environment: DocumentsEnvironment, documents: LocalStack
) -> None:
    owner, new = uuid4(), uuid4()
    document_id = await environment.upload_file(owner)
    await documents.stop("s3")
    try:
        for size in (2000, 6 * MIB):
            refused = await environment.put(new, pdf(size), owner=owner)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
            assert refused.headers["content-type"] == "application/problem+json"
        assert (await environment.get(document_id, owner)).status_code == 200
        assert (await environment.claim(uuid4(), owner, document_id)).status_code == 200
    finally:
        await documents.restart("s3")

    assert (await environment.put(new, pdf(), owner=owner)).status_code == 201
    assert list((await environment.objects(new)).values()) == [pdf()]


async def test_without_the_store_every_call_is_503_with_retry_after(
    environment: DocumentsEnvironment, documents: LocalStack
) -> None:
    owner, document_id = uuid4(), uuid4()
    await documents.stop("mongo")
    try:
        answers = await asyncio.gather(
            environment.put(document_id, pdf(), owner=owner),
            environment.get(document_id, owner),
            environment.claim(uuid4(), owner, document_id),
        )
    finally:
        await documents.restart("mongo")

    assert [(each.status_code, each.headers["retry-after"]) for each in answers] == [(503, "2")] * 3
    assert (await environment.put(document_id, pdf(), owner=owner)).status_code == 201


async def test_a_process_started_without_the_object_store_is_live_and_becomes_ready(documents: LocalStack) -> None:
    async with Proxy(documents.env["S3_URL"].removeprefix("http://")) as proxy:
        proxy.cut()
        port = documents.port("documents-2")
        await documents.start_program(
            "documents-2",
            [sys.executable, "-m", "services.documents"],
            {"INTERNAL_PORT": str(port), "POSTIGO_INSTANCE": "2", "S3_URL": f"http://127.0.0.1:{proxy.port}"},
        )
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            try:

                async def live_and_not_ready() -> bool:
                    try:
                        live, ready = await http.get("/health/live"), await http.get("/health/ready")
                    except httpx2.TransportError:
                        return False
                    assert ready.status_code == 503
                    return live.status_code == 200 and "object store" in ready.text

                await eventually(live_and_not_ready)
                proxy.mend()

                async def is_ready() -> bool:
                    return (await http.get("/health/ready")).status_code == 200

                await eventually(is_ready)
            finally:
                await documents.stop("documents-2")
