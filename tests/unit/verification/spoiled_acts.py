"""Spoiled histories of acts and of the exchange with departments, one function for each fault."""

from dataclasses import replace
from uuid import uuid4

from deploy.verification.clauses import acts, cases, departments
from deploy.verification.evidence import MESSAGE, Act
from deploy.verification.history import History
from services.common.contracts.assignments import AssignmentMade
from services.common.contracts.commands import Command
from services.common.contracts.departments import (
    Assignment,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentUpdated,
    AssignmentWithdrawn,
    CommandRejected,
)
from services.common.contracts.handling import RequestRated, RequestReopened
from services.common.contracts.lifecycle import ActRefused, MessageAdded, RequestWithdrawn, State
from tests.unit.verification.builders import Life, message, withdrawal
from tests.unit.verification.life_steps import asked, came_back, rated
from tests.unit.verification.spoiling import (
    ACT,
    REFUSED,
    again,
    amended,
    breaks,
    changed,
    extended,
    refused,
    sent,
    with_state,
    without,
)


def written() -> Life:
    """A request with two later messages."""
    return Life(acts=(message(files=1), message("E outro.")))


def gone() -> Life:
    """A request that its author withdrew."""
    return Life(acts=(withdrawal(),))


@breaks(acts.every_acknowledged_act_is_applied_or_refused)
def a_message_had_no_effect(_: Life) -> History:
    return without(written().history(), MessageAdded)


@breaks(acts.every_acknowledged_act_is_applied_or_refused)
def a_withdrawal_had_no_effect(_: Life) -> History:
    return without(gone().history(), RequestWithdrawn)


@breaks(acts.every_acknowledged_act_is_applied_or_refused)
def an_act_was_never_acknowledged(life: Life) -> History:
    life.acts = (Act(MESSAGE, None),)
    return life.history()


@breaks(acts.every_message_is_kept_whole)
def a_message_lost_its_words(_: Life) -> History:
    return changed(written().history(), MessageAdded, text="Outra coisa.")


@breaks(acts.every_message_is_kept_whole)
def a_message_lost_its_files(_: Life) -> History:
    return changed(written().history(), MessageAdded, documents=())


@breaks(acts.every_message_is_kept_whole)
def a_message_lost_what_its_files_are_for(_: Life) -> History:
    return changed(Life(steps=(asked,)).history(), MessageAdded, items=())


@breaks(acts.every_message_is_kept_whole)
def a_refused_message_cannot_be_carried_over(life: Life) -> History:
    return sent(refused(life, State.WITHDRAWN), acts=(Act(MESSAGE, ACT, "Já enviei."),))


@breaks(acts.messages_are_refused_only_where_nobody_answers)
def a_message_to_an_open_request_was_refused(life: Life) -> History:
    return sent(refused(life, State.IN_ANALYSIS), acts=(Act(MESSAGE, ACT),))


@breaks(acts.messages_are_refused_only_where_nobody_answers)
def a_message_on_an_answer_was_refused(life: Life) -> History:
    return sent(refused(life, State.CONCLUDED), acts=(Act(MESSAGE, ACT),))


@breaks(acts.every_rating_is_kept_whole)
def a_rating_got_another_score(_: Life) -> History:
    return changed(Life(after=(rated,)).history(), RequestRated, score=1)


@breaks(acts.every_request_is_rated_once)
def it_was_rated_twice(_: Life) -> History:
    return Life(after=(rated, rated)).history()


@breaks(acts.every_act_takes_effect_once)
def coming_back_had_effect_twice(_: Life) -> History:
    life = Life(after=(came_back,))
    reopened = next(record for record in life.records if isinstance(record.event, RequestReopened))
    return extended(life.history(), again(reopened, 50, id="other"))


@breaks(acts.every_act_takes_effect_once)
def an_act_was_applied_and_refused(_: Life) -> History:
    life = gone()
    life.fact("refused", None, ActRefused, State.WITHDRAWN, act_id=life.acts[0].act_id, code="not-allowed")
    life.records[-1] = replace(life.records[-1], cause=str(life.acts[0].act_id))
    return life.history()


@breaks(acts.authors_see_the_outcome_of_every_act)
def its_author_does_not_see_the_refusal(life: Life) -> History:
    return amended(refused(life), "gateway-views", with_state(facts={}))


@breaks(acts.no_act_takes_effect_that_nobody_made)
def there_is_a_message_of_nobody(_: Life) -> History:
    life = written()
    return sent(life.history(), acts=life.acts[:1])


