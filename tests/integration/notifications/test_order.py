"""Notices about one request leave in the order of its facts: replicas, outages, refusals, dead processes, redriven facts."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from services.common.contracts.lifecycle import LifecycleFact, RequestAnswered, RequestRegistered, RequestWithdrawn
from services.notifications import domain, store
from services.notifications.domain import Delivery, Skip, Status
from services.notifications.store import delivery_in
from tests.integration.notifications.notifications_environment import NotificationsEnvironment
from tests.support.waiting import eventually
from tests.unit.notifications.builders import NOON, delivery_of, fact

LIVES = (
    ("registered", "withdrawn"),
    ("registered", "answered", "lapsed"),
    ("registered", "document-refused", "document-refused", "resolved"),
)


def order_of(environment: NotificationsEnvironment, account: UUID) -> list[str]:
    """The Message-IDs of the person's mails, each where it arrived first."""
    return list(dict.fromkeys(environment.mails_to(account)))


async def lives(environment: NotificationsEnvironment, number: int) -> list[list[Delivery]]:
    return [await environment.due_about(environment.person(), *LIVES[each % len(LIVES)]) for each in range(number)]


async def arrived_in_order(environment: NotificationsEnvironment, made: Sequence[Sequence[Delivery]]) -> None:
    async def probe() -> bool:
        for notices in made:
            assert order_of(environment, notices[0].account_id) == [each.message_id for each in notices]
        return True

    await eventually(probe, within=40)
    for notices in made:
        ended = [await environment.ended(each, Status.SENT) for each in notices]
        tried = [each.first_tried_at for each in ended if each.first_tried_at]
        assert tried == sorted(tried)


async def stored(environment: NotificationsEnvironment, made: Delivery, after: Delivery) -> None:
    (document,) = (await environment.deliveries.load([str(made.id)])).values()
    assert not await environment.deliveries.save([store.change_to(document, after)])


async def test_replicas_send_the_notices_of_each_request_one_after_another(
    environment: NotificationsEnvironment,
) -> None:
    made = await lives(environment, 24)
    async with environment.sending(environment.sender(holder="1"), environment.sender(holder="2")):
        await arrived_in_order(environment, made)
    await environment.every_mail_has_its_try()


async def test_many_notices_about_one_request_all_leave_in_order(environment: NotificationsEnvironment) -> None:
    made = await environment.due_about(environment.person(), "registered", *["document-refused"] * 20, "resolved")
    async with environment.sending(environment.sender(holder="1"), environment.sender(holder="2")):
        await arrived_in_order(environment, [made])


async def test_after_a_mail_server_that_hung_each_request_still_arrives_in_order(
    environment: NotificationsEnvironment,
) -> None:
    environment.mail.hold.clear()
    made = await lives(environment, 12)
    slow = [environment.sender(holder=holder, timeout=0.4) for holder in ("1", "2")]
    async with environment.sending(*slow):

        async def tried_again() -> bool:
            return all([(await environment.delivery(notices[0])).failures for notices in made])

        await eventually(tried_again, within=30)
        environment.mail.hold.set()
        await arrived_in_order(environment, made)
    later = [await environment.delivery(each) for notices in made for each in notices[1:]]
    assert any(not each.failures for each in later), "waiting is no failed try"


async def test_after_a_mail_server_that_was_away_each_request_still_arrives_in_order(
    environment: NotificationsEnvironment,
) -> None:
    await environment.mail.go_away()
    made = await lives(environment, 12)
    async with environment.sending():

        async def tried() -> bool:
            return any([(await environment.delivery(notices[0])).failures for notices in made])

        await eventually(tried)
        await environment.mail.come_back()
        await arrived_in_order(environment, made)


async def test_a_notice_that_fails_or_is_skipped_lets_the_next_one_go(environment: NotificationsEnvironment) -> None:
    refused, unwilling = environment.person(), environment.person(channels=[])
    environment.mail.to_recipient[environment.address_of(refused)].append("550 Not this one")
    first, second = await environment.due_about(refused, "registered", "answered")
    third, fourth = await environment.due_about(unwilling, "registered", "answered")
    async with environment.sending():
        await environment.ended(second, Status.SENT)
        await environment.ended(fourth, Status.SKIPPED)
    assert (await environment.delivery(first)).status is Status.FAILED
    assert (await environment.delivery(third)).status is Status.SKIPPED
    assert environment.mails_to(refused) == [second.message_id]


async def test_a_notice_waits_for_the_one_that_a_dead_replica_was_sending(
    environment: NotificationsEnvironment,
) -> None:
    first, second = await environment.due_about(environment.person(), "registered", "withdrawn")
    await stored(environment, first, domain.leased(first, datetime.now(UTC), "dead", lease=timedelta(seconds=1)))
    async with environment.sending(environment.sender(lease=1)):
        await arrived_in_order(environment, [[first, second]])
    assert (await environment.delivery(first)).failures == {"lost": 1}
    assert (await environment.delivery(second)).failures == {}


