"""Limits that more than one service applies."""

from collections.abc import Mapping
from typing import Final

MAX_EVENT: Final = 256 * 1024
"""Maximum bytes of the data of one event."""

MAX_FILE_BYTES: Final = 25 * 1024 * 1024

MAX_FILE_NAME: Final = 150
"""Maximum characters, including the extension."""

MEDIA_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
}
"""Accepted media types, with their file name extensions. The first one is added to a name that has none of them."""

MAX_UPLOAD_SECONDS: Final = 600
"""Seconds that one upload may take: 25 MiB at a third of a megabit a second."""

UNCLAIMED_SECONDS: Final = 24 * 3600
"""Seconds after which a file that no request names is deleted."""

MAX_RECIPIENTS: Final = 200
"""Maximum accounts in one call."""

MAX_CLOSED_DAYS: Final = 50
"""Maximum closed days in one call: one for each department."""

MAX_DAY_NAME: Final = 100
"""Maximum characters of the name of a closed day."""

MAX_BANNER: Final = 500
"""Maximum characters of a banner in one language."""

MAX_ACCOUNT_LINES: Final = 50
"""Maximum lines of accounts in one call. Each takes up to two hashes of a password, 20 ms each."""

MAX_ACCOUNT_BYTES: Final = 128 * 1024
"""Maximum bytes of the lines of accounts in one call."""

MAX_TOKEN_DAYS: Final = 730
"""Days that the token of a department may live."""
