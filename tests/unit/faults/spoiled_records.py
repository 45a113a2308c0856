"""What may go wrong with order, records, notices and views: a function for each."""

from dataclasses import replace

from deploy.demo.evidence import Mail
from services.common.contracts import topics
from services.common.contracts.assignments import AssignmentAcknowledged
from services.common.contracts.deliveries import DeliverySent
from tests.faults.clauses import notices, order, records, views
from tests.faults.history import Behind, History, Letter
from tests.unit.faults.builders import Life, again, amended, poisoned, without
from tests.unit.faults.spoiling import breaks, but, extended, numbered, shown


@breaks(order.facts_are_said_in_the_order_of_their_numbers)
def a_fact_overtook_another(life: Life) -> History:
    return numbered(life.history(), 1, 3, 2, 4, 5)


@breaks(order.facts_are_said_in_the_order_of_their_numbers)
def two_facts_have_one_number(life: Life) -> History:
    return numbered(life.history(), 1, 2, 2, 3, 4)


@breaks(order.inboxes_are_in_the_order_of_their_numbers)
def an_inbox_event_came_late(life: Life) -> History:
    life.inbox("late", life.registered, number=0)
    return life.history()


@breaks(order.commands_are_passed_on_in_their_order)
def a_command_overtook_another(life: Life) -> History:
    return extended(without(life.history(), AssignmentAcknowledged), life.acknowledge)


@breaks(order.readers_apply_in_the_order_of_the_log)
def intake_applied_in_another_order(life: Life) -> History:
    return amended(life.history(), "intake", lambda kept: replace(kept, inbox=kept.inbox[::-1]))


@breaks(records.an_id_is_one_event)
def an_id_was_said_again_with_other_bytes(life: Life) -> History:
    return extended(life.history(), again(life.registered, 50, digest=b"other"))


@breaks(records.every_record_ended)
def intake_never_decided_on_one(life: Life) -> History:
    return amended(life.history(), "intake", lambda kept: replace(kept, inbox=kept.inbox[:-1]))


@breaks(records.every_record_ended)
def the_view_never_got_a_notice(life: Life) -> History:
    return amended(life.history(), "gateway-views", shown(notices={}))


@breaks(records.every_record_ended)
def a_notice_was_never_made(life: Life) -> History:
    history = life.history()
    return replace(history, kept={**history.kept, "notifications": {}})


@breaks(records.every_record_ended)
def a_reader_left_the_poison_where_it_was(life: Life) -> History:
    return poisoned(life.history(), "intake")


@breaks(records.every_group_has_read_everything)
def a_record_was_never_taken(life: Life) -> History:
    return replace(life.history(), behind=[Behind("intake", topics.INTAKE, 3, 1)])


@breaks(records.nothing_is_left_unsaid)
def an_event_stayed_in_the_outbox(life: Life) -> History:
    return amended(life.history(), "routing", but(unsent=("event",)))


@breaks(records.nothing_is_left_unsaid)
def a_record_waits_behind_a_bug(life: Life) -> History:
    return amended(life.history(), "routing", but(blocked=1))


@breaks(records.nothing_is_set_aside_but_the_poison)
def a_sound_record_was_set_aside(life: Life) -> History:
    return replace(life.history(), letters=[Letter("intake", life.records[0].position, "bug:KeyError")])


@breaks(notices.every_notice_ends)
def a_notice_is_still_being_sent(life: Life) -> History:
    return amended(life.history(), "notifications", but(state={"status": "sending"}))


@breaks(notices.every_notice_ends)
def nobody_said_how_it_ended(life: Life) -> History:
    return without(life.history(), DeliverySent)


@breaks(notices.a_notice_that_was_sent_has_left)
def no_mail_left(life: Life) -> History:
    return replace(life.history(), mails=[])


@breaks(notices.no_mail_leaves_under_a_second_message_id)
def a_mail_left_under_a_second_id(life: Life) -> History:
    history = life.history()
    return replace(history, mails=[*history.mails, Mail("another", "rita@example.org", life.reference)])


@breaks(views.views_equal_the_books)
def it_is_shown_in_another_state(life: Life) -> History:
    return amended(life.history(), "gateway-views", shown(state="answered"))


@breaks(views.views_equal_the_books)
def it_is_notshown(life: Life) -> History:
    return amended(life.history(), "gateway-views", but(state=None))


@breaks(views.views_equal_the_books)
def the_book_has_a_fact_more(life: Life) -> History:
    return amended(life.history(), "intake", shown(seq=6))
