"""Another request of the same person, and everything that is sent twice."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.integration.life.events import Event, Rejected
from tests.integration.life.life import Life
from tests.integration.life.machine import LEAVES, LifeMachine, some_files

ENDED: Final = ("withdrawn", "rejected")

MESSAGE: Final = {"text": "Outra coisa."}


class AgainSteps(LifeMachine):
    @precondition(lambda self: self.life.expected.model.state in ENDED)
    @rule(
        leaf=st.sampled_from(LEAVES), sent=some_files, at_once=st.sampled_from([None, None, "withdrawal", "messages"])
    )
    def file_anew(self, leaf: tuple[str, str], sent: list[str], at_once: str | None) -> None:
        """A new request, with an act on it at once: before anybody has read that it is registered."""
        life = Life(self.system, self.life.author, self.life.stranger, leaf)

        async def filed() -> Sequence[Event]:
            events = await life.file("Agora é outra coisa.", sent)
            if at_once is None:
                return events
            text = MESSAGE["text"] if at_once == "messages" else None
            return [*events, *await life.act(at_once, MESSAGE if text else {}, text=text)]

        self.begin_anew(life, filed())

    @precondition(lambda self: self.life.follow_up)
    @rule()
    def follow_up(self) -> None:
        """What came too late for one request is filed as another one."""
        old = self.life
        assert old.follow_up is not None
        assert f"/v1/requests/{old.follow_up['linked_to']}" == old.path
        life = Life(self.system, old.author, old.stranger, old.leaf)
        life.media = old.media
        self.begin_anew(life, life.submit(old.follow_up))

    @precondition(lambda self: self.life.filed)
    @rule(same=st.booleans())
    def file_again(self, same: bool) -> None:
        """The same body under the same key is the same request; another one is refused."""
        self.go(self.filed_again(self.life, same))

    async def filed_again(self, life: Life, same: bool) -> Sequence[Event]:
        assert life.filed is not None
        body, key = life.filed
        if same:
            answer = await self.system.call(life.author, "POST", "/v1/requests", 201, key=key, json=body)
            assert answer.json()["request_id"] == life.request_id
        else:
            other = {**body, "description": "Com a mesma chave."}
            await self.system.call(life.author, "POST", "/v1/requests", 422, "key-reused", key=key, json=other)
        return ()

    @precondition(lambda self: self.life.last_act)
    @rule(same=st.booleans())
    def act_again(self, same: bool) -> None:
        self.go(self.acted_again(self.life, same))

    async def acted_again(self, life: Life, same: bool) -> Sequence[Event]:
        assert life.last_act is not None
        name, body, key, act_id = life.last_act
        if same:
            assert await life.post(name, body, key) == act_id
            return ()
        return await life.refused("messages", MESSAGE, 422, "key-reused", key=key)

    @precondition(lambda self: self.life.last_command)
    @rule(same=st.booleans())
    def command_again(self, same: bool) -> None:
        """The same command changes nothing and gets no second answer; another one under its id is rejected."""
        self.go(self.commanded_again(self.life, same))

    async def commanded_again(self, life: Life, same: bool) -> Sequence[Event]:
        assert life.last_command is not None
        command, value = life.last_command
        await life.send(command, value if same else value[:-1] + b" }")
        return () if same else (Rejected(command.id, "id-reused"),)
