"""The bucket. minio-py is synchronous, so each call runs in a thread; there are as many threads as connections.

Parts are collected on the event loop, and only the call to the object store runs in a thread. So a slow client uses
memory (at most two parts) but no thread.
"""

import asyncio
import io
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3.exceptions import HTTPError

from services.common.domain.errors import ObjectStoreUnavailable
from services.documents.minio_multipart import MultipartUpload, abort_uploads
from services.documents.settings import Settings

PART: Final = 5 * 1024 * 1024
"""Bytes of a part: the S3 minimum for all parts but the last. A smaller object is sent in one call."""

CONNECT_WITHIN: Final = 5.0
ANSWER_WITHIN: Final = 20.0
"""Seconds. Nothing is retried here: when a call fails, the upload is aborted and the client sends it again."""

_REFUSED_KEY: Final = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})

_UNAVAILABLE: Final = frozenset({"NoSuchBucket", "RequestTimeout", "SlowDown"}) | _REFUSED_KEY
"""S3 codes below status 500 that also mean unavailable. A missing bucket is created when the process starts; an operator must
act when the key is refused.
"""

_EXISTS: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})

T = TypeVar("T")


class Run(Protocol):
    """Runs a call in one of the bucket's threads."""

    def __call__(self, call: Callable[[], T]) -> Coroutine[Any, Any, T]: ...


@contextmanager
def translate_object_store_errors() -> Iterator[None]:
    """Translate the client's errors for an unavailable object store. Any other error is our bug and passes through."""
    try:
        yield
    except HTTPError as error:
        raise ObjectStoreUnavailable(type(error).__name__) from None
    except S3Error as error:
        if error.response.status >= 500 or error.code in _UNAVAILABLE:
            raise ObjectStoreUnavailable(f"code {error.code}") from None
        raise
    except ServerError as error:
        raise ObjectStoreUnavailable(f"status {error.status_code}") from None
    except InvalidResponseError:
        # S3 answers in XML. Anything else comes from a proxy or another program on the port.
        raise ObjectStoreUnavailable("the answer is not from an S3 server") from None


class Bucket:
    """The bucket of the files. Every method raises `ObjectStoreUnavailable` when the store does not answer in time."""

    def __init__(self, settings: Settings) -> None:
        url = urlsplit(settings.s3_url)
        self._name = settings.s3_bucket
        self._threads = ThreadPoolExecutor(settings.s3_connections, thread_name_prefix="objects")
        self._http = urllib3.PoolManager(
            maxsize=settings.s3_connections,
            block=True,
            timeout=urllib3.Timeout(connect=CONNECT_WITHIN, read=ANSWER_WITHIN),
            retries=False,
        )
        self._client = Minio(
            url.netloc,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key.get_secret_value(),
            secure=url.scheme == "https",
            region=settings.s3_region,
            http_client=self._http,
        )

    async def ensure(self) -> None:
        """Create the bucket if it does not exist."""
        await self._run(self._ensure)

    async def check(self) -> None:
        """Check that the bucket is there."""
        if not await self._run(lambda: self._client.bucket_exists(self._name)):
            raise ObjectStoreUnavailable("the bucket is missing")

    async def remove(self, key: str) -> None:
        """Remove the object and its unfinished multipart uploads. It is no error if nothing exists."""
        await self._run(lambda: self._remove(key))

    def writing(self, key: str, media_type: str) -> "ObjectWriter":
        """Start an object. It cannot be read until it is finished."""
        return ObjectWriter(self._run, _Calls(self._client, self._name, key, media_type))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.clear()

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _translated, call)

    def _ensure(self) -> None:
        if self._client.bucket_exists(self._name):
            return
        try:
            self._client.make_bucket(self._name)
        except S3Error as error:
            if error.code not in _EXISTS:
                raise

    def _remove(self, key: str) -> None:
        abort_uploads(self._client, self._name, key)
        self._client.remove_object(self._name, key)


class ObjectWriter:
    """Writes one object: one part is in flight while the next is collected.

    Holds at most two parts and a chunk in memory. The object exists after `finish`; `abort` removes everything.
    """

    def __init__(self, run: Run, calls: "_Calls") -> None:
        self._run = run
        self._calls = calls
        self._buffer = bytearray()
        self._in_flight: asyncio.Task[None] | None = None

    async def write(self, chunk: bytes) -> None:
        """Add `chunk`. Waits if the next part is full while one is still in flight."""
        self._buffer += chunk
        if len(self._buffer) >= PART:
            await self._wait()
            part, self._buffer = self._buffer, bytearray()
            self._start(lambda: self._calls.add(part))

    async def finish(self) -> None:
        """Complete the object."""
        await self._wait()
        self._start(lambda: self._calls.complete(self._buffer))
        await self._wait()

    async def abort(self) -> None:
        """Remove the object and its parts, even when it is unknown whether the last call succeeded."""
        if self._in_flight is not None:
            await asyncio.wait([self._in_flight])
            self._in_flight.exception()
        await self._run(self._calls.abort)

    def _start(self, call: Callable[[], None]) -> None:
        self._in_flight = asyncio.create_task(self._run(call))

    async def _wait(self) -> None:
        """Wait for the part in flight. A cancellation does not cancel its task, because a thread cannot be cancelled."""
        if self._in_flight is not None:
            await asyncio.wait([self._in_flight])
            done, self._in_flight = self._in_flight, None
            done.result()


class _Calls:
    """The calls for one object. They run one after another, each in a thread."""

    def __init__(self, client: Minio, bucket: str, key: str, media_type: str) -> None:
        self._client = client
        self._object = (bucket, key)
        self._media_type = media_type
        self._upload: MultipartUpload | None = None
        self._begun = False

    def add(self, part: bytearray) -> None:
        self._begun = True
        if self._upload is None:
            self._upload = MultipartUpload(self._client, *self._object, self._media_type)
        self._upload.add(part)

    def complete(self, last: bytearray) -> None:
        self._begun = True
        if self._upload is None:
            self._client.put_object(*self._object, io.BytesIO(last), len(last), self._media_type)
            return
        if last:
            self._upload.add(last)
        self._upload.complete()

    def abort(self) -> None:
        if not self._begun:
            return
        if self._upload is not None:
            self._upload.abort()
        self._client.remove_object(*self._object)


def _translated(call: Callable[[], T]) -> T:
    with translate_object_store_errors():
        return call()
