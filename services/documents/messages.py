"""The contracts documents reads and says."""

from services.common.contracts import topics
from services.common.contracts.documents import FileAccepted, FileRefused
from services.common.contracts.lifecycle import RequestRegistered

GROUP = "documents"
TOPICS = (topics.LIFECYCLE,)

__all__ = ["GROUP", "TOPICS", "FileAccepted", "FileRefused", "RequestRegistered"]
