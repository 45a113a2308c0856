"""A birth that a register reports: what is stored of it, and the request that it opens."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from gateway.accounts.domain import Account, account_id_of
from gateway.births.domain import AGE_LIMIT, REASON, SUBJECT, birth_of, request_of
from gateway.births.store import new_document
from services.common.catalogue import catalogue
from services.common.contracts import topics
from services.common.contracts.registry import BirthRegistered
from services.common.domain.errors import Poison
from services.common.domain.received import Received
from tests.support.received import received

SECRET: Final = b"a secret for derived ids" * 2
BIRTH_ID: Final = UUID("6f9ab1c2-52a5-4c36-9b43-0b4f2a6c7d11")
MOTHER, FATHER = "11000000007", "12000000012"
REPORTED_AT: Final = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


def told(at: datetime = REPORTED_AT, **changes: Any) -> Received[BirthRegistered]:
    fields = {"number": "104233/2026", "born_on": "2026-02-27", "parents": [MOTHER, FATHER]}
    event = BirthRegistered.model_validate(fields | changes)
    return received(event, topic=topics.REGISTRY, key=BIRTH_ID, at=at)


def parent(language: str = "pt", **changes: Any) -> Account:
    fields = {
        "account_id": account_id_of(SECRET, MOTHER),
        "niss": MOTHER,
        "kind": "person",
        "name": "Ana Sá",
        "email": "ana@example.org",
        "language": language,
        "password_hash": "",
    }
    return Account.model_validate(fields | changes)


def test_a_birth_is_stored_without_social_security_numbers() -> None:
    birth = birth_of(told(), SECRET)
    assert birth.parents == (account_id_of(SECRET, MOTHER), account_id_of(SECRET, FATHER))
    stored = str(new_document(birth, REPORTED_AT, None))
    assert (MOTHER in stored, FATHER in stored) == (False, False)


def test_one_parent_who_is_named_twice_is_one_parent() -> None:
    assert len(birth_of(told(parents=[MOTHER, f"NISS {MOTHER}"]), SECRET).parents) == 1


@pytest.mark.parametrize("language", ["pt", "en"])
def test_the_request_speaks_the_language_of_the_account_and_tells_the_department_which_child(language: str) -> None:
    request = request_of(birth_of(told(), SECRET), parent(language, place="azores"), catalogue(), SECRET)
    assert (request.language, request.place, request.who) == (language, "azores", "P")
    assert {each.name: each.value for each in request.answers} == {"born_on": "2026-02-27", "number": "104233/2026"}
    assert ("27 de fevereiro de 2026" if language == "pt" else "27 February 2026") in request.description


def test_the_request_is_of_a_kind_that_nobody_can_choose() -> None:
    current = catalogue()
    assert current.valid_leaf(SUBJECT, REASON)
    assert current.is_automatic(SUBJECT, REASON)
    assert all(REASON not in subject.reasons for subject in current.subjects.values())


def test_a_birth_has_one_request_whoever_of_its_parents_gets_it() -> None:
    birth = birth_of(told(), SECRET)
    father = parent(account_id=account_id_of(SECRET, FATHER))
    requests = [request_of(birth, each, catalogue(), SECRET) for each in (parent(), father)]
    assert len({each.request_id for each in requests}) == 1
    assert len({each.account_id for each in requests}) == 2


@given(st.dates(date(2000, 1, 1), date(2060, 12, 31)), st.integers(-400, 7_000))
def test_a_birth_is_taken_from_its_day_until_the_child_is_too_old(born_on: date, days: int) -> None:
    reported_on = date.fromordinal(born_on.toordinal() + days)
    at = datetime(reported_on.year, reported_on.month, reported_on.day, 12, tzinfo=UTC)
    birthday = born_on.replace(year=born_on.year + AGE_LIMIT)
    if days < 0:
        with pytest.raises(Poison, match="born-after-report"):
            birth_of(told(at, born_on=born_on), SECRET)
    elif reported_on >= birthday:
        with pytest.raises(Poison, match="born-too-long-ago"):
            birth_of(told(at, born_on=born_on), SECRET)
    else:
        assert birth_of(told(at, born_on=born_on), SECRET).born_on == born_on


@pytest.mark.parametrize(
    "wrong",
    [
        {"parents": []},
        {"parents": [MOTHER, FATHER, "11987654325"]},
        {"parents": ["20000000001"]},
        {"parents": ["11000000008"]},
        {"number": ""},
        {"number": "9" * 41},
        {"born_on": "27/02/2026"},
    ],
    ids=str,
)
def test_what_a_register_may_not_tell(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        told(**wrong)
