"""`operations.audit.v1`: the actions of operators, published by their command line. They name operators, not citizens.

The key of a record is the operation id. A dead letter that `operation.letters-ended` names needs no more work: its
topic keeps it until retention deletes it, so only these events tell it from open letters.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.common.contracts import topics
from services.common.contracts.base import Code, Event, Text, Value

MAX_LETTERS = 500
"""Maximum letters in one event."""

Line = Annotated[Text, StringConstraints(max_length=500)]


class OperationFact(Event, families=(topics.OPERATIONS,)):
    """`occurred_at` is the clock of the machine where the command runs."""

    operation_id: UUID
    occurred_at: datetime


class OperationBegun(OperationFact, type="operation.begun"):
    """An operator starts to change something, or to read what people wrote. `planned` counts records or requests.

    `action`: `redrive`, `discard`, `replay`, `rebuild`, `reveal`, `end-sessions`, `close-days`, `reopen-day`, `import-accounts`,
    `make-token`, `revoke-token`, `set-banner`, `clear-banner`. `user` is the operator, `identity` says how that was checked:
    `store-account` or `system-user`. Older events lack it; in them `name` may be what the operator typed.
    `terms` are the command's arguments.
    """

    action: Code
    user: Line
    identity: Code | None = None
    name: Line | None = None
    reason: Line | None = None
    terms: dict[str, Line] = Field(default_factory=dict)
    planned: int


class LetterRef(Value):
    """A dead letter: its group, its record's original position, and its own offset in the dead-letter topic.

    `letter` is null if the letter was deleted before its record was discarded.
    """

    group: Code
    topic: Code
    partition: int
    offset: int
    letter: int | None = None


class LettersEnded(OperationFact, type="operation.letters-ended"):
    """These letters need no more work. `how`: `redriven` (and processed) or `discarded`."""

    how: Code
    letters: Annotated[tuple[LetterRef, ...], Field(max_length=MAX_LETTERS)]


class OperationAdvanced(OperationFact, type="operation.advanced"):
    """Progress of a long operation. If interrupted, it continues from here."""

    done: int
    of: int


class OperationEnded(OperationFact, type="operation.ended"):
    """`outcome`: `done`, `stopped` (by hand), `failed`. `counts`: records by outcome."""

    outcome: Code
    counts: dict[str, int]
