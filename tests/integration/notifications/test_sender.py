"""What becomes of a delivery when the mail server, the gateway, or another replica has a bad day."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.common.store.stretches import Stretch
from services.notifications import domain, due_search, store
from services.notifications.domain import Status
from services.notifications.messages import DeliveryFailed, DeliverySent, DeliverySkipped
from services.notifications.store import delivery_in
from tests.integration.notifications.notifications_environment import NotificationsEnvironment
from tests.support.waiting import eventually
from tests.unit.notifications.builders import NOON


async def test_a_notice_arrives_once_with_reference_and_link(environment: NotificationsEnvironment) -> None:
    ana = environment.person(name="Ana Sá")
    (made,) = await environment.due(ana)
    async with environment.sending():
        await eventually(environment.everybody_was_mailed_once)
    (taken,) = environment.mail.mails
    assert taken.message["To"] == f"Ana Sá <{environment.address_of(ana)}>"
    assert made.reference in taken.message["Subject"]
    body = taken.message.get_body(("plain",))
    assert body is not None
    assert f"https://postigo.example/pedidos/{made.reference}" in body.get_content()
    assert environment.gateway.purposes == [f"notice {made.id}"]


async def test_many_notices_share_few_connections(environment: NotificationsEnvironment) -> None:
    await environment.due(*[environment.person() for _ in range(60)])
    async with environment.sending():
        await eventually(environment.everybody_was_mailed_once)
    assert len(environment.mail.mails) == 60
    assert environment.mail.connections <= 16


async def test_a_mail_server_that_was_away_gets_everything_when_it_is_back(
    environment: NotificationsEnvironment,
) -> None:
    await environment.mail.go_away()
    first, *_ = await environment.due(*[environment.person() for _ in range(3)])
    async with environment.sending():

        async def tried() -> bool:
            return (await environment.delivery(first)).failures.get("unavailable", 0) >= 1

        await eventually(tried)
        assert environment.gateway.purposes == [], "a person was looked up although no mail could leave"
        await environment.mail.come_back()
        await eventually(environment.everybody_was_mailed_once)


async def test_a_mail_server_that_drops_its_connections_is_no_trouble(environment: NotificationsEnvironment) -> None:
    await environment.due(environment.person())
    async with environment.sending():
        await eventually(environment.everybody_was_mailed_once)
        await environment.mail.go_away()
        await environment.mail.come_back()
        await environment.due(environment.person())
        await eventually(environment.everybody_was_mailed_once)


async def test_not_now_is_tried_again_and_never_is_not(environment: NotificationsEnvironment) -> None:
    patient, gone = environment.person(), environment.person()
    environment.mail.to_data[environment.address_of(patient)].append("451 Later")
    environment.mail.to_recipient[environment.address_of(gone)].append("550 No such person")
    later, never = await environment.due(patient, gone)
    async with environment.sending():
        failed = await environment.ended(never, Status.FAILED)
        sent = await environment.ended(later, Status.SENT)
    assert failed.because == "smtp-550"
    assert failed.failures == {"refused": 1}
    assert sent.failures == {"deferred": 1}
    assert len(environment.mails_to(patient)) == 1
    assert environment.mails_to(gone) == []
    said = await environment.facts()
    assert {kind for _, kind, _ in said[str(never.id)]} == {DeliveryFailed.TYPE}
    assert {kind for _, kind, _ in said[str(later.id)]} == {DeliverySent.TYPE}


async def test_a_server_that_hangs_holds_up_only_what_it_holds(environment: NotificationsEnvironment) -> None:
    environment.mail.hold.clear()
    (made,) = await environment.due(environment.person())
    async with environment.sending(environment.sender(timeout=0.3)):

        async def timed_out() -> bool:
            return (await environment.delivery(made)).because == "smtp-timeout"

        await eventually(timed_out)
        environment.mail.hold.set()
        await environment.ended(made, Status.SENT)
        await eventually(environment.everybody_was_mailed_once)


async def test_who_cannot_or_must_not_be_reached_is_skipped_with_the_reason(
    environment: NotificationsEnvironment,
) -> None:
    nobody, silent, unwilling = uuid4(), environment.person(email=None), environment.person(channels=[])
    made = await environment.due(nobody, silent, unwilling)
    async with environment.sending():
        ended = [await environment.ended(each, Status.SKIPPED) for each in made]
    assert [each.because for each in ended] == ["no-account", "no-address", "not-wanted"]
    assert environment.mail.mails == []
    said = await environment.facts()
    assert {kind for each in made for _, kind, _ in said[str(each.id)]} == {DeliverySkipped.TYPE}


async def test_an_address_that_is_none_fails_and_harms_nobody_else(environment: NotificationsEnvironment) -> None:
    broken, ana = environment.person(email="x@y.z\r\nRCPT TO:<everybody@example.org>"), environment.person()
    bad, good = await environment.due(broken, ana)
    async with environment.sending():
        assert (await environment.ended(bad, Status.FAILED)).because == "bad-address"
        await environment.ended(good, Status.SENT)
    assert [each.recipients for each in environment.mail.mails] == [(environment.address_of(ana),)]


async def test_a_gateway_that_is_away_is_asked_again(environment: NotificationsEnvironment) -> None:
    environment.gateway.is_away = True
    (made,) = await environment.due(environment.person())
    async with environment.sending():

        async def asked() -> bool:
            return (await environment.delivery(made)).because == "gateway-503"

        await eventually(asked)
        environment.gateway.is_away = False
        await eventually(environment.everybody_was_mailed_once)


async def test_an_account_that_cannot_be_told_costs_nobody_a_try_who_was_asked_for_with_it(
    environment: NotificationsEnvironment,
) -> None:
    broken, *others = [environment.person() for _ in range(12)]
    environment.gateway.people[broken] = {"name": ["no", "text"]}
    made_for_broken, *made = await environment.due(broken, *others)

    async def others_were_told() -> bool:
        return {(await environment.delivery(each)).status for each in made} == {Status.SENT}

    async with environment.sending():
        await eventually(others_were_told)

        async def deferred() -> bool:
            return (await environment.delivery(made_for_broken)).because == "gateway-answer"

        await eventually(deferred)
    assert [(await environment.delivery(each)).failures for each in made] == [{}] * len(made)


async def test_two_replicas_share_the_work_and_double_nothing(environment: NotificationsEnvironment) -> None:
    await environment.due(*[environment.person() for _ in range(80)])
    async with environment.sending(environment.sender(holder="1"), environment.sender(holder="2")):
        await eventually(environment.everybody_was_mailed_once)
    await environment.every_mail_has_its_try()
    assert len(environment.gateway.purposes) == 80
    assert environment.gateway.calls < 80, "people who are looked up at the same time are asked for together"


async def test_what_a_dead_replica_held_is_taken_over_when_its_lease_runs_out(
    environment: NotificationsEnvironment,
) -> None:
    (made,) = await environment.due(environment.person())
    (document,) = (await environment.deliveries.load([str(made.id)])).values()
    lease = domain.leased(made, datetime.now(UTC), "2", lease=timedelta(seconds=0.5))
    assert not await environment.deliveries.save([store.change_to(document, lease)])
    async with environment.sending(environment.sender(holder="1")):
        await eventually(environment.everybody_was_mailed_once)
    assert (await environment.delivery(made)).failures == {"lost": 1}


async def test_a_frozen_replica_that_wakes_up_late_changes_nothing(environment: NotificationsEnvironment) -> None:
    (made,) = await environment.due(environment.person())
    environment.mail.hold.clear()
    frozen = environment.sender(holder="2", lease=0.1)
    (document,) = (await frozen._leasing.lease(1)).documents
    late = asyncio.create_task(frozen._deliver(document))
    async with environment.sending(environment.sender(holder="1")):

        async def taken_over() -> bool:
            return (await environment.delivery(made)).holder == "1"

        await eventually(taken_over)
        environment.mail.hold.set()
        await eventually(environment.everybody_was_mailed_once)
        await late
    assert len(environment.mails_to(made.account_id)) == 2
    assert (await environment.delivery(made)).holder == "1"
    assert await environment.everybody_was_mailed_once()


async def test_what_was_stored_but_not_said_is_said_later(environment: NotificationsEnvironment) -> None:
    """The broker is away when the mail leaves: the mail counts, and the fact follows."""
    (made,) = await environment.due(environment.person())
    unreachable = environment.sender()
    unreachable._relay._publisher = type(environment.publisher)("127.0.0.1:1", client_id="nobody", timeout=0.3)
    async with environment.sending(unreachable):
        await environment.ended(made, Status.SENT)
    assert await environment.facts() == {}
    async with environment.sending():
        await eventually(environment.everybody_was_mailed_once)


async def test_ending_waits_for_the_mail_in_hand(environment: NotificationsEnvironment) -> None:
    (made,) = await environment.due(environment.person())
    environment.mail.hold.clear()
    async with environment.sending():
        await environment.ended(made, Status.SENDING)
        asyncio.get_running_loop().call_later(0.3, environment.mail.hold.set)
    assert (await environment.delivery(made)).status is Status.SENT
    assert await environment.everybody_was_mailed_once()


async def test_only_what_is_due_in_the_stretch_is_found_longest_due_first(
    environment: NotificationsEnvironment,
) -> None:
    made = await environment.due(*[environment.person() for _ in range(3)])
    now = NOON + timedelta(minutes=2)
    for minutes, each in zip((2, 0, 1), made, strict=True):
        (document,) = (await environment.deliveries.load([str(each.id)])).values()
        later = each.model_copy(update={"due_at": NOON + timedelta(minutes=minutes)})
        assert not await environment.deliveries.save([store.change_to(document, later)])

    async def found(stretch: Stretch, limit: int = 10) -> list[UUID]:
        return [delivery_in(each).id for each in await environment.deliveries.due_in(stretch, limit)]

    last, first, second = (each.id for each in made)
    assert await found(Stretch(NOON, now)) == [first, second]
    assert await found(Stretch(NOON, now), 1) == [first]
    assert await found(Stretch(NOON + timedelta(seconds=1), now + timedelta(seconds=1))) == [second, last]
    before = await environment.deliveries.due_before(now, now, 10)
    assert [delivery_in(each).id for each in before] == [first, second]


async def test_what_came_due_long_ago_is_sent_when_the_sender_is_woken_for_it(
    environment: NotificationsEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_search, "SEARCH_BEHIND_PERIOD", 3600.0)
    (first,) = await environment.due(environment.person())
    woken = environment.sender()
    async with environment.sending(woken):
        await environment.ended(first, Status.SENT)
        (made,) = await environment.due(environment.person())
        assert made.due_at is not None
        woken.wake(made.due_at)
        await eventually(environment.everybody_was_mailed_once)


async def test_what_came_due_long_ago_is_found_without_being_woken_for_it(
    environment: NotificationsEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = due_search.SEARCH_BEHIND_PERIOD
    monkeypatch.setattr(due_search, "SEARCH_BEHIND_PERIOD", 0.1)
    (first,) = await environment.due(environment.person())
    async with environment.sending():
        await environment.ended(first, Status.SENT)
        await environment.due(environment.person())
        await eventually(environment.everybody_was_mailed_once, within=0.8 * period)


async def test_what_was_put_off_under_a_wrong_clock_is_sent_all_the_same(environment: NotificationsEnvironment) -> None:
    (made,) = await environment.due(environment.person())
    (document,) = (await environment.deliveries.load([str(made.id)])).values()
    put_off = made.model_copy(update={"due_at": datetime.now(UTC) + timedelta(hours=6)})
    assert not await environment.deliveries.save([store.change_to(document, put_off)])
    async with environment.sending():
        await eventually(environment.everybody_was_mailed_once)


async def test_a_signature_that_the_gateway_refuses_counts_against_nobody(
    environment: NotificationsEnvironment,
) -> None:
    (made,) = await environment.due(environment.person())
    async with environment.sending(environment.sender(secret=b"-" * 32)):

        async def refused() -> bool:
            return (await environment.delivery(made)).because == "gateway-signature"

        await eventually(refused)
    assert (await environment.delivery(made)).failures.keys() == {"unavailable"}
    async with environment.sending():
        await eventually(environment.everybody_was_mailed_once)


@pytest.mark.parametrize(
    ("genuine", "changed"),
    [(b"@example.org", b"@example.net"), (b'"email"', b'"EMAIL"'), (b'"language": "pt"', b'"language": "en"')],
)
async def test_no_mail_follows_from_a_response_of_the_gateway_that_was_changed(
    environment: NotificationsEnvironment, genuine: bytes, changed: bytes
) -> None:
    (made,) = await environment.due(environment.person())
    environment.gateway.on_the_way = (genuine, changed)
    async with environment.sending():

        async def refused() -> bool:
            return (await environment.delivery(made)).because == "gateway-signature"

        await eventually(refused)
        assert not environment.mail.mails
        environment.gateway.on_the_way = (b"", b"")
        await eventually(environment.everybody_was_mailed_once)
