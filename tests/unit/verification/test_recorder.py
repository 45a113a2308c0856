"""On a shared stack, evidence about other people's requests is left out."""

from dataclasses import replace

from deploy.verification.clauses import requests
from deploy.verification.evidence import DeadLetter, Lag, Record
from deploy.verification.recorder import only_submissions
from services.common.contracts import topics
from services.common.contracts.employers import SickLeaveEnded
from services.common.domain.position import Position
from tests.unit.verification.builders import Life, together
from tests.unit.verification.spoiled_special import sick_leave
from tests.unit.verification.spoiling import again, extended


def test_requests_of_others_are_left_out() -> None:
    own, theirs = Life().history(), Life("cc").history()
    letter = DeadLetter("intake", theirs.records[0].position, "bug:KeyError", theirs.records[0].key)
    lag = Lag("intake", topics.INTAKE, 3, first=1, records=1)
    mixed = replace(together(own, theirs), submissions=own.submissions, dead_letters=[letter], lags=[lag])
    left = only_submissions(mixed)
    assert (left.records, left.mails, left.dead_letters, left.lags) == (own.records, own.mails, [], [])


def test_lags_and_dead_letters_of_own_requests_are_kept() -> None:
    life = Life()
    letter = DeadLetter("intake", Position(topics.INTAKE, 3, 0), "bug:KeyError", str(life.request_id))
    lag = Lag("intake", topics.INTAKE, 3, first=0, records=1)
    history = replace(life.history(), dead_letters=[letter], lags=[lag])
    assert only_submissions(history) == history


def test_notices_to_employers_are_kept_with_their_requests_although_their_keys_are_no_requests() -> None:
    own, theirs = (sick_leave(Life("dp"), f"dp/{number}/sick-leave-ended/2026-01-08") for number in range(2))
    employers = [replace(each, key="20000001014") for each in (*own.records, *theirs.records) if told(each)]
    others = [each for each in (*own.records, *theirs.records) if not told(each)]
    left = only_submissions(replace(own, records=[*others, *employers], stored={}))
    assert [each.id for each in left.records if told(each)] == ["dp/0/sick-leave-ended/2026-01-08"]


def told(record: Record) -> bool:
    return isinstance(record.event, SickLeaveEnded)


def test_a_copy_of_an_own_request_with_an_unknown_id_is_kept() -> None:
    life, double = Life(), Life()
    copied = again(life.registered, 50, id="other", key=str(double.request_id))
    history = extended(life.history(), copied)
    assert requests.every_request_is_registered_once(only_submissions(history))
