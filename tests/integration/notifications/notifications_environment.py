"""Notifications on real engines, in this process or as separate processes, with people and checks of the result."""

import asyncio
import os
import signal
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson

from deploy.local import LocalStack
from services.common.contracts import topics
from services.common.contracts.lifecycle import LifecycleFact, RequestRegistered
from services.common.domain.identifiers import derived_id, reference_of
from services.common.messaging import Publisher
from services.common.store import connect, database, disconnect
from services.notifications import store
from services.notifications.composing import mailbox
from services.notifications.domain import Delivery, Status, row_of
from services.notifications.mail import Mailer
from services.notifications.mail_server import Server
from services.notifications.outbox_relay import OutboxRelay
from services.notifications.recipients import Recipients
from services.notifications.sender import TRY_WITHIN, Sender
from services.notifications.store import Deliveries, delivery_in
from tests.integration.notifications.gateway import Gateway
from tests.integration.notifications.mail_server import MailServer
from tests.support.topics import attributes, header, producer, read_all
from tests.support.waiting import eventually
from tests.unit.notifications.builders import delivery, delivery_of, fact

PUBLIC_URL = "https://postigo.example"
FROM = mailbox("Postigo <nao-responder@postigo.example>")


@dataclass(slots=True)
class NotificationsEnvironment:
    """`env`: the variables of the processes. `expected`: the accounts of the deliveries that must be sent, by delivery id."""

    env: dict[str, str]
    kafka_url: str
    folder: Path
    gateway: Gateway
    mail: MailServer
    deliveries: Deliveries
    publisher: Publisher
    ports: LocalStack
    expected: dict[str, UUID] = field(default_factory=dict)
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    def person(self, **about: Any) -> UUID:
        account = uuid4()
        self.gateway.people[account] = {
            "name": "Ana Sá",
            "email": f"{account.hex}@example.org",
            "language": "pt",
            "channels": ["email"],
        } | about
        return account

    def address_of(self, account: UUID) -> str:
        return str(self.gateway.people[account]["email"])

    async def due(self, *accounts: UUID) -> list[Delivery]:
        """A delivery for each account, stored as the inserter stores it."""
        made = [delivery(account) for account in accounts]
        await self.deliveries.collection.insert_many([store.new_document(each, 3) for each in made])
        self.expected |= {str(each.id): each.account_id for each in made}
        return made

    async def due_about(self, account: UUID, *notices: str) -> list[Delivery]:
        """Deliveries about one request, in the order of their facts, stored as the inserter stores them."""
        request = uuid4()
        names = {"request_id": request, "reference": reference_of(request), "account_id": account}
        made = [delivery_of(notice, **names, seq=seq) for seq, notice in enumerate(notices, 1)]
        await self.deliveries.collection.insert_many([store.new_document(each, 3) for each in made])
        self.expected |= {str(each.id): each.account_id for each in made}
        return made

    async def publish(self, *facts: LifecycleFact) -> None:
        """Append facts to the lifecycle topic, as intake does."""
        sending = await producer(self.kafka_url)
        try:
            for each in facts:
                event_id = str(uuid4())
                headers = attributes(each.TYPE, event_id)
                value = each.model_dump_json().encode()
                await sending.send_and_wait(each.topic, value=value, key=each.key.encode(), headers=headers)
                row = row_of(each)
                for channel in row.channels if row else ():
                    self.expected[str(derived_id(event_id, channel, str(each.account_id)))] = each.account_id
        finally:
            await sending.stop()

    async def register(self, *accounts: UUID) -> None:
        await self.publish(*[fact(RequestRegistered, account_id=account) for account in accounts])

    def sender(
        self, *, holder: str = "1", lease: float = 60, timeout: float = TRY_WITHIN, secret: bytes | None = None
    ) -> Sender:
        """A replica's sender; `lease` and `timeout` (of one SMTP command) in seconds."""
        return Sender(
            self.deliveries,
            Mailer(Server.parse(self.mail.url), "postigo.example", timeout=timeout),
            Recipients(self.gateway.url, secret or self.env["POSTIGO_INTERNAL_SECRET"].encode()),
            OutboxRelay(self.deliveries, self.publisher),
            holder=holder,
            sender=FROM,
            public_url=PUBLIC_URL,
            lease=timedelta(seconds=lease),
        )

    @asynccontextmanager
    async def sending(self, *senders: Sender) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(sender.run()) for sender in senders or (self.sender(),)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    async def delivery(self, made: Delivery) -> Delivery:
        return delivery_in((await self.deliveries.load([str(made.id)]))[str(made.id)])

    async def ended(self, made: Delivery, status: Status, within: float = 15) -> Delivery:
        async def probe() -> Delivery:
            standing = await self.delivery(made)
            assert standing.status is status, f"{standing.status}, {standing.failures}, {standing.because}"
            return standing

        return await eventually(probe, within=within)

    def mails_to(self, account: UUID) -> Sequence[str]:
        """The Message-IDs of the mails to this person."""
        return [each.message_id for each in self.mail.mails if self.address_of(account) in each.recipients]

    async def facts(self) -> dict[str, set[tuple[str, str, bytes]]]:
        """The published events by delivery id: distinct (ce_id, ce_type, data)."""
        found: dict[str, set[tuple[str, str, bytes]]] = {}
        for record in await read_all(self.kafka_url, topics.DELIVERIES):
            assert record.value is not None
            identifier, kind = header(record, "ce_id"), header(record, "ce_type")
            assert identifier is not None
            assert kind is not None
            delivery_id = str(orjson.loads(record.value)["delivery_id"])
            if delivery_id in self.expected:
                found.setdefault(delivery_id, set()).add((identifier, kind, record.value))
        return found

    async def everybody_was_mailed_once(self) -> bool:
        """Each delivery is sent and published once, its mails have one Message-ID, and its outbox is empty."""
        standing = await self.deliveries.load(list(self.expected))
        facts = await self.facts()
        for identifier, account in self.expected.items():
            state = standing[identifier].state
            assert state is not None, "lost"
            assert state.status is Status.SENT, f"{state.status}, {state.failures}"
            assert not standing[identifier].outbox, "outbox not cleared"
            assert set(self.mails_to(account)) == {f"<{identifier}@postigo.example>"}
            assert [kind for _, kind, _ in facts.get(identifier, ())] == ["pt.postigo.delivery.sent.v1"], "published"
        return True

    async def every_mail_has_its_try(self) -> None:
        """No delivery has more mails than tries: only a try that failed may have left a mail, before the one that was stored as sent."""
        taken = Counter(each.message_id for each in self.mail.mails)
        standing = await self.deliveries.load(list(self.expected))
        assert len(taken) == len(self.expected)
        for document in standing.values():
            delivery = delivery_in(document)
            assert taken[delivery.message_id] <= 1 + sum(delivery.failures.values()), delivery.failures

    async def start(self, failpoint: str | None = None, instance: str = "1") -> asyncio.subprocess.Process:
        port = str(self.ports.port(f"{self.env['MONGO_DATABASE_PREFIX']}-{instance}"))
        own = {"INTERNAL_PORT": port, "POSTIGO_INSTANCE": instance}
        armed = {"POSTIGO_FAILPOINT": failpoint} if failpoint else {}
        with (self.folder / f"{self.env['MONGO_DATABASE_PREFIX']}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services.notifications",
                env=os.environ | self.env | own | armed,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    async def ready(self, instance: str = "1") -> bool:
        port = self.ports.port(f"{self.env['MONGO_DATABASE_PREFIX']}-{instance}")

        def ask() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        return await asyncio.to_thread(ask)

    async def close(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                await process.wait()
        await self.publisher.stop()


@asynccontextmanager
async def notifications_environment(stack: LocalStack, folder: Path) -> AsyncIterator[NotificationsEnvironment]:
    """An environment with its own database, people, gateway and mail server. The broker is shared."""
    prefix = f"n{uuid4().hex[:10]}"
    client = connect(stack.env["MONGO_URL"])
    deliveries = Deliveries(database(client, f"{prefix}_notifications"))
    await deliveries.prepare()
    async with Gateway(stack.env["POSTIGO_INTERNAL_SECRET"]) as gateway, MailServer() as mail:
        env = stack.env | {
            "MONGO_DATABASE_PREFIX": prefix,
            "GATEWAY_URL": gateway.url,
            "SMTP_URL": mail.url,
            "PUBLIC_URL": PUBLIC_URL,
        }
        publisher = Publisher(stack.env["KAFKA_URL"], client_id=prefix)
        made = NotificationsEnvironment(
            env, stack.env["KAFKA_URL"], folder, gateway, mail, deliveries, publisher, stack
        )
        try:
            yield made
        finally:
            await made.close()
            await disconnect(client)