async def test_many_notices_that_wait_delay_nobody_else(environment: NotificationsEnvironment) -> None:
    """Forty requests whose first notice is tried again in ten minutes; then a notice about another request."""
    waiting = []
    for _ in range(40):
        first, second = await environment.due_about(environment.person(), "registered", "withdrawn")
        later = datetime.now(UTC) + timedelta(minutes=10)
        await stored(environment, first, first.model_copy(update={"due_at": later, "failures": {"deferred": 9}}))
        waiting.append(second)
    (calm,) = await environment.due(environment.person())
    await stored(environment, calm, calm.model_copy(update={"due_at": datetime.now(UTC)}))
    async with environment.sending():
        await environment.ended(calm, Status.SENT, within=5)
        held = [await environment.ended(each, Status.PENDING) for each in waiting]
    assert all(each.due_at and each.due_at > later for each in held[-1:])
    assert [each.failures for each in held] == [{}] * len(held)
    assert len(environment.mail.mails) == 1


async def test_a_fact_redriven_after_a_later_notice_was_sent_is_told_no_more(
    environment: NotificationsEnvironment,
) -> None:
    account, request = environment.person(), uuid4()
    about = {"request_id": request, "account_id": account, "reference": "PO-1"}
    late, sent = delivery_of("registered", **about, seq=1), delivery_of("withdrawn", **about, seq=2)
    await environment.deliveries.collection.insert_one(store.new_document(sent, 3))
    sender = environment.sender()
    async with environment.sending(sender):
        await environment.ended(sent, Status.SENT)
        await environment.deliveries.collection.insert_one(store.new_document(late, 3))
        sender.wake(NOON)
        assert (await environment.ended(late, Status.SKIPPED)).because == Skip.REPLACED
    assert environment.mails_to(account) == [sent.message_id]


async def test_a_fact_redriven_while_a_later_notice_is_being_sent_waits_for_the_outcome(
    environment: NotificationsEnvironment,
) -> None:
    account, request = environment.person(), uuid4()
    about = {"request_id": request, "account_id": account, "reference": "PO-1"}
    late, later = delivery_of("registered", **about, seq=1), delivery_of("withdrawn", **about, seq=2)
    environment.mail.hold.clear()
    await environment.deliveries.collection.insert_one(store.new_document(later, 3))
    sender = environment.sender(timeout=30)
    async with environment.sending(sender):
        await environment.ended(later, Status.SENDING)
        await environment.deliveries.collection.insert_one(store.new_document(late, 3))
        sender.wake(NOON)

        async def postponed() -> bool:
            standing = await environment.delivery(late)
            return standing.due_at != late.due_at and standing.status is Status.PENDING

        await eventually(postponed, within=20)
        environment.mail.hold.set()
        assert (await environment.ended(late, Status.SKIPPED)).because == Skip.REPLACED
    assert environment.mails_to(account) == [later.message_id]


async def test_deliveries_of_an_older_version_go_before_all_others(environment: NotificationsEnvironment) -> None:
    first, second = await environment.due_about(environment.person(), "answered", "lapsed")
    await environment.deliveries.collection.update_one({"_id": str(first.id)}, {"$unset": {"state.seq": ""}})
    environment.mail.to_data[environment.address_of(first.account_id)].append("451 Later")
    async with environment.sending():
        await arrived_in_order(environment, [[first, second]])


async def test_facts_that_follow_one_another_at_once_are_told_in_order(environment: NotificationsEnvironment) -> None:
    """Two processes read one batch of facts; the mail server hangs until all deliveries are made."""
    environment.mail.hold.clear()
    accounts = [environment.person() for _ in range(8)]
    requests = {account: uuid4() for account in accounts}
    kinds: list[type[LifecycleFact]] = [RequestRegistered, RequestAnswered, RequestWithdrawn]
    await environment.publish(
        *[fact(kind, requests[account], account, seq=seq) for seq, kind in enumerate(kinds, 1) for account in accounts]
    )
    await environment.start(instance="1")
    await environment.start(instance="2")

    async def all_made() -> bool:
        return await environment.deliveries.collection.count_documents({}) == 3 * len(accounts)

    await eventually(all_made, within=40)
    asyncio.get_running_loop().call_later(1, environment.mail.hold.set)

    async def all_arrived() -> bool:
        return all(len(order_of(environment, account)) == 3 for account in accounts)

    await eventually(all_arrived, within=40)
    found = await environment.deliveries.load(list(environment.expected))
    seq_of = {delivery_in(each).message_id: delivery_in(each).seq for each in found.values()}
    assert {tuple(seq_of[each] for each in order_of(environment, account)) for account in accounts} == {(1, 2, 3)}
