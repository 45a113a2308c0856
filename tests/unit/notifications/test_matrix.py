"""The matrix of notices says of each fact what intake's table of moves says."""

from services.intake.domain import TRANSITIONS
from services.notifications import domain
from services.notifications.domain import MATRIX
from tests.unit.notifications.builders import FACTS

BESIDE_THE_TABLE = {"document-refused", "opened"}
"""The notice of a fact that is no move, and that of a registration whose author did not ask for it."""


def test_every_notice_of_the_table_has_its_row_and_no_row_is_beside_it() -> None:
    of_the_table = {rule.notice for rule in TRANSITIONS.values() if rule.notice}
    assert set(domain.NOTICES) == of_the_table | BESIDE_THE_TABLE


def test_each_row_names_a_fact_of_its_move() -> None:
    facts = {rule.notice: rule.facts for rule in TRANSITIONS.values() if rule.notice}
    for row in MATRIX:
        if row.told and row.notice not in BESIDE_THE_TABLE:
            assert row.fact in facts[row.notice]


def test_each_fact_makes_the_notice_of_its_row() -> None:
    assert set(FACTS) == set(domain.NOTICES)
    for notice, fact in FACTS.items():
        row = domain.row_of(fact)
        assert row is not None
        assert row.notice == notice


def test_a_move_makes_one_notice_at_most() -> None:
    for rule in TRANSITIONS.values():
        rows = [row for fact in rule.facts for row in MATRIX if row.fact is fact and row.notice == rule.notice]
        assert len(rows) == (rule.notice is not None)
