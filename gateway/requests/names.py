"""The names that people read for the codes of a request, in one language."""

from collections.abc import Mapping

from gateway.requests.labels import CHECK_NAMES, FACT_LABELS, ITEM_STATE_NAMES, NOTICE_NAMES, OUTCOME_NAMES, reason_of
from gateway.requests.view import TimelineFact
from services.common.catalogue import Catalogue, Language, Named
from services.common.catalogue.state_names import STATE_NAMES
from services.common.contracts.asked import ItemState
from services.common.contracts.decisions import Outcome
from services.common.contracts.departments import Check
from services.common.contracts.lifecycle import State


class Names:
    """`catalogue` gives the names of subjects, reasons and departments."""

    def __init__(self, catalogue: Catalogue, language: Language) -> None:
        self._catalogue = catalogue
        self.language = language

    def state(self, state: State) -> str:
        return STATE_NAMES[state].name(self.language)

    def subject(self, code: str | None) -> str | None:
        return self._name(code, self._catalogue.subjects)

    def reason(self, code: str | None) -> str | None:
        return self._name(code, self._catalogue.reasons)

    def department(self, code: str | None) -> str | None:
        return self._name(code, self._catalogue.departments)

    def outcome(self, outcome: Outcome | None) -> str | None:
        return None if outcome is None else OUTCOME_NAMES[outcome].in_(self.language)

    def item_state(self, state: ItemState) -> str:
        return ITEM_STATE_NAMES[state].in_(self.language)

    def check(self, check: Check) -> str:
        return CHECK_NAMES[check].in_(self.language)

    def fact(self, fact: TimelineFact) -> str | None:
        """The title of a fact, or of a notice with what it is about; None for an internal fact."""
        label, notice = FACT_LABELS.get(fact.type), NOTICE_NAMES.get(fact.notice or "")
        if label is None or notice is None:
            return None if label is None else label.in_(self.language)
        return f"{label.in_(self.language)}: {notice.in_(self.language)}"

    def because(self, fact: TimelineFact) -> str | None:
        """Why an act or a file was refused, or a notice was not sent."""
        label = reason_of(fact.because, fact.state)
        return None if label is None else label.in_(self.language)

    def _name(self, code: str | None, entries: Mapping[str, Named]) -> str | None:
        """The name of a code; the code itself if the current catalogue does not have it."""
        entry = entries.get(code) if code else None
        return code if entry is None else entry.name(self.language)
