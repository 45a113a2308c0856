"""Drafts: what fits stays, what is sent is frozen, and every repetition is the same request."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given, strategies as st

from gateway.drafts import domain
from gateway.drafts.content import (
    DraftContent,
    code_errors,
    content_fingerprint,
    fitting,
    request_body,
    with_documents,
    without_document,
)
from gateway.drafts.domain import KEPT, KEPT_FILED, Draft
from gateway.drafts.schemas import DraftBody
from gateway.drafts.steps import Step, first_missing
from gateway.requests.receipts import Receipt
from gateway.requests.schemas import NewRequest
from services.common.catalogue import catalogue
from tests.unit.gateway.builders import ACCOUNT, BODY, NOON, REQUEST, session

SECRET = b"i" * 32
KEY = "0123456789abcdef"
LATER = NOON + timedelta(hours=1)
CHOSEN = DraftContent(life_event="FAM", subject="FAM-01", reason="INF", description=BODY["description"])


def draft(content: DraftContent = CHOSEN) -> Draft:
    draft_id = domain.draft_id_of(SECRET, session(), KEY)
    return domain.new_draft(draft_id, session(), content_fingerprint(content), content, (), NOON)


def receipt(**changes: Any) -> Receipt:
    return Receipt("PO-KC5H1-FK0TB-1", REQUEST, ACCOUNT, LATER, "FAM-01", "INF", "ab")._replace(**changes)


def after(**changes: Any) -> DraftContent:
    return fitting(catalogue(), CHOSEN, CHOSEN.model_copy(update=changes))


def codes(before: DraftContent, **changes: Any) -> list[tuple[str | None, str]]:
    errors = code_errors(catalogue(), before, before.model_copy(update=changes))
    return [(each.pointer, each.code) for each in errors]


def chosen(content: DraftContent) -> tuple[str | None, str | None, str | None]:
    return content.life_event, content.subject, content.reason


def test_another_life_event_clears_the_subject_and_its_reason() -> None:
    assert chosen(after(life_event="PAR")) == ("PAR", None, None)


def test_another_subject_clears_a_reason_that_it_does_not_have() -> None:
    certificate = CHOSEN.model_copy(update={"reason": "CER"})
    assert chosen(fitting(catalogue(), certificate, certificate.model_copy(update={"subject": "FAM-02"}))) == (
        "FAM",
        "FAM-02",
        None,
    )
    assert chosen(after(subject="FAM-02")) == ("FAM", "FAM-02", "INF")


def test_another_subject_brings_its_life_event() -> None:
    assert chosen(after(subject="PAR-01")) == ("PAR", "PAR-01", "INF")
    assert chosen(after(life_event=None)) == ("FAM", "FAM-01", "INF")


def test_what_the_catalogue_no_longer_has_is_cleared_without_an_error() -> None:
    old = DraftContent(life_event="OLD", subject="OLD-01", reason="OLD", description="a")
    assert not codes(old, description="b")
    assert chosen(fitting(catalogue(), old, old.model_copy(update={"description": "b"}))) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, None),
        ({"life_event": "OLD"}, Step.LIFE_EVENT),
        ({"subject": "FAM-99"}, Step.SUBJECT),
        ({"subject": "PAR-01"}, Step.SUBJECT),
        ({"reason": "OLD"}, Step.REASON),
        ({"reason": "NAS"}, Step.REASON),
        ({"description": " "}, Step.DESCRIPTION),
    ],
)
def test_what_the_catalogue_no_longer_has_is_asked_again(changes: dict[str, Any], missing: Step | None) -> None:
    assert first_missing(CHOSEN.model_copy(update=changes), NOON.date()) is missing


def test_answers_to_what_is_not_asked_any_more_are_not_sent() -> None:
    kept = {"return_on": "2026-03-04", "gone": "1"}
    asked = CHOSEN.model_copy(update={"life_event": "DOE", "subject": "DOE-02", "reason": "CES", "answers": kept})
    assert request_body(asked, "pt")["answers"] == {"return_on": "2026-03-04"}
    assert "answers" not in request_body(asked.model_copy(update={"reason": "INF"}), "pt")


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"life_event": "XXX"}, [("/life_event", "unknown_life_event")]),
        ({"subject": "FAM-99"}, [("/subject", "unknown_subject")]),
        ({"life_event": "PAR", "subject": "FAM-02"}, [("/subject", "unknown_subject")]),
        ({"reason": "DEN"}, [("/reason", "unknown_reason")]),
        ({"subject": "FAM-02", "reason": "CER"}, [("/reason", "unknown_reason")]),
        ({"life_event": "PAR", "subject": None, "reason": None}, []),
    ],
)
def test_a_code_that_was_just_chosen_must_exist_there(
    changes: dict[str, Any], errors: list[tuple[str | None, str]]
) -> None:
    assert codes(CHOSEN, **changes) == errors


_SUBJECTS = sorted(catalogue().subjects)
_CHOICES = st.builds(
    DraftContent,
    life_event=st.none() | st.sampled_from([each.code for each in catalogue().life_events]),
    subject=st.none() | st.sampled_from(_SUBJECTS),
    reason=st.none() | st.sampled_from(sorted(catalogue().reasons)),
)


@given(before=_CHOICES, changed=_CHOICES)
def test_after_any_change_the_codes_fit_each_other(before: DraftContent, changed: DraftContent) -> None:
    fitted = fitting(catalogue(), before, changed)
    subject = catalogue().subject(fitted.subject or "")
    if subject is not None:
        (event,) = [each.code for each in catalogue().life_events if subject in each.subjects]
        assert fitted.life_event == event
        assert fitted.reason is None or fitted.reason in subject.reasons
    assert fitting(catalogue(), fitted, fitted) == fitted
    assert fitted.life_event in (changed.life_event, None) or fitted.subject == changed.subject


@given(before=_CHOICES, changed=_CHOICES)
@example(
    before=DraftContent(life_event="APO", subject="APO-01"),
    changed=DraftContent(life_event="FAM", subject="APO-01", reason="ALT"),
)
def test_a_choice_without_errors_is_never_lost(before: DraftContent, changed: DraftContent) -> None:
    fitted = fitting(catalogue(), before, changed)
    for name in ("life_event", "subject", "reason"):
        new = getattr(changed, name)
        is_chosen = new is not None and new != getattr(before, name)
        if is_chosen and not list(code_errors(catalogue(), before, changed)):
            assert name == "life_event" or getattr(fitted, name) == new


def test_an_unfinished_description_may_be_empty_and_is_cleaned() -> None:
    assert DraftBody.model_validate({"description": ""}).content == DraftContent()
    assert DraftBody.model_validate({"description": "a\r\nb\u202e "}).description == "a\nb "
    with pytest.raises(ValueError, match="4000"):
        DraftBody.model_validate({"description": "x" * 4001})


def test_files_are_added_once_and_removed() -> None:
    one, two = uuid4(), uuid4()
    content = with_documents(with_documents(CHOSEN, [one]), [two, one])
    assert content.documents == (one, two)
    assert without_document(without_document(content, one), one).documents == (two,)


def test_the_id_derives_from_sender_and_key() -> None:
    ids = {domain.draft_id_of(SECRET, session(), KEY) for _ in range(2)}
    assert len(ids) == 1
    assert domain.draft_id_of(SECRET, session(account_id=uuid4()), KEY) not in ids
    assert domain.draft_id_of(SECRET, session(), f"{KEY}0") not in ids


def test_a_change_is_the_next_version_and_lasts_30_days_from_then() -> None:
    first = draft()
    second = domain.changed(first, after(subject="FAM-02"), (), LATER)
    assert (first.etag, second.etag) == ('"1"', '"2"')
    assert (first.expires_at, second.expires_at) == (NOON + KEPT, LATER + KEPT)
    assert (second.created_at, second.updated_at) == (NOON, LATER)


def test_the_body_of_the_request_is_one_that_requests_take_and_names_its_language() -> None:
    content = CHOSEN.model_copy(update={"documents": (REQUEST,), "linked_to": "PO-7K3QX-9M2TA-B"})
    body = request_body(content, "en")
    new = NewRequest.model_validate(body)
    assert (new.subject, new.reason, new.description, new.language) == ("FAM-01", "INF", BODY["description"], "en")
    assert (new.documents, new.linked_to) == ((REQUEST,), "PO-7K3QX-9M2TA-B")
    assert request_body(CHOSEN.model_copy(update={"language": "pt"}), "en")["language"] == "pt"
    assert "linked_to" not in request_body(CHOSEN, "en")


def test_the_first_attempt_freezes_the_body_and_later_ones_send_the_same() -> None:
    first = domain.attempted(draft(), request_body(CHOSEN, "en"), NOON)
    second = domain.attempted(first, request_body(CHOSEN, "pt"), LATER)
    assert first.sending is not None
    assert second.sending is not None
    assert (first.sending.body["language"], second.sending.body) == ("en", first.sending.body)
    assert (second.state, second.etag, second.expires_at) == ("submitting", '"1-submitting"', LATER + KEPT)


def test_a_refused_attempt_thaws_the_draft_under_its_old_version() -> None:
    thawed = domain.refused(domain.attempted(draft(), request_body(CHOSEN, "en"), NOON))
    assert (thawed.state, thawed.etag, thawed.sending) == ("editing", '"1"', None)


@given(attempts=st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_draft_stays_frozen_while_any_attempt_may_have_reached_the_log(attempts: list[bool]) -> None:
    current, unconfirmed = draft(), False
    for was_refused in attempts:
        current = domain.attempted(current, request_body(CHOSEN, "en"), NOON)
        current = domain.refused(current) if was_refused else current
        unconfirmed = unconfirmed or not was_refused
        assert current.state == ("submitting" if unconfirmed else "editing")


def test_of_concurrent_attempts_a_refused_one_does_not_thaw_the_others() -> None:
    twice = domain.attempted(domain.attempted(draft(), request_body(CHOSEN, "en"), NOON), {}, NOON)
    once = domain.refused(twice)
    assert (once.state, domain.refused(once).state) == ("submitting", "editing")


def test_the_first_receipt_of_a_filed_draft_stays_and_is_kept_a_day() -> None:
    sent = domain.attempted(draft(), request_body(CHOSEN, "en"), NOON)
    filed = domain.filed(sent, receipt(), LATER)
    assert domain.filed(filed, receipt(filed_at=NOON), NOON) is filed
    assert domain.refused(filed) is filed
    assert (filed.state, filed.expires_at) == ("filed", LATER + KEPT_FILED)
    assert domain.receipt_of(filed) == receipt()
    assert domain.receipt_of(sent) is None


def test_a_filed_draft_is_restricted_as_its_request_is_whatever_its_own_reason_says() -> None:
    """What is linked to a report is restricted, too."""
    restricted = receipt(actor_id=session().actor_id)
    sent = domain.attempted(draft(), {}, NOON)
    assert domain.receipt_of(domain.filed(sent, restricted, LATER)) == restricted


def test_a_draft_is_stored_and_read_as_it_was() -> None:
    filed = domain.filed(domain.attempted(draft(), request_body(CHOSEN, "en"), NOON), receipt(), LATER)
    assert Draft.model_validate(filed.model_dump()) == filed


def test_fingerprints_of_contents_are_stable() -> None:
    content = DraftContent(description="a", documents=(UUID(int=1),))
    assert content_fingerprint(content) == content_fingerprint(DraftContent.model_validate(content.model_dump()))
    assert content_fingerprint(DraftContent()) == (
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    ), "that of {}"
