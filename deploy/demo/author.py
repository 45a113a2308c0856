"""The author of one request: files it through the public API, and says more at the moments of its life."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from deploy.demo.cases import Run, sha256_of, submission_of
from deploy.demo.client import Filed, PublicApi, Session, Standing
from deploy.demo.data import DemoMessage, DemoRequest, read_document
from deploy.verification.evidence import LEFT_OPEN, MESSAGE, RATING, WITHDRAWAL, Act, File, Submission
from services.common.contracts.asked import ItemState
from services.common.contracts.lifecycle import State

ENDED: Final = frozenset({State.CONCLUDED, State.REJECTED, State.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Author:
    """`number`: the number of the request in the run. The idempotency keys derive from it."""

    api: PublicApi
    session: Session
    run: Run
    number: int

    def planned(self, row: DemoRequest) -> Submission:
        """The submission before it is sent: without files, reference and acts."""
        return submission_of(self.number, row, self.run.accounts[row.account], self.session.account_id)

    async def file(self, row: DemoRequest) -> Submission:
        """File the request, and do what its author does at once."""
        return (await self.begin(row)).submission

    async def begin(self, row: DemoRequest, linked: Filed | None = None) -> "Conversation":
        """File the request, which may ask about the one in `linked`. The conversation goes on with what its author says later."""
        files = await self.send(row.documents, "file")
        documents = [file.document_id for file in files]
        filed = await self.api.file(self.session, self.run.key(self.number), row, documents, linked)
        submission = replace(self.planned(row), files=files, reference=filed.reference, request_id=filed.request_id)
        conversation = Conversation(self, row, filed, submission)
        await conversation.say_at_once()
        return conversation

    async def send(self, names: Sequence[str], *parts: int | str) -> tuple[File, ...]:
        """Upload files. `parts` distinguish them from others of the request."""
        sent = []
        for index, name in enumerate(names):
            content = read_document(name)
            key = self.run.key(self.number, *parts, index)
            document_id = await self.api.send_file(self.session, key, name, content)
            sent.append(File(document_id, name, sha256_of(content)))
        return tuple(sent)


@dataclass(slots=True)
class Conversation:
    """What an author says about a filed request, each at its moment. `submission` grows with it."""

    author: Author
    row: DemoRequest
    filed: Filed
    submission: Submission
    _said: set[int] = field(default_factory=set)
    _rated: bool = False

    @property
    def latest_act(self) -> str | None:
        return self.submission.acts[-1].act_id if self.submission.acts else None

    async def say_at_once(self) -> None:
        for index, message in enumerate(self.row.messages):
            if message.when == "filed":
                await self._write(message, index)
        if self.row.withdrawn:
            author = self.author
            key = author.run.key(author.number, "withdrawal")
            self._add(Act(WITHDRAWAL, str(await author.api.withdraw(author.session, key, self.filed))))

    async def go_on(self, standing: Standing) -> None:
        """Say what is due where the request stands, unless the latest act is not decided yet."""
        if standing.act is not None and standing.act.outcome == "pending":
            return
        for index, message in enumerate(self.row.messages):
            if (index not in self._said or message.when == "heard") and is_due(message, standing):
                await self._write(message, index)
                return
        rating = self.row.rating
        if rating is not None and not self._rated and self._has_said_all(standing) and standing.state in RATED_IN:
            author, self._rated = self.author, True
            act_id = await author.api.rate(author.session, author.run.key(author.number, "rating"), self.filed, rating)
            self._add(Act(RATING, str(act_id), rating.text, score=rating.score))

    def is_over(self, standing: Standing) -> bool:
        """Whether nothing more is said, and the department does nothing more either."""
        silent = all(message.when == "filed" for message in self.row.messages)
        left_open = silent and standing.state == LEFT_OPEN.get(self.row.reason)
        rated = self._rated or self.row.rating is None or standing.state not in RATED_IN
        return (standing.state in ENDED or left_open) and rated

    def _has_said_all(self, standing: Standing) -> bool:
        return standing.state in ENDED or not self._waits()

    def _waits(self) -> bool:
        """Whether a message waits for its moment."""
        return len(self._said) < len(self.row.messages)

    async def _write(self, message: DemoMessage, index: int) -> None:
        author = self.author
        files = await author.send(message.documents, "message", index, "file")
        documents = [file.document_id for file in files]
        key = author.run.key(author.number, "message", index, len(self.submission.acts))
        act_id = await author.api.write(author.session, key, self.filed, message.text, documents, message.item)
        self._said.add(index)
        items = {} if message.item is None else {message.item: tuple(documents)}
        self._add(Act(MESSAGE, str(act_id), message.text, files, items))

    def _add(self, act: Act) -> None:
        self.submission = replace(self.submission, acts=(*self.submission.acts, act))


RATED_IN: Final = frozenset({State.ANSWERED, State.CONCLUDED})


def is_due(message: DemoMessage, standing: Standing) -> bool:
    """Whether it is the moment of a message."""
    match message.when:
        case "asked":
            return any(item.number == message.item and item.state == ItemState.OPEN for item in standing.asked)
        case "heard":
            return standing.hearing is not None
        case "answered":
            return standing.state == State.ANSWERED
    return True
