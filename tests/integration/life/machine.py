"""The machine: several lives at once, each of which takes a step when it is its turn."""

import asyncio
import sys
import traceback
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from tests.integration.life.life import MOST_ACTS, PDF, PNG, Life, Sending
from tests.integration.life.system import System

LEAVES: Final = (("FAM-01", "NPG"), ("FAM-01", "CER"), ("FAM-01", "VAL"), ("REC-01", "RCL"))

LIVES: Final = (1, *[6] * 9)
"""Lives at once. One alone is easier to understand after a failure, and six are faster."""

ENDED: Final = ("withdrawn", "rejected")

AT_ONCE: Final = ("", "", "withdrawal", "messages", "")
"""The act that follows a new request before anybody has read that it is registered."""

PROMPTLY: Final = 90.0
"""Seconds after which a step is given up: more than anything that it waits for."""

some_files: Final = st.lists(st.sampled_from([PDF, PNG]), max_size=2)


class LifeMachine(RuleBasedStateMachine):
    """Lives take turns, because a view is up to a tenth of a second behind: while one waits for it, the others go on.

    What came of a step is checked before the next one of the same life, so rules see a `life` at rest. No rule has a precondition:
    races end in different ways, and Hypothesis requires that the same choices enable the same rules. A rule that does not fit the
    life does something else.
    """

    def __init__(self, system: System) -> None:
        super().__init__()
        self.system = system
        self.lives: list[Life] = []
        self.steps: dict[int, Future[None]] = {}
        self.turn = 0
        self.ended: list[Life] = []
        self.failed = False

    @initialize(lives=st.sampled_from(LIVES), leaf=st.integers(0, len(LEAVES) - 1), sent=some_files)
    def file(self, lives: int, leaf: int, sent: list[str]) -> None:
        people = self.system.people
        for number in range(lives):
            author, stranger = people[number], people[number - 1]
            self.lives.append(Life(self.system, author, stranger, LEAVES[(leaf + number) % len(LEAVES)]))
        for life in tuple(self.lives):
            self.begin(life.step(life.file("Não recebi o abono.", sent)))

    @property
    def life(self) -> Life:
        return self.lives[self.turn]

    def go(self, *sendings: Sending) -> None:
        """Send all of this at the same moment."""
        self.begin(self.life.step(*sendings))

    def begin(self, step: Coroutine[Any, Any, None]) -> None:
        """Begin a step of the life whose turn it is. The next life has ended its own step when this returns."""
        self.steps[self.turn] = asyncio.run_coroutine_threadsafe(step, self.system.loop)
        self.turn = (self.turn + 1) % len(self.lives)
        self.end_step(self.turn)

    @property
    def is_over(self) -> bool:
        """Whether little can happen to the life whose turn it is."""
        return self.life.expected.model.state in ENDED or self.life.acts >= MOST_ACTS - 1

    def begin_anew(self, choice: int) -> None:
        """Another request takes the place of the life whose turn it is: what came too late for that one, if anything did."""
        old = self.life
        leaf = old.leaf if old.follow_up else LEAVES[choice % len(LEAVES)]
        life = Life(self.system, old.author, old.stranger, leaf)
        self.ended.append(old)
        self.lives[self.turn] = life
        if old.follow_up is None:
            self.begin(life.step(life.file_and("Agora é outra coisa.", AT_ONCE[choice % len(AT_ONCE)])))
        else:
            life.media = old.media
            assert f"/v1/requests/{old.follow_up['linked_to']}" == old.path
            self.begin(life.step(life.submit(old.follow_up)))

    def wait(self, *work: Coroutine[Any, Any, None]) -> None:
        for future in [asyncio.run_coroutine_threadsafe(each, self.system.loop) for each in work]:
            future.result(PROMPTLY)

    def end_step(self, turn: int) -> None:
        """Hypothesis shows what the last replay gives. In a race that may be something else: so each failure is printed."""
        if turn not in self.steps:
            return
        if error := self.steps[turn].exception(PROMPTLY):
            self.failed = True
            traceback.print_exception(error, file=sys.stdout)
            raise error
        del self.steps[turn]

    def teardown(self) -> None:
        """After a failure the steps of other lives are only waited for: they must not disturb the next run."""
        for step in self.steps.values():
            step.exception(PROMPTLY)
        if self.failed:
            return
        for turn in tuple(self.steps):
            self.end_step(turn)
        self.wait(*(life.end() for life in (*self.lives, *self.ended)))
