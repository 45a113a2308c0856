"""Multipart uploads with minio's private methods, because it has no public ones. Only this module uses them.

The public `put_object` reads the bytes from a stream: a slow client would block a thread for the whole upload. The
maintainers recommend these methods for multipart uploads: https://github.com/minio/minio-py/issues/1484
"""

from typing import Final, cast

from minio import Minio
from minio.datatypes import Part
from minio.error import S3Error

from services.common.domain.errors import ObjectStoreUnavailable

_NOT_FOUND: Final = frozenset({"NoSuchKey", "NoSuchUpload"})


class MultipartUpload:
    """An object that is uploaded in parts, in order. It cannot be read until it is complete."""

    def __init__(self, client: Minio, bucket: str, key: str, media_type: str) -> None:
        self._client = client
        self._object = (bucket, key)
        self._id = client._create_multipart_upload(bucket, key, {"Content-Type": media_type})
        self._parts: list[Part] = []

    def add(self, part: bytearray) -> None:
        """Upload the next part: at least 5 MiB, except the last one."""
        number = len(self._parts) + 1
        etag = self._client._upload_part(*self._object, cast(bytes, part), None, self._id, number)
        self._parts.append(Part(number, etag))

    def complete(self) -> None:
        """Complete the object. S3 may answer 200 with an error in the body: then no `etag` results."""
        result = self._client._complete_multipart_upload(*self._object, self._id, self._parts)
        if not result.etag:
            raise ObjectStoreUnavailable("the object was not completed")

    def abort(self) -> None:
        _abort(self._client, *self._object, self._id)


def abort_uploads(client: Minio, bucket: str, key: str) -> None:
    """Abort the unfinished multipart uploads of this object."""
    for upload in client._list_multipart_uploads(bucket, prefix=key).uploads:
        if upload.object_name == key and upload.upload_id is not None:
            _abort(client, bucket, key, upload.upload_id)


def _abort(client: Minio, bucket: str, key: str, upload: str) -> None:
    try:
        client._abort_multipart_upload(bucket, key, upload)
    except S3Error as error:
        if error.code not in _NOT_FOUND:
            raise
