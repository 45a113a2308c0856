"""What happens to a request besides acts and commands: it is registered, routed, and its files are checked. Pure."""

from datetime import date

from services.common.catalogue import Catalogue
from services.common.domain.decision import Decision, refused, unchanged
from services.common.domain.errors import Poison
from services.common.domain.received import Received
from services.common.legal_clock import Calendar, Deadline, day_of
from services.intake.domain import asked
from services.intake.domain.state import Progress, Request, require_registered
from services.intake.domain.terms import Terms, follow_calendar, recount, set_deadline
from services.intake.domain.transitions import OPEN, Move, next_state
from services.intake.messages import (
    AssignmentMade,
    DocumentAccepted,
    DocumentRefused,
    FileAccepted,
    FileRefused,
    RequestRegistered,
    RequestRouted,
    RequestSubmitted,
    State,
)


def register(
    current: Request | None, received: Received[RequestSubmitted], catalogue: Catalogue, calendar: Calendar
) -> Decision[Request]:
    """Register the request and start its legal term."""
    event = received.event
    if current is not None:
        # A reference has 50 bits of the id, so two ids can collide. The second request must not change the first.
        if current.request_id != event.request_id:
            raise Poison("reference-taken")
        return unchanged(current)
    if not catalogue.valid_leaf(event.subject, event.reason):
        raise Poison("unknown-subject-or-reason")
    entered = day_of(received.at)
    terms = Terms(calendar, catalogue, catalogue.department_of(event.subject), event.place)
    deadline = terms.first(entered, event.reason)
    progress = Progress(_received(event, entered, deadline), received.at)
    set_deadline(progress, terms, deadline, entered)
    progress.say(
        RequestRegistered,
        State.REGISTERED,
        who=event.who,
        description=event.description,
        documents=event.documents,
        entered_on=entered,
        due_on=deadline.due_on,
        calendar=deadline.calendar,
        deadline=deadline,
        place=event.place,
        flags=event.flags,
        linked=event.linked,
        answers=event.answers,
    )
    return progress.decision()


def _received(event: RequestSubmitted, entered_on: date, deadline: Deadline) -> Request:
    """The request before its first fact."""
    return Request(
        request_id=event.request_id,
        reference=event.reference,
        account_id=event.account_id,
        state=State.RECEIVED,
        seq=0,
        entered_on=entered_on,
        due_on=deadline.due_on,
        documents=event.documents,
        language=event.language,
        subject=event.subject,
        reason=event.reason,
        catalogue_version=event.catalogue_version,
        restricted_to=event.actor_id if event.restricted else None,
        place=event.place,
    )


def route(current: Request | None, received: Received[AssignmentMade], terms: Terms) -> Decision[Request]:
    """Record the assigned department. After a withdrawal nothing is published: routing consumes that fact itself."""
    event, request = received.event, require_registered(current)
    state = next_state(request.state, Move.ROUTE)
    if state is None:
        return refused(request)
    progress = Progress(request, event.occurred_at)
    own = terms.for_department(event.department)
    moved = recount(progress, own, day_of(event.occurred_at))
    progress.change(department=event.department)
    progress.say(
        RequestRouted,
        state,
        department=event.department,
        assignment_id=event.assignment_id,
        rule=event.rule,
        deadline=moved,
    )
    return progress.decision()


def accept_file(current: Request | None, received: Received[FileAccepted], terms: Terms) -> Decision[Request]:
    """Add an accepted file, in any state. A department must have seen it before it may answer.

    The last asked document returns the request to analysis.
    """
    event, request = received.event, require_registered(current)
    item = asked.item_of(request, event.document_id)
    progress = _checked(request, received, event.media_type)
    progress.change(person_seq=request.seq + 1)
    progress.say(
        DocumentAccepted,
        document_id=event.document_id,
        name=event.name,
        media_type=event.media_type,
        size=event.size,
        sha256=event.sha256,
        item=item.number if item else None,
        fits=asked.fits(item, event.media_type),
        asked=progress.request.asked if item else None,
    )
    _go_on(progress, terms)
    return progress.decision()


def refuse_file(current: Request | None, received: Received[FileRefused], terms: Terms) -> Decision[Request]:
    """A refused file leaves its item open, unless another one was accepted for it: then nothing more may be waited for."""
    event, request = received.event, require_registered(current)
    item = asked.item_of(request, event.document_id)
    progress = _checked(request, received, None)
    progress.say(
        DocumentRefused,
        document_id=event.document_id,
        because=event.because,
        item=item.number if item else None,
        asked=progress.request.asked if item else None,
    )
    _go_on(progress, terms)
    return progress.decision()


def _go_on(progress: Progress, terms: Terms) -> None:
    """After a check: the term goes on if it ended the wait for documents; otherwise that of an open request follows the calendar."""
    if asked.is_complete(progress.request):
        asked.finish(progress, terms)
    elif progress.request.state in OPEN:
        follow_calendar(progress, terms)


def _checked(
    request: Request, received: Received[FileAccepted] | Received[FileRefused], media_type: str | None
) -> Progress:
    event = received.event
    return Progress(asked.after_check(request, event.document_id, media_type), event.occurred_at)
