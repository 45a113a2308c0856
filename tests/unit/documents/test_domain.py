"""A file: storing it, claims on it, their confirmation, and its expiry."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.common.contracts import PublishedEvent
from services.common.contracts.asked import ItemDelivery
from services.documents import domain
from services.documents.domain import (
    CLAIM_ENDS,
    CLAIM_LASTS,
    CLAIM_RENEWED_AFTER,
    EXPIRE,
    MAX_CLAIMS,
    UNCLAIMED_LASTS,
    AnotherFile,
    File,
    NotClaimable,
)
from services.documents.messages import FileAccepted, FileRefused
from tests.unit.documents.builders import (
    DOCUMENT,
    NOON,
    OTHER_OWNER,
    OWNER,
    claimed,
    content,
    registered,
    stored,
    written,
)

REQUEST, OTHER_REQUEST = uuid4(), uuid4()
HOUR = timedelta(hours=1)


def confirmed(file: File, request_id: UUID = REQUEST) -> File:
    state = domain.confirm(file, DOCUMENT, registered(request_id)).state
    assert state is not None
    return state


def refusal(events: tuple[PublishedEvent, ...]) -> str:
    (event,) = events
    assert isinstance(event, FileRefused)
    return event.because


def codes(files: dict[UUID, File | None], request_id: UUID = REQUEST, owner: UUID = OWNER) -> dict[UUID, str]:
    with pytest.raises(NotClaimable) as error:
        domain.claim(files, request_id, owner, NOON)
    return dict(error.value.codes)


# Storing


def test_storing_the_same_bytes_again_leaves_the_file_unchanged() -> None:
    file = claimed(stored(), REQUEST)
    assert domain.store(file, OWNER, content()) is file


def test_other_bytes_never_replace_a_stored_file() -> None:
    for file in (stored(), claimed(stored(), REQUEST), confirmed(claimed(stored(), REQUEST))):
        with pytest.raises(AnotherFile):
            domain.store(file, OWNER, content(sha256="b" * 64))


def test_the_same_bytes_from_another_owner_are_refused() -> None:
    with pytest.raises(AnotherFile):
        domain.store(stored(), OTHER_OWNER, content())


def test_only_its_owner_may_store_an_expired_file_again() -> None:
    expired = domain.expire(stored(), NOON + UNCLAIMED_LASTS).state

    with pytest.raises(AnotherFile):
        domain.store(expired, OTHER_OWNER, content())
    again = domain.store(expired, OWNER, content(at=NOON + 30 * HOUR))
    assert expired is not None
    assert again.state == "stored"
    assert again.discarded == expired.discarded
    assert again.unclaimed_since == NOON + 30 * HOUR


# Claiming


def test_repeating_a_claim_changes_nothing() -> None:
    file = claimed(stored(), REQUEST)
    assert claimed(file, REQUEST, at=NOON + HOUR) is file


def test_repeating_an_old_claim_renews_it() -> None:
    later = NOON + CLAIM_RENEWED_AFTER
    file = claimed(claimed(stored(), REQUEST), REQUEST, at=later)

    assert [(claim.request_id, claim.at) for claim in file.claims] == [(REQUEST, later)]


def test_several_requests_may_have_unconfirmed_claims_on_one_file() -> None:
    file = claimed(stored(), REQUEST, OTHER_REQUEST)
    assert {claim.request_id for claim in file.claims} == {REQUEST, OTHER_REQUEST}


def test_a_file_confirmed_for_another_request_cannot_be_claimed() -> None:
    assert codes({DOCUMENT: confirmed(claimed(stored(), REQUEST))}, OTHER_REQUEST) == {DOCUMENT: "used"}


def test_repeating_a_claim_after_its_confirmation_succeeds() -> None:
    file = confirmed(claimed(stored(), REQUEST))
    assert claimed(file, REQUEST) is file


def test_an_unknown_an_expired_and_another_owners_file_get_the_same_code() -> None:
    expired = domain.expire(stored(), NOON + UNCLAIMED_LASTS).state
    for file in (None, File(), expired):
        assert codes({DOCUMENT: file}) == {DOCUMENT: "unknown"}
    assert codes({DOCUMENT: stored()}, owner=OTHER_OWNER) == {DOCUMENT: "unknown"}


def test_every_file_that_cannot_be_claimed_is_named_and_none_is_claimed() -> None:
    good, used, missing = uuid4(), uuid4(), uuid4()
    files = {good: stored(), used: confirmed(claimed(stored(), OTHER_REQUEST), OTHER_REQUEST), missing: None}

    assert codes(files) == {used: "used", missing: "unknown"}


def test_claims_on_one_file_are_bounded_but_existing_ones_may_be_repeated() -> None:
    requests = [uuid4() for _ in range(MAX_CLAIMS)]
    file = claimed(stored(), *requests)

    assert codes({DOCUMENT: file}, uuid4()) == {DOCUMENT: "used"}
    assert claimed(file, requests[0]) is file


# Confirming


def test_a_registration_confirms_the_claim_and_publishes_the_accepted_file() -> None:
    decision = domain.confirm(claimed(stored(), OTHER_REQUEST, REQUEST), DOCUMENT, registered(REQUEST))

    (event,) = decision.events
    assert isinstance(event, FileAccepted)
    assert (event.request_id, event.document_id, event.sha256) == (REQUEST, DOCUMENT, "a" * 64)
    assert (event.key, event.occurred_at) == (str(REQUEST), NOON)
    assert decision.state is not None
    assert (decision.state.state, decision.state.claims) == ("accepted", ())
    assert domain.timers(decision.state) == ()


def test_a_message_confirms_the_claim_like_a_registration_and_a_file_named_by_both_is_published_once() -> None:
    decision = domain.confirm(claimed(stored(), REQUEST), DOCUMENT, written(REQUEST))
    (event,) = decision.events
    assert isinstance(event, FileAccepted)
    assert domain.confirm(decision.state, DOCUMENT, registered(REQUEST)).events == ()
    assert domain.confirm(confirmed(claimed(stored(), REQUEST)), DOCUMENT, written(REQUEST)).events == ()


def test_a_file_named_without_a_claim_is_refused() -> None:
    file = claimed(stored(), OTHER_REQUEST)
    decision = domain.confirm(file, DOCUMENT, registered(REQUEST))

    assert refusal(decision.events) == "not-claimed"
    assert decision.state is file


def test_an_unknown_file_is_refused_and_stored_as_empty() -> None:
    decision = domain.confirm(None, DOCUMENT, registered(REQUEST))

    assert refusal(decision.events) == "not-claimed"
    assert decision.state == File()
    assert domain.timers(File()) == ()


def test_the_second_request_that_names_a_file_is_refused() -> None:
    file = confirmed(claimed(stored(), REQUEST, OTHER_REQUEST))
    decision = domain.confirm(file, DOCUMENT, registered(OTHER_REQUEST))

    assert refusal(decision.events) == "not-claimed"
    assert decision.state is file


def test_only_the_owner_learns_that_a_file_has_expired() -> None:
    expired = domain.expire(stored(), NOON + UNCLAIMED_LASTS).state

    assert refusal(domain.confirm(expired, DOCUMENT, registered(REQUEST)).events) == "expired"
    other_owners = registered(REQUEST, account_id=OTHER_OWNER)
    assert refusal(domain.confirm(expired, DOCUMENT, other_owners).events) == "not-claimed"


def test_a_second_fact_of_the_same_request_publishes_nothing() -> None:
    file = confirmed(claimed(stored(), REQUEST))
    assert domain.confirm(file, DOCUMENT, registered(REQUEST)).events == ()


def test_a_file_that_the_request_has_already_is_published_again_if_it_is_delivered_for_an_asked_item() -> None:
    file = confirmed(claimed(stored(), REQUEST))
    delivery = ItemDelivery(item=1, documents=(DOCUMENT,))
    decision = domain.confirm(file, DOCUMENT, written(REQUEST).model_copy(update={"items": (delivery,)}))
    (event,) = decision.events
    assert isinstance(event, FileAccepted)
    assert decision.state is file


# Time


def test_an_unclaimed_file_expires_after_a_day_and_its_object_is_discarded() -> None:
    file = stored()
    (due,) = domain.timers(file)
    expired = domain.expire(file, due.at).state

    assert (due.kind, due.at) == (EXPIRE, NOON + timedelta(hours=24))
    assert file.content is not None
    assert expired == File(owner=OWNER, discarded=(file.content.object_key,))
    assert domain.timers(expired) == ()


def test_an_expiry_after_a_claim_does_nothing() -> None:
    for file in (claimed(stored(), REQUEST), confirmed(claimed(stored(), REQUEST))):
        assert domain.expire(file, NOON + UNCLAIMED_LASTS).state is file


def test_an_expiry_of_earlier_bytes_does_not_affect_later_bytes() -> None:
    again = stored(at=NOON + HOUR)
    assert domain.expire(again, NOON + UNCLAIMED_LASTS).state is again


def test_an_unconfirmed_claim_ends_after_35_days_and_the_file_expires_a_day_later() -> None:
    file = claimed(stored(), REQUEST)
    (due,) = domain.timers(file)
    free = domain.end_claims(file, due.at).state

    assert (due.kind, due.at) == (CLAIM_ENDS, NOON + timedelta(days=35))
    assert free is not None
    assert free.state == "stored"
    (next_due,) = domain.timers(free)
    assert (next_due.kind, next_due.at) == (EXPIRE, due.at + UNCLAIMED_LASTS)


def test_claims_end_one_by_one() -> None:
    file = claimed(claimed(stored(), REQUEST), OTHER_REQUEST, at=NOON + HOUR)
    (first,) = domain.timers(file)
    left = domain.end_claims(file, first.at).state

    assert left is not None
    assert [claim.request_id for claim in left.claims] == [OTHER_REQUEST]
    assert left.unclaimed_since is None


def test_the_end_of_a_renewed_claim_does_nothing() -> None:
    renewed = claimed(claimed(stored(), REQUEST), REQUEST, at=NOON + CLAIM_RENEWED_AFTER)
    assert domain.end_claims(renewed, NOON + CLAIM_LASTS).state is renewed


def test_forgetting_a_removed_object_clears_it_from_discarded() -> None:
    expired = domain.expire(stored(), NOON + UNCLAIMED_LASTS).state
    assert expired is not None
    assert domain.forget(expired, expired.discarded[0]).discarded == ()


def test_the_timers_of_a_file_belong_to_the_partition_of_its_newest_request() -> None:
    file = claimed(stored(), REQUEST, OTHER_REQUEST)

    assert domain.home_key(DOCUMENT, stored()) == str(DOCUMENT)
    assert domain.home_key(DOCUMENT, file) == str(OTHER_REQUEST)
    assert domain.home_key(DOCUMENT, confirmed(file)) == str(REQUEST)
