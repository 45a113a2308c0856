"""Topic names. `deploy/topics.yaml` declares the topics and their settings."""

from typing import Final

INTAKE: Final = "requests.intake.v1"
LIFECYCLE: Final = "requests.lifecycle.v1"
RESTATED: Final = "requests.restated.v1"
ASSIGNMENTS: Final = "requests.assignments.v1"
DOCUMENTS: Final = "documents.lifecycle.v1"
DELIVERIES: Final = "notifications.deliveries.v1"
OPERATIONS: Final = "operations.audit.v1"
REGISTRY: Final = "registry.events.v1"
EMPLOYERS: Final = "employers.notices.v1"

REQUEST_PARTITIONS: Final = 12
"""Partitions of every topic that intake, routing or documents reads: one member gets a request's partition of each
of them."""


def inbox(department: str) -> str:
    return f"departments.{department}.inbox.v1"


def outbox(department: str) -> str:
    return f"departments.{department}.outbox.v1"


def rejections(department: str) -> str:
    return f"departments.{department}.rejections.v1"


def dead_letters(topic: str, group: str) -> str:
    return f"{topic}.dlq.{group}"


def family(topic: str) -> str:
    """The topic with `*` for the department's code. It decides which events are allowed."""
    parts = topic.split(".")
    if parts[0] == "departments" and len(parts) == 4:
        return f"departments.*.{parts[2]}.{parts[3]}"
    return topic
