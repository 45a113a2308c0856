"""Spoiled histories of order, records, notices and views, one function for each fault."""

from dataclasses import replace

from deploy.verification.clauses import notices, order, records, undisturbed, views
from deploy.verification.evidence import DeadLetter, Lag, Record
from deploy.verification.history import History
from services.common.contracts import topics
from services.common.contracts.assignments import AssignmentAcknowledged
from services.common.contracts.deliveries import DeliveryFailed, DeliverySent
from services.common.contracts.departments import AssignmentUpdated
from services.common.contracts.lifecycle import RequestConcluded, RequestRegistered, State
from tests.unit.verification.builders import Life, withdrawal
from tests.unit.verification.spoiling import (
    again,
    amended,
    breaks,
    extended,
    mailed,
    numbered,
    poisoned,
    seen,
    unreadable,
    with_fields,
    with_state,
    without,
)


@breaks(order.facts_are_published_in_the_order_of_their_numbers)
def a_fact_overtook_another(life: Life) -> History:
    return numbered(life.history(), 1, 3, 2, 4, 5)


@breaks(order.facts_are_published_in_the_order_of_their_numbers)
def two_facts_have_one_number(life: Life) -> History:
    return numbered(life.history(), 1, 2, 2, 3, 4)


@breaks(order.inboxes_are_in_the_order_of_their_numbers)
def an_inbox_event_came_late(life: Life) -> History:
    life.inbox("late", life.registered, AssignmentUpdated, number=0)
    return life.history()


@breaks(order.commands_are_forwarded_in_their_order)
def a_command_overtook_another(life: Life) -> History:
    return extended(without(life.history(), AssignmentAcknowledged), life.acknowledge)


@breaks(order.readers_apply_in_the_order_of_the_log)
def intake_applied_in_another_order(life: Life) -> History:
    return amended(life.history(), "intake", lambda stored: replace(stored, inbox=stored.inbox[::-1]))


@breaks(records.an_id_is_one_event)
def an_id_was_said_again_with_other_bytes(life: Life) -> History:
    return extended(life.history(), again(life.registered, 50, digest=b"other"))


@breaks(records.every_record_can_be_read)
def something_cannot_be_read(life: Life) -> History:
    return unreadable(life.history())


@breaks(records.every_record_ended)
def intake_never_decided_on_one(life: Life) -> History:
    return amended(life.history(), "intake", lambda stored: replace(stored, inbox=stored.inbox[:-1]))


@breaks(records.every_record_ended)
def the_view_never_got_a_notice(life: Life) -> History:
    return amended(life.history(), "gateway-views", with_state(notices={}))


@breaks(records.every_record_ended)
def a_notice_was_never_made(life: Life) -> History:
    history = life.history()
    return replace(history, stored={**history.stored, "notifications": {}})


@breaks(records.every_record_ended)
def a_reader_left_the_poison_where_it_was(life: Life) -> History:
    return poisoned(life.history(), "intake")


@breaks(records.every_group_has_read_everything)
def a_record_was_never_read(life: Life) -> History:
    return replace(life.history(), lags=[Lag("intake", topics.INTAKE, 3, 0, 1)])


@breaks(records.every_outbox_is_empty_and_no_document_is_blocked)
def an_event_stayed_in_the_outbox(life: Life) -> History:
    return amended(life.history(), "routing", with_fields(unsent=("event",)))


@breaks(records.every_outbox_is_empty_and_no_document_is_blocked)
def a_record_waits_behind_a_bug(life: Life) -> History:
    return amended(life.history(), "routing", with_fields(blocked=1))


@breaks(records.only_poison_is_dead_lettered)
def a_sound_record_was_set_aside(life: Life) -> History:
    letter = DeadLetter("intake", life.records[0].position, "bug:KeyError", life.records[0].key)
    return replace(life.history(), dead_letters=[letter])


@breaks(notices.every_notice_ends)
def a_notice_is_still_being_sent(life: Life) -> History:
    return amended(life.history(), "notifications", with_state(status="sending"))


@breaks(notices.every_notice_ends)
def nobody_said_how_it_ended(life: Life) -> History:
    return without(life.history(), DeliverySent)


@breaks(notices.every_notice_ends_once)
def a_notice_ended_twice(life: Life) -> History:
    return extended(life.history(), again(sent_notice(life), 50, id="other"))


@breaks(notices.every_notice_ends_once)
def a_notice_of_nothing_that_happened_ended(life: Life) -> History:
    return without(life.history(), RequestRegistered)


