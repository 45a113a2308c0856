"""One request: what its author and its departments do to it, and what must come of that."""

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, count
from typing import Any, Final
from uuid import UUID

from deploy.demo.data import read_document
from services.common.catalogue import catalogue
from tests.integration.gateway.gateway_environment import Person, new_key
from tests.integration.life.case import Case, Seen
from tests.integration.life.comparison import compare_act, compare_request, compare_timeline, compare_told, told
from tests.integration.life.events import Act, Attached, Command, Event, Registration
from tests.integration.life.expected import Expected
from tests.integration.life.explanation import explain
from tests.integration.life.streams import Heard
from tests.integration.life.system import System
from tests.support.waiting import eventually

PDF: Final = "application/pdf"
PNG: Final = "image/png"
CONTENTS: Final = {
    PDF: read_document("comprovativo-iban.pdf"),
    PNG: read_document("captura-codigo-expirado.png"),
}

MOST_ACTS: Final = 60
"""Acts on one request that the gateway takes in a short time."""

NOTICES: Final = frozenset(
    {
        "registered",
        "answered",
        "rejected",
        "withdrawn",
        "document-refused",
        "documents-requested",
        "hearing-opened",
        "forwarded",
        "extended",
        "reopened",
    }
)
"""Facts that the person gets a notice of. One that more recent news made pointless is skipped."""

Sending = Coroutine[Any, Any, Sequence[Event]]
"""Sends something. Returns what must come of it."""


