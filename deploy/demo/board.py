"""The progress of a run, for the screen."""

import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from deploy.demo.client import Dates, Entry, Standing
from deploy.verification.evidence import Page, Submission, short
from deploy.verification.expectations import NOTIFIED

LATEST: Final = 6

STAGES: Final = ("registered", "in_analysis", "answered", "concluded")
"""The states of a request in order. A request in one state has passed the states before it."""


_STAGE_OF: Final = {"awaiting_documents": "in_analysis"}
ENDED: Final = frozenset({"concluded", "rejected", "withdrawn"})
NOTICED: Final = frozenset(short(kind) for kind in NOTIFIED)
"""The facts that cause a notice, but for terms that lapse: none does here."""


class News(NamedTuple):
    """A request whose state has changed."""

    submission: Submission
    standing: Standing


@dataclass(slots=True)
class Board:
    """The current progress. `submissions` by number; `standings`, `pages`, `dates` and `settled` by reference."""

    total: int
    submissions: dict[int, Submission] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    pages: dict[str, Page[Entry]] = field(default_factory=dict)
    dates: dict[str, Dates] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    latest: deque[News] = field(default_factory=lambda: deque(maxlen=LATEST))
    started: float = field(default_factory=time.monotonic)

    @property
    def filed(self) -> int:
        """The number of requests with a reference."""
        return sum(submission.reference is not None for submission in self.submissions.values())

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def notices(self) -> int:
        """The number of notices that the authors see as sent."""
        return sum(entry.type == "delivery.sent" for page in self.pages.values() for entry in page.entries)

    @property
    def due(self) -> int:
        """The number of notices that are due. Until its timeline is read, a request has two: registered, and answered."""
        read = sum(entry.type in NOTICED for page in self.pages.values() for entry in page.entries)
        return read + 2 * (self.total - len(self.pages))

    @property
    def left_open(self) -> int:
        """The number of requests that wait for their authors, who say nothing more."""
        return sum(self.standings[name].state not in ENDED for name in self.settled)

    @property
    def withdrawn(self) -> int:
        """The number of withdrawn requests. They count as registered, but go no further."""
        return sum(each.state == "withdrawn" for each in self.standings.values())

    def reached(self) -> dict[str, int]:
        """The number of requests that have reached each stage."""
        states = [_STAGE_OF.get(each.state, each.state) for each in self.standings.values()]
        now = Counter(STAGES.index(state) for state in states if state in STAGES)
        now[0] += self.withdrawn
        return {stage: sum(now[each] for each in range(index, len(STAGES))) for index, stage in enumerate(STAGES)}

    def file(self, submission: Submission) -> None:
        """Record a submission: before it is sent, and again with its reference."""
        self.submissions[submission.number] = submission

    def see(self, submission: Submission, standing: Standing) -> None:
        """Record the state of a request that its author has read."""
        if self.standings.get(submission.name) != standing:
            self.latest.append(News(submission, standing))
        self.standings[submission.name] = standing

    def read_timeline(self, submission: Submission, entries: Sequence[Entry], dates: Dates | None = None) -> None:
        """Record the timeline and the explained dates that the author has read."""
        self.pages[submission.name] = Page(self.standings[submission.name].state, entries)
        if dates is not None:
            self.dates[submission.name] = dates
