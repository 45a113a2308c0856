"""Everything that can be sent twice."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.integration.life.department import DepartmentSteps
from tests.integration.life.events import Event, Rejected
from tests.integration.life.life import Life

MESSAGE: Final = {"text": "Outra coisa."}


class AgainSteps(DepartmentSteps):
    @rule(what=st.sampled_from(["request", "act", "command"]), same=st.booleans())
    def again(self, what: str, same: bool) -> None:
        """The same under the same key or id changes nothing more; something else under it is refused."""
        life = self.life
        if what == "request":
            self.go(self.filed_again(life, same))
        elif what == "act":
            self.go(self.acted_again(life, same) if life.last_act else life.reopen("De novo."))
        else:
            self.go(self.commanded_again(life, same) if life.last_command else self.commanding("acknowledge"))

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

    async def acted_again(self, life: Life, same: bool) -> Sequence[Event]:
        assert life.last_act is not None
        name, body, key, act_id = life.last_act
        if same:
            assert await life.post(name, body, key) == act_id
            return ()
        return await life.refused("messages", MESSAGE, 422, "key-reused", key=key)

    async def commanded_again(self, life: Life, same: bool) -> Sequence[Event]:
        assert life.last_command is not None
        command, value = life.last_command
        other = Rejected(command.id, "id-reused")
        is_known = any((each.command, each.code) == (other.id, other.code) for each in life.expected.rejections)
        await life.send(command, value if same else value[:-1] + b" }")
        # The second time, the other command is a repetition itself.
        return () if same or is_known else (other,)
