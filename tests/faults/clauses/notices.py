"""What people are told by mail: every notice comes to an end, and is one mail however often it leaves."""

from collections.abc import Iterator
from typing import Final

from services.common.contracts.deliveries import DeliveryFact
from services.common.contracts.lifecycle import LifecycleFact
from services.common.domain.identifiers import derived_id
from services.notifications.domain import MATRIX, Status
from tests.faults.history import Asked, History, Record
from tests.faults.verdicts import Harm, Offence, clause

ENDED: Final = frozenset({Status.SENT, Status.FAILED, Status.SKIPPED})


def _due(history: History) -> Iterator[tuple[Asked, Record, str]]:
    """Every (event, channel, account) of which somebody is to be told: whose request, the fact, and the delivery's id.

    A fact that lies among the dead letters of notifications is parked: it ends there.
    """
    for key, asked in history.by_request.items():
        for record in history.about(key, LifecycleFact):
            row = MATRIX.get(type(record.fact))
            if row and ("notifications", record.position) not in history.set_aside:
                for channel in row.channels:
                    yield asked, record, str(derived_id(record.id, channel, str(record.fact.account_id)))


@clause(Harm.LOST)
def every_notice_ends(history: History) -> Iterator[Offence]:
    """Sent, failed, skipped or parked; and how it ended is said."""
    for asked, record, delivery_id in _due(history):
        delivery = history.document("notifications", delivery_id)
        status = delivery.state["status"] if delivery and delivery.state else "never made"
        if status not in ENDED:
            yield Offence(f"{asked.name}: the notice of {record.type} is {status}", record.key)
        elif not [each for each in history.about(record.key, DeliveryFact) if _delivery(each) == delivery_id]:
            yield Offence(f"{asked.name}: nobody said how the notice of {record.type} ended", record.key)


def _delivery(record: Record) -> str:
    assert isinstance(record.event, DeliveryFact)
    return str(record.event.delivery_id)


@clause(Harm.LOST)
def a_notice_that_was_sent_has_left(history: History) -> Iterator[Offence]:
    left = {mail.delivery_id for mail in history.mails}
    for asked, record, delivery_id in _due(history):
        delivery = history.document("notifications", delivery_id)
        if delivery and delivery.state and delivery.state["status"] == Status.SENT and delivery_id not in left:
            yield Offence(f"{asked.name}: the notice of {record.type} is sent, and no mail left", record.key)


@clause(Harm.DOUBLED)
def no_mail_leaves_under_a_second_message_id(history: History) -> Iterator[Offence]:
    """A crash may let a mail leave again, always as the same mail: then the person's mail program shows it once."""
    due = {delivery_id for _, _, delivery_id in _due(history)}
    keys = {asked.reference: str(asked.request_id) for asked in history.filed}
    for mail in history.mails:
        if mail.reference in keys and mail.delivery_id not in due:
            key = keys[mail.reference]
            yield Offence(f"{history.name(key)}: a mail left as {mail.delivery_id}, which is nobody's notice", key)
