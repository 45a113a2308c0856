"""The translation of the object store client's errors."""

import pytest
from minio.error import InvalidResponseError

from services.common.domain.errors import ObjectStoreUnavailable
from services.documents.objects import translate_object_store_errors


@pytest.mark.parametrize("status", [200, 404, 502])
def test_an_invalid_response_means_unavailable_and_its_text_is_not_repeated(status: int) -> None:
    with pytest.raises(ObjectStoreUnavailable) as raised, translate_object_store_errors():
        raise InvalidResponseError(status, "text/html", "<h1>Welcome, CANARY</h1>")
    assert "CANARY" not in str(raised.value)