@breaks(acts.departments_get_every_message)
def the_department_never_heard_of_a_message(_: Life) -> History:
    return without(written().history(), AssignmentUpdated)


@breaks(acts.departments_get_every_message)
def the_department_heard_another_message(_: Life) -> History:
    return changed(written().history(), AssignmentUpdated, messages=())


@breaks(cases.every_department_gets_its_cases_and_their_ends)
def the_department_never_heard_of_a_withdrawal(_: Life) -> History:
    return without(gone().history(), AssignmentWithdrawn)


@breaks(cases.every_department_gets_its_cases_and_their_ends)
def the_department_never_heard_of_the_end(life: Life) -> History:
    return without(life.history(), AssignmentClosed)


@breaks(cases.no_department_gets_a_case_or_its_end_twice)
def the_department_heard_of_the_end_twice(life: Life) -> History:
    end = next(record for record in life.records if isinstance(record.event, AssignmentClosed))
    return extended(life.history(), again(end, 50, id="other"))


@breaks(cases.no_department_gets_a_case_or_its_end_twice)
def the_department_heard_of_a_withdrawal_twice(_: Life) -> History:
    life = gone()
    withdrawal_event = next(record for record in life.records if isinstance(record.event, AssignmentWithdrawn))
    return extended(life.history(), again(withdrawal_event, 50, id="other"))


@breaks(departments.every_request_goes_to_its_own_departments)
def it_is_in_another_inbox_too(life: Life) -> History:
    life.inbox("strange", life.registered, AssignmentCreated, department="cc")
    return life.history()


@breaks(departments.every_request_goes_to_its_own_departments)
def it_was_assigned_to_another_department(life: Life) -> History:
    return changed(life.history(), AssignmentMade, department="tri")


@breaks(departments.every_request_goes_to_its_own_departments)
def it_reached_nobody(life: Life) -> History:
    return without(life.history(), AssignmentCreated, AssignmentMade)


@breaks(departments.every_request_is_assigned_once)
def it_was_assigned_twice(life: Life) -> History:
    made = next(record for record in life.records if isinstance(record.event, AssignmentMade))
    return extended(life.history(), again(made, 50, id="other"))


@breaks(cases.no_department_gets_a_case_or_its_end_twice)
def the_department_got_it_twice(life: Life) -> History:
    return extended(life.history(), again(life.created, 50, id="other"))


@breaks(departments.every_epoch_reaches_its_department)
def the_inbox_never_got_it(life: Life) -> History:
    return without(life.history(), Assignment)


@breaks(departments.every_command_is_answered)
def its_department_never_heard_of_the_effect_of_its_commands(life: Life) -> History:
    return changed(life.history(), Assignment, because="something else")


@breaks(departments.every_command_is_answered)
def its_department_never_heard_of_the_effect_of_one_command(life: Life) -> History:
    history = life.history()
    own = life.resolve.cause
    return replace(history, records=[each for each in history.records if getattr(each.event, "because", "") != own])


@breaks(departments.every_command_is_answered)
def an_unreadable_command_was_never_answered(life: Life) -> History:
    life.unreadable_command()
    return life.history()


@breaks(departments.every_command_is_answered)
def another_unreadable_command_was_answered(life: Life) -> History:
    record = life.unreadable_command()
    life.answer_unreadable(record.position._replace(offset=record.position.offset + 1))
    return life.history()


@breaks(departments.a_repeated_command_changes_nothing)
def a_command_was_passed_on_twice(life: Life) -> History:
    return extended(life.history(), again(life.resolve, 50, id="other"))


@breaks(departments.a_repeated_command_changes_nothing)
def a_command_was_applied_and_refused(life: Life) -> History:
    life.fact("refused", life.resolve, ActRefused, State.CONCLUDED, **REFUSED)
    return life.history()


@breaks(departments.a_repeated_command_changes_nothing)
def a_command_was_applied_and_rejected(life: Life) -> History:
    return rejected(life, "not-allowed")


@breaks(departments.commands_are_rejected_for_harmless_reasons_only)
def a_command_was_rejected_as_one_of_an_unknown_assignment(life: Life) -> History:
    return rejected(life, "unknown-assignment")


def rejected(life: Life, code: str, command_id: str | None = None) -> History:
    """A life in which a command of the department was rejected."""
    command = next(record for record in life.records if isinstance(record.event, Command))
    command_position = {"command_topic": command.topic, "command_partition": 3, "command_offset": 0}
    event = CommandRejected(
        **life.named, department=life.department, command_id=command_id or command.id, code=code, **command_position
    )
    life.append(f"rejected {uuid4()}", event)
    return life.history()
