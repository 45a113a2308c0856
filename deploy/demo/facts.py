"""The evidence about some cases, sorted by request; and what a check says of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from deploy.demo.cases import Case
from deploy.demo.evidence import Evidence, Page
from services.common.contracts.base import TYPE_PREFIX, Event
from services.common.contracts.lifecycle import (
    ActRefused,
    DocumentRefused,
    RequestAnswered,
    RequestRegistered,
    RequestRejected,
    RequestWithdrawn,
)
from services.common.domain.received import Received

TOLD: Final = (RequestRegistered, RequestAnswered, RequestRejected, RequestWithdrawn, DocumentRefused)
"""What a person gets a mail about."""

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, in numbers, and every harm that was found; each names a reference."""

    name: str
    counts: str
    harms: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.harms


class Facts:
    """The evidence about some cases, by request. Delivery is at least once: a record said again counts once.

    `wanted` is how many were to be filed.
    """

    def __init__(self, wanted: int, cases: Sequence[Case], evidence: Evidence) -> None:
        self.wanted = wanted
        self.cases = cases
        self.evidence = evidence
        self.ours = {case.request_id for case in cases}
        self._said: dict[UUID, dict[tuple[str, str], Received[Any]]] = {}
        for received in evidence.records:
            self._said.setdefault(UUID(received.key), {}).setdefault((received.topic, received.id), received)

    def of(self, case: Case, *kinds: type[E]) -> list[Received[E]]:
        """What was said about a case, of these kinds."""
        return [each for each in self._said.get(case.request_id, {}).values() if isinstance(each.event, kinds)]

    def every(self, kind: type[E]) -> Iterator[Received[E]]:
        """What was said about anything, of this kind."""
        for about in self._said.values():
            yield from (each for each in about.values() if isinstance(each.event, kind))

    def page(self, case: Case) -> Page:
        return self.evidence.shown.get(case.reference, Page())


def hidden(received: Received[Any]) -> bool:
    """What was refused between our rooms is not for its author's eyes."""
    return isinstance(received.event, ActRefused) and received.event.command is not None


def short(kind: type[Event]) -> str:
    """`request.registered` for `pt.postigo.request.registered.v1`."""
    return kind.TYPE.removeprefix(TYPE_PREFIX).removesuffix(".v1")


def times(number: int) -> str:
    return {0: "never", 1: "once"}.get(number, f"{number} times")
