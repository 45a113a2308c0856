"""The handler of each message: it calls one domain function."""

from services.common.catalogue import catalogue, catalogues
from services.common.domain.decision import Decision, refused
from services.common.domain.poison import DISCARDED
from services.common.domain.received import Received
from services.common.messaging import Aggregate
from services.routing import domain
from services.routing.domain import Assignment
from services.routing.domain.commands import FACTS
from services.routing.messages import (
    ActRefused,
    Command,
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineMissRetracted,
    DeadlineMoved,
    DocumentAccepted,
    DocumentRefused,
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestExtended,
    RequestForwarded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRejected,
    RequestReopened,
    RequestRouted,
    RequestWithdrawn,
)

assignments = Aggregate(service="routing", state=Assignment, created_by={RequestRegistered})


@assignments.on(RequestRegistered)
def assign_department(current: Assignment | None, received: Received[RequestRegistered]) -> Decision[Assignment]:
    return domain.assign(current, received, catalogues().version(received.event.catalogue_version))


@assignments.on(RequestRouted)
def route(current: Assignment | None, received: Received[RequestRouted]) -> Decision[Assignment]:
    return domain.route(current, received)


@assignments.on(
    RequestInAnalysis,
    DocumentsRequested,
    DocumentsReceived,
    DocumentsLapsed,
    HearingOpened,
    HearingClosed,
    RequestExtended,
    DeadlineMissRetracted,
    DeadlineMoved,
    RequestAnswered,
    RequestConcluded,
    RequestRejected,
    RequestWithdrawn,
    RequestReopened,
)
def update(current: Assignment | None, received: Received[LifecycleFact]) -> Decision[Assignment]:
    return domain.update(current, received)


@assignments.on(DeadlineApproaching, DeadlineMissed)
def remind(current: Assignment | None, received: Received[LifecycleFact]) -> Decision[Assignment]:
    return domain.remind(current, received)


@assignments.on(RequestForwarded)
def transfer(current: Assignment | None, received: Received[RequestForwarded]) -> Decision[Assignment]:
    return domain.transfer(current, received)


@assignments.on(DocumentAccepted)
def update_for_accepted_file(current: Assignment | None, received: Received[DocumentAccepted]) -> Decision[Assignment]:
    return domain.update_for_file(current, received)


@assignments.on(DocumentRefused)
def update_for_refused_file(current: Assignment | None, received: Received[DocumentRefused]) -> Decision[Assignment]:
    return domain.update_for_file(current, received)


@assignments.on(MessageAdded)
def update_for_message(current: Assignment | None, received: Received[MessageAdded]) -> Decision[Assignment]:
    return domain.update_for_message(current, received)


@assignments.on(ActRefused)
def relay_rejection(current: Assignment | None, received: Received[ActRefused]) -> Decision[Assignment]:
    return domain.relay_rejection(current, received)


@assignments.on(*FACTS)
def forward_command(current: Assignment | None, received: Received[Command]) -> Decision[Assignment]:
    return domain.forward_command(current, received, catalogue())


@assignments.on_reused_id(*FACTS)
def refuse_reused_id(current: Assignment | None, received: Received[Command]) -> Decision[Assignment]:
    return refused(current, domain.reject(current, received, "id-reused"))


@assignments.on_too_many(*FACTS)
def refuse_too_many(current: Assignment | None, received: Received[Command]) -> Decision[Assignment]:
    return refused(current, domain.reject(current, received, "too-many-commands"))


@assignments.on_discarded(*FACTS)
def answer_discarded(current: Assignment | None, received: Received[Command]) -> Decision[Assignment]:
    return refused(current, domain.reject(current, received, DISCARDED))


assignments.on_poison(domain.answer_poison)
