"""How long a read waits for the view: for one's own request alone, or the time of the answer would tell of others'."""

from uuid import UUID, uuid4

import pytest

from gateway.requests.queries import WAIT, WAIT_FOR_ACT, wait_for
from gateway.requests.receipts import Receipt
from services.common.contracts.lifecycle import MessageAdded, State
from tests.unit.gateway.builders import ACCOUNT, NOON, REQUEST, fact, received, session, submitted
from tests.unit.gateway.test_views import merged

ACT = UUID(int=10)
RECEIPT = Receipt(submitted().reference, REQUEST, ACCOUNT, NOON, "FAM-01", "INF", "")
FILED = [received(submitted(), id="s")]
WRITTEN = [*FILED, received(fact(MessageAdded, 2, State.REGISTERED, act_id=str(ACT), text="Falta um papel."))]


def test_only_whoever_has_a_receipt_waits_for_a_view() -> None:
    assert wait_for(session(), RECEIPT, None, None) == WAIT
    for after in (None, ACT):
        assert wait_for(session(), None, after, None) == 0


def test_a_view_is_waited_for_until_it_tells_of_the_act() -> None:
    assert wait_for(session(), None, None, merged(FILED)) == 0
    assert wait_for(session(), None, ACT, merged(FILED)) == WAIT_FOR_ACT
    assert wait_for(session(), None, ACT, merged(WRITTEN)) == 0


@pytest.mark.parametrize("after", [ACT, uuid4()])
def test_nobody_waits_for_an_act_on_somebody_elses_request(after: UUID) -> None:
    assert wait_for(session(account_id=uuid4()), None, after, merged(FILED)) == 0
