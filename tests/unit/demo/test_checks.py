"""Each check passes on a run that went well, and finds its harm in one that did not."""

from dataclasses import replace
from uuid import uuid4

import pytest

from deploy.demo import checks
from deploy.demo.evidence import Aside, Mail, Page
from deploy.demo.facts import Facts
from deploy.demo.tally import refusals, summary
from services.common.contracts.deliveries import DeliveryFailed
from services.common.contracts.departments import AssignmentCreated, CommandRejected
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentAccepted,
    RequestAnswered,
    RequestConcluded,
    RequestRegistered,
    State,
)
from services.common.domain.identifiers import reference_of
from tests.support.received import MONDAY
from tests.unit.demo.life import ACCOUNT, Life, case, spoiled, together, without


@pytest.fixture
def one() -> Life:
    return Life(case("pf", files=2))


@pytest.fixture
def run(one: Life) -> Facts:
    return together(one, Life(case("dd")))


def test_a_run_that_went_well_passes_every_check(run: Facts) -> None:
    assert [check.name for check in checks.judge(run) if not check.passed] == []
    assert summary(run) == "2 filed, 2 registered, 2 answered, 2 notified"


def test_a_record_that_is_delivered_again_is_no_harm(run: Facts) -> None:
    again = spoiled(run, records=[*run.evidence.records, *run.evidence.records])
    assert all(check.passed for check in checks.judge(again))


def test_what_others_file_meanwhile_is_not_judged(run: Facts) -> None:
    theirs = Life(case("cc")).evidence()
    own = run.evidence
    mixed = spoiled(run, records=[*own.records, *theirs.records], mails=[*own.mails, *theirs.mails])
    assert all(check.passed for check in checks.judge(mixed))
    assert summary(mixed) == summary(run)


def test_a_lost_request_is_found(run: Facts, one: Life) -> None:
    lost = without(run, RequestRegistered, one.case.request_id)
    assert f"{one.case.reference}: registered never" in checks.registered_once(lost).harms


def test_a_request_registered_twice_is_found(run: Facts, one: Life) -> None:
    second = one.lifecycle()[0]._replace(id="another")
    doubled = spoiled(run, records=[*run.evidence.records, second])
    assert f"{one.case.reference}: registered 2 times" in checks.registered_once(doubled).harms


def test_a_request_that_is_not_in_the_book_is_found(run: Facts, one: Life) -> None:
    booked = [entry for entry in run.evidence.booked if entry[0] != one.case.reference]
    (harm,) = checks.registered_once(spoiled(run, booked=booked)).harms
    assert harm.startswith(one.case.reference)


def test_a_request_that_is_twice_in_the_book_is_found(run: Facts, one: Life) -> None:
    booked = [*run.evidence.booked, ("PO-00000-00000-0", one.case.request_id)]
    (harm,) = checks.registered_once(spoiled(run, booked=booked)).harms
    assert harm.startswith(f"{one.case.reference}: 2 entries")


def test_a_case_that_a_repeated_sending_made_twice_is_found(run: Facts, one: Life) -> None:
    request_id = uuid4()
    double = Life(replace(one.case, request_id=request_id, reference=reference_of(request_id)))
    doubled = spoiled(run, records=[*run.evidence.records, double.lifecycle()[0]])
    (harm,) = checks.registered_once(doubled).harms
    assert harm == f"{double.case.reference}: registered, and given to nobody"


def test_a_reference_issued_twice_is_found(run: Facts, one: Life) -> None:
    doubled = Facts(3, [*run.cases, one.case], run.evidence)
    assert f"{one.case.reference}: issued 2 times" in checks.registered_once(doubled).harms


def test_a_request_that_could_not_be_filed_is_missed(run: Facts) -> None:
    (harm,) = checks.registered_once(Facts(5, run.cases, run.evidence)).harms
    assert harm.startswith("3 requests")


def test_a_request_in_the_wrong_inbox_is_found(run: Facts, one: Life) -> None:
    wrong = spoiled(run, records=[*run.evidence.records, one.created("cc")])
    assert f"{one.case.reference}: is for pf, went to cc, pf" in checks.each_its_own(wrong).harms


def test_an_assignment_to_the_wrong_department_is_found(run: Facts, one: Life) -> None:
    wrong = spoiled(run, records=[*run.evidence.records, one.made("tri")])
    assert checks.each_its_own(wrong).harms == (f"{one.case.reference}: is for pf, went to pf, tri",)


def test_a_request_that_reached_no_department_is_found(run: Facts, one: Life) -> None:
    lost = without(run, AssignmentCreated, one.case.request_id)
    assert f"{one.case.reference}: assigned never" in checks.each_its_own(lost).harms


def test_a_request_assigned_twice_is_found(run: Facts, one: Life) -> None:
    doubled = spoiled(run, records=[*run.evidence.records, one.created()._replace(id="another")])
    assert f"{one.case.reference}: assigned 2 times" in checks.each_its_own(doubled).harms


def test_words_that_reach_the_department_changed_are_found(run: Facts, one: Life) -> None:
    left = without(run, AssignmentCreated, one.case.request_id)
    changed = spoiled(left, records=[*left.evidence.records, one.created(description="Outra coisa.")])
    assert checks.each_its_own(changed).harms == (f"{one.case.reference}: reached pf changed",)