@breaks(notices.every_sent_notice_has_a_mail)
def no_mail_left(life: Life) -> History:
    return replace(life.history(), mails=[])


@breaks(notices.no_mail_leaves_under_a_second_message_id)
def a_mail_left_under_a_second_id(life: Life) -> History:
    return mailed(life.history(), "another")


@breaks(notices.notices_about_one_request_leave_in_the_order_of_its_facts)
def the_first_notice_left_last(life: Life) -> History:
    history = life.history()
    return replace(history, mails=history.mails[::-1])


@breaks(notices.every_mail_goes_to_the_author_of_its_request)
def a_mail_went_to_somebody_else(life: Life) -> History:
    history = life.history()
    return replace(history, mails=[replace(mail, to="outro@example.org") for mail in history.mails])


@breaks(undisturbed.every_notice_is_sent)
def a_notice_failed(life: Life) -> History:
    record = sent_notice(life)
    assert record.received is not None
    failed = DeliveryFailed(**record.received.event.model_dump(), because="smtp-550")
    other = replace(record, received=record.received._replace(event=failed))
    return replace(life.history(), records=[other if each is record else each for each in life.records])


@breaks(undisturbed.every_mail_leaves_once)
def a_mail_left_twice(life: Life) -> History:
    history = life.history()
    return mailed(history, history.mails[0].delivery_id)


@breaks(views.views_equal_the_stored_requests)
def it_is_shown_in_another_state(life: Life) -> History:
    return amended(life.history(), "gateway-views", with_state(state="answered"))


@breaks(views.views_equal_the_stored_requests)
def it_is_not_shown(life: Life) -> History:
    return amended(life.history(), "gateway-views", with_fields(state=None))


@breaks(views.views_equal_the_stored_requests)
def the_book_has_a_fact_more(life: Life) -> History:
    return amended(life.history(), "intake", with_state(seq=6))


@breaks(views.views_equal_the_stored_requests)
def a_number_was_skipped(life: Life) -> History:
    history = life.history()
    last = next(record for record in history.records if isinstance(record.event, RequestConcluded))
    assert last.received is not None
    far = replace(last, received=last.received._replace(event=last.fact.model_copy(update={"seq": 12})))
    return replace(history, records=[far if each is last else each for each in history.records])


@breaks(views.authors_see_everything_that_happened)
def its_author_never_saw_it(life: Life) -> History:
    return replace(life.history(), pages={})


@breaks(views.authors_see_everything_that_happened)
def its_author_saw_it_in_another_state(life: Life) -> History:
    return seen(life.history(), state=State.ANSWERED)


@breaks(views.authors_see_everything_that_happened)
def its_author_did_not_see_the_answer(life: Life) -> History:
    return seen(life.history(), entries=[each for each in life.page().entries if each.type != "request.answered"])


@breaks(views.authors_see_everything_that_happened)
def its_author_could_not_read_the_answer(life: Life) -> History:
    return seen(life.history(), entries=[each.model_copy(update={"text": None}) for each in life.page().entries])


@breaks(views.authors_see_everything_that_happened)
def its_author_did_not_see_a_notice(life: Life) -> History:
    return seen(life.history(), entries=[each for each in life.page().entries if each.type != "delivery.sent"])


@breaks(views.authors_see_everything_that_happened)
def its_author_did_not_see_what_came_of_an_act(_: Life) -> History:
    gone = Life(acts=(withdrawal(),))
    blind = [each.model_copy(update={"act_id": None}) for each in gone.page().entries]
    return seen(gone.history(), entries=blind)


def sent_notice(life: Life) -> Record:
    return next(record for record in life.records if isinstance(record.event, DeliverySent))


@breaks(views.cases_equal_the_latest_inbox_events)
def its_department_cannot_list_it(life: Life) -> History:
    history = life.history()
    return replace(history, stored={**history.stored, "gateway-desk": {}})


@breaks(views.cases_equal_the_latest_inbox_events)
def its_department_lists_it_as_open(life: Life) -> History:
    return amended(life.history(), "gateway-desk", with_state(closed=False))


@breaks(views.cases_equal_the_latest_inbox_events)
def its_department_lists_another_text(life: Life) -> History:
    history = life.history()
    (case,) = history.stored["gateway-desk"].values()
    assert case.state is not None
    other = case.state["assignment"] | {"description": "Outra coisa."}
    return amended(history, "gateway-desk", with_state(assignment=other))
