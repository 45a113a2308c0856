"""What every event is: a CloudEvents 1.0 type, the topic and key it travels on, and validated data."""

from datetime import datetime
from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from services.common.contracts import topics
from services.common.domain.identifiers import text_of

TYPE_PREFIX: Final = "pt.postigo."
MAX_DESCRIPTION: Final = 4_000
"""Characters a person may write in one request or message."""

MAX_DOCUMENTS: Final = 10
"""Files one request or message may name."""

_UNSTORABLE: Final = "text holds a character that cannot be stored"

_by_family: dict[str, dict[str, type["Event"]]] = {}


def _storable(text: str) -> str:
    """NUL cannot be stored by every engine and a lone surrogate cannot be encoded: neither is a word anyone wrote."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(_UNSTORABLE) from None
    if "\0" in text:
        raise ValueError(_UNSTORABLE)
    return text


Text = Annotated[str, AfterValidator(_storable)]
Prose = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_DESCRIPTION, pattern=r"\S"), AfterValidator(_storable)
]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class Value(BaseModel):
    """A frozen piece of data. Unknown fields are ignored: within `v1` contracts only grow."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """One fact or command, by its CloudEvents type. The Kafka key is the id of its request (of an operation: its own)."""

    TYPE: ClassVar[str] = ""
    SCHEMA: ClassVar[str] = ""
    """The name of the data's schema: the type's, but where another topic carries the type with other data."""
    FAMILIES: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, type: str = "", schema: str = "", families: tuple[str, ...] = ()) -> None:
        super().__init_subclass__()
        cls.FAMILIES = families or cls.FAMILIES
        if type:
            cls.TYPE = f"{TYPE_PREFIX}{type}.v1"
            cls.SCHEMA = f"{schema or type}.v1"
            for family in cls.FAMILIES:
                _by_family.setdefault(family, {})[cls.TYPE] = cls


class DomainEvent(Event):
    """An event that one of our rooms says: it names its request in full."""

    request_id: UUID
    reference: str

    @property
    def topic(self) -> str:
        """Where it is said. A family with a department in its name overrides this."""
        return self.FAMILIES[0]

    @property
    def key(self) -> str:
        return text_of(self.request_id)

    @property
    def sequence(self) -> int | None:
        """`ce_sequence`: the place of the event among those of its request on its topic, where the topic has one."""
        return None


class Fact(DomainEvent):
    """Something that happened; it carries when, by the broker's clock, however far it was passed on since."""

    occurred_at: datetime


def events_of(topic: str) -> dict[str, type[Event]]:
    """The events a topic may carry, by `ce_type`."""
    return _by_family.get(topics.family(topic), {})


def declared() -> dict[str, dict[str, type[Event]]]:
    """All contracts: topic family → `ce_type` → model."""
    return _by_family
