"""What the demonstration files, and for whom. Every name, number and document is invented."""

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.common.contracts.base import Code, Prose

_HERE: Final[Traversable] = resources.files("deploy.demo")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DemoAccount(_Row):
    """Somebody who signs in with `niss` (11 digits) and `password`; requests name the account by `key`."""

    key: str
    niss: Annotated[str, StringConstraints(pattern=r"^[12][0-9]{10}$")]
    password: Annotated[str, StringConstraints(min_length=12)]
    name: str
    email: Annotated[str, StringConstraints(pattern=r"^[a-z.]+@example\.org$")]
    language: Literal["pt", "en"]
    kind: Literal["person", "company"]


class DemoMessage(_Row):
    """What the author of a request adds once it is filed."""

    text: Prose
    documents: tuple[str, ...] = ()


class DemoRequest(_Row):
    """A request as its author writes it; `department` is where the catalogue sends its subject.

    `messages` are added, and what is `withdrawn` is taken back, as soon as there is a reference.
    """

    account: str
    subject: Code
    reason: Code
    department: Code
    description: Prose
    documents: tuple[str, ...] = ()
    messages: tuple[DemoMessage, ...] = ()
    withdrawn: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """All that its author attaches, at filing and later."""
        return (*self.documents, *(name for message in self.messages for name in message.documents))


@cache
def load_accounts() -> tuple[DemoAccount, ...]:
    return tuple(map(DemoAccount.model_validate_json, _lines("accounts.jsonl")))


@cache
def load_requests() -> tuple[DemoRequest, ...]:
    return tuple(map(DemoRequest.model_validate_json, _lines("requests.jsonl")))


def read_document(name: str) -> bytes:
    """The bytes of one attachment that a request names. Raises FileNotFoundError."""
    return (_HERE / "documents" / name).read_bytes()


def _lines(name: str) -> list[str]:
    return (_HERE / name).read_text(encoding="utf-8").split("\n")[:-1]
