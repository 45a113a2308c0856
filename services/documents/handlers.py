"""The handler of each message: it calls one domain function."""

from collections.abc import Sequence
from uuid import UUID

from services.common.domain.decision import Decision
from services.common.domain.received import Received
from services.common.messaging import Aggregate, TimerDue
from services.documents import domain
from services.documents.domain import CLAIM_ENDS, EXPIRE, File
from services.documents.messages import MessageAdded, Naming, RequestRegistered


def _each_file(received: Received[Naming]) -> Sequence[str]:
    return [str(document_id) for document_id in dict.fromkeys(received.event.documents)]


files = Aggregate(service="documents", state=File, timers=domain.timers)


@files.on(RequestRegistered, keys=_each_file)
def confirm_for_request(current: File | None, received: Received[RequestRegistered]) -> Decision[File]:
    return domain.confirm(current, UUID(received.target), received.event)


@files.on(MessageAdded, keys=_each_file)
def confirm_for_message(current: File | None, received: Received[MessageAdded]) -> Decision[File]:
    return domain.confirm(current, UUID(received.target), received.event)


@files.on_timer(CLAIM_ENDS)
def end_claims(current: File | None, received: Received[TimerDue]) -> Decision[File]:
    return domain.end_claims(current, received.at)


@files.on_timer(EXPIRE)
def expire(current: File | None, received: Received[TimerDue]) -> Decision[File]:
    return domain.expire(current, received.at)
