"""Collect a history from the engines: the records of every topic, the documents that they touched, and the mails."""

from collections.abc import Mapping, Sequence, Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from deploy.verification.evidence import DeadLetter, Lag, Page, Record, StoredDocument, Submission, TimelineEntry
from deploy.verification.history import History
from deploy.verification.log import Log, Offsets, consumer_lags
from deploy.verification.mails import mail_names, mails_in
from services.common.contracts.employers import EmployerNotice
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import MessageAdded, RequestRegistered
from services.common.domain.errors import Poison
from services.common.domain.identifiers import reference_of
from services.common.domain.position import Position
from services.common.messaging.records.positions import moment, position_of
from services.common.messaging.records.reader import read
from services.common.store import Client, connect, database, disconnect, translate_store_errors

COLLECTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "intake": ("intake", "requests"),
    "routing": ("routing", "assignments"),
    "documents": ("documents", "documents"),
    "notifications": ("notifications", "deliveries"),
    "gateway-views": ("gateway", "request_views"),
    "gateway-desk": ("gateway", "desk_cases"),
    "gateway-births": ("gateway", "births"),
}
"""The database (without the common prefix) and the collection of each group."""


@dataclass(slots=True)
class Recorder:
    """Collects everything from the offsets `begin` on. `records` and `dead_letters` grow with each `look`.

    `shared`: other people use the same stack, so evidence about other requests is left out.
    """

    kafka_url: str
    mongo_url: str
    mails: Path
    begin: Offsets
    mails_before: frozenset[str]
    shared: bool = False
    databases: str = "postigo"
    """The common prefix of the database names."""

    records: list[Record] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)

    @classmethod
    async def start(cls, env: Mapping[str, str], mails: Path, *, shared: bool = False) -> "Recorder":
        """A recorder that starts at the current ends of the topics. `env`: the variables of the stack."""
        async with Log(env["KAFKA_URL"]) as log:
            begin = await log.ends()
        databases = env.get("MONGO_DATABASE_PREFIX", "postigo")
        return cls(env["KAFKA_URL"], env["MONGO_URL"], mails, begin, mail_names(mails), shared, databases)

    async def look(self) -> tuple[int, Sequence[Lag]]:
        """Read the new records. Returns their number and the lags of all groups. Raises KafkaError, TimeoutError."""
        # Use a new connection each time: after a broker restart an old consumer may hang.
        async with Log(self.kafka_url) as log:
            ends = await log.ends()
            new = await log.between(self.begin, ends)
        for each in new:
            if ".dlq." in each.topic:
                self.dead_letters.append(dead_letter_in(each))
            else:
                self.records.append(record_in(each))
        self.begin = ends
        return len(new), await consumer_lags(self.kafka_url, ends=ends)

    async def history(
        self,
        submissions: Sequence[Submission],
        lags: Sequence[Lag] = (),
        *,
        pages: Mapping[str, Page[TimelineEntry]] | None = None,
        poisoned: AbstractSet[Position] = frozenset(),
        appended_again: AbstractSet[Position] = frozenset(),
        unexpected_answers: Sequence[str] = (),
    ) -> History:
        """The history up to the last `look`, with the current documents and mails. Raises StoreUnavailable."""
        history = History(
            submissions=submissions,
            records=sorted(self.records, key=lambda record: record.position),
            dead_letters=list(self.dead_letters),
            poisoned=frozenset(poisoned),
            appended_again=frozenset(appended_again),
            lags=lags,
            mails=mails_in(self.mails, exclude=self.mails_before),
            pages=pages,
            unexpected_answers=unexpected_answers,
        )
        history = only_submissions(history) if self.shared else history
        return replace(history, stored=await self._stored(history.records))

    async def _stored(self, records: Sequence[Record]) -> dict[str, dict[str, StoredDocument]]:
        requests = [UUID(key) for key in {record.key for record in records} if _is_uuid(key)]
        references = list(map(reference_of, requests))
        wanted: dict[str, dict[str, Any]] = {
            # Also documents of these requests with a wrong reference as key.
            "intake": {"$or": [{"_id": {"$in": references}}, {"state.request_id": {"$in": requests}}]},
            "routing": {"_id": {"$in": list(map(str, requests))}},
            "documents": {"_id": {"$in": sorted(_named_files(records))}},
            "notifications": {"state.request_id": {"$in": requests}},
            "gateway-views": {"_id": {"$in": references}},
            "gateway-desk": {"state.assignment.request_id": {"$in": requests}},
            "gateway-births": {"_id": {"$in": list(map(str, requests))}},
        }
        client = connect(self.mongo_url)
        try:
            with translate_store_errors():
                return {group: await self._documents(client, group, query) for group, query in wanted.items()}
        finally:
            await disconnect(client)

    async def _documents(self, client: Client, group: str, query: Mapping[str, Any]) -> dict[str, StoredDocument]:
        name, collection = COLLECTIONS[group]
        documents = await database(client, f"{self.databases}_{name}")[collection].find(query).to_list(None)
        return {raw["_id"]: _document(raw) for raw in documents}


