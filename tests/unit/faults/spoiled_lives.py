"""What may go wrong with a request, its acts and its department: a function for each."""

from dataclasses import replace

from services.common.contracts.assignments import CommandFact
from services.common.contracts.departments import AssignmentCreated, Command, CommandRejected
from services.common.contracts.lifecycle import (
    ActRefused,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRouted,
    State,
)
from tests.faults.clauses import acts, departments, requests
from tests.faults.history import Acted, History
from tests.unit.faults.builders import Life, again, amended, without
from tests.unit.faults.spoiling import REFUSED, acted, breaks, but, extended, shown


@breaks(requests.everybody_is_given_a_reference)
def nobody_ever_answered(life: Life) -> History:
    history = life.history()
    return replace(history, asked=[replace(history.asked[0], reference=None, request_id=None)])


@breaks(requests.nobody_gets_an_answer_that_should_not_be)
def somebody_got_a_500(life: Life) -> History:
    return replace(life.history(), strange_answers=["500 to POST /v1/requests"])


@breaks(requests.every_acknowledged_request_is_registered)
def it_was_never_registered(life: Life) -> History:
    return without(life.history(), RequestRegistered)


@breaks(requests.every_acknowledged_request_is_registered)
def it_is_not_in_the_book(life: Life) -> History:
    return amended(life.history(), "intake", but(state=None))


@breaks(requests.every_fact_in_the_book_is_said)
def a_fact_is_missing(life: Life) -> History:
    return without(life.history(), RequestRouted)


@breaks(requests.every_request_is_registered_once)
def it_was_registered_twice(life: Life) -> History:
    return extended(life.history(), again(life.registered, 50, id="other"))


@breaks(requests.every_request_is_registered_once)
def its_words_were_registered_under_a_second_id(life: Life) -> History:
    return extended(life.history(), again(life.registered, 50, id="other", key="another"))


@breaks(requests.every_request_keeps_its_own_text)
def it_has_somebody_elses_words(life: Life) -> History:
    history = life.history()
    row = history.asked[0].row.model_copy(update={"description": "Outra coisa."})
    return replace(history, asked=[replace(history.asked[0], row=row)])


@breaks(requests.every_request_reaches_the_end_of_its_script)
def it_was_never_concluded(life: Life) -> History:
    return without(life.history(), RequestConcluded)


@breaks(acts.every_acknowledged_act_is_applied_or_refused)
def an_act_had_no_effect(life: Life) -> History:
    return acted(life)


@breaks(acts.every_acknowledged_act_is_applied_or_refused)
def an_act_was_never_acknowledged(life: Life) -> History:
    life.acts = (Acted("message", None),)
    return life.history()


@breaks(acts.every_acknowledged_act_is_applied_or_refused)
def a_message_lost_its_words(life: Life) -> History:
    return acted(life, RequestInAnalysis, text="Já enviei.", department="pf")


@breaks(acts.every_act_takes_effect_once)
def an_act_was_applied_and_refused(life: Life) -> History:
    life.fact("refused", "act-1", ActRefused, State.CONCLUDED, **REFUSED)
    return acted(life, RequestConcluded)


@breaks(acts.the_author_of_an_act_is_told)
def its_author_does_not_see_the_refusal(life: Life) -> History:
    return amended(acted(life, ActRefused, **REFUSED), "gateway-views", shown(facts={}))


@breaks(departments.every_epoch_reaches_its_department)
def the_inbox_never_got_it(life: Life) -> History:
    return without(life.history(), AssignmentCreated)


@breaks(departments.every_command_is_answered)
def its_commands_were_never_passed_on(life: Life) -> History:
    return without(life.history(), CommandFact)


@breaks(departments.every_command_is_answered)
def the_resolve_came_to_nothing(life: Life) -> History:
    history = life.history()
    return replace(history, records=[record for record in history.records if record.cause != life.resolve.id])


@breaks(departments.a_command_said_twice_changes_nothing)
def a_command_was_passed_on_twice(life: Life) -> History:
    return extended(life.history(), again(life.resolve, 50, id="other"))


@breaks(departments.a_command_said_twice_changes_nothing)
def a_command_was_applied_and_refused(life: Life) -> History:
    life.fact("refused", life.resolve, ActRefused, State.CONCLUDED, **REFUSED)
    return life.history()


@breaks(departments.a_command_said_twice_changes_nothing)
def a_command_was_applied_and_rejected(life: Life) -> History:
    said = next(record for record in life.records if isinstance(record.event, Command))
    place = {"command_topic": said.topic, "command_partition": 3, "command_offset": 0}
    rejected = CommandRejected(**life.named, department="pf", command_id=said.id, code="not-allowed", **place)
    life.say("rejected", rejected)
    return life.history()
