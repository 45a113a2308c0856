"""How a try fails: translated from a provider's own errors once, at the edge."""

from services.notifications.domain import FailureKind


class NotSent(Exception):
    """The notice did not leave. `because` is a short code; no provider's text, which may name the person."""

    def __init__(self, trouble: FailureKind, because: str) -> None:
        super().__init__(f"{trouble}: {because}")
        self.trouble = trouble
        self.because = because
