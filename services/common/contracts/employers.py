"""`employers.notices.v1`: what a department tells employers. The department's own system writes it, and the systems of employers read
it: Postigo does neither, because it knows neither the employer nor the sick leave.

The key of a record is the employer's NISS. The data names people, so records are kept seven days. `docs/partners.md` explains it to
those who read it.
"""

from datetime import date
from typing import Annotated, Final

from pydantic import StringConstraints

from services.common.contracts import topics
from services.common.contracts.base import Event, Text

NISS: Final = "^[12][0-9]{10}$"
"""The pattern of a social-security number: a person's begins with 1, an entity's with 2. An employer may be either."""

Niss = Annotated[str, StringConstraints(pattern=NISS)]


class EmployerNotice(Event, families=(topics.EMPLOYERS,)):
    """A notice to one employer, `employer`: the key of the record."""

    employer: Niss


class SickLeaveEnded(EmployerNotice, type="sick-leave.ended"):
    """A sick leave of `worker` ends before its time: `last_day` is its new last day, and the worker `returns_on` the day after.

    `certificate` is the number of the certificate of incapacity.
    """

    worker: Niss
    certificate: Annotated[Text, StringConstraints(min_length=1, max_length=40)]
    last_day: date
    returns_on: date
