"""What a person does to end a sick leave, and what the department and the employer then have."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.demo.data import load_accounts
from deploy.topics import load
from deploy.verification.log import consumer_lags
from services.common.contracts import topics
from services.common.contracts.departments import AssignmentClosed
from services.common.contracts.employers import SickLeaveEnded
from services.common.legal_clock import day_of
from services.common.messaging.records.reader import read
from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person
from tests.support.topics import read_all
from tests.support.waiting import eventually

GROUP: Final = "department-dp"
BODY: Final = {"subject": "DOE-02", "reason": "CES", "description": "O médico deu-me alta mais cedo."}


@dataclass(frozen=True, slots=True)
class Filed:
    author: Person
    reference: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Counter:
    gateway: GatewayEnvironment

    @property
    def kafka(self) -> str:
        return self.gateway.stack.env["KAFKA_URL"]

    async def author(self, key: str) -> Person:
        """A person of the demonstration, signed in."""
        (account,) = [each for each in load_accounts() if each.key == key]
        session = (await self.gateway.sign_in(account.niss, account.password)).json()
        return Person(self.gateway.http, account.niss, session["account"]["account_id"], session["token"])

    async def file(self, key: str, return_in: int = 2, certificate: str | None = None) -> Filed:
        """A request to end the sick leave, with the return in so many days."""
        author = await self.author(key)
        day = day_of(datetime.now(UTC)) + timedelta(days=return_in)
        answers = {"return_on": day.isoformat()} | ({} if certificate is None else {"certificate": certificate})
        filed = await author.file(BODY | {"answers": answers})
        assert filed.status_code == 201, filed.text
        return Filed(author, filed.json()["reference"], filed.json()["request_id"])

    async def decided(self, filed: Filed) -> dict[str, Any]:
        """The answer in the person's timeline, once the request is concluded."""

        async def answer() -> dict[str, Any]:
            entries = (await filed.author.get(f"/v1/requests/{filed.reference}/timeline")).json()["entries"]
            (found,) = [each for each in entries if each["type"] == "request.answered"]
            return dict(found)

        await self.is_state(filed, "concluded")
        return await eventually(answer)

    async def is_state(self, filed: Filed, state: str) -> None:
        async def reached() -> bool:
            return bool((await filed.author.get(f"/v1/requests/{filed.reference}")).json().get("state") == state)

        await eventually(reached)

    async def commands(self, filed: Filed) -> list[str]:
        """The types of the commands that the department has sent about the request."""
        records = await read_all(self.kafka, topics.outbox("dp"))
        own = [read(each) for each in records if each.key == filed.request_id.encode()]
        return [type(each.event).__name__ for each in own]

    async def notices(self, filed: Filed) -> list[tuple[str, SickLeaveEnded]]:
        """Id and data of each record for employers about the request, once the department has read that it is closed."""

        async def has_read_the_end() -> bool:
            inbox = [read(each) for each in await read_all(self.kafka, topics.inbox("dp"))]
            assert any(each.key == filed.request_id and isinstance(each.event, AssignmentClosed) for each in inbox)
            return not await consumer_lags(self.kafka, GROUP)

        await eventually(has_read_the_end)
        found = []
        for record in await read_all(self.kafka, topics.EMPLOYERS):
            received = read(record)
            assert isinstance(received.event, SickLeaveEnded)
            if f"/{filed.request_id}/" in received.id:
                found.append((received.id, received.event))
        return found

    async def let_the_department_read_everything_again(self) -> None:
        """As after a replay of its inbox: it starts at the beginning of the log."""
        stack = self.gateway.stack
        await stack.stop("departments")
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, group_id=GROUP, enable_auto_commit=False)
        await consumer.start()
        try:
            (inbox,) = [topic for topic in load() if topic.name == topics.inbox("dp")]
            partitions = [TopicPartition(inbox.name, number) for number in range(inbox.partitions)]
            consumer.assign(partitions)
            await consumer.commit(await consumer.beginning_offsets(partitions))
        finally:
            await consumer.stop()
        await stack.restart("departments")
