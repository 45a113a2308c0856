"""What keeps the demonstration from going on."""

from deploy.local.errors import StackError


class DemoError(StackError):
    """The text is one sentence for a person; `log` is the program whose log tells more."""

    def __init__(self, sentence: str, *, log: str | None = None) -> None:
        super().__init__(sentence)
        self.log = log
