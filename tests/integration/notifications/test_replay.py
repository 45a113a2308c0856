"""Notices after their store was lost: a replay mails nobody a second time, unless somebody says so."""

from datetime import UTC, datetime

from deploy.operator import operations
from deploy.operator.audit import Actor
from deploy.operator.replaying import resolve_range
from deploy.operator.session import open_session
from deploy.operator.target import Target
from services.common.contracts import topics
from services.common.contracts.lifecycle import RequestAnswered
from services.common.runtime.settings import Settings
from services.notifications.domain import Skip, Status
from services.notifications.messages import GROUP
from services.notifications.store import delivery_in
from tests.integration.notifications.notifications_environment import NotificationsEnvironment
from tests.support.waiting import eventually
from tests.unit.notifications.builders import fact


async def replay(environment: NotificationsEnvironment, since: datetime, *, mail: bool) -> int:
    """How many facts notifications has read once more."""
    settings = Settings.model_validate({name.lower(): value for name, value in environment.env.items()})
    async with open_session(Target(settings, environment.folder / "operator.log")) as session:
        found = await resolve_range(session, topics.LIFECYCLE, GROUP, since, None)
        done = await operations.replay(session, Actor("ana", "system-user"), found, 500, {}, lambda _: None, mail=mail)
    return done.processed


async def test_a_replay_mails_nobody_unless_told_so(environment: NotificationsEnvironment) -> None:
    since = datetime.now(UTC)
    process = await environment.start()
    ana, rui = environment.person(), environment.person()
    await environment.register(ana)
    await environment.publish(fact(RequestAnswered, account_id=rui))
    await eventually(environment.everybody_was_mailed_once)
    assert await replay(environment, since, mail=False) == 2
    assert await environment.everybody_was_mailed_once(), "what is there stays as it is"

    await environment.deliveries.collection.delete_many({})
    assert await replay(environment, since, mail=False) == 2

    # A new life looks at once for what the one before left unsaid.
    process.kill()
    await process.wait()
    await environment.start()

    async def skipped() -> bool:
        standing = await environment.deliveries.load(list(environment.expected))
        found = [(delivery_in(each).status, delivery_in(each).because) for each in standing.values()]
        assert found == [(Status.SKIPPED, Skip.REPLAY)] * 2
        kinds = [{kind for _, kind, _ in said} for said in (await environment.facts()).values()]
        assert kinds == [{"pt.postigo.delivery.sent.v1", "pt.postigo.delivery.skipped.v1"}] * 2
        return True

    await eventually(skipped)
    assert len(environment.mail.mails) == 2

    await environment.deliveries.collection.delete_many({})
    assert await replay(environment, since, mail=True) == 2

    async def mailed_again() -> bool:
        return len(environment.mail.mails) == 4

    await eventually(mailed_again)
    assert len({mail.message_id for mail in environment.mail.mails}) == 2, "the same mails, under their own Message-IDs"
