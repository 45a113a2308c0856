"""The report of a failed schedule."""

from dataclasses import replace

from deploy.verification.clauses import CLAUSES
from deploy.verification.verdicts import judge
from tests.faults.failure_report import history_report
from tests.unit.verification.builders import Life, together


def test_the_report_contains_only_the_affected_request_in_order() -> None:
    sound, life = Life(), Life()
    spoiled = replace(life.history(), records=[record for record in life.records if record.cause != life.resolve.id])
    history = together(sound.history(), spoiled)
    text = history_report(history, judge(history, CLAUSES))
    assert "BROKEN (lost)" in text
    assert str(life.request_id) in text
    assert str(sound.request_id) not in text
    moments = [line.split()[0] for line in text.splitlines() if line.startswith("    09:")]
    assert moments == sorted(moments)
