"""How far a run is, for a screen to show while it goes on."""

import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from deploy.demo.client import Entry, Standing
from deploy.verification.evidence import Page, Submission

LATEST: Final = 6

STAGES: Final = ("registered", "in_analysis", "answered", "concluded")
"""The states of a request that goes well, in their order. Whoever has reached one has reached those before it."""


class News(NamedTuple):
    """A request that was seen to move."""

    submission: Submission
    standing: Standing


@dataclass(slots=True)
class Board:
    """What is known now. `submissions` by their numbers, the others by reference."""

    total: int
    submissions: dict[int, Submission] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    pages: dict[str, Page[Entry]] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    latest: deque[News] = field(default_factory=lambda: deque(maxlen=LATEST))
    begun: float = field(default_factory=time.monotonic)

    @property
    def filed(self) -> int:
        """How many were given a reference."""
        return sum(submission.reference is not None for submission in self.submissions.values())

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    @property
    def notices(self) -> int:
        """How many their addressees see as sent."""
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

    def file(self, submission: Submission) -> None:
        """Its author is about to send it, or was given a reference for it."""
        self.submissions[submission.number] = submission

    def see(self, submission: Submission, standing: Standing) -> None:
        """The author looked, and this is where the request stands."""
        if self.standings.get(submission.name) != standing:
            self.latest.append(News(submission, standing))
        self.standings[submission.name] = standing

    def turn_to(self, submission: Submission, entries: Sequence[Entry]) -> None:
        """The author read the timeline."""
        self.pages[submission.name] = Page(self.standings[submission.name].state, entries)
