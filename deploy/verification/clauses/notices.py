"""Notices by mail: every notice ends, repeats have one Message-ID, and those about a request leave in order."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from deploy.verification.evidence import Record, Submission
from deploy.verification.expectations import SIDE_NOTICES, delivery_of
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.deliveries import DeliveryFact

SENT: Final = "sent"
ENDED: Final = frozenset({SENT, "failed", "skipped"})


def due(history: History) -> Iterator[tuple[Submission, Record, str]]:
    """Every notice that is due: its submission, its fact, and its delivery id.

    Leaves out facts that notifications has dead-lettered: they end there.
    """
    for key, submission in history.by_request.items():
        for record in history.life(key):
            assert record.received is not None
            delivery_id = delivery_of(record.received)
            if delivery_id and ("notifications", record.position) not in history.dead_lettered:
                yield submission, record, delivery_id


def _ended(history: History, key: str) -> Counter[str]:
    """How many events say that a delivery about the request has ended, by delivery id."""
    return Counter(str(event.delivery_id) for event in history.events(key, DeliveryFact))


@clause(Harm.LOST)
def every_notice_ends(history: History) -> Iterator[Violation]:
    """A notice is sent, failed or skipped, and an event says so."""
    for submission, record, delivery_id in due(history):
        status = _status(history, delivery_id)
        if status not in ENDED:
            yield Violation(f"{submission.name}: the notice of {record.type} is {status}", record.key)
        elif not _ended(history, record.key)[delivery_id]:
            yield Violation(f"{submission.name}: no event says how the notice of {record.type} ended", record.key)


def _status(history: History, delivery_id: str) -> str:
    delivery = history.document("notifications", delivery_id)
    return str(delivery.state["status"]) if delivery and delivery.state else "never made"


@clause(Harm.DOUBLED)
def every_notice_ends_once(history: History) -> Iterator[Violation]:
    """And every notice belongs to a fact."""
    notices = {delivery_id for _, _, delivery_id in due(history)}
    for key, submission in history.by_request.items():
        for delivery_id, times in _ended(history, key).items():
            if times > 1:
                yield Violation(f"{submission.name}: a notice ended {times} times", key)
            if delivery_id not in notices:
                yield Violation(f"{submission.name}: {delivery_id} ended, but no such notice is due", key)


@clause(Harm.LOST)
def every_sent_notice_has_a_mail(history: History) -> Iterator[Violation]:
    mailed = {mail.delivery_id for mail in history.mails}
    for submission, record, delivery_id in due(history):
        if _status(history, delivery_id) == SENT and delivery_id not in mailed:
            yield Violation(f"{submission.name}: the notice of {record.type} is sent, but there is no mail", record.key)


@clause(Harm.DOUBLED)
def no_mail_leaves_under_a_second_message_id(history: History) -> Iterator[Violation]:
    """A crash may repeat a mail. With the same Message-ID, a mail program shows it once."""
    notices = {delivery_id for _, _, delivery_id in due(history)}
    keys = {submission.reference: key for key, submission in history.by_request.items()}
    for mail in history.mails:
        if mail.reference in keys and mail.delivery_id not in notices:
            key = keys[mail.reference]
            yield Violation(
                f"{history.name(key)}: a mail was sent as {mail.delivery_id}, but no such notice is due", key
            )


@clause(Harm.REORDERED)
def notices_about_one_request_leave_in_the_order_of_its_facts(history: History) -> Iterator[Violation]:
    """A crash may repeat a mail, and mail programs show a repeated one once: each counts where it arrived first.

    After a notice that does not tell the state of the request an earlier one may leave late: what it says still holds.
    """
    facts = {delivery_id: record for _, record, delivery_id in due(history)}
    mailed = [facts[each] for each in dict.fromkeys(mail.delivery_id for mail in history.mails) if each in facts]
    latest: dict[str, int] = {}
    for record in mailed:
        key, seq = record.key, record.fact.seq
        if seq < latest.get(key, 0):
            yield Violation(f"{history.name(key)}: the notice of fact {seq} left after that of fact {latest[key]}", key)
        if not isinstance(record.fact, SIDE_NOTICES):
            latest[key] = max(seq, latest.get(key, 0))


@clause(Harm.OTHER)
def every_mail_goes_to_the_author_of_its_request(history: History) -> Iterator[Violation]:
    keys = {submission.reference: key for key, submission in history.by_request.items()}
    for mail in history.mails:
        if mail.reference in keys and mail.to != history.by_request[keys[mail.reference]].email:
            yield Violation(f"{mail.reference}: a mail went to another person", keys[mail.reference])


CLAUSES: Final[tuple[Clause, ...]] = (
    every_notice_ends,
    every_notice_ends_once,
    every_sent_notice_has_a_mail,
    no_mail_leaves_under_a_second_message_id,
    notices_about_one_request_leave_in_the_order_of_its_facts,
    every_mail_goes_to_the_author_of_its_request,
)
