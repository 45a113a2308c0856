"""Where others file meanwhile, what is theirs is not judged."""

from dataclasses import replace

from deploy.verification.clauses import requests
from deploy.verification.evidence import DeadLetter, Lag
from deploy.verification.recorder import without_others
from services.common.contracts import topics
from services.common.domain.position import Position
from tests.unit.verification.builders import Life, together
from tests.unit.verification.spoiling import again, extended


def test_what_others_file_meanwhile_is_left_out() -> None:
    own, theirs = Life().history(), Life("cc").history()
    letter = DeadLetter("intake", theirs.records[0].position, "bug:KeyError", theirs.records[0].key)
    lag = Lag("intake", topics.INTAKE, 3, first=1, records=1)
    mixed = replace(together(own, theirs), submissions=own.submissions, dead_letters=[letter], lags=[lag])
    left = without_others(mixed)
    assert (left.records, left.mails, left.dead_letters, left.lags) == (own.records, own.mails, [], [])


def test_what_nobody_read_and_nobody_could_apply_of_ones_own_is_kept() -> None:
    life = Life()
    letter = DeadLetter("intake", Position(topics.INTAKE, 3, 0), "bug:KeyError", str(life.request_id))
    lag = Lag("intake", topics.INTAKE, 3, first=0, records=1)
    history = replace(life.history(), dead_letters=[letter], lags=[lag])
    assert without_others(history) == history


def test_ones_own_words_under_an_id_that_nobody_was_given_are_kept() -> None:
    life, double = Life(), Life()
    copied = again(life.registered, 50, id="other", key=str(double.request_id))
    history = extended(life.history(), copied)
    assert requests.every_request_is_registered_once(without_others(history))
