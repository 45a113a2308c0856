"""The legal date of a signed receipt, with everything that is needed to count it again."""

from collections import Counter
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel

from services.common.legal_clock import Deadline, SkippedDay, Suspension, explain
from services.common.legal_clock.explanation import Because


class SignedSuspension(BaseModel):
    """The days from `first` to `last` did not count. Without `last` the suspension has not ended."""

    first: date
    last: date | None = None
    because: Literal["documents", "hearing"]


class DeadlineReason(BaseModel):
    """Why a legal date is what it is.

    It was counted from the day after `entered_on`, by the version `calendar` of the calendar: `dilation` working days before the
    term, then its length and `extension` more working days. `not_counted` sums the days that did not count by kind, and
    `closed_days` names those that were no weekend.
    """

    entered_on: date
    calendar: str
    dilation: int = 0
    extension: int = 0
    suspensions: tuple[SignedSuspension, ...] = ()
    not_counted: dict[Because, int] = {}
    closed_days: tuple[SkippedDay, ...] = ()


class SignedDeadline(BaseModel):
    """The last day of the answer by law. `term` is the code of the rule, `length` counts the `unit`. `reason` is missing in receipts
    that were signed before it existed, and in the code of a receipt on paper.
    """

    due_on: date
    term: str
    length: int
    unit: str
    reason: DeadlineReason | None = None

    @classmethod
    def of(cls, deadline: Deadline) -> "SignedDeadline":
        return cls(
            due_on=deadline.due_on,
            term=deadline.term,
            length=deadline.length,
            unit=deadline.unit,
            reason=DeadlineReason(
                entered_on=deadline.entered_on,
                calendar=deadline.calendar,
                dilation=deadline.dilation,
                extension=deadline.extension,
                suspensions=tuple(_signed(each) for each in deadline.suspensions if each.until != each.since),
                not_counted=dict(Counter(each.because for each in explain(deadline) if each.because)),
                closed_days=deadline.skipped,
            ),
        )

    def counted(self) -> Deadline | None:
        """The date as it was counted; None without its reason. A suspension that suspended no day is missing."""
        reason = self.reason
        if reason is None:
            return None
        return Deadline.model_validate(
            {
                **self.model_dump(exclude={"reason"}),
                **reason.model_dump(exclude={"suspensions", "closed_days"}),
                "suspensions": [_suspension(each) for each in reason.suspensions],
                "skipped": reason.closed_days,
            }
        )


def _signed(suspension: Suspension) -> SignedSuspension:
    """The day `since` itself still counts."""
    first = suspension.since + timedelta(days=1)
    return SignedSuspension(first=first, last=suspension.until, because=suspension.because)


def _suspension(signed: SignedSuspension) -> Suspension:
    since = signed.first - timedelta(days=1)
    return Suspension(since=since, until=signed.last, because=signed.because)
