"""Further promises for a run without faults: a crash may repeat a mail, and an unavailable mail server may cost one."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from deploy.verification.clauses.notices import due
from deploy.verification.evidence import short
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.deliveries import DeliveryFact, DeliverySent


@clause(Harm.OTHER)
def every_notice_is_sent(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        for event in history.events(key, DeliveryFact):
            if not isinstance(event, DeliverySent):
                yield Violation(f"{submission.name}: a notice ended as {short(type(event))}", key)


@clause(Harm.DOUBLED)
def every_mail_leaves_once(history: History) -> Iterator[Violation]:
    mails = Counter(mail.delivery_id for mail in history.mails)
    for submission, record, delivery_id in due(history):
        if mails[delivery_id] > 1:
            yield Violation(
                f"{submission.name}: the notice of {record.type} was mailed {mails[delivery_id]} times", record.key
            )


CLAUSES: Final[tuple[Clause, ...]] = (
    every_notice_is_sent,
    every_mail_leaves_once,
)
