"""The error of a failed try. The modules that call the mail server or the gateway translate their errors to it."""

from services.notifications.domain import FailureKind


class NotSent(Exception):
    """The mail was not sent. `because` is a short code, never the text of the server, which may name the person."""

    def __init__(self, kind: FailureKind, because: str) -> None:
        super().__init__(f"{kind}: {because}")
        self.kind = kind
        self.because = because
