"""How far a run is, for a screen to show while it goes on."""

import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from deploy.demo.cases import Case
from deploy.demo.client import Entry, Standing
from deploy.demo.evidence import Page

LATEST: Final = 6

STAGES: Final = ("registered", "in_analysis", "answered", "concluded")
"""The states of a request that goes well, in their order. Whoever has reached one has reached those before it."""


class News(NamedTuple):
    """A request that was seen to move."""

    case: Case
    standing: Standing


@dataclass(slots=True)
class Board:
    """What is known now. `notices` counts those that their addressees see as sent."""

    total: int
    filed: dict[str, Case] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    latest: deque[News] = field(default_factory=lambda: deque(maxlen=LATEST))
    begun: float = field(default_factory=time.monotonic)

    @property
    def cases(self) -> list[Case]:
        """What has been filed, in the order in which references were given."""
        return list(self.filed.values())

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    @property
    def notices(self) -> int:
        return sum(entry.type == "delivery.sent" for page in self.pages.values() for entry in page.entries)

    @property
    def withdrawn(self) -> int:
        """How many requests go no further than that they were registered."""
        return sum(each.state == "withdrawn" for each in self.standings.values())

    def reached(self) -> dict[str, int]:
        """How many requests have come as far as each stage."""
        now = Counter(STAGES.index(each.state) for each in self.standings.values() if each.state in STAGES)
        now[0] += self.withdrawn
        return {stage: sum(now[each] for each in range(place, len(STAGES))) for place, stage in enumerate(STAGES)}

    def file(self, case: Case) -> None:
        self.filed[case.reference] = case

    def see(self, case: Case, standing: Standing) -> None:
        """The author looked, and this is where the request stands."""
        if self.standings.get(case.reference) != standing:
            self.latest.append(News(case, standing))
        self.standings[case.reference] = standing

    def turn_to(self, case: Case, entries: Sequence[Entry]) -> None:
        """The author read the timeline."""
        self.pages[case.reference] = Page(self.standings[case.reference].state, entries)
