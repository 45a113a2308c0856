"""The steps of the person: messages, files, coming back, withdrawing, rating."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.integration.life.department import DepartmentSteps
from tests.integration.life.life import PDF, PNG
from tests.integration.life.machine import some_files

places: Final = st.integers(0, 9)


class PersonSteps(DepartmentSteps):
    @rule(
        text=st.sampled_from(["Já enviei.", None]),
        sent=some_files,
        numbers=st.lists(st.integers(1, 4), max_size=2, unique=True),
    )
    def write(self, text: str | None, sent: list[str], numbers: list[int]) -> None:
        """`numbers` are those of asked documents, right or wrong."""
        items = {number: [place] for place, number in enumerate(numbers[: len(sent)])}
        self.go(self.life.write(text, sent, items))

    @rule(which=places, number=st.sampled_from([None, 1, 2]))
    def name_a_file_again(self, which: int, number: int | None) -> None:
        accepted = [file for file, check in self.life.expected.files.items() if check == "accepted"]
        items = {} if number is None else {number: [0]}
        if accepted:
            self.go(self.life.write("Outra vez.", (), items, [accepted[which % len(accepted)]]))
        else:
            self.go(self.life.write("Junto um recibo.", [PDF]))

    @rule(which=places, together=st.booleans(), right=st.sampled_from([True, True, True, False]))
    def deliver(self, which: int, together: bool, right: bool) -> None:
        """Deliver one document that is waited for, or all of them; not `right`: in another format than was asked for.

        Where none is waited for, some are asked.
        """
        numbers = self.open_items()
        if not numbers:
            self.ask(which)
            return
        chosen = numbers if together else [numbers[which % len(numbers)]]
        sent = [self.format_of(number, right) for number in chosen]
        self.go(self.life.write(None, sent, {number: [place] for place, number in enumerate(chosen)}))

    def ask(self, choice: int) -> None:
        if self.is_over:
            self.begin_anew(choice)
        else:
            self.go(self.commanding("request-information", formats=[(), (PDF,), (PNG,)][: 1 + choice % 3]))

    def open_items(self) -> list[int]:
        return [number for number, item in enumerate(self.life.expected.model.items, 1) if item.state == "open"]

    def format_of(self, number: int, right: bool = True) -> str:
        formats = self.life.expected.model.items[number - 1].formats
        return PDF if not formats or (PDF in formats) == right else PNG

    @rule(text=st.sampled_from([None, "Afinal falta uma coisa."]), sent=some_files)
    def reopen(self, text: str | None, sent: list[str]) -> None:
        self.go(self.life.reopen(text, sent))

    @rule(score=st.integers(1, 5))
    def rate(self, score: int) -> None:
        self.go(self.life.act("rating", {"score": score}, score=score))

    @rule(surely=st.sampled_from([False, False, False, True]), choice=st.integers(0, 9))
    def withdraw(self, surely: bool, choice: int) -> None:
        """Seldom, because little can happen after it. Then the person files another request."""
        if self.is_over and not surely:
            self.begin_anew(choice)
        elif surely or self.life.expected.model.state in ("answered", "concluded"):
            self.go(self.life.act("withdrawal", {}))
        else:
            self.go(self.life.write(None, [PNG]))
