"""Two opposites at the same moment: the system does what the model does in one of the two orders."""

import asyncio
from http import HTTPStatus
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.integration.gateway.gateway_environment import new_key
from tests.integration.life.events import Act, Attached, Registration
from tests.integration.life.life import PDF, Life, Sending
from tests.integration.life.machine import LEAVES
from tests.integration.life.person import PersonSteps

PAIRS: Final = (
    ("withdrawal", "resolve"),
    ("message", "reject"),
    ("delivery", "answer"),
    ("reopening", "resolve"),
    ("rating", "rating"),
    ("message", "answer"),
    ("message", "transfer"),
    ("message", "hear"),
    ("message", "message"),
    ("message", "request-information"),
    ("delivery", "transfer"),
    ("delivery", "delivery"),
    ("withdrawal", "transfer"),
    ("withdrawal", "message"),
    ("reopening", "answer"),
    ("rating", "reopening"),
    ("resolve", "reject"),
    ("answer", "transfer"),
    ("extend", "extend"),
)


class RaceSteps(PersonSteps):
    @rule(pair=st.sampled_from(PAIRS), swapped=st.booleans(), choice=st.integers(0, 9))
    def race(self, pair: tuple[str, str], swapped: bool, choice: int) -> None:
        names = pair[::-1] if swapped else pair
        if self.is_over:
            self.begin_anew(choice)
        else:
            self.go(*(self.sending(name, choice) for name in names))

    def sending(self, name: str, choice: int) -> Sending:
        life = self.life
        if name == "withdrawal":
            return life.act(name, {})
        if name == "rating":
            return life.act(name, {"score": 1 + choice % 5}, score=1 + choice % 5)
        if name == "reopening":
            return life.reopen("Ainda falta uma coisa.")
        if name == "delivery" and (numbers := self.open_items()):
            sent = [self.format_of(number) for number in numbers]
            return life.write(None, sent, {number: [place] for place, number in enumerate(numbers)})
        if name in ("message", "delivery"):
            return life.write("Esqueci-me disto.", [PDF] * (choice % 2))
        return self.commanding(name, choice=choice)

    @rule(leaf=st.sampled_from(LEAVES), swapped=st.booleans())
    def two_requests_name_one_file(self, leaf: tuple[str, str], swapped: bool) -> None:
        """One of them gets it. The other learns that from the gateway, or later from the check of the file."""
        if self.is_over:
            self.begin_anew(LEAVES.index(leaf))
            return
        rival = Life(self.system, self.life.author, self.life.stranger, leaf)
        self.begin(self.contest(self.life, rival, swapped))

    async def contest(self, life: Life, rival: Life, swapped: bool) -> None:
        file, key = await life.upload(PDF), new_key()
        rival.media = {file: PDF}
        message = {"text": "Junto o recibo.", "documents": [str(file)]}
        request = {
            "subject": rival.leaf[0],
            "reason": rival.leaf[1],
            "description": "Junto-o aqui.",
            "documents": [str(file)],
        }
        sendings = [
            self.system.attempt(life.author, "POST", f"{life.path}/messages", json=message),
            self.system.attempt(life.author, "POST", "/v1/requests", key=key, json=request),
        ]
        answers = await asyncio.gather(*sendings[:: -1 if swapped else 1])
        told, filed = answers[:: -1 if swapped else 1]
        statuses = told.status_code, filed.status_code
        assert statuses in ((202, 201), (202, 422), (422, 201)), (told.text, filed.text)
        contested = Attached({file: PDF}, frozenset([file] if statuses == (202, 201) else []))
        followed = []
        if told.status_code == HTTPStatus.ACCEPTED:
            life.acts += 1
            followed.append(life.follow([Act("messages", told.json()["act_id"], "Junto o recibo.", contested)]))
        if filed.status_code == HTTPStatus.CREATED:
            rival.accepted(request, key, filed.json())
            self.ended.append(rival)
            followed.append(rival.follow([Registration(contested)]))
        await asyncio.gather(*followed)
        checks = [each.expected.files.get(file) for each in (life, rival)]
        assert checks.count("accepted") == 1, checks
