"""Whom a notice goes to, or why to nobody."""

from dataclasses import dataclass
from enum import StrEnum

from services.common.contracts.internal import Recipient
from services.notifications.messages import Channel


@dataclass(frozen=True, slots=True)
class Addressee:
    """A recipient whom a mail can reach and may reach."""

    name: str
    email: str
    language: str


class Skip(StrEnum):
    """Why a notice does not go to somebody, which is no failure."""

    NO_ACCOUNT = "no-account"
    NO_ADDRESS = "no-address"
    NOT_WANTED = "not-wanted"
    REPLAY = "replay"


def addressed(recipient: Recipient | None, channel: Channel) -> Addressee | Skip:
    """Whom the notice goes to, or why it goes to nobody."""
    if recipient is None:
        return Skip.NO_ACCOUNT
    if not recipient.email:
        return Skip.NO_ADDRESS
    if channel not in recipient.channels:
        return Skip.NOT_WANTED
    return Addressee(recipient.name, recipient.email, recipient.language)
