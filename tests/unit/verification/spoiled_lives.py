"""Spoiled histories of longer lives: asked documents, terms, epochs, and cases that change hands."""

from dataclasses import replace
from datetime import date

from deploy.verification.clauses import cases, departments, lives, terms
from deploy.verification.history import History
from services.common.contracts import topics
from services.common.contracts.asked import ItemState
from services.common.contracts.departments import AssignmentClosed, AssignmentCreated, AssignmentUpdated
from services.common.contracts.handling import (
    DocumentsReceived,
    HearingClosed,
    RequestExtended,
    RequestForwarded,
    RequestReopened,
)
from services.common.contracts.lifecycle import DocumentAccepted, LifecycleFact, RequestRegistered, State
from services.common.legal_clock import Deadline
from tests.unit.verification.builders import Life, message
from tests.unit.verification.life_steps import asked, came_back, extended, heard, transferred
from tests.unit.verification.spoiling import breaks, changed, sent


def _deadline(life: Life, kind: type[LifecycleFact]) -> Deadline:
    """The deadline that the fact of this kind says."""
    deadline = next(record.fact.deadline for record in life.records if isinstance(record.event, kind))
    assert deadline is not None
    return deadline


@breaks(lives.every_request_reaches_its_end)
def whoever_came_back_got_no_second_answer(_: Life) -> History:
    life = Life(after=(came_back,))
    last = max(record.fact.seq for record in life.records if isinstance(record.event, RequestReopened))
    history = life.history()
    return replace(history, records=[each for each in history.records if getattr(each.event, "seq", 0) <= last])


@breaks(lives.every_step_is_allowed_where_it_happens)
def documents_were_received_that_nobody_asked_for(life: Life) -> History:
    life.fact("received", life.registered, DocumentsReceived, State.IN_ANALYSIS)
    return life.history()


@breaks(lives.every_step_is_allowed_where_it_happens)
def it_was_received_without_leaving_its_state(_: Life) -> History:
    return changed(Life(steps=(asked,)).history(), DocumentsReceived, state=State.AWAITING_DOCUMENTS)


@breaks(lives.every_epoch_begins_with_its_step)
def a_transfer_kept_the_epoch(_: Life) -> History:
    return changed(Life(steps=(transferred,)).history(), RequestForwarded, epoch=1)


@breaks(lives.every_epoch_begins_with_its_step)
def an_extension_began_an_epoch(_: Life) -> History:
    return changed(Life(steps=(extended,)).history(), RequestExtended, epoch=2)


@breaks(lives.every_asked_document_ends)
def a_document_is_waited_for_after_the_end(_: Life) -> History:
    life = Life(steps=(asked,))
    waited_for = tuple(item.model_copy(update={"state": ItemState.OPEN}) for item in life.asked)
    return changed(life.history(), DocumentAccepted, asked=waited_for)


@breaks(terms.every_deadline_can_be_counted_again)
def the_day_of_entry_counted(life: Life) -> History:
    early = life.term.count().model_copy(update={"due_on": date(2026, 1, 16)})
    return changed(life.history(), RequestRegistered, deadline=early)


@breaks(terms.every_deadline_can_be_counted_again)
def the_term_went_on_from_another_day(_: Life) -> History:
    life = Life(steps=(asked,))
    said = _deadline(life, DocumentsReceived)
    late = tuple(each.model_copy(update={"until": date(2026, 1, 7)}) for each in said.suspensions)
    return changed(life.history(), DocumentsReceived, deadline=said.model_copy(update={"suspensions": late}))


@breaks(terms.every_deadline_can_be_counted_again)
def the_hearing_did_not_stop_the_term(_: Life) -> History:
    life = Life(steps=(heard,))
    said = _deadline(life, HearingClosed)
    return changed(life.history(), HearingClosed, deadline=said.model_copy(update={"suspensions": ()}))


@breaks(terms.every_deadline_can_be_counted_again)
def the_extension_gave_another_day(_: Life) -> History:
    life = Life(steps=(extended,))
    said = _deadline(life, RequestExtended)
    return changed(life.history(), RequestExtended, deadline=said.model_copy(update={"due_on": date(2026, 1, 27)}))


@breaks(terms.every_deadline_can_be_counted_again)
def the_old_term_went_on_after_coming_back(_: Life) -> History:
    life = Life(steps=(extended,), after=(came_back,))
    return changed(life.history(), RequestReopened, deadline=_deadline(life, RequestExtended))


@breaks(terms.every_change_of_a_term_says_the_deadline)
def a_hearing_ended_without_a_date(_: Life) -> History:
    return changed(Life(steps=(heard,)).history(), HearingClosed, deadline=None)


@breaks(departments.every_request_goes_to_its_own_departments)
def it_never_reached_the_department_it_was_transferred_to(_: Life) -> History:
    history = Life(steps=(transferred,)).history()
    return replace(history, records=[each for each in history.records if each.topic != topics.inbox("rec")])


@breaks(cases.every_department_gets_its_cases_and_their_ends)
def the_former_department_still_has_it(_: Life) -> History:
    history = Life(steps=(transferred,)).history()
    kept = [
        each for each in history.records if not (isinstance(each.event, AssignmentClosed) and each.event.transferred_to)
    ]
    return replace(history, records=kept)


@breaks(cases.whoever_gets_a_case_gets_all_of_it)
def the_new_department_got_no_messages(_: Life) -> History:
    life = Life(acts=(message(),), steps=(transferred,))
    return changed(life.history(), AssignmentCreated, messages=())


@breaks(cases.whoever_gets_a_case_gets_all_of_it)
def the_new_department_does_not_know_what_was_asked(_: Life) -> History:
    return changed(Life(steps=(asked, transferred)).history(), AssignmentCreated, asked=())


@breaks(cases.inbox_events_say_where_the_request_stands)
def the_department_knows_another_deadline(_: Life) -> History:
    life = Life(steps=(extended,))
    return changed(life.history(), AssignmentUpdated, deadline=_deadline(life, RequestRegistered))


@breaks(lives.every_request_reaches_its_end)
def it_waits_for_documents_that_were_delivered(_: Life) -> History:
    """All were received, and the request stays where it is."""
    life = Life(steps=(asked,))
    received = next(record.fact.seq for record in life.records if isinstance(record.event, DocumentsReceived))
    history = sent(life.history(), reason="COR")
    return replace(history, records=[each for each in history.records if getattr(each.event, "seq", 0) < received])
