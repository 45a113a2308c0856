"""`operations.audit.v1`: what operators do by hand, said by their command line. It names them, and no person served.

The key of a record is the id of the operation, under which all of it is found. A dead letter that is named here has
ended: it is what tells the letters that are still to be looked at from those that lie there for their time.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.common.contracts import topics
from services.common.contracts.base import Code, Event, Text, Value

MAX_LETTERS = 500
"""Letters that one event names."""

Line = Annotated[Text, StringConstraints(max_length=500)]


class OperationFact(Event, families=(topics.OPERATIONS,)):
    """`occurred_at` is the clock of the machine where the command was given."""

    operation_id: UUID
    occurred_at: datetime


class OperationBegun(OperationFact, type="operation.begun"):
    """Somebody is about to do something, or to look at what persons wrote; `planned` counts what it is about.

    `action`: `redrive`, `discard`, `replay`, `rebuild`, `reveal`. `user` is the operating system's, `name` what they gave
    beside it. `terms` are what the command was told.
    """

    action: Code
    user: Line
    name: Line | None = None
    reason: Line | None = None
    terms: dict[str, Line] = Field(default_factory=dict)
    planned: int


class LetterRef(Value):
    """A dead letter: where its record first lay and for which group, and its own offset among that group's letters.

    `letter` is absent where the letter was gone before its record was given up.
    """

    group: Code
    topic: Code
    partition: int
    offset: int
    letter: int | None = None


class LettersEnded(OperationFact, type="operation.letters-ended"):
    """These letters need nobody any more. `how`: `redriven` and taken, or `discarded`."""

    how: Code
    letters: Annotated[tuple[LetterRef, ...], Field(max_length=MAX_LETTERS)]


class OperationAdvanced(OperationFact, type="operation.advanced"):
    """How far a long operation is: from there it goes on, should it break off."""

    done: int
    of: int


class OperationEnded(OperationFact, type="operation.ended"):
    """`outcome`: `done`, `stopped` (by hand), `failed`. `counts` says how many records ended how."""

    outcome: Code
    counts: dict[str, int]
