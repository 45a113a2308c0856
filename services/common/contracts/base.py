"""The base classes of events: a CloudEvents 1.0 type, a topic, a key, and validated data."""

from datetime import datetime
from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from services.common.contracts import topics
from services.common.domain.identifiers import text_of
from services.common.domain.values import Code, Value
from services.common.text import is_blank, nfc, prose
from services.common.text.validators import cleaned

TYPE_PREFIX: Final = "pt.postigo."

REQUIRED_HEADERS: Final = ("ce_specversion", "ce_id", "ce_type", "ce_source")
"""The headers that every record has: those that CloudEvents 1.0 requires."""

MAX_DESCRIPTION: Final = 4_000
"""Maximum characters of one request or message."""

MAX_DOCUMENTS: Final = 10
"""Maximum files of one request or message."""

_UNSTORABLE: Final = "text holds a character that cannot be stored"

_by_family: dict[str, dict[str, type["Event"]]] = {}


def _storable(text: str) -> str:
    """Reject NUL, which not every engine can store, and lone surrogates, which cannot be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(_UNSTORABLE) from None
    if "\0" in text:
        raise ValueError(_UNSTORABLE)
    return text


def _prose(text: str) -> str:
    """The text as it was written, unless only its decomposed accents make it too long."""
    clean = prose(text)
    return clean if len(clean) <= MAX_DESCRIPTION else nfc(clean)


def _visible(text: str) -> str:
    if is_blank(text):
        raise PydanticCustomError("postigo", "{code}", {"code": "blank"})
    return text


Text = Annotated[str, AfterValidator(_storable)]
Prose = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_DESCRIPTION, pattern=r"\S"),
    AfterValidator(_storable),
    AfterValidator(_visible),
    cleaned(_prose),
]
"""The words of a person or of a department, cleaned in the same way wherever they are read."""

UnfinishedProse = Annotated[
    str, StringConstraints(max_length=MAX_DESCRIPTION), AfterValidator(_storable), cleaned(_prose)
]
"""The words of a person who is still writing: they may be empty."""


class Event(Value):
    """A fact or a command. The Kafka key is the id of its request, or the id of the operation."""

    TYPE: ClassVar[str] = ""
    SCHEMA: ClassVar[str] = ""
    """The name of the data's schema: the type, unless another topic has this type with other data."""
    FAMILIES: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, type: str = "", schema: str = "", families: tuple[str, ...] = ()) -> None:
        super().__init_subclass__()
        cls.FAMILIES = families or cls.FAMILIES
        if type:
            cls.TYPE = f"{TYPE_PREFIX}{type}.v1"
            cls.SCHEMA = f"{schema or type}.v1"
            for family in cls.FAMILIES:
                _by_family.setdefault(family, {})[cls.TYPE] = cls


class PublishedEvent(Event):
    """An event that one of our services publishes."""

    @property
    def topic(self) -> str:
        """Where it is published. A family with a department in its name overrides this."""
        return self.FAMILIES[0]

    @property
    def key(self) -> str:
        """The Kafka key, in the form of a UUID."""
        raise NotImplementedError

    @property
    def subject_reference(self) -> str | None:
        """`ce_subject`: the reference of the request, if the event is about a known one."""
        return None

    @property
    def sequence(self) -> int | None:
        """`ce_sequence`: the place of the event among those of its request on its topic, where the topic has one."""
        return None


class DomainEvent(PublishedEvent):
    """An event about one request, published by one of our services."""

    request_id: UUID
    reference: str

    @property
    def key(self) -> str:
        return text_of(self.request_id)

    @property
    def subject_reference(self) -> str | None:
        return self.reference


class Fact(DomainEvent):
    """Something that happened, timed by the broker's clock. A fact that passes another one on keeps its time."""

    occurred_at: datetime


def events_of(topic: str) -> dict[str, type[Event]]:
    """The events allowed on a topic, by `ce_type`."""
    return _by_family.get(topics.family(topic), {})


def declared() -> dict[str, dict[str, type[Event]]]:
    """All contracts: topic family → `ce_type` → model."""
    return _by_family


__all__ = [
    "MAX_DESCRIPTION",
    "MAX_DOCUMENTS",
    "REQUIRED_HEADERS",
    "TYPE_PREFIX",
    "Code",
    "DomainEvent",
    "Event",
    "Fact",
    "Prose",
    "PublishedEvent",
    "Text",
    "UnfinishedProse",
    "Value",
    "declared",
    "events_of",
]
