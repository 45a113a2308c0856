"""How long a read waits for the view. Only reads of own requests wait: the response time must not reveal others'."""

from uuid import UUID, uuid4

import pytest

from gateway.requests.queries import ACT_WAIT, VIEW_WAIT, max_wait
from gateway.requests.receipts import Receipt
from services.common.contracts.lifecycle import MessageAdded, State
from tests.unit.gateway.builders import ACCOUNT, NOON, REQUEST, fact, received, session, submitted
from tests.unit.gateway.test_views import merged

ACT = UUID(int=10)
RECEIPT = Receipt(submitted().reference, REQUEST, ACCOUNT, NOON, "FAM-01", "INF", "")
FILED = [received(submitted(), id="s")]
WRITTEN = [*FILED, received(fact(MessageAdded, 2, State.REGISTERED, act_id=str(ACT), text="Falta um papel."))]


def test_only_a_read_with_a_receipt_waits_for_a_view() -> None:
    assert max_wait(session(), RECEIPT, None, None, None) == VIEW_WAIT
    for after in (None, ACT):
        assert max_wait(session(), None, after, 2, None) == 0


def test_a_read_waits_until_the_view_has_the_outcome_of_the_act() -> None:
    assert max_wait(session(), None, None, None, merged(FILED)) == 0
    assert max_wait(session(), None, ACT, None, merged(FILED)) == ACT_WAIT
    assert max_wait(session(), None, ACT, None, merged(WRITTEN)) == 0


def test_a_read_waits_until_the_view_has_the_fact_with_the_given_number() -> None:
    assert max_wait(session(), None, None, 2, merged(FILED)) == ACT_WAIT
    assert max_wait(session(), None, None, 2, merged(WRITTEN)) == 0
    assert max_wait(session(), None, ACT, 3, merged(WRITTEN)) == ACT_WAIT


@pytest.mark.parametrize("after", [ACT, uuid4()])
def test_a_read_of_another_accounts_request_does_not_wait(after: UUID) -> None:
    assert max_wait(session(account_id=uuid4()), None, after, 2, merged(FILED)) == 0
