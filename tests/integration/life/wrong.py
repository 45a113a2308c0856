"""What is refused before it can change anything: wrong persons, wrong bodies, wrong commands."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.integration.gateway.gateway_environment import Person
from tests.integration.life.department import UNKNOWN
from tests.integration.life.events import Command, Event, Rejected
from tests.integration.life.life import PDF, Life
from tests.integration.life.machine import LifeMachine

LONG: Final = "a" * 4_001

ACTS: Final[Sequence[tuple[str, Any]]] = (
    ("messages", {"text": "Bom dia."}),
    ("withdrawal", {}),
    ("reopening", {}),
    ("rating", {"score": 5}),
)
BODIES: Final[Sequence[tuple[str, Any]]] = (
    ("messages", {}),
    ("messages", {"text": LONG}),
    ("messages", {"text": " \n"}),
    ("messages", {"text": ["Bom dia."]}),
    ("messages", {"documents": [UNKNOWN]}),
    ("messages", {"documents": [UNKNOWN] * 2}),
    ("messages", {"documents": [UNKNOWN[:-2] + str(number) for number in range(10, 21)]}),
    ("messages", {"items": [{"item": 1, "documents": []}]}),
    ("messages", {"items": [{"item": 0, "documents": [UNKNOWN]}]}),
    ("messages", {"text": "Bom dia.", "surprise": 1}),
    ("messages", []),
    ("withdrawal", {"text": "Já não preciso."}),
    ("reopening", {"text": LONG}),
    ("reopening", {"documents": [UNKNOWN]}),
    ("rating", {}),
    ("rating", {"score": 0}),
    ("rating", {"score": 6}),
    ("rating", {"score": "5"}),
    ("rating", {"score": 5, "text": LONG}),
)
REQUESTS: Final[Sequence[Mapping[str, Any]]] = (
    {"subject": "FAM-99"},
    {"reason": "COR"},
    {"description": LONG},
    {"description": ""},
    {"documents": [UNKNOWN]},
    {"linked_to": "PO-00000-00000-0"},
    {"language": "fr"},
)
COMMANDS: Final[Sequence[tuple[str, Mapping[str, Any], str]]] = (
    ("answer", {"text": LONG}, "invalid"),
    ("answer", {"text": " \n"}, "invalid"),
    ("answer", {}, "invalid"),
    ("answer", {"text": "Sim.", "epoch": 0}, "invalid"),
    ("answer", {"text": "Sim.", "seen": "all"}, "invalid"),
    ("acknowledge", {"assignment_id": "PO-00000-00000-0"}, "invalid"),
    ("resolve", {"text": "Sim.", "outcome": "granted"}, "invalid"),
    ("resolve", {"text": "Não.", "outcome": "refused", "grounds": "Artigo 5.º"}, "invalid"),
    ("resolve", {"text": "Sim.", "outcome": "perhaps"}, "invalid"),
    ("resolve", {"text": "Não.", "outcom": "refused"}, "invalid"),
    ("resolve", {"text": "Sim.", "grounds": "Artigo 5.º"}, "invalid"),
    ("answer", {"text": "Sim.", "outcome": "granted"}, "invalid"),
    ("acknowledge", {"text": "Vamos ver."}, "invalid"),
    ("request-information", {"items": []}, "invalid"),
    ("request-information", {"items": [{"what": "Recibo", "why": "Sim.", "formats": ["text/plain"]}]}, "invalid"),
    ("extend", {"text": "Mais tempo.", "until": "2026-02-30"}, "invalid"),
    ("transfer", {"text": "É vosso.", "to": "P F"}, "invalid"),
    ("sing", {}, "unknown-command"),
)
"""The code of each rejection."""


class WrongSteps(LifeMachine):
    @rule(act=st.sampled_from(ACTS), page=st.sampled_from(["", "/timeline", "/deadline", "/receipt"]))
    def a_stranger_comes(self, act: tuple[str, Any], page: str) -> None:
        self.go(self.strange(self.life, *act, page))

    async def strange(self, life: Life, name: str, body: Any, page: str) -> Sequence[Event]:
        """To a stranger neither the request nor its files exist, and nobody does anything without a session."""
        path, read = f"{life.path}/{name}", life.path + page
        await self.system.call(life.stranger, "POST", path, 404, "not-found", json=body)
        await self.system.call(None, "POST", path, 401, "no-session", json=body)
        await self.system.call(life.stranger, "GET", read, 404, "not-found")
        await self.system.call(None, "GET", read, 401, "no-session")
        await life.read(page)
        for file in list(life.expected.files)[:1]:
            await self.system.call(life.stranger, "GET", f"/v1/documents/{file}", 404, "not-found")
            body = _request({"documents": [str(file)]})
            await self.system.call(life.stranger, "POST", "/v1/requests", 422, "invalid", json=body)
        return ()

    @rule(body=st.sampled_from(BODIES))
    def an_invalid_act(self, body: tuple[str, Any]) -> None:
        name, wrong = body
        self.go(self.life.refused(name, wrong, 422, "invalid"))

    @rule(wrong=st.sampled_from(REQUESTS))
    def an_invalid_request(self, wrong: Mapping[str, Any]) -> None:
        self.go(self.wrongly_filed(self.life.author, wrong))

    async def wrongly_filed(self, author: Person, wrong: Mapping[str, Any]) -> Sequence[Event]:
        await self.system.call(author, "POST", "/v1/requests", 422, "invalid", json=_request(wrong))
        short = {"key": "short", "json": _request({})}
        await self.system.call(author, "POST", "/v1/requests", 400, "idempotency-key", **short)
        await self.system.call(author, "POST", "/v1/documents", 415, "media-type", content=b"none", media_type=PDF)
        return ()

    @rule(wrong=st.sampled_from(COMMANDS))
    def an_unreadable_command(self, wrong: tuple[str, Mapping[str, Any], str]) -> None:
        self.go(self.wrongly_commanded(self.life, *wrong))

    async def wrongly_commanded(self, life: Life, name: str, wrong: Mapping[str, Any], code: str) -> Sequence[Event]:
        seen = life.seen()
        command = Command(name, f"{seen.department}/{life.request_id}/{life.number()}", seen)
        self.system.unreadable += 1
        await life.send(command, json.dumps(seen.data() | dict(wrong)).encode())
        return (Rejected(command.id, code),)


def _request(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"subject": "FAM-01", "reason": "INF", "description": "Que papéis levo?", **changes}
