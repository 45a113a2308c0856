"""Presents the timeline of a request in one language."""

from datetime import datetime

from gateway.requests.actors import ACTOR_NAMES, Actor, actor_of
from gateway.requests.labels import FACT_LABELS, REFUSED
from gateway.requests.names import Names
from gateway.requests.queries import Found
from gateway.requests.read_schemas import Timeline, TimelineEntry
from gateway.requests.view import TimelineFact
from services.common.catalogue import Language
from services.common.contracts.lifecycle import State


class TimelinePresenter:
    def __init__(self, language: Language) -> None:
        self._names = Names(language)

    def timeline(self, found: Found) -> Timeline:
        """Facts in the order of `seq`, even if clocks went back. Each notice comes after its fact, by its time."""
        view = found.view
        if view is None:
            return Timeline(reference=found.receipt.reference, entries=[self._received(found.receipt.filed_at)])
        by = Actor.REGISTER if view.automatic else Actor.AUTHOR
        timed = [(view.filed_at, self._received(view.filed_at, by))]
        notices = sorted(view.notices.values(), key=lambda notice: (notice.at, notice.id))
        latest = view.filed_at
        for seq, fact in sorted(view.facts.items()):
            latest = max(latest, fact.at)
            timed += [(latest, entry) for entry in self.entries(fact, int(seq))]
            own_notices = [notice for notice in notices if notice.about == fact.id]
            timed += [(max(latest, notice.at), entry) for notice in own_notices for entry in self.entries(notice)]
        fact_ids = {fact.id for fact in view.facts.values()}
        other_notices = [notice for notice in notices if notice.about not in fact_ids]
        timed += [(notice.at, entry) for notice in other_notices for entry in self.entries(notice)]
        timed.sort(key=lambda time_and_entry: time_and_entry[0])
        return Timeline(reference=view.reference, entries=[entry for _, entry in timed])

    def _received(self, at: datetime, by: Actor = Actor.AUTHOR) -> TimelineEntry:
        title = FACT_LABELS["request.submitted"].in_(self._names.language)
        name = self._names.state(State.RECEIVED)
        return TimelineEntry(
            type="request.submitted",
            title=title,
            at=at,
            actor=by,
            actor_name=ACTOR_NAMES[by].in_(self._names.language),
            state=State.RECEIVED,
            state_name=name,
        )

    def entries(self, fact: TimelineFact, seq: int | None = None) -> list[TimelineEntry]:
        """One entry; none for an internal fact. `seq`: the number of a lifecycle fact."""
        title = self._names.fact(fact)
        if title is None or (fact.type == REFUSED and fact.act_id is None):
            return []
        return [
            TimelineEntry(
                seq=seq,
                type=fact.type,
                title=title,
                at=fact.at,
                actor=actor_of(fact),
                actor_name=self._names.actor(fact),
                state=fact.state,
                state_name=None if fact.state is None else self._names.state(fact.state),
                department=fact.department,
                department_name=self._names.department(fact.department),
                from_department=fact.from_department,
                from_department_name=self._names.department(fact.from_department),
                text=fact.text,
                due_on=fact.deadline and fact.deadline.due_on,
                until=fact.until,
                outcome=fact.outcome,
                outcome_name=self._names.outcome(fact.outcome),
                grounds=fact.grounds,
                appeal=fact.appeal,
                score=fact.score,
                item=fact.item,
                items=fact.items or None,
                document_id=fact.document_id,
                document_name=fact.document_name,
                documents=fact.documents or None,
                act_id=fact.act_id,
                because=fact.because,
                because_text=self._names.because(fact),
                channel=fact.channel,
            )
        ]
