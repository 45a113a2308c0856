"""Which facts become notices, and on which channels they are sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.common.catalogue import catalogues
from services.notifications.messages import (
    Channel,
    DocumentRefused,
    DocumentsLapsed,
    DocumentsReceived,
    DocumentsReminded,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    LifecycleFact,
    RequestAnswered,
    RequestConcluded,
    RequestExtended,
    RequestForwarded,
    RequestRegistered,
    RequestRejected,
    RequestReopened,
    RequestWithdrawn,
)


@dataclass(frozen=True, slots=True)
class Row:
    """The name of the notice of a fact, and its channels. `when`: a further condition of the fact.

    `told`: whether a notice leaves at all. One that does not makes earlier ones old news (see `order`).
    """

    fact: type[LifecycleFact]
    notice: str
    channels: tuple[Channel, ...] = ("email",)
    when: Callable[[Any], bool] = lambda _: True
    told: bool = True


def is_automatic(fact: LifecycleFact) -> bool:
    """Whether Postigo itself opened the request, and not its author."""
    return catalogues().is_automatic(fact.subject, fact.reason, fact.catalogue_version)


MATRIX: Final[Sequence[Row]] = (
    Row(RequestRegistered, "opened", when=is_automatic),
    Row(RequestRegistered, "registered"),
    # A department that resolves a request says two facts. They are one notice: that of the answer.
    Row(RequestAnswered, "resolved", when=lambda answered: answered.concludes),
    Row(RequestAnswered, "answered"),
    Row(RequestConcluded, "lapsed", when=lambda concluded: concluded.lapsed),
    Row(RequestRejected, "rejected"),
    Row(RequestWithdrawn, "withdrawn"),
    Row(DocumentRefused, "document-refused"),
    Row(DocumentsRequested, "documents-requested"),
    Row(DocumentsReminded, "documents-reminder"),
    Row(DocumentsReceived, "documents-received", told=False),
    Row(DocumentsLapsed, "documents-lapsed"),
    Row(HearingOpened, "hearing-opened"),
    Row(HearingClosed, "hearing-lapsed", when=lambda closed: not closed.answered),
    Row(RequestForwarded, "forwarded"),
    Row(RequestExtended, "extended"),
    Row(RequestReopened, "reopened"),
)
"""The first row that fits a fact counts. A fact that fits none makes no notice."""

FACTS: Final[Sequence[type[LifecycleFact]]] = tuple(dict.fromkeys(row.fact for row in MATRIX))

NOTICES: Final[Sequence[str]] = tuple(row.notice for row in MATRIX if row.told)


def row_of(fact: LifecycleFact) -> Row | None:
    return next((row for row in MATRIX if isinstance(fact, row.fact) and row.when(fact)), None)
