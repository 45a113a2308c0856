"""The handler of each message: it calls one domain function."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from services.common.catalogue import catalogues
from services.common.domain.decision import Decision, unchanged
from services.common.domain.identifiers import reference_of
from services.common.domain.received import Received
from services.common.legal_clock import Calendar
from services.common.messaging import Aggregate, TimerDue
from services.intake.domain import Move, Request, Terms, acts, commands, request, timers
from services.intake.messages import (
    Act,
    AssignmentAcknowledged,
    AssignmentAnswered,
    AssignmentExtensionRequested,
    AssignmentHearingRequested,
    AssignmentInformationRequested,
    AssignmentMade,
    AssignmentRejected,
    AssignmentResolved,
    AssignmentTransferRequested,
    CommandFact,
    FileAccepted,
    FileRefused,
    Rated,
    Reopened,
    RequestReplied,
    RequestSubmitted,
    Withdrawn,
)

COMMANDS: Final[Mapping[type[CommandFact], Move]] = {
    AssignmentAcknowledged: Move.ACKNOWLEDGE,
    AssignmentInformationRequested: Move.REQUEST_INFORMATION,
    AssignmentHearingRequested: Move.HEAR,
    AssignmentTransferRequested: Move.TRANSFER,
    AssignmentExtensionRequested: Move.EXTEND,
    AssignmentAnswered: Move.ANSWER,
    AssignmentResolved: Move.RESOLVE,
    AssignmentRejected: Move.REJECT,
}


TermsOf = Callable[[Request | None, Received[Any]], Terms]
"""The terms of a request, by the calendar in force when the record was appended."""


class Calendars(Protocol):
    """Where the calendar of a decision comes from."""

    def at(self, moment: datetime) -> Calendar:
        """The calendar in force at `moment`. Raises StoreUnavailable if it may have changed since it was read."""


def _reference(received: Received[Any]) -> Sequence[str]:
    """Documents are keyed by reference, so that two requests cannot share one."""
    return (reference_of(UUID(received.key)),)


def requests_by(calendars: Calendars) -> Aggregate[Request]:
    """The aggregate of requests, whose legal terms are counted by `calendars`."""
    requests = Aggregate(
        service="intake", state=Request, keys=_reference, timers=timers.timers, created_by={RequestSubmitted}
    )

    def terms(current: Request | None, received: Received[Any]) -> Terms:
        return Terms.of(current, calendars.at(received.at), catalogues())

    @requests.on(RequestSubmitted)
    def register(current: Request | None, received: Received[RequestSubmitted]) -> Decision[Request]:
        return request.register(
            current, received, catalogues().version(received.event.catalogue_version), calendars.at(received.at)
        )

    @requests.on(AssignmentMade)
    def route(current: Request | None, received: Received[AssignmentMade]) -> Decision[Request]:
        return request.route(current, received, terms(current, received))

    @requests.on(FileAccepted)
    def accept_file(current: Request | None, received: Received[FileAccepted]) -> Decision[Request]:
        return request.accept_file(current, received, terms(current, received))

    @requests.on(FileRefused)
    def refuse_file(current: Request | None, received: Received[FileRefused]) -> Decision[Request]:
        return request.refuse_file(current, received, terms(current, received))

    @requests.on(*COMMANDS)
    def command(current: Request | None, received: Received[CommandFact]) -> Decision[Request]:
        return commands.command(current, received, COMMANDS[type(received.event)], terms(current, received))

    @requests.on_reused_id(RequestSubmitted, RequestReplied, Reopened, Withdrawn, Rated)
    def ignore_retry(current: Request | None, received: Received[RequestSubmitted | Act]) -> Decision[Request]:
        """The same id is the same submission or act: it derives from the body that the person sent. The bytes differ if
        gateways of two versions published it, because the newer one may write more fields.
        """
        return unchanged(current)

    _on_acts(requests, terms)
    _on_timers(requests, terms)
    return requests


def _on_acts(requests: Aggregate[Request], terms: TermsOf) -> None:
    @requests.on(RequestReplied)
    def reply(current: Request | None, received: Received[RequestReplied]) -> Decision[Request]:
        return acts.reply(current, received, terms(current, received))

    @requests.on(Reopened)
    def reopen(current: Request | None, received: Received[Reopened]) -> Decision[Request]:
        return acts.reopen(current, received, terms(current, received))

    @requests.on(Withdrawn)
    def withdraw(current: Request | None, received: Received[Withdrawn]) -> Decision[Request]:
        return acts.withdraw(current, received, terms(current, received))

    @requests.on(Rated)
    def rate(current: Request | None, received: Received[Rated]) -> Decision[Request]:
        return acts.rate(current, received)


def _on_timers(requests: Aggregate[Request], terms: TermsOf) -> None:
    @requests.on_timer(timers.LAPSE)
    def lapse(current: Request | None, received: Received[TimerDue]) -> Decision[Request]:
        return timers.lapse(current, received.at)

    @requests.on_timer(timers.WARN)
    def warn(current: Request | None, received: Received[TimerDue]) -> Decision[Request]:
        return timers.warn(current, received.at, terms(current, received))

    @requests.on_timer(timers.MISS)
    def miss(current: Request | None, received: Received[TimerDue]) -> Decision[Request]:
        return timers.miss(current, received.at, terms(current, received))

    @requests.on_timer(timers.REMIND)
    def remind(current: Request | None, received: Received[TimerDue]) -> Decision[Request]:
        return timers.remind(current, received.at, terms(current, received))

    @requests.on_timer(timers.LAPSE_DOCUMENTS)
    def lapse_documents(current: Request | None, received: Received[TimerDue]) -> Decision[Request]:
        return timers.lapse_documents(current, received.at, terms(current, received))

    @requests.on_timer(timers.LAPSE_HEARING)
    def lapse_hearing(current: Request | None, received: Received[TimerDue]) -> Decision[Request]:
        return timers.lapse_hearing(current, received.at, terms(current, received))
