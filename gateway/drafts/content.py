"""What a draft says so far, and which of it fits the catalogue. Pure: no input or output."""

from collections.abc import Iterable, Iterator
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from gateway.requests.answers import questions_of
from gateway.requests.domain import fingerprint
from gateway.requests.schemas import Answers, Attachments, Reference, TypedCode
from services.common.catalogue import Catalogue, Language
from services.common.contracts.base import UnfinishedProse
from services.common.domain.values import Value
from services.common.http.field_errors import FieldError


class DraftContent(Value):
    """What a person has said so far: any part may be missing."""

    description: Annotated[UnfinishedProse, Field(description="Plain text, at most 4 000 characters.")] = ""
    life_event: Annotated[TypedCode | None, Field(description="From the catalogue.", examples=["FAM"])] = None
    subject: Annotated[TypedCode | None, Field(description="From the catalogue.", examples=["FAM-01"])] = None
    reason: Annotated[TypedCode | None, Field(description="One of the subject's reasons.", examples=["INF"])] = None
    documents: Attachments = ()
    linked_to: Annotated[
        Reference | None,
        Field(description="The reference of an earlier request of yours, which this one is about."),
    ] = None
    language: Annotated[
        Language | None,
        Field(description="The language of its notices. By default that of the submission's headers."),
    ] = None
    answers: Answers = Field(default_factory=dict)


def content_fingerprint(content: DraftContent) -> str:
    """In hexadecimal. Fields that were not said are left out, so that a new field does not change old fingerprints."""
    return fingerprint(content.model_dump(mode="json", exclude_defaults=True)).hex()


def request_body(content: DraftContent, language: Language) -> dict[str, JsonValue]:
    """The body of the request: the same as `POST /v1/requests` takes, with its language always named. Answers to what is not asked any
    more are left out.
    """
    asked = questions_of(content.subject, content.reason)
    answers = {name: value for name, value in content.answers.items() if asked and name in asked.properties}
    optional: dict[str, JsonValue] = {
        "subject": content.subject,
        "reason": content.reason,
        "linked_to": content.linked_to,
        "documents": [str(each) for each in content.documents],
        "answers": {**answers},
    }
    said = {name: value for name, value in optional.items() if value}
    return {"description": content.description, "language": content.language or language, **said}


def with_documents(content: DraftContent, documents: Iterable[UUID]) -> DraftContent:
    """The content with these files at the end, each once."""
    return content.model_copy(update={"documents": tuple(dict.fromkeys((*content.documents, *documents)))})


def without_document(content: DraftContent, document: UUID) -> DraftContent:
    return content.model_copy(update={"documents": tuple(each for each in content.documents if each != document)})


def code_errors(catalogue: Catalogue, before: DraftContent, after: DraftContent) -> Iterator[FieldError]:
    """The errors of codes that were changed to one that the catalogue does not have there. A code that was not changed is
    never wrong: `fitting` clears it.
    """
    event, subject, reason = after.life_event, after.subject, after.reason
    is_new_event = event not in (None, before.life_event)
    if is_new_event and event not in {each.code for each in catalogue.life_events}:
        yield FieldError("unknown_life_event", "/life_event")
    if subject not in (None, before.subject):
        own = _event_of(catalogue, subject)
        if own is None or (is_new_event and own != event):
            yield FieldError("unknown_subject", "/subject")
    if reason not in (None, before.reason) and reason not in catalogue.reasons_of(subject or ""):
        yield FieldError("unknown_reason", "/reason")


def fitting(catalogue: Catalogue, before: DraftContent, after: DraftContent) -> DraftContent:
    """`after`, without what no longer fits its change. A new life event clears the subject of another one with its reason, and a
    new subject the reason that it does not have; a subject alone gives its life event. Answers belong to the questions of one
    reason of one subject.
    """
    event, subject, reason = after.life_event, after.subject, after.reason
    own = _event_of(catalogue, subject)
    if subject is not None and own != event:
        if own is None or event not in (None, before.life_event):
            subject, reason = None, None if reason == before.reason else reason
        else:
            event = own
    if event not in {each.code for each in catalogue.life_events}:
        event = None
    if reason not in catalogue.reasons_of(subject or ""):
        reason = None
    is_same_leaf = (subject, reason) == (before.subject, before.reason)
    are_new = after.answers != before.answers
    answers = after.answers if questions_of(subject, reason) and (is_same_leaf or are_new) else {}
    return after.model_copy(update={"life_event": event, "subject": subject, "reason": reason, "answers": answers})


def _event_of(catalogue: Catalogue, subject: str | None) -> str | None:
    """The life event of the subject; None for an unknown one."""
    found = (each.code for each in catalogue.life_events if any(subject == own.code for own in each.subjects))
    return next(found, None)
