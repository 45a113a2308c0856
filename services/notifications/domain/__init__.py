"""The domain of notifications: which facts become notices, the states of a delivery, and the retry policy. Pure."""

from services.notifications.domain.delivery import (
    ENDED,
    LEASE,
    TEMPLATES,
    TRANSITIONS,
    Delivery,
    NotAllowed,
    Status,
    Step,
    deliveries_of,
    failed_try,
    leased,
    postponed,
    released,
    sent,
    skipped,
)
from services.notifications.domain.matrix import FACTS, MATRIX, NOTICES, Row, row_of
from services.notifications.domain.recipient import Addressee, Skip, addressed
from services.notifications.domain.retry_policy import GIVE_UP_AFTER, RETRY_POLICIES, FailureKind, RetryPolicy, backoff

__all__ = [
    "ENDED",
    "FACTS",
    "GIVE_UP_AFTER",
    "LEASE",
    "MATRIX",
    "NOTICES",
    "RETRY_POLICIES",
    "TEMPLATES",
    "TRANSITIONS",
    "Addressee",
    "Delivery",
    "FailureKind",
    "NotAllowed",
    "RetryPolicy",
    "Row",
    "Skip",
    "Status",
    "Step",
    "addressed",
    "backoff",
    "deliveries_of",
    "failed_try",
    "leased",
    "postponed",
    "released",
    "row_of",
    "sent",
    "skipped",
]
