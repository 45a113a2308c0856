"""A file through any sequence of events: at most one request gets it, and no byte is removed too early."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.documents import domain
from services.documents.domain import CLAIM_ENDS, AnotherFile, File, NotClaimable
from services.documents.messages import FileAccepted, Naming
from tests.unit.documents.builders import DOCUMENT, NOON, OTHER_OWNER, OWNER, content, registered, written

REQUESTS = [uuid4() for _ in range(4)]
requests = st.sampled_from(REQUESTS)
owners = st.sampled_from([OWNER, OWNER, OWNER, OTHER_OWNER])


class AnyHistory(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.file: File | None = None
        self.now: datetime = NOON
        self.accepted: set[UUID] = set()
        self.claimed_at: dict[UUID, datetime] = {}

    @rule(hours=st.integers(1, 40 * 24))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(owner=owners, sha256=st.sampled_from(["a" * 64, "b" * 64]))
    def bytes_arrive(self, owner: UUID, sha256: str) -> None:
        before = self.file
        try:
            self.file = domain.store(before, owner, content(sha256, at=self.now))
        except AnotherFile:
            assert before is not None
        else:
            if before is not None and before.content is not None:
                assert self.file is before

    @rule(owner=owners, request=requests)
    def a_request_claims(self, owner: UUID, request: UUID) -> None:
        files: Mapping[UUID, File | None] = {DOCUMENT: self.file}
        try:
            self.file = domain.claim(files, request, owner, self.now)[DOCUMENT]
        except NotClaimable:
            return
        assert self.file.owner == owner
        self.claimed_at[request] = self.now

    @rule(request=requests, name=st.sampled_from([registered, written]))
    def a_request_or_a_message_names_it(self, request: UUID, name: Callable[[UUID], Naming]) -> None:
        before = self.file
        decision = domain.confirm(before, DOCUMENT, name(request))
        self.file = decision.state
        if any(isinstance(event, FileAccepted) for event in decision.events):
            assert before is not None
            assert before.claimed_by(request)
            self.accepted.add(request)

    @precondition(lambda self: self.file is not None and bool(domain.timers(self.file)))
    @rule()
    def due_timers_fire(self) -> None:
        before = self.file
        assert before is not None
        for due in domain.timers(before):
            if due.at <= self.now:
                fire = domain.end_claims if due.kind == CLAIM_ENDS else domain.expire
                self.file = fire(self.file, due.at).state
        assert self.file is not None
        if before.content is not None and self.file.content is None:
            assert before.content.object_key in self.file.discarded

    @invariant()
    def it_is_confirmed_for_at_most_one_request_and_stays_confirmed(self) -> None:
        assert len(self.accepted) <= 1
        if self.accepted:
            assert self.file is not None
            assert {self.file.confirmed_for} == self.accepted
            assert self.file.content is not None

    @invariant()
    def its_current_object_is_never_discarded(self) -> None:
        if self.file is not None and self.file.content is not None:
            assert self.file.content.object_key not in self.file.discarded

    @invariant()
    def a_recent_claim_prevents_its_expiry(self) -> None:
        recent = [at for at in self.claimed_at.values() if self.now - at < timedelta(days=34)]
        if recent:
            assert self.file is not None
            assert self.file.content is not None

    @invariant()
    def an_unconfirmed_file_has_a_timer(self) -> None:
        if self.file is not None and self.file.content is not None and self.file.confirmed_for is None:
            assert domain.timers(self.file)


TestAnyHistory = AnyHistory.TestCase
