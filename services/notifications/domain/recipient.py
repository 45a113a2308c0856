"""The addressee of a notice, or the reason why there is none."""

from dataclasses import dataclass
from enum import StrEnum

from services.common.contracts.internal import Recipient
from services.notifications.messages import Channel


@dataclass(frozen=True, slots=True)
class Addressee:
    """A recipient with an address who wants mails."""

    name: str
    email: str
    language: str


class Skip(StrEnum):
    """Why a notice is not sent. This is not a failure."""

    NO_ACCOUNT = "no-account"
    NO_ADDRESS = "no-address"
    NOT_WANTED = "not-wanted"
    REPLAY = "replay"
    REPLACED = "replaced"
    """A later notice about the same request was sent already."""
    SILENT = "silent"
    """Nobody is told of the fact. It only makes earlier notices old news."""


def addressed(recipient: Recipient | None, channel: Channel) -> Addressee | Skip:
    """The addressee, or the reason why there is none."""
    if recipient is None:
        return Skip.NO_ACCOUNT
    if not recipient.email:
        return Skip.NO_ADDRESS
    if channel not in recipient.channels:
        return Skip.NOT_WANTED
    return Addressee(recipient.name, recipient.email, recipient.language)
