"""Spoiled histories of reports, questions about other requests, and ends of sick leaves; and the correct ones."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

from deploy.verification.clauses import special
from deploy.verification.history import History
from services.common.contracts import topics
from services.common.contracts.decisions import Outcome
from services.common.contracts.departments import AssignmentUpdated
from services.common.contracts.employers import SickLeaveEnded
from services.common.contracts.intake import LinkedRequest
from services.common.contracts.lifecycle import RequestAnswered, RequestRegistered
from tests.unit.verification.builders import Life, together
from tests.unit.verification.spoiling import breaks, changed, sent


def report(history: History) -> History:
    return changed(history, RequestRegistered, restricted_to=uuid4())


def question(history: History, about: str, department: str) -> History:
    """The history, as if its request asked about another one."""
    linked = LinkedRequest(reference=about, department=department)
    return changed(history, RequestRegistered, linked=linked, reason="EST")


def sick_leave(life: Life, *notices: str, outcome: Outcome = Outcome.GRANTED) -> History:
    """The history of a request to end a sick leave, with notices to its employer that have these ids."""
    (command,) = [record for record in life.records if record.id == life.resolve.cause]
    for identifier in notices:
        told = SickLeaveEnded(
            employer="20000001014",
            worker="10000009097",
            certificate="CIT-104417",
            last_day=date(2026, 1, 8),
            returns_on=date(2026, 1, 9),
        )
        life.append(identifier, told, topic=topics.EMPLOYERS, id=identifier, cause=command)
    history = changed(life.history(), RequestAnswered, outcome=outcome)
    return sent(history, subject="DOE-02", reason="CES")


@breaks(special.the_words_of_a_report_reach_its_departments_alone)
def another_department_reads_a_report(life: Life) -> History:
    life.inbox("leaked", life.registered, AssignmentUpdated, department="dd")
    return report(life.history())


@breaks(special.the_words_of_a_report_reach_its_departments_alone)
def a_mail_repeats_a_report(life: Life) -> History:
    history = report(life.history())
    first, *others = history.mails
    words = life.submission.description.replace(" ", "\n ")
    return replace(history, mails=[replace(first, text=f"Recebemos:\n{words}"), *others])


@breaks(special.a_question_goes_to_the_department_that_has_its_request)
def a_question_went_to_the_department_of_its_subject(life: Life) -> History:
    earlier = Life("dd")
    return together(question(life.history(), earlier.reference, "dd"), earlier.history())


@breaks(special.a_question_goes_to_the_department_that_has_its_request)
def a_question_went_to_a_department_that_never_had_its_request(life: Life) -> History:
    earlier = Life("dd")
    return together(question(life.history(), earlier.reference, life.department), earlier.history())


@breaks(special.an_employer_is_told_of_each_leave_that_ended)
def no_employer_was_told(life: Life) -> History:
    return sick_leave(life)


@breaks(special.no_employer_is_told_twice_or_of_a_leave_that_did_not_end)
def an_employer_was_told_twice(life: Life) -> History:
    return sick_leave(life, "dp/1/sick-leave-ended/2026-01-08", "dp/1/sick-leave-ended/2026-01-09")


@breaks(special.no_employer_is_told_twice_or_of_a_leave_that_did_not_end)
def an_employer_was_told_of_a_refusal(life: Life) -> History:
    return sick_leave(life, "dp/1/sick-leave-ended/2026-01-08", outcome=Outcome.REFUSED)
