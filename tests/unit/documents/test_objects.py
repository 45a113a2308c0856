"""What the client of the object store raises, in our words."""

import pytest
from minio.error import InvalidResponseError

from services.common.domain.errors import ObjectStoreAway
from services.documents.objects import reaching_objects


@pytest.mark.parametrize("status", [200, 404, 502])
def test_an_answer_that_no_object_store_gives_means_that_it_is_away_and_its_text_is_not_repeated(status: int) -> None:
    with pytest.raises(ObjectStoreAway) as raised, reaching_objects():
        raise InvalidResponseError(status, "text/html", "<h1>Welcome, CANARY</h1>")
    assert "CANARY" not in str(raised.value)