def only_submissions(history: History) -> History:
    """The evidence about the submissions only. A request with the text of one, but with an unknown id, is kept too."""
    texts = {(submission.account_id, submission.description) for submission in history.submissions}
    own = history.by_request.keys() | {record.key for record in history.records if _text(record) in texts}
    references = {submission.reference for submission in history.submissions}
    ids = {record.id for record in history.records if record.key in own}
    records = [record for record in history.records if record.key in own or _tells_of(record, ids)]
    return replace(
        history,
        records=records,
        dead_letters=[letter for letter in history.dead_letters if letter.key in own],
        lags=[lag for lag in history.lags if any(lag.includes(record.position) for record in records)],
        mails=[mail for mail in history.mails if mail.reference in references],
    )


def _tells_of(record: Record, ids: AbstractSet[str]) -> bool:
    """Whether it is a notice to an employer, whose key is no request, because of one of these events."""
    return isinstance(record.event, EmployerNotice) and record.cause in ids


def _text(record: Record) -> tuple[UUID, str] | None:
    event = record.event
    return (event.account_id, event.description) if isinstance(event, RequestRegistered) else None


def _named_files(records: Sequence[Record]) -> set[str]:
    named = [
        each.event for each in records if isinstance(each.event, RequestSubmitted | RequestRegistered | MessageAdded)
    ]
    return {str(document) for event in named for document in event.documents}


def _document(raw: Mapping[str, Any]) -> StoredDocument:
    return StoredDocument(
        key=raw["_id"],
        state=raw.get("state"),
        inbox=tuple(entry["id"] for entry in raw.get("inbox", ())),
        unsent=tuple(event["id"] for event in raw.get("outbox", ())),
        blocked=len(raw.get("blocked", ())),
    )


def record_in(raw: Any) -> Record:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
    try:
        received = read(raw)
    except Poison:
        received = None
    return Record(
        position=position_of(raw),
        at=moment(raw.timestamp),
        key=_key(raw),
        id=headers.get("ce_id", ""),
        type=headers.get("ce_type", ""),
        cause=headers.get("ce_causationid", ""),
        digest=received.digest if received else b"",
        received=received,
    )


def dead_letter_in(raw: Any) -> DeadLetter:
    headers = {name: value.decode() for name, value in raw.headers if name.startswith("dlq-") and value is not None}
    position = Position(headers["dlq-topic"], int(headers["dlq-partition"]), int(headers["dlq-offset"]))
    return DeadLetter(headers["dlq-group"], position, headers["dlq-reason"], _key(raw))


def _key(raw: Any) -> str:
    return str((raw.key or b"").decode("utf-8", "replace"))


def _is_uuid(text: str) -> bool:
    with suppress(ValueError):
        UUID(text)
        return True
    return False
