"""`requests.assignments.v1`: the assigned department and its commands, published by routing."""

from datetime import date
from uuid import UUID

from services.common.contracts import topics
from services.common.contracts.asked import NewItem
from services.common.contracts.base import Code, Fact, Prose
from services.common.contracts.decisions import Appeal, Outcome
from services.common.contracts.lifecycle import CommandRef


class AssignmentFact(Fact, families=(topics.ASSIGNMENTS,)):
    assignment_id: UUID
    department: Code
    epoch: int


class AssignmentMade(AssignmentFact, type="assignment.made"):
    """`rule` and `rules_version` say which routing rule chose the department."""

    rule: str
    rules_version: str


class CommandFact(AssignmentFact):
    """A department's command. `seen` is the last lifecycle `seq` that it had processed."""

    seen: int
    command: CommandRef


class AssignmentAcknowledged(CommandFact, type="assignment.acknowledged"):
    pass


class AssignmentInformationRequested(CommandFact, type="assignment.information-requested"):
    items: tuple[NewItem, ...]
    text: Prose | None = None


class AssignmentHearingRequested(CommandFact, type="assignment.hearing-requested"):
    text: Prose


class AssignmentTransferRequested(CommandFact, type="assignment.transfer-requested"):
    """`to` is the code of another department."""

    to: Code
    text: Prose


class AssignmentExtensionRequested(CommandFact, type="assignment.extension-requested"):
    until: date
    text: Prose


class AssignmentAnswered(CommandFact, type="assignment.answered"):
    text: Prose


class AssignmentResolved(CommandFact, type="assignment.resolved"):
    text: Prose
    outcome: Outcome = Outcome.INFORMED
    grounds: Prose | None = None
    appeal: Appeal | None = None


class AssignmentRejected(CommandFact, type="assignment.rejected"):
    text: Prose
