"""The files of a request: those of its submission and of later messages, and how far their check is. Pure."""

from typing import Final, NamedTuple
from uuid import UUID

from gateway.requests.view import RequestView, TimelineFact
from services.common.contracts.departments import Check

ACCEPTED: Final = "request.document-accepted"
REFUSED: Final = "request.document-refused"
MESSAGE: Final = "request.message-added"


class NamedFile(NamedTuple):
    """`checked` is the fact that its check ended with; None while it is checked."""

    document_id: UUID
    checked: TimelineFact | None

    @property
    def check(self) -> Check:
        if self.checked is None:
            return Check.CHECKING
        return Check.ACCEPTED if self.checked.type == ACCEPTED else Check.REFUSED


def files_of(view: RequestView) -> list[NamedFile]:
    """In the order in which they were named."""
    facts = [fact for _, fact in sorted(view.facts.items())]
    named = [document for fact in facts if fact.type == MESSAGE for document in fact.documents]
    checked = {fact.document_id: fact for fact in facts if fact.type in (ACCEPTED, REFUSED) and fact.document_id}
    return [NamedFile(each, checked.get(each)) for each in dict.fromkeys((*view.documents, *named, *checked))]