class Life:
    """`media` are the types of the files that were sent for the request. The last act and command can be repeated."""

    def __init__(self, system: System, author: Person, stranger: Person, leaf: tuple[str, str]) -> None:
        self.system = system
        self.author = author
        self.stranger = stranger
        self.leaf = leaf
        self.expected = Expected(Case(catalogue().department_of(leaf[0]) or "tri"))
        self.media: dict[UUID, str] = {}
        self.request_id = ""
        self.path = ""
        self.filed: tuple[Mapping[str, Any], str] | None = None
        self.follow_up: Mapping[str, Any] | None = None
        self.last_act: tuple[str, Mapping[str, Any], str, str] | None = None
        self.last_command: tuple[Command, bytes] | None = None
        self.acts = 0
        self._numbers = count(1)

    @property
    def heard(self) -> Heard:
        return self.system.streams.about(self.request_id)

    def number(self) -> int:
        return next(self._numbers)

    async def step(self, *sendings: Sending) -> None:
        """Send all of this at the same moment, and check what comes of it."""
        events = list(chain.from_iterable(await asyncio.gather(*sendings)))
        try:
            await self.follow(events, racing=len(sendings) > 1)
        except AssertionError as error:
            error.add_note(f"after {events}\non {self.expected}")
            raise

    async def end(self) -> None:
        """Nothing else was said about it, and nothing may be from now on."""
        await self.system.streams.catch_up(self.request_id)
        compare_told(self.expected, self.heard)
        self.system.notices |= {each.id for each in self.heard.facts if each.fact.kind in NOTICES}
        self.system.streams.end(self.request_id)

    async def follow(self, events: Sequence[Event], *, racing: bool = False) -> None:
        streams = self.system.streams
        if racing:
            # Routing may judge a command before or after it has read what raced with it.
            case = self.expected.case.copy()
            events = [replace(each, judged_by=case) if isinstance(each, Command) else each for each in events]
        found = await streams.until(self.request_id, partial(self._explained, events))
        if racing:
            # A rejection of routing looks like one of intake, whose fact may not be read yet.
            await streams.catch_up(self.request_id)
            found = await streams.until(self.request_id, partial(self._explained, events))
        news = found.facts[self.expected.seq :]
        self.expected = found
        found.case.assignment_id = self.heard.latest["assignment_id"]
        compare_told(found, self.heard)
        if any(fact.kind != "command-refused" for fact in news):
            await self._compare_shown([each for each in events if isinstance(each, Act)])

    def _explained(self, events: Sequence[Event], heard: Heard) -> Expected | None:
        said = [each.fact for each in heard.facts[self.expected.seq :]]
        return told(explain(self.expected, events, said), heard)

    async def _compare_shown(self, acts: Sequence[Act]) -> None:
        """The view shows what is expected, a moment later."""
        after = f"?after={acts[-1].id}" if acts else ""

        async def complete() -> bool:
            timeline = await self.read(f"/timeline{after}")
            compare_timeline(self.expected, timeline["entries"])
            return True

        await eventually(complete, within=30)
        shown = await self.read(after)
        compare_request(self.expected, shown)
        if acts:
            compare_act(self.expected, acts[-1], shown["act"])
            self.follow_up = shown["act"].get("follow_up", self.follow_up)

    async def read(self, rest: str = "") -> dict[str, Any]:
        found: dict[str, Any] = (await self.system.call(self.author, "GET", self.path + rest, 200)).json()
        return found

    async def file(self, text: str, sent: Sequence[str] = ()) -> Sequence[Event]:
        files = [await self.upload(kind) for kind in sent]
        subject, reason = self.leaf
        documents = list(map(str, files))
        return await self.submit({"subject": subject, "reason": reason, "description": text, "documents": documents})

    async def file_and(self, text: str, act: str) -> Sequence[Event]:
        """File the request, and act on it at once."""
        filed = await self.file(text)
        said = text if act == "messages" else None
        return [*filed, *(await self.act(act, {"text": said} if said else {}, text=said) if act else ())]

    async def submit(self, body: Mapping[str, Any]) -> Sequence[Event]:
        key = new_key()
        answer = await self.system.call(self.author, "POST", "/v1/requests", 201, key=key, json=body)
        return self.accepted(body, key, answer.json())

    def accepted(self, body: Mapping[str, Any], key: str, answer: Mapping[str, Any]) -> Sequence[Event]:
        self.filed = body, key
        self.request_id, self.path = answer["request_id"], f"/v1/requests/{answer['reference']}"
        assert answer["state"] == "received"
        return (Registration(self.attached(list(map(UUID, body["documents"])))),)

    async def upload(self, kind: str) -> UUID:
        answer = await self.system.call(
            self.author, "POST", "/v1/documents", 201, content=CONTENTS[kind], media_type=kind
        )
        file = UUID(answer.json()["document_id"])
        self.media[file] = kind
        return file

    def attached(self, files: Sequence[UUID]) -> Attached:
        return Attached({file: self.media[file] for file in files})

    async def act(self, name: str, body: Mapping[str, Any], **about: Any) -> Sequence[Event]:
        """An act that is stored: intake will apply or refuse it. `about`: what the event has besides its name and id."""
        if self.acts >= MOST_ACTS:
            return await self.refused(name, body, 429, "too-many")
        self.acts += 1
        key = new_key()
        act_id = await self.post(name, body, key)
        self.last_act = (name, body, key, act_id)
        return (Act(name, act_id, **about),)

    async def post(self, name: str, body: Mapping[str, Any], key: str) -> str:
        answer = await self.system.call(self.author, "POST", f"{self.path}/{name}", 202, key=key, json=body)
        act_id = str(answer.json()["act_id"])
        assert answer.headers["location"] == f"{self.path}?after={act_id}"
        return act_id

    async def refused(self, name: str, body: Any, status: int, problem: str, **about: Any) -> Sequence[Event]:
        """An act that the gateway refuses: nothing comes of it."""
        await self.system.call(self.author, "POST", f"{self.path}/{name}", status, problem, json=body, **about)
        return ()

    async def write(
        self,
        text: str | None,
        sent: Sequence[str] = (),
        items: Mapping[int, Sequence[int]] | None = None,
        again: Sequence[UUID] = (),
    ) -> Sequence[Event]:
        """A message with the files `sent`, and with those that the request has already. `items`: which are for which document."""
        files = [*[await self.upload(kind) for kind in sent], *again]
        delivered = {number: [files[place] for place in places] for number, places in (items or {}).items()}
        named = [{"item": number, "documents": list(map(str, each))} for number, each in delivered.items()]
        others = [file for file in files if not any(file in each for each in delivered.values())]
        body = {"documents": list(map(str, others)), "items": named} | ({} if text is None else {"text": text})
        asked = self.expected.model.items
        # The documents that were asked are known at once, and the formats of files once they are claimed.
        wrong = [number for number in delivered if number > len(asked) or asked[number - 1].state == "received"]
        if (text is None and not files) or (asked and wrong):
            return await self.refused("messages", body, 422, "invalid")
        if self.acts < MOST_ACTS and not self._fit(delivered):
            return await self.refused("messages", body, 422, "invalid")
        return await self.act("messages", body, text=text, attached=self.attached(files), items=delivered)

    def _fit(self, delivered: Mapping[int, Sequence[UUID]]) -> bool:
        """Whether each file is in a format that was asked for."""
        formats = {number: item.formats for number, item in enumerate(self.expected.model.items, 1)}
        return all(
            not formats.get(number) or self.media[file] in formats[number]
            for number, files in delivered.items()
            for file in files
        )

    async def reopen(self, text: str | None, sent: Sequence[str] = ()) -> Sequence[Event]:
        files = [await self.upload(kind) for kind in sent]
        body = {"documents": list(map(str, files))} | ({} if text is None else {"text": text})
        return await self.act("reopening", body, text=text, attached=self.attached(files))

    async def command(self, command: Command, data: Mapping[str, Any]) -> Sequence[Event]:
        value = json.dumps(data).encode()
        self.last_command = command, value
        await self.send(command, value)
        return (command,)

    async def send(self, command: Command, value: bytes) -> None:
        await self.system.send(command.seen.department, self.request_id, command.name, command.id, value)

    def seen(self, back: int = 0) -> Seen:
        """The case as an inbox event said it, the latest one or an earlier one."""
        _, event = self.heard.inbox[max(-1 - back, -len(self.heard.inbox))]
        return Seen(event["department"], event["assignment_id"], event["epoch"], event["as_of"])
