"""Which answers of the object store mean that it is unavailable, and which are our own bugs."""

import pytest
from minio.error import S3Error
from urllib3 import BaseHTTPResponse, HTTPResponse

from services.common.domain.errors import ObjectStoreUnavailable
from services.documents.objects import translate_object_store_errors


def failure(code: str, status: int) -> S3Error:
    response: BaseHTTPResponse = HTTPResponse(status=status)
    return S3Error(response, code, "text with a key", "resource", "request", "host")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("InvalidAccessKeyId", 403),
        ("SignatureDoesNotMatch", 403),
        ("NoSuchBucket", 404),
        ("SlowDown", 429),
        ("InternalError", 500),
        ("Anything", 503),
    ],
)
def test_an_outage_or_a_refused_key_is_unavailable(code: str, status: int) -> None:
    with pytest.raises(ObjectStoreUnavailable, match=code) as raised, translate_object_store_errors():
        raise failure(code, status)
    assert "text" not in str(raised.value)


@pytest.mark.parametrize(("code", "status"), [("NoSuchKey", 404), ("InvalidArgument", 400), ("EntityTooSmall", 400)])
def test_other_answers_are_bugs(code: str, status: int) -> None:
    with pytest.raises(S3Error), translate_object_store_errors():
        raise failure(code, status)
