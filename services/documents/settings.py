"""The settings of documents, beside those of every process."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from services.common.runtime import settings
from services.common.runtime.settings import Drain


class Settings(settings.Settings):
    s3_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+/?$")]
    s3_access_key: str
    s3_secret_key: SecretStr
    s3_bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = "postigo-documents"
    s3_region: str = "us-east-1"

    s3_connections: Annotated[int, Field(ge=1, le=64)] = 8
    """Concurrent calls to the object store: the number of threads and of connections."""

    http_drain: Drain = 5.0

    uploads_at_once: Annotated[int, Field(ge=1)] = 16
    """Concurrent uploads, about 10 MiB of memory each. A further one is answered 503 with `Retry-After`."""
