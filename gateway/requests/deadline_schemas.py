"""The legal dates of a request, explained."""

from datetime import date
from typing import Literal

from pydantic import BaseModel


class ExplainedDay(BaseModel):
    """A day after the start of a term. `number`: it is the n-th one that counts. Otherwise `because` is the code of the reason why
    it does not, and `name` says it in words.
    """

    day: date
    counts: bool
    number: int | None = None
    because: Literal["dilation", "weekend", "holiday", "closed", "suspended"] | None = None
    name: str | None = None


class SuspendedTime(BaseModel):
    """The term is suspended after the day `since` and up to `until`. Without `until` it has not ended."""

    since: date
    until: date | None = None
    because: Literal["documents", "hearing"]


class ExplainedDate(BaseModel):
    """The last day `due_on` of a term that began with an event on `entered_on`, and why.

    `rule` says the rule in sentences, with the law's articles. Of a term in working days, the days that count are its `length`
    and its `extension`. `dilation` is the number of working days before it starts. `calendar` is the version of the calendar.
    While a suspension has not ended, `due_on` is the date without it.
    """

    due_on: date
    entered_on: date
    rule: list[str]
    length: int
    unit: Literal["working_days", "calendar_months"]
    dilation: int
    extension: int
    suspensions: list[SuspendedTime]
    calendar: str
    days: list[ExplainedDay]


class DeadlineResponse(BaseModel):
    """`deadline` is the legal deadline of the answer; `deliver`, `hearing` and `reply` are your own last days: to deliver asked
    documents, to answer a hearing, and to come back on the answer. A date that the request does not have is missing, and so are
    those of requests of older versions.
    """

    reference: str
    deadline: ExplainedDate | None = None
    deliver: ExplainedDate | None = None
    hearing: ExplainedDate | None = None
    reply: ExplainedDate | None = None
