"""Limits that more than one room keeps."""

from typing import Final

MAX_UPLOAD_SECONDS: Final = 600
"""Seconds that one upload may take: 25 MiB at a third of a megabit a second."""
