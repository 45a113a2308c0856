"""Spoiled histories of whole requests and files, one function for each fault."""

from dataclasses import replace
from uuid import uuid4

from deploy.verification.clauses import files, lives, requests
from deploy.verification.history import History
from services.common.contracts.departments import AssignmentCreated
from services.common.contracts.lifecycle import (
    DocumentAccepted,
    RequestAnswered,
    RequestConcluded,
    RequestRegistered,
    RequestRouted,
    State,
)
from tests.unit.verification.builders import RESOLVED, Life, some_files, withdrawal
from tests.unit.verification.spoiling import again, amended, breaks, changed, extended, sent, with_fields, without


@breaks(requests.every_submission_gets_a_reference)
def nobody_ever_answered(life: Life) -> History:
    return sent(life.history(), reference=None, request_id=None)


@breaks(requests.every_reference_is_unique)
def a_reference_was_given_twice(life: Life) -> History:
    history = life.history()
    return replace(history, submissions=[*history.submissions, *history.submissions])


@breaks(requests.nobody_gets_an_unexpected_answer)
def a_client_got_a_500(life: Life) -> History:
    return replace(life.history(), unexpected_answers=["500 to POST /v1/requests"])


@breaks(requests.every_acknowledged_request_is_registered)
def it_was_never_registered(life: Life) -> History:
    return without(life.history(), RequestRegistered)


@breaks(requests.every_acknowledged_request_is_registered)
def it_is_not_in_the_book(life: Life) -> History:
    return amended(life.history(), "intake", with_fields(state=None))


@breaks(requests.every_request_is_registered_once)
def it_was_registered_twice(life: Life) -> History:
    return extended(life.history(), again(life.registered, 50, id="other"))


@breaks(requests.every_request_is_registered_once)
def its_words_were_registered_under_a_second_id(life: Life) -> History:
    return extended(life.history(), again(life.registered, 50, id="other", key=str(uuid4())))


@breaks(requests.every_request_is_registered_once)
def it_is_twice_in_the_book(life: Life) -> History:
    history = life.history()
    (entry,) = history.stored["intake"].values()
    book = {entry.key: entry, "PO-00000-00000-0": replace(entry, key="PO-00000-00000-0")}
    return replace(history, stored={**history.stored, "intake": book})


@breaks(requests.every_request_keeps_its_own_text)
def it_has_somebody_elses_words(life: Life) -> History:
    return sent(life.history(), description="Outra coisa.")


@breaks(requests.every_request_keeps_its_own_text)
def it_reached_its_department_changed(life: Life) -> History:
    return changed(life.history(), AssignmentCreated, description="Outra coisa.")


@breaks(lives.every_stored_fact_is_published)
def a_fact_is_missing(life: Life) -> History:
    return without(life.history(), RequestRouted)


@breaks(lives.every_request_reaches_its_end)
def it_was_never_concluded(life: Life) -> History:
    return without(life.history(), RequestConcluded)


@breaks(lives.every_step_is_allowed_where_it_happens)
def it_was_concluded_and_never_answered(life: Life) -> History:
    return without(life.history(), RequestAnswered)


@breaks(lives.every_request_reaches_its_end)
def it_was_withdrawn_by_nobody(life: Life) -> History:
    return sent(Life(acts=(withdrawal(),)).history(), acts=())


@breaks(lives.every_step_is_allowed_where_it_happens)
def it_was_answered_twice(life: Life) -> History:
    life.fact("another answer", life.resolve, RequestAnswered, State.CONCLUDED, department="pf", text=RESOLVED)
    return life.history()


@breaks(lives.every_step_is_allowed_where_it_happens)
def it_was_withdrawn_and_answered_all_the_same(_: Life) -> History:
    gone = Life(acts=(withdrawal(),))
    gone.fact("answered", gone.registered, RequestAnswered, State.ANSWERED, department="pf", text=RESOLVED)
    return gone.history()


@breaks(files.every_file_reaches_its_request_whole)
def a_file_never_arrived(_: Life) -> History:
    return without(Life(files=some_files(2)).history(), DocumentAccepted)


@breaks(files.every_file_reaches_its_request_whole)
def a_file_arrived_changed(_: Life) -> History:
    return changed(Life(files=some_files(1)).history(), DocumentAccepted, sha256="cd" * 32)


@breaks(files.every_file_arrives_once)
def a_file_arrived_twice(_: Life) -> History:
    with_file = Life(files=some_files(1))
    accepted = next(record for record in with_file.records if isinstance(record.event, DocumentAccepted))
    return extended(with_file.history(), again(accepted, 50, id="other"))


@breaks(files.every_file_arrives_once)
def it_has_a_file_that_nobody_sent(_: Life) -> History:
    return sent(Life(files=some_files(1)).history(), files=())
