"""The error of the demonstration."""

from deploy.local.errors import StackError


class DemoError(StackError):
    """The demonstration cannot continue. The text is one sentence for a person; `log`: a program whose log has details."""

    def __init__(self, sentence: str, *, log: str | None = None) -> None:
        super().__init__(sentence)
        self.log = log
