"""The events that documents consumes and publishes."""

from services.common.contracts import topics
from services.common.contracts.documents import FileAccepted, FileRefused
from services.common.contracts.lifecycle import MessageAdded, RequestRegistered

GROUP = "documents"
TOPICS = (topics.LIFECYCLE,)

Naming = RequestRegistered | MessageAdded
"""The facts that refer to files by id."""

__all__ = ["GROUP", "TOPICS", "FileAccepted", "FileRefused", "MessageAdded", "Naming", "RequestRegistered"]
