"""The names that people read for the codes of a request, in one language."""

from gateway.requests.actors import ACTOR_NAMES, Actor, acting_department, actor_of
from gateway.requests.labels import (
    CHECK_NAMES,
    FACT_LABELS,
    ITEM_STATE_NAMES,
    LAPSED,
    NOTICE_NAMES,
    OUTCOME_NAMES,
    reason_of,
)
from gateway.requests.view import TimelineFact
from services.common.catalogue import Entries, Language, Named, catalogues
from services.common.catalogue.state_names import STATE_NAMES
from services.common.contracts.asked import ItemState
from services.common.contracts.decisions import Outcome
from services.common.contracts.departments import Check
from services.common.contracts.lifecycle import State


class Names:
    """Subjects and reasons have the words of the `version` of the catalogue that a request was filed under, or today's without
    one. Departments have their newest name.
    """

    def __init__(self, language: Language) -> None:
        self.language = language

    def state(self, state: State) -> str:
        return STATE_NAMES[state].name(self.language)

    def subject(self, code: str | None, version: int | None = None) -> str | None:
        return self._name(code, lambda catalogue: catalogue.subjects, version)

    def reason(self, code: str | None, version: int | None = None) -> str | None:
        return self._name(code, lambda catalogue: catalogue.reasons, version)

    def department(self, code: str | None) -> str | None:
        found = catalogues().newest(lambda catalogue: catalogue.departments, code or "")
        return code if found is None else found.name(self.language)

    def outcome(self, outcome: Outcome | None) -> str | None:
        return None if outcome is None else OUTCOME_NAMES[outcome].in_(self.language)

    def item_state(self, state: ItemState) -> str:
        return ITEM_STATE_NAMES[state].in_(self.language)

    def check(self, check: Check) -> str:
        return CHECK_NAMES[check].in_(self.language)

    def fact(self, fact: TimelineFact) -> str | None:
        """The title of a fact, or of a notice with what it is about; None for an internal fact."""
        label, notice = FACT_LABELS.get(fact.type), NOTICE_NAMES.get(fact.notice or "")
        if fact.lapsed:
            return LAPSED.in_(self.language)
        if label is None or notice is None:
            return None if label is None else label.in_(self.language)
        return f"{label.in_(self.language)}: {notice.in_(self.language)}"

    def actor(self, fact: TimelineFact) -> str:
        """Who caused the fact."""
        actor = actor_of(fact)
        department = self.department(acting_department(fact)) if actor is Actor.DEPARTMENT else None
        return department or ACTOR_NAMES[actor].in_(self.language)

    def because(self, fact: TimelineFact) -> str | None:
        """Why an act or a file was refused, or a notice was not sent."""
        label = reason_of(fact.because, fact.state)
        return None if label is None else label.in_(self.language)

    def _name(self, code: str | None, entries: Entries[Named], version: int | None) -> str | None:
        """The name of a code; the code itself if no catalogue has it."""
        found = catalogues().find(entries, code or "", version)
        return code if found is None else found.name(self.language)
