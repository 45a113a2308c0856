"""Every promise that a history is judged by."""

from typing import Final

from tests.faults.clauses import acts, departments, notices, order, records, requests, views
from tests.faults.verdicts import Clause

CLAUSES: Final[tuple[Clause, ...]] = (
    requests.everybody_is_given_a_reference,
    requests.nobody_gets_an_answer_that_should_not_be,
    requests.every_acknowledged_request_is_registered,
    requests.every_fact_in_the_book_is_said,
    requests.every_request_is_registered_once,
    requests.every_request_keeps_its_own_text,
    requests.every_request_reaches_the_end_of_its_script,
    acts.every_acknowledged_act_is_applied_or_refused,
    acts.every_act_takes_effect_once,
    acts.the_author_of_an_act_is_told,
    departments.every_epoch_reaches_its_department,
    departments.every_command_is_answered,
    departments.a_command_said_twice_changes_nothing,
    order.facts_are_said_in_the_order_of_their_numbers,
    order.inboxes_are_in_the_order_of_their_numbers,
    order.commands_are_passed_on_in_their_order,
    order.readers_apply_in_the_order_of_the_log,
    records.an_id_is_one_event,
    records.every_record_ended,
    records.every_group_has_read_everything,
    records.nothing_is_left_unsaid,
    records.nothing_is_set_aside_but_the_poison,
    notices.every_notice_ends,
    notices.a_notice_that_was_sent_has_left,
    notices.no_mail_leaves_under_a_second_message_id,
    views.views_equal_the_books,
)