@pytest.mark.parametrize(("code", "harmless"), [("stale", True), ("not-allowed", True), ("wrong-department", False)])
def test_only_some_commands_may_be_refused(run: Facts, one: Life, code: str, harmless: bool) -> None:
    rejected = CommandRejected(
        request_id=one.case.request_id,
        reference=one.case.reference,
        occurred_at=MONDAY,
        department="pf",
        command_id="c",
        code=code,
        command_topic="departments.pf.outbox.v1",
        command_partition=0,
        command_offset=0,
    )
    told = spoiled(run, records=[*run.evidence.records, one.record(rejected)])
    assert checks.each_its_own(told).passed is harmless
    (sentence,) = refusals(told)
    assert sentence.startswith("1 × ")
    assert repr(code) in sentence
    assert ("as it should be" in sentence) is harmless


@pytest.mark.parametrize("kind", [RequestAnswered, RequestConcluded])
def test_a_request_without_its_answer_or_end_is_found(run: Facts, one: Life, kind: type) -> None:
    assert not checks.answered_and_visible(without(run, kind, one.case.request_id)).passed


def test_an_answer_that_its_author_cannot_see_is_found(run: Facts, one: Life) -> None:
    page = run.page(one.case)
    blind = replace(page, entries=[entry for entry in page.entries if entry.type != "request.answered"])
    check = checks.answered_and_visible(spoiled(run, shown={**run.evidence.shown, one.case.reference: blind}))
    assert check.counts == "1 of 2"
    assert f"{one.case.reference}: the answer cannot be read" in check.harms


def test_a_request_that_its_author_never_saw_is_found(run: Facts, one: Life) -> None:
    check = checks.answered_and_visible(spoiled(run, shown={**run.evidence.shown, one.case.reference: Page()}))
    assert f"{one.case.reference}: shown as unknown" in check.harms


def test_a_fact_that_is_skipped_in_the_numbering_is_found(run: Facts, one: Life) -> None:
    gap = one.fact(RequestConcluded, 12, State.CONCLUDED)
    check = checks.answered_and_visible(spoiled(run, records=[*run.evidence.records, gap]))
    assert f"{one.case.reference}: its facts are not numbered 1, 2, 3, …" in check.harms


def test_what_is_refused_between_the_rooms_need_not_be_shown(run: Facts, one: Life) -> None:
    command = {"id": "c", "topic": "departments.pf.outbox.v1", "partition": 0, "offset": 1}
    refused = one.fact(ActRefused, 8, State.CONCLUDED, act_id="c", code="not-allowed", command=command)
    assert checks.answered_and_visible(spoiled(run, records=[*run.evidence.records, refused])).passed


def test_a_mail_that_left_twice_is_found(run: Facts, one: Life) -> None:
    mail = next(each for each in run.evidence.mails if each.reference == one.case.reference)
    doubled = spoiled(run, mails=[*run.evidence.mails, mail])
    assert checks.notified_once(doubled).harms == (f"{one.case.reference}: a notice: mailed 2 times",)


def test_a_notice_that_left_under_a_second_message_id_is_found(run: Facts, one: Life) -> None:
    mail = Mail(str(uuid4()), ACCOUNT.email, one.case.reference)
    doubled = spoiled(run, mails=[*run.evidence.mails, mail])
    assert checks.notified_once(doubled).harms == (f"{one.case.reference}: 1 notices of nothing that happened",)


def test_a_mail_that_never_left_is_found(run: Facts, one: Life) -> None:
    left = [mail for mail in run.evidence.mails if mail.reference != one.case.reference]
    assert checks.notified_once(spoiled(run, mails=left)).harms == (
        f"{one.case.reference}: a notice: mailed never",
        f"{one.case.reference}: a notice: mailed never",
    )
    assert summary(spoiled(run, mails=left)).endswith("1 notified")


def test_a_mail_to_somebody_else_is_found(run: Facts, one: Life) -> None:
    mails = [replace(mail, to="outro@example.org") for mail in run.evidence.mails]
    assert (
        f"{one.case.reference}: a mail went to somebody else" in checks.notified_once(spoiled(run, mails=mails)).harms
    )


def test_a_delivery_that_ended_twice_is_found(run: Facts, one: Life) -> None:
    sent = one.sent(one.lifecycle()[0])
    known = next(each for each in run.evidence.records if getattr(each.event, "delivery_id", None))
    again = sent._replace(event=known.event, id="another", key=known.key)
    doubled = spoiled(run, records=[*run.evidence.records, again])
    assert "a notice: ended 2 times" in checks.notified_once(doubled).harms[0]


def test_a_delivery_that_failed_is_found(run: Facts, one: Life) -> None:
    known = next(each for each in run.evidence.records if getattr(each.event, "delivery_id", None))
    failed = DeliveryFailed(**known.event.model_dump(), because="smtp-550")
    records = [each._replace(event=failed) if each is known else each for each in run.evidence.records]
    assert (
        f"{one.case.reference}: a notice: ended as delivery.failed"
        in checks.notified_once(spoiled(run, records=records)).harms
    )


def test_a_file_that_never_arrived_is_found(run: Facts, one: Life) -> None:
    check = checks.attachments_whole(without(run, DocumentAccepted, one.case.request_id))
    assert check.counts == "0 of 2"
    assert len(check.harms) == 2


def test_a_file_whose_bytes_changed_is_found(run: Facts, one: Life) -> None:
    changed = [replace(file, sha256="cd" * 32) for file in one.case.attachments]
    other = replace(one.case, attachments=tuple(changed))
    assert not checks.attachments_whole(Facts(2, [other], run.evidence)).passed


def test_a_dead_letter_of_one_of_ours_is_found_and_of_others_not(run: Facts, one: Life) -> None:
    aside = [Aside("requests.intake.v1.dlq.intake", each) for each in (one.case.request_id, uuid4())]
    assert checks.nothing_aside(spoiled(run, aside=aside)).harms == (
        f"{one.case.reference}: a record lies on requests.intake.v1.dlq.intake",
    )
