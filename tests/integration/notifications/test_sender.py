"""What becomes of a delivery when the mail server, the gateway, or another replica has a bad day."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.notifications import domain, sender, store
from services.notifications.domain import Status
from services.notifications.messages import DeliveryFailed, DeliverySent, DeliverySkipped
from services.notifications.sender import FULL_SEARCH_PERIOD, RECENT
from tests.integration.notifications.house import House
from tests.support.waiting import eventually


async def test_a_notice_arrives_once_with_reference_and_link(town: House) -> None:
    ana = town.person(name="Ana Sá")
    (made,) = await town.due(ana)
    async with town.sending():
        await eventually(town.everybody_was_told_once)
    (taken,) = town.mail.mails
    assert taken.message["To"] == f"Ana Sá <{town.address_of(ana)}>"
    assert made.reference in taken.message["Subject"]
    body = taken.message.get_body(("plain",))
    assert body is not None
    assert f"https://postigo.example/pedidos/{made.reference}" in body.get_content()
    assert town.gateway.purposes == [f"notice {made.id}"]


async def test_many_notices_share_few_connections(town: House) -> None:
    await town.due(*[town.person() for _ in range(60)])
    async with town.sending():
        await eventually(town.everybody_was_told_once)
    assert len(town.mail.mails) == 60
    assert town.mail.connections <= 16


async def test_a_mail_server_that_was_away_gets_everything_when_it_is_back(town: House) -> None:
    await town.mail.go_away()
    first, *_ = await town.due(*[town.person() for _ in range(3)])
    async with town.sending():

        async def tried() -> bool:
            return (await town.delivery(first)).failures.get("unavailable", 0) >= 1

        await eventually(tried)
        assert town.gateway.purposes == [], "a person was looked up although no mail could leave"
        await town.mail.come_back()
        await eventually(town.everybody_was_told_once)


async def test_a_mail_server_that_drops_its_connections_is_no_trouble(town: House) -> None:
    await town.due(town.person())
    async with town.sending():
        await eventually(town.everybody_was_told_once)
        await town.mail.go_away()
        await town.mail.come_back()
        await town.due(town.person())
        await eventually(town.everybody_was_told_once)


async def test_not_now_is_tried_again_and_never_is_not(town: House) -> None:
    patient, gone = town.person(), town.person()
    town.mail.to_data[town.address_of(patient)].append("451 Later")
    town.mail.to_recipient[town.address_of(gone)].append("550 No such person")
    later, never = await town.due(patient, gone)
    async with town.sending():
        failed = await town.ended(never, Status.FAILED)
        sent = await town.ended(later, Status.SENT)
    assert failed.because == "smtp-550"
    assert failed.failures == {"refused": 1}
    assert sent.failures == {"deferred": 1}
    assert len(town.mails_to(patient)) == 1
    assert town.mails_to(gone) == []
    said = await town.facts()
    assert {kind for _, kind, _ in said[str(never.id)]} == {DeliveryFailed.TYPE}
    assert {kind for _, kind, _ in said[str(later.id)]} == {DeliverySent.TYPE}


async def test_a_server_that_hangs_holds_up_only_what_it_holds(town: House) -> None:
    town.mail.hold.clear()
    (made,) = await town.due(town.person())
    async with town.sending(town.sender(timeout=0.3)):

        async def timed_out() -> bool:
            return (await town.delivery(made)).because == "smtp-timeout"

        await eventually(timed_out)
        town.mail.hold.set()
        await town.ended(made, Status.SENT)
        await eventually(town.everybody_was_told_once)


async def test_who_cannot_or_must_not_be_reached_is_skipped_with_the_reason(town: House) -> None:
    nobody, silent, unwilling = uuid4(), town.person(email=None), town.person(channels=[])
    made = await town.due(nobody, silent, unwilling)
    async with town.sending():
        ended = [await town.ended(each, Status.SKIPPED) for each in made]
    assert [each.because for each in ended] == ["no-account", "no-address", "not-wanted"]
    assert town.mail.mails == []
    said = await town.facts()
    assert {kind for each in made for _, kind, _ in said[str(each.id)]} == {DeliverySkipped.TYPE}


async def test_an_address_that_is_none_fails_and_harms_nobody_else(town: House) -> None:
    broken, ana = town.person(email="x@y.z\r\nRCPT TO:<everybody@example.org>"), town.person()
    bad, good = await town.due(broken, ana)
    async with town.sending():
        assert (await town.ended(bad, Status.FAILED)).because == "bad-address"
        await town.ended(good, Status.SENT)
    assert [each.recipients for each in town.mail.mails] == [(town.address_of(ana),)]


async def test_a_gateway_that_is_away_is_asked_again(town: House) -> None:
    town.gateway.is_away = True
    (made,) = await town.due(town.person())
    async with town.sending():

        async def asked() -> bool:
            return (await town.delivery(made)).because == "gateway-503"

        await eventually(asked)
        town.gateway.is_away = False
        await eventually(town.everybody_was_told_once)


async def test_an_account_that_cannot_be_told_costs_nobody_a_try_who_was_asked_for_with_it(town: House) -> None:
    broken, *others = [town.person() for _ in range(12)]
    town.gateway.people[broken] = {"name": ["no", "text"]}
    made_for_broken, *made = await town.due(broken, *others)

    async def others_were_told() -> bool:
        return {(await town.delivery(each)).status for each in made} == {Status.SENT}

    async with town.sending():
        await eventually(others_were_told)

        async def deferred() -> bool:
            return (await town.delivery(made_for_broken)).because == "gateway-answer"

        await eventually(deferred)
    assert [(await town.delivery(each)).failures for each in made] == [{}] * len(made)


async def test_two_replicas_share_the_work_and_double_nothing(town: House) -> None:
    await town.due(*[town.person() for _ in range(80)])
    async with town.sending(town.sender(holder="1"), town.sender(holder="2")):
        await eventually(town.everybody_was_told_once)
    assert len(town.mail.mails) == 80
    assert len(town.gateway.purposes) == 80
    assert town.gateway.calls < 80, "people who are looked up at the same time are asked for together"


async def test_what_a_dead_replica_held_is_taken_over_when_its_lease_runs_out(town: House) -> None:
    (made,) = await town.due(town.person())
    (document,) = (await town.deliveries.load([str(made.id)])).values()
    lease = domain.leased(made, datetime.now(UTC), "2", lease=timedelta(seconds=0.5))
    assert not await town.deliveries.save([store.change_to(document, lease)])
    async with town.sending(town.sender(holder="1")):
        await eventually(town.everybody_was_told_once)
    assert (await town.delivery(made)).failures == {"lost": 1}


async def test_a_frozen_replica_that_wakes_up_late_changes_nothing(town: House) -> None:
    (made,) = await town.due(town.person())
    town.mail.hold.clear()
    frozen = town.sender(holder="2", lease=0.1)
    (document,) = await frozen._take(1)
    late = asyncio.create_task(frozen._deliver(document))
    async with town.sending(town.sender(holder="1")):

        async def taken_over() -> bool:
            return (await town.delivery(made)).holder == "1"

        await eventually(taken_over)
        town.mail.hold.set()
        await eventually(town.everybody_was_told_once)
        await late
    assert len(town.mails_to(made.account_id)) == 2
    assert (await town.delivery(made)).holder == "1"
    assert await town.everybody_was_told_once()


async def test_what_was_stored_but_not_said_is_said_later(town: House) -> None:
    """The broker is away when the mail leaves: the mail counts, and the fact follows."""
    (made,) = await town.due(town.person())
    unreachable = town.sender()
    unreachable._relay._publisher = type(town.publisher)("127.0.0.1:1", client_id="nobody", timeout=0.3)
    async with town.sending(unreachable):
        await town.ended(made, Status.SENT)
    assert await town.facts() == {}
    async with town.sending():
        await eventually(town.everybody_was_told_once)


async def test_ending_waits_for_the_mail_in_hand(town: House) -> None:
    (made,) = await town.due(town.person())
    town.mail.hold.clear()
    async with town.sending():
        await town.ended(made, Status.SENDING)
        asyncio.get_running_loop().call_later(0.3, town.mail.hold.set)
    assert (await town.delivery(made)).status is Status.SENT
    assert await town.everybody_was_told_once()


async def test_the_oldest_is_taken_first_and_what_is_not_due_waits(town: House) -> None:
    now = (await town.due(town.person()))[0].due_at
    assert now is not None
    ready = await town.deliveries.ready(now - timedelta(seconds=1), 10)
    assert ready == []
    assert len(await town.deliveries.ready(now, 10)) == 1
    assert len(await town.deliveries.ready(now, 10, since=now)) == 1
    assert await town.deliveries.ready(now + timedelta(minutes=1), 10, since=now + timedelta(seconds=1)) == []


async def test_what_came_due_long_ago_is_sent_when_the_sender_is_woken_for_it(
    town: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FULL_SEARCH_PERIOD", 3600.0)
    (first,) = await town.due(town.person())
    woken = town.sender()
    async with town.sending(woken):
        await town.ended(first, Status.SENT)
        (made,) = await town.due(town.person())
        assert made.due_at is not None
        assert datetime.now(UTC) - made.due_at > RECENT
        woken.wake(made.due_at)
        await eventually(town.everybody_was_told_once)


async def test_what_came_due_long_ago_is_found_without_being_woken_for_it(
    town: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FULL_SEARCH_PERIOD", 0.1)
    (first,) = await town.due(town.person())
    async with town.sending():
        await town.ended(first, Status.SENT)
        await town.due(town.person())
        await eventually(town.everybody_was_told_once, within=0.8 * FULL_SEARCH_PERIOD)


async def test_what_was_put_off_under_a_wrong_clock_is_sent_all_the_same(town: House) -> None:
    (made,) = await town.due(town.person())
    (document,) = (await town.deliveries.load([str(made.id)])).values()
    put_off = made.model_copy(update={"due_at": datetime.now(UTC) + timedelta(hours=6)})
    assert not await town.deliveries.save([store.change_to(document, put_off)])
    async with town.sending():
        await eventually(town.everybody_was_told_once)


async def test_a_signature_that_the_gateway_refuses_counts_against_nobody(town: House) -> None:
    (made,) = await town.due(town.person())
    async with town.sending(town.sender(secret=b"-" * 32)):

        async def refused() -> bool:
            return (await town.delivery(made)).because == "gateway-403"

        await eventually(refused)
    assert (await town.delivery(made)).failures.keys() == {"unavailable"}
    async with town.sending():
        await eventually(town.everybody_was_told_once)
